//! OpenCode's database: any bytes behind the mark of one.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::check_whole(data, "opencode.db");
});
