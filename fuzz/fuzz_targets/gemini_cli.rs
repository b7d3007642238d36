//! Gemini CLI: an object, lines, and a subagent.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(
        data,
        &["chats/session-1.json", "chats/session-2.jsonl", "chats/6e310000-0000-4000-8000-000000000001/sub.jsonl"],
    );
});
