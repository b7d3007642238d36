//! The arithmetic of an estimate: requests of known bytes, and what is assumed of tokens, answers and calls.

use serde::Serialize;

use crate::ledger::Lengths;
use crate::limit::{BYTES_PER_TOKEN, OUTPUT_TOKENS};
use crate::provider::TokenCounts;

/// Bytes a token at the two ends: prose and an old tokenizer, dense code and a new one (providers.md 1.11: 30 % apart).
const BYTES_PER_TOKEN_HIGH: f64 = 4.3;
const BYTES_PER_TOKEN_LOW: f64 = 2.4;
/// How far a ratio learned from earlier calls may be off.
const LEARNED_SPREAD: f64 = 0.05;
/// Output tokens of the shortest JSON answer with a rationale.
const SHORTEST_OUTPUT: f64 = 40.0;
/// Calls a unit before anything is known: 2 % of the answers are asked for again (performance.md 4.4).
const CALLS_PER_UNIT: f64 = 1.02;
/// How many more at the worst.
const MORE_CALLS: f64 = 0.08;
/// Answers in the ledger from which the next ones are foretold; with fewer, nothing is taken to be known.
const ENOUGH: usize = 20;

/// What is sent and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Amounts {
    /// Calls.
    pub calls: u64,
    /// Input tokens, cached ones excluded.
    pub input_tokens: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Millionths of a dollar at list price; none where a price is not known.
    pub micro_dollars: Option<u64>,
}

impl Amounts {
    /// Nothing sent.
    pub(super) const NOTHING: Self = Self {
        calls: 0,
        input_tokens: 0,
        cache_read_tokens: 0,
        cache_write_tokens: 0,
        output_tokens: 0,
        micro_dollars: Some(0),
    };

    /// Both together; the cost is known only where both are.
    #[must_use]
    pub(super) fn plus(self, other: &Self) -> Self {
        Self {
            calls: self.calls + other.calls,
            input_tokens: self.input_tokens + other.input_tokens,
            cache_read_tokens: self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens + other.cache_write_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            micro_dollars: self.micro_dollars.zip(other.micro_dollars).map(|(a, b)| a.saturating_add(b)),
        }
    }

    /// All of it `factor` times.
    fn times(self, factor: f64) -> Self {
        let times = |count: u64| whole(count as f64 * factor);
        Self {
            calls: times(self.calls),
            input_tokens: times(self.input_tokens),
            cache_read_tokens: times(self.cache_read_tokens),
            cache_write_tokens: times(self.cache_write_tokens),
            output_tokens: times(self.output_tokens),
            micro_dollars: self.micro_dollars.map(times),
        }
    }
}

/// The nearest whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts, none negative")]
fn whole(count: f64) -> u64 {
    count.round() as u64
}

/// How the beginning of a prompt, that other requests share, is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// As any input.
    Plain,
    /// It goes first, and is written to the cache.
    Writes,
    /// It follows, and is read from there.
    Reads,
}

/// One request that would be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sketch {
    /// Bytes that other requests share.
    pub(super) beginning: usize,
    /// The other bytes.
    pub(super) rest: usize,
    pub(super) start: Start,
}

/// What is assumed of a model's calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Assumed {
    tokens_a_byte: f64,
    output_tokens: f64,
    calls_a_unit: f64,
    /// Whether what was written to the cache is found there.
    hits: bool,
}

impl Assumed {
    /// What is assumed at the low end, expected, and at the high end: from earlier calls where there are enough, `seen` being
    /// their input tokens and the bytes of their requests.
    pub(super) fn range(seen: (u64, u64), lengths: &Lengths, max_output_tokens: u32) -> [Self; 3] {
        let ratio = match seen {
            (tokens, bytes) if tokens > 0 && bytes > 0 => {
                let ratio = tokens as f64 / bytes as f64;
                [ratio * (1.0 - LEARNED_SPREAD), ratio, ratio * (1.0 + LEARNED_SPREAD)]
            }
            _ => [BYTES_PER_TOKEN_HIGH, BYTES_PER_TOKEN, BYTES_PER_TOKEN_LOW].map(f64::recip),
        };
        let most = f64::from(max_output_tokens);
        let (output, calls) = if learned(lengths) > 0 {
            let tenth = |part: usize| lengths.output_tokens[(lengths.output_tokens.len() - 1) * part / 10] as f64;
            let mean = lengths.output_tokens.iter().sum::<u64>() as f64 / lengths.output_tokens.len() as f64;
            let calls = lengths.calls as f64 / lengths.units.max(1) as f64;
            ([tenth(1).min(mean), mean, tenth(9).max(mean)], calls)
        } else {
            ([SHORTEST_OUTPUT.min(most), OUTPUT_TOKENS.min(most), most], CALLS_PER_UNIT)
        };
        let calls = [1.0, calls, calls + MORE_CALLS];
        [0, 1, 2].map(|end| Self {
            tokens_a_byte: ratio[end],
            output_tokens: output[end],
            calls_a_unit: calls[end],
            hits: end < 2,
        })
    }

    /// The same, without anything found in a provider's cache.
    pub(super) fn without_hits(self) -> Self {
        Self { hits: false, ..self }
    }

