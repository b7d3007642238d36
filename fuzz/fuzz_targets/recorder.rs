//! Entire: transcripts and the notes beside them.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(
        data,
        &[
            "ab/cdef012345/0/full.jsonl",
            "ab/cdef012345/0/metadata.json",
            "cd/ef01234567/1/full.jsonl",
            "cd/ef01234567/1/metadata.json",
        ],
    );
});
