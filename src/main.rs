//! The `assize` program.

use std::process::ExitCode;

/// Sessions and answers are many small strings, and two threads make and drop them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    assize::cli::main()
}
