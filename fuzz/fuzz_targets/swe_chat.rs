//! SWE-chat: a session table and the transcripts beside it.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::check_files(
        data,
        &[
            "sessions.csv",
            "transcripts/00000000-0000-4000-8000-000000000001.jsonl",
            "transcripts/00000000-0000-4000-8000-000000000002.jsonl",
        ],
    );
});
