//! Numbers spread evenly: what a small simulation plants comes nearer to the model than by independent draws.

use std::collections::BTreeMap;

use super::random::{Random, choice};

/// Equal parts that numbers are spread over, and equal parts of each of them.
const PARTS: u8 = 64;
const PARTS_OF_PART: u8 = 8;

/// Streams of numbers from 0 to 1, one for every purpose and cell. Of each 64 numbers in a row one lies in every 64th part, in random
/// order, and of each 8 in a part one in every eighth of it: each number is as likely as if drawn alone, and the mean of many is far
/// surer.
#[derive(Debug)]
pub(super) struct Even {
    seed: u64,
    streams: BTreeMap<(&'static str, usize), Stream>,
}

#[derive(Debug)]
struct Stream {
    random: Random,
    parts: Round,
    of_part: Vec<Round>,
}

/// What is left of a round in which each part comes once.
#[derive(Debug, Clone, Default)]
struct Round(Vec<u8>);

impl Round {
    fn next(&mut self, parts: u8, random: &mut Random) -> u8 {
        if self.0.is_empty() {
            self.0.extend(0..parts);
        }
        self.0.swap_remove(random.below(self.0.len()))
    }
}

impl Even {
    /// The streams of `seed`.
    pub(super) fn of(seed: u64) -> Self {
        Self { seed, streams: BTreeMap::new() }
    }

    /// The next number of the stream, from 0 up to, not including, 1.
    pub(super) fn unit(&mut self, stream: (&'static str, usize)) -> f64 {
        let start = || Stream {
            random: Random::of(self.seed, stream.0, stream.1),
            parts: Round::default(),
            of_part: vec![Round::default(); usize::from(PARTS)],
        };
        let Stream { random, parts, of_part } = self.streams.entry(stream).or_insert_with(start);
        let part = parts.next(PARTS, random);
        let inner = of_part[usize::from(part)].next(PARTS_OF_PART, random);
        (f64::from(part) + (f64::from(inner) + random.unit()) / f64::from(PARTS_OF_PART)) / f64::from(PARTS)
    }

    /// True with probability `probability`.
    pub(super) fn chance(&mut self, stream: (&'static str, usize), probability: f64) -> bool {
        self.unit(stream) < probability
    }

    /// An index, with the given weights.
    pub(super) fn weighted(&mut self, stream: (&'static str, usize), weights: &[f64]) -> usize {
        choice(self.unit(stream), weights)
    }

    /// An index below `bound`, which is above 0.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 up to, not including, bound")]
    pub(super) fn below(&mut self, stream: (&'static str, usize), bound: usize) -> usize {
        (self.unit(stream) * bound as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_comes_once_in_a_round_and_streams_do_not_hang_together() {
        let mut even = Even::of(3);
        for _ in 0..3 {
            let mut parts: Vec<usize> = (0..64).map(|_| even.below(("a", 0), 64)).collect();
            assert!(!parts.is_sorted());
            parts.sort_unstable();
            assert_eq!(parts, (0..64).collect::<Vec<_>>());
        }
        let mut parts: Vec<usize> = (0..512).map(|_| even.below(("b", 0), 512)).collect();
        parts.sort_unstable();
        assert_eq!(parts, (0..512).collect::<Vec<_>>());
        // The correlation of 6,400 independent pairs is known to 0.0125.
        let pairs: Vec<(f64, f64)> = (0..6_400).map(|_| (even.unit(("a", 0)), even.unit(("a", 1)))).collect();
        let product: f64 = pairs.iter().map(|(one, other)| (one - 0.5) * (other - 0.5)).sum::<f64>() / 6_400.0;
        assert!((12.0 * product).abs() < 0.05, "{}", 12.0 * product);
    }
}
