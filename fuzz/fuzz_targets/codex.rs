//! Codex: rollouts that may be forks, subagents or copies of each other.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(data, &["2026/a.jsonl", "2026/b.jsonl", "2026/c.jsonl"]);
});
