//! Scrubbing: any text is scrubbed to its end, a second time changes nothing, and lines stay lines.

#![no_main]

use assize::view::{ScrubCounts, Scrubber};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(&data[..data.len().min(1 << 14)]);
    let scrubber = Scrubber::new();
    let (mut first, mut second) = (ScrubCounts::new(), ScrubCounts::new());
    let once = scrubber.text(&text, &mut first);
    let again = scrubber.text(&once, &mut second);
    assert_eq!(once, again, "scrubbing is done after once");
    assert_eq!(once == text, first.values().all(|count| *count == 0), "what is masked is counted");
});
