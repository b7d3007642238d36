//! Rules for occupations: words of trades, signs of professional software work, and the kind of work done.

use super::activity::Activity;
use super::decide::Decision;
use super::features::Features;

/// Distinct words or signs that are enough; one alone is chance.
const ENOUGH: usize = 2;

const SOFTWARE: &str = "computer_mathematical";

fn decision(label: &'static str, rule: &'static str, because: String) -> Decision {
    Decision { label, rule, because, turns: vec![] }
}

fn listed(features: &Features, label: &str) -> String {
    let words = features.trades.words.get(label).into_iter().flatten();
    words.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The person's own occupation; `unclear` without enough signs.
pub(super) fn user(features: &Features) -> Decision {
    let signs: Vec<&str> = features.trades.software.iter().map(String::as_str).collect();
    let (trade, words) = features.trades.strongest().unwrap_or(("", 0));
    if words >= ENOUGH && words > signs.len() {
        let because =
            format!("{words} words of {trade} ({}), more than signs of software work", listed(features, trade));
        return decision(trade, "U1", because);
    }
    if signs.len() >= ENOUGH {
        return decision(SOFTWARE, "U2", format!("signs of software as a trade: {}", signs.join(", ")));
    }
    let because = format!("{words} words of one trade and {} signs of software work, fewer than {ENOUGH}", signs.len());
    decision("unclear", "U3", because)
}

/// Whose work was done; there is always an answer.
pub(super) fn work(features: &Features) -> Decision {
    let acts = |kinds: &[Activity]| kinds.iter().map(|kind| features.acts(*kind)).sum::<u64>();
    let software = acts(&[
        Activity::Code,
        Activity::TestCode,
        Activity::Config,
        Activity::AgentText,
        Activity::Operation,
        Activity::Check,
    ]);
    let (prose, data) = (acts(&[Activity::Prose]), acts(&[Activity::Data]));
    let (trade, words) = features.trades.strongest().unwrap_or(("", 0));
    let technical = features.files.version_control + features.files.sources_read;
    if software > 0 && software >= prose + data {
        return decision(SOFTWARE, "P1", format!("{software} actions on software, {prose} on prose, {data} on data"));
    }
    if words >= ENOUGH {
        let because = format!(
            "no more work on software than on else, and {words} words of {trade} ({})",
            listed(features, trade)
        );
        return decision(trade, "P2", because);
    }
    if prose > data && technical == 0 {
        return decision("arts_design_media", "P3", format!("{prose} edits of prose outside a code base"));
    }
    if software + prose + data + technical > 0 || !features.trades.software.is_empty() || features.specifics > 0 {
        let because =
            format!("no trade named; {technical} looks at a code base, {} technical words", features.specifics);
        return decision(SOFTWARE, "P4", because);
    }
    decision("education_library", "P5", "a question without work, in which nothing technical is named".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::files::Files;
    use super::super::trades::Trades;
    use super::*;

    fn features(words: &[&str], software: &[&str], activity: &[(Activity, u64)]) -> Features {
        let own = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<std::collections::BTreeSet<_>>();
        let by_label = (!words.is_empty()).then(|| ("legal".to_owned(), own(words)));
        let trades = Trades { words: by_label.into_iter().collect(), software: own(software) };
        Features { trades, activity: activity.iter().copied().collect(), ..Features::default() }
    }

    #[test]
    fn two_signs_are_needed_for_the_person() {
        let of = |words: &[&str], software: &[&str]| {
            let decision = user(&features(words, software, &[]));
            (decision.label, decision.rule)
        };
        assert_eq!(of(&["nda", "statute"], &["tickets"]), ("legal", "U1"));
        assert_eq!(of(&["nda", "statute"], &["tickets", "branches"]), (SOFTWARE, "U2"));
        assert_eq!(of(&["nda"], &["tickets"]), ("unclear", "U3"));
        assert_eq!(of(&[], &[]), ("unclear", "U3"));
    }

    #[test]
    fn work_goes_by_what_was_done() {
        let of = |features: &Features| {
            let decision = work(features);
            (decision.label, decision.rule)
        };
        assert_eq!(
            of(&features(&["nda", "statute"], &[], &[(Activity::Code, 2), (Activity::Prose, 1)])),
            (SOFTWARE, "P1")
        );
        assert_eq!(of(&features(&["nda", "statute"], &[], &[(Activity::Prose, 1)])), ("legal", "P2"));
        assert_eq!(of(&features(&["nda"], &[], &[(Activity::Prose, 1)])), ("arts_design_media", "P3"));
        let looked = Files { sources_read: 2, ..Files::default() };
        assert_eq!(of(&Features { files: looked, ..features(&[], &[], &[(Activity::Prose, 1)]) }), (SOFTWARE, "P4"));
        assert_eq!(of(&features(&[], &[], &[])), ("education_library", "P5"));
    }
}
