//! Our own JSON Lines form.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::import(data, &["a.jsonl", "b.jsonl"]);
});
