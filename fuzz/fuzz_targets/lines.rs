//! Lines: whatever stands between two whole records, plain or in an archive, both are read and every line is accounted for.

#![no_main]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

const FIRST: &str = r#"{"type":"user","uuid":"first-1","sessionId":"s1","message":{"role":"user","content":"FIRST"}}"#;
const LAST: &str = r#"{"type":"user","uuid":"last-2","sessionId":"s1","message":{"role":"user","content":"LAST"}}"#;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let between = &data[..data.len().min(1 << 14)];
    let whole = [FIRST.as_bytes(), b"\n", between, b"\n", LAST.as_bytes()].concat();
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
    let path = folder.path().join("lines.jsonl");
    if between.first().is_some_and(|byte| byte % 2 == 1) {
        let mut archive = GzEncoder::new(std::fs::File::create(&path).expect("a file"), Compression::fast());
        archive.write_all(&whole).and_then(|()| archive.finish()).expect("an archive");
    } else {
        std::fs::write(&path, &whole).expect("a file");
    }
    let readings = assize_fuzz::read_all(&path);
    let blank = |line: &&[u8]| line.trim_ascii().is_empty();
    let lines = whole.split(|byte| *byte == b'\n').filter(|line| !blank(line)).count() as u64;
    assert_eq!(readings.iter().map(|reading| reading.tally.lines).sum::<u64>(), lines, "every line is looked at");
    let sessions: Vec<_> = readings.iter().flat_map(|reading| &reading.sessions).collect();
    // What stands between may be a record that rewinds the first prompt or belongs to others; words stay words.
    let text = sessions.iter().map(|session| assize::ingest::session_line(session).expect("a line"));
    let text = text.collect::<Vec<_>>().join("\n");
    assert!(text.contains("FIRST") && text.contains("LAST"), "a whole record was lost: {text}");
});
