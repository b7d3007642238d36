//! ATIF: trajectories that may continue each other.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::ingest(data, &["a.json", "b.json"]);
});
