//! Whether a consensus looks as if it was made with sight of a judge.
//!
//! Where people and a judge err independently, the agreement of two raters is the product of how well each follows the truth
//! (Spearman 1904 on reliability). The judge's own part follows from people one by one: the square root of (person 1 with judge) x
//! (person 2 with judge) / (person 1 with person 2). Not even a perfect consensus can agree with the judge more than that.

use serde::{Deserialize, Serialize};

use super::influence::{Design, Influence};

/// Signs that a consensus follows a judge. All coefficients are of one kind on the same items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// Agreement of people with each other: the mean over their pairs.
    pub people: f64,
    /// Agreement of the consensus with the judge.
    pub consensus: f64,
    /// Consensus with judge less people with each other.
    pub above_people: f64,
    /// Interval of that difference.
    pub above_people_interval: Option<(f64, f64)>,
    /// The most that independent errors allow the consensus to agree with the judge; null where people do not agree beyond chance.
    pub most: Option<f64>,
    /// Consensus with judge less that most.
    pub above_most: Option<f64>,
    /// Interval of that difference.
    pub above_most_interval: Option<(f64, f64)>,
    /// What the signs say.
    pub finding: Finding,
}

/// What the signs say together; each looks at the interval, not at the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// No sign.
    None,
    /// The consensus agrees with the judge more than people with each other: a very good judge does so, and so does a consensus made with
    /// sight of it. These ratings cannot tell which.
    Possible,
    /// More than independent errors allow.
    Likely,
}

/// The signs from the influences of one coefficient: `people` of every pair of people, `with_judge` of every person and the judge,
/// `consensus` of consensus and judge. None with fewer than two people.
#[must_use]
pub fn sight(
    people: &[Influence],
    with_judge: &[Influence],
    consensus: &Influence,
    design: Design<'_>,
    confidence: f64,
) -> Option<Sight> {
    let among = Influence::mean(people)?;
    let interval = |of: &Influence| of.standard_error(design).ok().map(|error| error.interval(of.value, confidence));
    let above_people = consensus.minus(&among);
    let above_people_interval = interval(&above_people);
    let most = most(&among, with_judge);
    let above_most = most.as_ref().map(|most| consensus.minus(most));
    let above_most_interval = above_most.as_ref().and_then(interval);
    let above = |interval: Option<(f64, f64)>| interval.is_some_and(|(low, _)| low > 0.0);
    let finding = if above(above_most_interval) {
        Finding::Likely
    } else if above(above_people_interval) {
        Finding::Possible
    } else {
        Finding::None
    };
    Some(Sight {
        people: among.value,
        consensus: consensus.value,
        above_people: above_people.value,
        above_people_interval,
        most: most.map(|most| most.value),
        above_most: above_most.map(|above| above.value),
        above_most_interval,
        finding,
    })
}

/// The judge's part from people one by one: the geometric mean of their agreements with it over the root of that among them.
fn most(among: &Influence, with_judge: &[Influence]) -> Option<Influence> {
    if with_judge.len() < 2 || among.value <= 0.0 || with_judge.iter().any(|one| one.value <= 0.0) {
        return None;
    }
    let count = with_judge.len() as f64;
    let log: f64 = with_judge.iter().map(|one| one.value.ln()).sum::<f64>() / count - among.value.ln() / 2.0;
    let value = log.exp();
    let part = |item: usize| {
        let judged = with_judge.iter().filter_map(|one| Some(one.by_item[item]? / one.value / count));
        let all: Vec<f64> = judged.chain(among.by_item[item].map(|part| -part / among.value / 2.0)).collect();
        (!all.is_empty()).then(|| value * all.iter().sum::<f64>())
    };
    Some(Influence { value, by_item: (0..among.by_item.len()).map(part).collect() })
}
