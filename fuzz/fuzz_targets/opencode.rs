//! OpenCode's tree of JSON files, and an export.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assize_fuzz::check_files(
        data,
        &[
            "storage/session/p/ses_1.json",
            "storage/message/ses_1/msg_1.json",
            "storage/message/ses_1/msg_2.json",
            "storage/part/msg_1/prt_1.json",
            "storage/part/msg_2/prt_2.json",
            "storage/part/msg_2/prt_3.json",
            "storage/session/p/ses_2.json",
            "export.json",
        ],
    );
});
