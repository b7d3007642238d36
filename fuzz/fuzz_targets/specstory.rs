//! SpecStory: exports that may be of one session.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(data, &["tool/.specstory/history/a.md", "tool/.specstory/history/b.md"]);
});
