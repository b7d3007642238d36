//! Speed of scrubbing, by kind of text: ordinary code, text full of home folders, base64, and text made to be slow.
//!
//! `just bench scrub` prints bytes a second.

use assize::view::{ScrubCounts, Scrubber};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

const BYTES: usize = 1 << 20;

fn main() {
    divan::main();
}

const TEXTS: [(&str, &str); 9] = [
    ("code", "fn main() { let total = items.iter().map(|item| item.price * 2).sum::<u64>(); } // ordinary code\n"),
    ("prose", "The reader joins lines that belong together, and says how many it left out and for which reason.\n"),
    ("home", "error: could not read /home/ada/src/main.rs at line 10: no such file or directory\n"),
    ("base64", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"),
    ("adversarial_at", "a@a@a@"),
    ("adversarial_home", "/home/"),
    ("adversarial_jwt", ".eyJ12345678"),
    ("adversarial_token", "token="),
    ("adversarial_one_line", "a"),
];

#[divan::bench(args = TEXTS.map(|(name, _)| name))]
fn text(bencher: Bencher, name: &str) {
    let repeated = TEXTS.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text);
    let text = repeated.repeat(BYTES / repeated.len());
    let scrubber = Scrubber::new();
    bencher.counter(BytesCount::new(text.len())).bench(|| {
        let _ = black_box(scrubber.text(black_box(&text), &mut ScrubCounts::new()));
    });
}
