//! Rule for `task_value`: the geometric mean of the prices of the five examples that share most words with the posting. It
//! knows nothing of the work, and its prices are not the worth of anything.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Examples that a price is made from.
const NEAREST: usize = 5;
/// Letters below which a word says nothing of the work.
const WORD: usize = 4;

/// An example near the posting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Neighbour {
    /// Its price.
    price: f64,
    /// Share of the words of both that both have (Jaccard), in thousandths.
    shared: u32,
}

/// Postings of known price, in their order, by the words that they hold.
#[derive(Debug, Default)]
pub(super) struct Examples {
    prices: Vec<f64>,
    /// Words of each.
    words: Vec<usize>,
    /// The positions of those that hold a word.
    holders: HashMap<String, Vec<usize>>,
}

impl Examples {
    /// Those in the instructions `system`.
    pub(super) fn of(system: &str) -> Self {
        let mut all = Self::default();
        for posting in system.lines().filter(|text| text.starts_with('{')).filter_map(object) {
            let price = posting.get("price").and_then(Value::as_f64).filter(|price| price.is_finite() && *price > 0.0);
            let Some(price) = price else { continue };
            let words = words(&posting);
            all.words.push(words.len());
            for word in words {
                all.holders.entry(word).or_default().push(all.prices.len());
            }
            all.prices.push(price);
        }
        all
    }

    /// Those that share most words with the posting in `session`, the nearest first; ties by their order.
    pub(super) fn neighbours(&self, session: &str) -> Vec<Neighbour> {
        let Some(posting) = session.lines().find_map(object).map(|posting| words(&posting)) else { return Vec::new() };
        let mut both = vec![0; self.prices.len()];
        posting.iter().filter_map(|word| self.holders.get(word)).flatten().for_each(|at| both[*at] += 1);
        let near = |(at, both): (usize, usize)| {
            let either = (self.words[at] + posting.len() - both).max(1);
            Neighbour { price: self.prices[at], shared: u32::try_from(both * 1_000 / either).unwrap_or(0) }
        };
        let mut all: Vec<Neighbour> = both.into_iter().enumerate().map(near).collect();
        all.sort_by_key(|near| std::cmp::Reverse(near.shared));
        all.truncate(NEAREST);
        all
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.prices.len()
    }
}

/// The JSON object that a line is.
fn object(line: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line.trim()).ok().filter(Value::is_object)
}

/// Words of title, description and skills, in lower case.
fn words(posting: &Value) -> BTreeSet<String> {
    let mut text = String::new();
    for key in ["title", "description"] {
        text.extend([posting.get(key).and_then(Value::as_str).unwrap_or_default(), " "]);
    }
    for skill in posting.get("skills").and_then(Value::as_array).into_iter().flatten() {
        text.extend([skill.as_str().unwrap_or_default(), " "]);
    }
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.chars().count() >= WORD);
    words.map(str::to_lowercase).collect()
}

/// The price with its reason.
///
/// # Errors
/// When there is nothing to compare with.
pub(super) fn price(neighbours: &[Neighbour]) -> Result<(String, f64), String> {
    if neighbours.is_empty() {
        return Err("baseline/rules found no posting or no example of known price in the prompt".to_owned());
    }
    let logs: f64 = neighbours.iter().map(|near| near.price.ln()).sum();
    // The rubric's own range; whole dollars.
    let price = (logs / neighbours.len() as f64).exp().clamp(10.0, 50_000.0).round();
    let prices: Vec<String> = neighbours.iter().map(|near| near.price.to_string()).collect();
    let reason = format!(
        "Rule V1: the geometric mean of the prices of the {} examples that share most words with the posting ({}).",
        neighbours.len(),
        prices.join(", ")
    );
    Ok((reason, price))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYSTEM: &str = "You price postings.\n{\"title\":\"Parser in Rust\",\"description\":\"\",\"skills\":[],\"price\":100.0}\n\
        {\"title\":\"Wedding photos\",\"description\":\"\",\"skills\":[],\"price\":10000.0}\nIn each request";

    #[test]
    fn the_nearest_come_first_and_their_geometric_mean_is_the_price() {
        let session =
            "<posting-1>\n{\"title\":\"A parser, in rust\",\"description\":\"x\",\"skills\":[\"Rust\"]}\n</posting-1>";
        let near = Examples::of(SYSTEM).neighbours(session);
        assert_eq!(near, [Neighbour { price: 100.0, shared: 1_000 }, Neighbour { price: 10_000.0, shared: 0 }]);
        let (reason, value) = price(&near).unwrap();
        assert!((value - 1_000.0).abs() < 1e-9 && reason.starts_with("Rule V1"), "{value} {reason}");
    }

    #[test]
    fn nothing_to_compare_with_is_no_price() {
        assert!(price(&Examples::of("").neighbours("{\"title\":\"x\"}")).is_err());
        assert!(price(&Examples::of(SYSTEM).neighbours("no posting")).is_err());
    }
}
