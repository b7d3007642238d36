fn loom() {}
