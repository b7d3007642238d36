//! Seeded choices: the same on every machine.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A stream of choices.
#[derive(Debug)]
pub(super) struct Random(Pcg64Mcg);

impl Random {
    /// The stream of `purpose` for `item`, a number or session id, under `seed`.
    pub(super) fn of(seed: u64, purpose: &str, item: impl std::fmt::Display) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes()).update(format!("{purpose}\n{item}").as_bytes());
        let mut start = [0; 16];
        start.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Self(Pcg64Mcg::from_seed(start))
    }

    /// An index below `bound`, which is above 0.
    #[expect(clippy::cast_possible_truncation, reason = "the product shifted by 64 is below bound")]
    pub(super) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A number from 0 up to, not including, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with probability `probability`.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of `choices`, which are not empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// An index, drawn with the given weights.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> usize {
        choice(self.unit(), weights)
    }

    /// A number with mean 0 and variance 1, nearly normal: twelve uniform numbers summed.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    /// A whole number from 0 with about the given mean, as waiting times are spread.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 37 times the mean, from 0")]
    pub(super) fn exponential(&mut self, mean: f64) -> usize {
        (-mean * (1.0 - self.unit()).ln()).round() as usize
    }

    /// One of the two whole numbers about `number`, which is not negative, so that its mean is `number`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and small")]
    pub(super) fn round(&mut self, number: f64) -> usize {
        (number + self.unit()).floor() as usize
    }

    /// A version 4 UUID.
    pub(super) fn uuid(&mut self) -> String {
        let bits = (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64());
        let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// An identifier of a message or tool call, as providers write them.
    pub(super) fn id(&mut self, prefix: &str) -> String {
        const LETTERS: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let tail: String = (0..22).map(|_| char::from(*self.pick(LETTERS))).collect();
        format!("{prefix}_01{tail}")
    }
}

/// The index that the number `unit` from 0 to 1 falls on where each has as much room as its weight; the last one where rounding
/// leaves nothing else.
pub(super) fn choice(unit: f64, weights: &[f64]) -> usize {
    let mut left = unit * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    weights.len() - 1
}
