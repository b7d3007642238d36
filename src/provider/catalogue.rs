//! Prices and capabilities of models: data in `models.yaml`, never in code; `FOLDER/models.yaml` adds to it and wins.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::dispatch::ProviderError;
use super::model::{Form, TokenCounts};

/// The catalogue inside the binary.
const BUILT_IN: &str = include_str!("models.yaml");

/// Entries by provider and model.
type Entries = BTreeMap<String, BTreeMap<String, Entry>>;

/// What is known of one model; everything but source and date may be unknown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Dollars per million tokens, prompts of any length or up to `above.input_tokens`.
    #[serde(default)]
    price: Option<Dollars>,
    /// Dollars per million tokens of requests with longer prompts.
    #[serde(default)]
    above: Option<Above>,
    /// Part of every price that a request in a batch costs.
    #[serde(default)]
    batch: Option<f64>,
    /// Tokens below which the provider keeps no prompt in its cache.
    #[serde(default)]
    pub(super) cache_minimum: Option<u64>,
    /// Whether the model takes a temperature.
    #[serde(default)]
    pub(super) temperature: Option<bool>,
    /// The first form of asking worth trying; the dialect's first where absent.
    #[serde(default)]
    pub(super) first_form: Option<Form>,
    /// The field that caps output tokens, where the server is not the vendor's.
    #[serde(default)]
    pub(super) output_cap: Option<OutputCap>,
    /// Where the numbers are from.
    source: String,
    /// When they were read there.
    date: String,
}

