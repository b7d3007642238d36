//! Claude Code: a session, another one, a subagent of the first and one in the old layout.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(
        data,
        &[
            "p/00000000-0000-4000-8000-000000000001.jsonl",
            "p/00000000-0000-4000-8000-000000000002.jsonl",
            "p/00000000-0000-4000-8000-000000000001/subagents/agent-a1.jsonl",
            "p/agent-b2.jsonl",
        ],
    );
});
