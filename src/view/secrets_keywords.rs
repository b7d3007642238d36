//! The cheap look that decides where a rule is tried at all: one pass over the bytes for the keywords of all rules.

use memchr::memchr_iter;

/// Slots of the table of three-byte pieces: so many that a piece of no keyword seldom shares one.
const SLOT_BITS: u32 = 16;
const SLOTS: usize = 1 << SLOT_BITS;

/// Makes letters lower case; other bytes are changed too, but equally in keywords and text.
const FOLD: u64 = 0x2020_2020_2020_2020;

/// Bytes of ordinary text and code, frequent ones first; the rest is rarer.
const FREQUENT: &[u8] = b" etaoinsrlcdpumhgfby/.-_v=\",'(:)kwxjqz";

/// Where keywords of rules stand in a text, whatever their case.
#[derive(Debug)]
pub(super) struct Keywords {
    /// By hash of three folded bytes, whether any keyword has them: small enough for the first cache of a processor.
    any: Box<[u64; SLOTS / 64]>,
    /// By the same hash: 0 for no keyword, else one more than the place in `buckets`.
    slots: Vec<u16>,
    buckets: Vec<Vec<Keyword>>,
    /// Keywords of one byte.
    bytes: Vec<(u8, usize)>,
}

#[derive(Debug)]
struct Keyword {
    text: Box<[u8]>,
    /// Where in the keyword the three bytes stand under which it is found.
    piece: usize,
    rule: usize,
}

impl Keywords {
    /// Of pairs of keyword and rule; keywords have one byte or at least three.
    pub(super) fn new<'k>(keywords: impl Iterator<Item = (&'k str, usize)>) -> Self {
        let mut any = Box::new([0_u64; SLOTS / 64]);
        let mut slots = vec![0_u16; SLOTS];
        let mut buckets: Vec<Vec<Keyword>> = Vec::new();
        let mut bytes = Vec::new();
        for (keyword, rule) in keywords {
            let text = keyword.as_bytes();
            if let [byte] = text {
                bytes.push((*byte, rule));
                continue;
            }
            let Some((piece, window)) = text.windows(3).enumerate().max_by_key(|(_, window)| rarity(window)) else {
                continue;
            };
            let folded = window.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)) | FOLD;
            let slot = slot(folded);
            any[slot / 64] |= 1 << (slot % 64);
            let bucket = &mut slots[slot];
            if *bucket == 0 {
                buckets.push(Vec::new());
                *bucket = u16::try_from(buckets.len()).unwrap_or(u16::MAX);
            }
            buckets[usize::from(*bucket) - 1].push(Keyword { text: text.into(), piece, rule });
        }
        Self { any, slots, buckets, bytes }
    }

    /// Calls `hit` with rule and place of every keyword in `text`; those of one byte come last.
    pub(super) fn each(&self, text: &str, mut hit: impl FnMut(usize, usize)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        // Eight bytes hold six pieces of three.
        while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            self.six(bytes, at, u64::from_le_bytes(*eight), &mut hit);
            at += 6;
        }
        while at + 3 <= bytes.len() {
            let mut last = [0; 8];
            let rest = &bytes[at..];
            last[..rest.len()].copy_from_slice(rest);
            self.six(bytes, at, u64::from_le_bytes(last), &mut hit);
            at += 6;
        }
        for &(byte, rule) in &self.bytes {
            memchr_iter(byte, bytes).for_each(|at| hit(rule, at));
        }
    }

    /// The keywords found under the six pieces that begin at `at`.
    #[inline]
    fn six(&self, bytes: &[u8], at: usize, eight: u64, hit: &mut impl FnMut(usize, usize)) {
        let folded = eight | FOLD;
        let slots: [usize; 6] = std::array::from_fn(|piece| slot(folded >> (8 * piece)));
        let any = slots.iter().fold(0, |any, slot| any | self.any[slot / 64] >> (slot % 64));
        if any & 1 == 1 {
            self.look(bytes, at, slots, hit);
        }
    }

    #[cold]
    fn look(&self, bytes: &[u8], at: usize, slots: [usize; 6], hit: &mut impl FnMut(usize, usize)) {
        for (piece, slot) in slots.into_iter().enumerate() {
            let Some(bucket) = usize::from(self.slots[slot]).checked_sub(1) else { continue };
            for keyword in &self.buckets[bucket] {
                let Some(start) = (at + piece).checked_sub(keyword.piece) else { continue };
                let found = bytes.get(start..start + keyword.text.len());
                if found.is_some_and(|found| found.eq_ignore_ascii_case(&keyword.text)) {
                    hit(keyword.rule, start);
                }
            }
        }
    }
}

/// Slot of the three lowest bytes of `word`: the factor shifts the others out.
#[expect(clippy::cast_possible_truncation, reason = "the upper bytes are not part of the piece")]
fn slot(word: u64) -> usize {
    ((word as u32).wrapping_mul(0x9e37_79b1 << 8) >> (32 - SLOT_BITS)) as usize
}

/// The rarer the bytes of a piece are in ordinary text, the less often it is looked at in vain.
fn rarity(piece: &[u8]) -> usize {
    let rank = |byte: &u8| {
        FREQUENT.iter().position(|frequent| *frequent == byte.to_ascii_lowercase()).unwrap_or(FREQUENT.len())
    };
    piece.iter().map(rank).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keywords: &[&str], text: &str) -> Vec<(usize, usize)> {
        let mut hits = Vec::new();
        let keywords = Keywords::new(keywords.iter().copied().zip(0..));
        keywords.each(text, |rule, at| hits.push((rule, at)));
        hits.sort_unstable();
        hits
    }

    #[test]
    fn keywords_are_found_at_every_place_and_in_any_case() {
        for before in 0..20 {
            let text = format!("{}ToKeN{}", "é".repeat(before), "x".repeat(before % 7));
            assert_eq!(found(&["token", "tok", "nope", "@"], &text), [(0, 2 * before), (1, 2 * before)], "{text}");
        }
        assert_eq!(found(&["@", "://"], "a@b://@"), [(0, 1), (0, 6), (1, 3)]);
        assert_eq!(found(&["key", "keyword"], "ke"), []);
    }
}