    /// What `sketches` come to, `scale` times; `cost` is the model's.
    pub(super) fn amounts(
        &self,
        sketches: &[Sketch],
        scale: f64,
        cost: impl Fn(&TokenCounts) -> Option<u64>,
    ) -> Amounts {
        let one = |sketch: &Sketch| {
            let tokens = |bytes: usize| whole(bytes as f64 * self.tokens_a_byte);
            let (beginning, rest, output) = (tokens(sketch.beginning), tokens(sketch.rest), whole(self.output_tokens));
            let (input, read, write) = match sketch.start {
                Start::Plain => (beginning + rest, 0, 0),
                Start::Reads if self.hits => (rest, beginning, 0),
                Start::Reads | Start::Writes => (rest, 0, beginning),
            };
            let counted = TokenCounts {
                input: Some(input),
                output: Some(output),
                cache_read: Some(read),
                cache_write: Some(write),
            };
            // Without a price for writing, it costs what any input does.
            let plain = TokenCounts { input: Some(input + write), cache_write: Some(0), ..counted };
            Amounts {
                calls: 1,
                input_tokens: input,
                cache_read_tokens: read,
                cache_write_tokens: write,
                output_tokens: output,
                micro_dollars: cost(&counted).or_else(|| cost(&plain)),
            }
        };
        let all = sketches.iter().map(one).fold(Amounts::NOTHING, |sum, next| sum.plus(&next));
        all.times(scale * self.calls_a_unit)
    }
}

/// Earlier calls that the length of answers is learned from; 0 where there are too few.
pub(super) fn learned(lengths: &Lengths) -> u64 {
    if lengths.output_tokens.len() < ENOUGH { 0 } else { lengths.output_tokens.len() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Input 1, output 10, reading 0.1 and writing 1.25 millionths of a dollar a token, in hundredths of them.
    #[expect(clippy::unnecessary_wraps, reason = "what a price returns")]
    fn cost(tokens: &TokenCounts) -> Option<u64> {
        let part = |count: Option<u64>, rate: u64| count.unwrap_or_default() * rate;
        Some(
            part(tokens.input, 100)
                + part(tokens.output, 1_000)
                + part(tokens.cache_read, 10)
                + part(tokens.cache_write, 125),
        )
    }

    fn sketch(start: Start) -> Sketch {
        Sketch { beginning: 3_300, rest: 330, start }
    }

    #[test]
    fn one_writes_the_beginning_and_the_rest_read_it() {
        let [_, expected, high] = Assumed::range((0, 0), &Lengths::default(), 4_096);
        let sketches = [sketch(Start::Writes), sketch(Start::Reads), sketch(Start::Reads), sketch(Start::Plain)];
        let expected = Assumed { calls_a_unit: 1.0, ..expected }.amounts(&sketches, 1.0, cost);
        // 1,000 tokens written, twice read, once neither; 100 others and 250 of output each.
        let tokens = (expected.input_tokens, expected.cache_write_tokens, expected.cache_read_tokens);
        assert_eq!((expected.calls, tokens, expected.output_tokens), (4, (1_400, 1_000, 2_000), 1_000));
        assert_eq!(expected.micro_dollars, Some(140_000 + 125_000 + 20_000 + 1_000_000));
        // At the high end nothing is found in the cache: 1,375 tokens each, 137.5 others.
        let high = Assumed { calls_a_unit: 1.0, ..high }.amounts(&sketches, 1.0, cost);
        assert_eq!((high.cache_read_tokens, high.cache_write_tokens, high.output_tokens), (0, 3 * 1_375, 4 * 4_096));
    }

    #[test]
    fn earlier_calls_narrow_the_range() {
        let known = Lengths { units: 100, calls: 110, output_tokens: (1..=110).collect() };
        let [low, expected, high] = Assumed::range((500, 1_000), &known, 4_096);
        assert!((expected.tokens_a_byte - 0.5).abs() < 1e-9 && (high.tokens_a_byte - 0.525).abs() < 1e-9);
        assert!((expected.output_tokens - 55.5).abs() < 1e-9 && (expected.calls_a_unit - 1.1).abs() < 1e-9);
        // The tenth and the ninetieth percentile of 1 to 110.
        assert!((low.output_tokens - 11.0).abs() < 1e-9 && (high.output_tokens - 99.0).abs() < 1e-9);
        let few = Lengths { units: 2, calls: 2, output_tokens: vec![1, 2] };
        assert!((Assumed::range((0, 0), &few, 4_096)[1].output_tokens - OUTPUT_TOKENS).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_price_stays_unknown_and_writing_without_a_price_is_input() {
        let [_, expected, _] = Assumed::range((0, 0), &Lengths::default(), 100);
        assert_eq!(expected.amounts(&[sketch(Start::Plain)], 1.0, |_| None).micro_dollars, None);
        let no_writes = |tokens: &TokenCounts| if tokens.cache_write == Some(0) { cost(tokens) } else { None };
        let written = expected.amounts(&[sketch(Start::Writes)], 1.0, no_writes);
        assert_eq!(written.micro_dollars, expected.amounts(&[sketch(Start::Plain)], 1.0, cost).micro_dollars);
        assert_eq!(expected.amounts(&[], 3.0, |_| None), Amounts::NOTHING);
    }

    proptest::proptest! {
        #[test]
        fn low_is_never_above_expected_nor_expected_above_high(
            bytes in proptest::collection::vec((0_usize..100_000, 0_usize..10_000, 0_u8..3), 1..20),
            outputs in proptest::collection::vec(1_u64..4_000, 0..40), most in 1_u32..8_000,
        ) {
            let starts = [Start::Plain, Start::Writes, Start::Reads];
            let sketches: Vec<Sketch> = bytes.iter().map(|&(beginning, rest, start)| {
                Sketch { beginning, rest, start: starts[usize::from(start)] }
            }).collect();
            let mut output_tokens = outputs;
            output_tokens.sort_unstable();
            let units = output_tokens.len() as u64;
            let lengths = Lengths { units, calls: units, output_tokens };
            let costs = Assumed::range((0, 0), &lengths, most).map(|assumed| assumed.amounts(&sketches, 1.5, cost).micro_dollars);
            proptest::prop_assert!(costs[0] <= costs[1] && costs[1] <= costs[2], "{costs:?}");
        }
    }
}
