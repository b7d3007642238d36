//! How many tokens a call will use, learned from the calls before it.

use std::sync::{Mutex, PoisonError};

use super::gates::Need;

/// Bytes a token before anything is known; English prose and code lie between three and four.
pub const BYTES_PER_TOKEN: f64 = 3.3;
/// Output tokens of a short JSON answer with a rationale, before anything is known.
pub const OUTPUT_TOKENS: f64 = 250.0;

/// Bytes a token of the densest text that sessions hold, such as digits, hashes and unusual scripts.
const DENSEST: usize = 2;

/// The most tokens that a request of `bytes` bytes has, whatever the tokenizer.
#[must_use]
pub fn most_tokens(bytes: usize) -> u64 {
    bytes.div_ceil(DENSEST) as u64
}

/// Estimates the tokens of one judge's calls; tokenizers differ by 30 % between models of one provider (providers.md 1.11).
#[derive(Debug)]
pub struct TokenEstimator {
    max_output_tokens: u64,
    seen: Mutex<Seen>,
}

/// Sums over the calls whose usage is known.
#[derive(Debug, Default)]
struct Seen {
    bytes: f64,
    input_tokens: f64,
    outputs: f64,
    output_tokens: f64,
}

impl TokenEstimator {
    /// An estimator that knows nothing yet; `max_output_tokens` is the judge's cap.
    #[must_use]
    pub fn new(max_output_tokens: u32) -> Self {
        Self { max_output_tokens: u64::from(max_output_tokens), seen: Mutex::new(Seen::default()) }
    }

    /// What a call with a prompt of `bytes` bytes is expected to use.
    #[must_use]
    pub fn expect(&self, bytes: usize) -> Need {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let per_byte = if seen.bytes > 0.0 { seen.input_tokens / seen.bytes } else { 1.0 / BYTES_PER_TOKEN };
        let output = if seen.outputs > 0.0 { seen.output_tokens / seen.outputs } else { OUTPUT_TOKENS };
        Need { input_tokens: whole(bytes as f64 * per_byte), output_tokens: whole(output).min(self.max_output_tokens) }
    }

    /// Learns from a call with a prompt of `bytes` bytes; `input_tokens` are all of them, cached ones included.
    pub fn learn(&self, bytes: usize, input_tokens: Option<u64>, output_tokens: Option<u64>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tokens) = input_tokens.filter(|&tokens| tokens > 0 && bytes > 0) {
            seen.bytes += bytes as f64;
            seen.input_tokens += tokens as f64;
        }
        if let Some(tokens) = output_tokens {
            seen.outputs += 1.0;
            seen.output_tokens += tokens as f64;
        }
    }
}

/// The next whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of tokens: positive and small")]
fn whole(tokens: f64) -> u64 {
    tokens.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_from_bytes_and_learns_the_ratio() {
        let estimator = TokenEstimator::new(4_096);
        assert_eq!(estimator.expect(3_300), Need { input_tokens: 1_000, output_tokens: 250 });
        estimator.learn(4_000, Some(1_000), Some(80));
        estimator.learn(2_000, Some(1_000), Some(40));
        // 2,000 tokens for 6,000 bytes.
        assert_eq!(estimator.expect(3_000), Need { input_tokens: 1_000, output_tokens: 60 });
    }

    #[test]
    fn unknown_usage_teaches_nothing() {
        let estimator = TokenEstimator::new(100);
        estimator.learn(4_000, None, None);
        estimator.learn(4_000, Some(0), None);
        estimator.learn(0, Some(10), None);
        assert_eq!(estimator.expect(33), Need { input_tokens: 10, output_tokens: 100 });
    }
}