/// Names of the output cap among `OpenAI`-compatible servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutputCap {
    MaxTokens,
    MaxCompletionTokens,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dollars {
    input: f64,
    output: f64,
    #[serde(default)]
    cache_read: Option<f64>,
    #[serde(default)]
    cache_write: Option<f64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Above {
    input_tokens: u64,
    price: Dollars,
}

/// List price of a model, in millionths of a dollar per million tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    rates: Rates,
    /// Input tokens, cached ones included, beyond which other rates hold for the whole request.
    above: Option<(u64, Rates)>,
    /// Millionths of the cost that a request in a batch costs.
    batch: Option<u64>,
    /// Where the price is from.
    pub source: String,
    /// When it was read there.
    pub date: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rates {
    input: u64,
    output: u64,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
}

impl Price {
    /// Cost of one call in millionths of a dollar, rounded half up (providers.md 6.4).
    ///
    /// None where a count or a rate it needs is unknown: an unknown cost is never 0. Cache counts that a provider does
    /// not report are taken to be part of the input, which costs at least as much.
    #[must_use]
    pub fn micro_dollars(&self, tokens: &TokenCounts) -> Option<u64> {
        let (input, output) = (tokens.input?, tokens.output?);
        let (read, write) = (tokens.cache_read.unwrap_or(0), tokens.cache_write.unwrap_or(0));
        let prompt = input.saturating_add(read).saturating_add(write);
        let rates = self.rates(prompt);
        let part = |count: u64, rate: Option<u64>| match count {
            0 => Some(0),
            count => Some(u128::from(count) * u128::from(rate?)),
        };
        let parts = [
            part(input, Some(rates.input)),
            part(output, Some(rates.output)),
            part(read, rates.cache_read),
            part(write, rates.cache_write),
        ];
        rounded(parts.into_iter().sum::<Option<u128>>()?)
    }

    /// Cost of one call of a batch, as [`Self::micro_dollars`]; none where the price of batches is not known.
    #[must_use]
    pub fn batch_micro_dollars(&self, tokens: &TokenCounts) -> Option<u64> {
        rounded(u128::from(self.micro_dollars(tokens)?) * u128::from(self.batch?))
    }

    /// The most that a call with a prompt of `input` tokens and an answer of at most `output` tokens can cost, in millionths
    /// of a dollar: as if all of the prompt were written to the provider's cache, where that costs more.
    #[must_use]
    pub fn most_micro_dollars(&self, input: u64, output: u64) -> u64 {
        let rates = self.rates(input);
        let rate = rates.cache_write.unwrap_or_default().max(rates.input);
        let total = u128::from(input) * u128::from(rate) + u128::from(output) * u128::from(rates.output);
        rounded(total).unwrap_or(u64::MAX)
    }

    /// The most that a call of a batch can cost, as [`Self::most_micro_dollars`]; none where the price of batches is not known.
    #[must_use]
    pub fn most_batch_micro_dollars(&self, input: u64, output: u64) -> Option<u64> {
        rounded(u128::from(self.most_micro_dollars(input, output)) * u128::from(self.batch?))
    }

    /// Whether reading from the provider's cache has a price.
    #[must_use]
    pub fn has_cache(&self) -> bool {
        self.rates.cache_read.is_some()
    }

    /// Rates of a request whose prompt has `prompt` tokens, cached ones included.
    fn rates(&self, prompt: u64) -> Rates {
        match self.above {
            Some((limit, above)) if prompt > limit => above,
            _ => self.rates,
        }
    }
}

/// Whole millionths out of millionths of them, rounded half up.
fn rounded(total: u128) -> Option<u64> {
    u64::try_from((total + 500_000) / 1_000_000).ok()
}

/// Whether the catalogue inside the binary holds `model`, written `provider/model`.
#[must_use]
pub fn is_catalogued(model: &str) -> bool {
    let found = model.split_once('/').map(|(provider, model)| {
        parse(BUILT_IN, "built-in models.yaml")
            .is_ok_and(|entries| entries.get(provider).is_some_and(|known| known.contains_key(model)))
    });
    found.unwrap_or_default()
}

/// What is known of `model` of `provider`; none of a model that no catalogue holds.
pub(super) fn entry(provider: &str, model: &str, folder: &Path) -> Result<Option<Entry>, ProviderError> {
    let path = folder.join("models.yaml");
    let own = match fs_err::read_to_string(&path) {
        Ok(text) => parse(&text, &path.display().to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Entries::new(),
        Err(error) => return Err(ProviderError::Setup(error.to_string())),
    };
    let find = |mut entries: Entries| entries.get_mut(provider).and_then(|models| models.remove(model));
    match find(own) {
        Some(entry) => Ok(Some(entry)),
        None => Ok(find(parse(BUILT_IN, "built-in models.yaml")?)),
    }
}

fn parse(text: &str, name: &str) -> Result<Entries, ProviderError> {
    let entries: Entries =
        serde_saphyr::from_str(text).map_err(|error| ProviderError::Setup(format!("{name}: {error}")))?;
    for (provider, models) in &entries {
        for (model, entry) in models {
            let all = entry.price.iter().chain(entry.above.iter().map(|above| &above.price));
            let bad = all.flat_map(Dollars::all).find(|rate| !(0.0..1e6).contains(rate));
            if let Some(rate) = bad {
                return Err(ProviderError::Setup(format!("{name}: {provider}/{model}: {rate} is not a price")));
            }
            if let Some(part) = entry.batch.filter(|part| !(0.0..=1.0).contains(part)) {
                let message = format!("{name}: {provider}/{model}: batch: {part} is not a part between 0 and 1");
                return Err(ProviderError::Setup(message));
            }
        }
    }
    Ok(entries)
}

impl Entry {
    /// The list price, where it is known.
    pub(super) fn price(&self) -> Option<Price> {
        Some(Price {
            rates: self.price?.rates(),
            above: self.above.map(|above| (above.input_tokens, above.price.rates())),
            batch: self.batch.map(micro),
            source: self.source.clone(),
            date: self.date.clone(),
        })
    }
}

impl Dollars {
    fn all(&self) -> impl Iterator<Item = f64> {
        [Some(self.input), Some(self.output), self.cache_read, self.cache_write].into_iter().flatten()
    }

    fn rates(self) -> Rates {
        Rates {
            input: micro(self.input),
            output: micro(self.output),
            cache_read: self.cache_read.map(micro),
            cache_write: self.cache_write.map(micro),
        }
    }
}

/// Millionths of a dollar.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a checked price: 0 to a million")]
fn micro(dollars: f64) -> u64 {
    (dollars * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in(provider: &str, model: &str) -> Entry {
        entry(provider, model, Path::new("/nonexistent")).unwrap().unwrap()
    }

    fn tokens(input: u64, output: u64, cache_read: Option<u64>, cache_write: Option<u64>) -> TokenCounts {
        TokenCounts { input: Some(input), output: Some(output), cache_read, cache_write }
    }

    #[test]
    fn cost_by_hand() {
        // claude-opus-5: 5, 25, 0.50, 6.25. 120 x 5 + 88 x 25 + 2,100 x 0.5 + 400 x 6.25 = 600 + 2,200 + 1,050 + 2,500.
        let price = built_in("anthropic", "claude-opus-5").price().unwrap();
        assert_eq!(price.micro_dollars(&tokens(120, 88, Some(2_100), Some(400))), Some(6_350));
        // gpt-6-luna: 0.10 and 0.50. 7 x 0.1 + 3 x 0.5 = 2.2, rounded once.
        let price = built_in("openai", "gpt-6-luna").price().unwrap();
        assert_eq!(price.micro_dollars(&tokens(7, 3, None, None)), Some(2));
    }

    #[test]
    fn long_prompts_have_their_own_price() {
        // claude-haiku-5-5: 0.10 up to 100,000 tokens of prompt, cached ones included, 0.50 above; output 0.50 and 2.50.
        let price = built_in("anthropic", "claude-haiku-5-5").price().unwrap();
        assert_eq!(price.micro_dollars(&tokens(100_000, 100, None, None)), Some(10_000 + 50));
        assert_eq!(price.micro_dollars(&tokens(90_000, 100, Some(10_001), None)), Some(45_000 + 250 + 500));
    }

    #[test]
    fn a_batch_costs_its_part_and_the_most_is_as_if_all_were_written_to_the_cache() {
        // claude-opus-5: 6,350 as in `cost_by_hand`, half of it in a batch.
        let price = built_in("anthropic", "claude-opus-5").price().unwrap();
        assert_eq!(price.batch_micro_dollars(&tokens(120, 88, Some(2_100), Some(400))), Some(3_175));
        // 1,000 x 6.25 + 100 x 25.
        assert_eq!(price.most_micro_dollars(1_000, 100), 8_750);
        assert_eq!(price.most_batch_micro_dollars(1_000, 100), Some(4_375));
        // gpt-5 has no price for cache writes: 1,000 x 1.25 + 100 x 10.
        assert_eq!(built_in("openai", "gpt-5").price().unwrap().most_micro_dollars(1_000, 100), 2_250);
        // claude-haiku-5-5 above 100,000: 100,001 x 0.625 + 8 x 2.50 = 62,520.6.
        assert_eq!(built_in("anthropic", "claude-haiku-5-5").price().unwrap().most_micro_dollars(100_001, 8), 62_521);
    }

    #[test]
    fn an_unknown_cost_is_none_and_never_zero() {
        let price = built_in("openai", "gpt-5").price().unwrap();
        assert_eq!(price.micro_dollars(&TokenCounts::default()), None);
        assert_eq!(price.micro_dollars(&TokenCounts { input: Some(1), ..TokenCounts::default() }), None);
        // gpt-5 has no price for cache writes.
        assert_eq!(price.micro_dollars(&tokens(1, 1, None, Some(1))), None);
        assert_eq!(price.micro_dollars(&tokens(1, 1, None, Some(0))), Some(11));
        assert!(entry("openai", "a-model-of-tomorrow", Path::new("/nonexistent")).unwrap().is_none());
    }

    #[test]
    fn every_built_in_entry_has_a_source_and_a_date() {
        let entries = parse(BUILT_IN, "built-in").unwrap();
        for (provider, models) in entries {
            for (model, entry) in models {
                assert!(!entry.source.is_empty(), "{provider}/{model}");
                assert!(entry.date.parse::<jiff::civil::Date>().is_ok(), "{provider}/{model}: {}", entry.date);
            }
        }
    }

    #[test]
    fn the_working_folder_wins_and_errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| fs_err::write(folder.path().join("models.yaml"), text).unwrap();
        write(concat!(
            "openai:\n  gpt-5: {price: {input: 1, output: 2}, source: our contract, date: 2026-11-01}\n",
            "  house-model: {output_cap: max_completion_tokens, first_form: json_object, source: ours, date: 2026-11-01}\n",
        ));
        let own = entry("openai", "gpt-5", folder.path()).unwrap().unwrap().price().unwrap();
        assert_eq!((own.micro_dollars(&tokens(10, 10, None, None)), own.source.as_str()), (Some(30), "our contract"));
        let house = entry("openai", "house-model", folder.path()).unwrap().unwrap();
        assert_eq!((house.price(), house.first_form), (None, Some(Form::JsonObject)));
        assert_eq!(house.output_cap, Some(OutputCap::MaxCompletionTokens));
        assert!(entry("anthropic", "claude-opus-5", folder.path()).unwrap().is_some());

        write("openai:\n  gpt-5: {prise: {input: 1, output: 2}, source: x, date: 2026-11-01}\n");
        let error = entry("openai", "gpt-5", folder.path()).unwrap_err().to_string();
        assert!(error.contains("models.yaml") && error.contains("prise"), "{error}");
        write("openai:\n  gpt-5: {price: {input: -1, output: 2}, source: x, date: 2026-11-01}\n");
        let error = entry("openai", "gpt-5", folder.path()).unwrap_err().to_string();
        assert!(error.contains("openai/gpt-5: -1 is not a price"), "{error}");
        write("openai:\n  gpt-5: {price: {input: 1, output: 2}, batch: 50, source: x, date: 2026-11-01}\n");
        let error = entry("openai", "gpt-5", folder.path()).unwrap_err().to_string();
        assert!(error.contains("batch: 50 is not a part between 0 and 1"), "{error}");
    }
}
