//! The totals of a run as a table: one row a judge and rubric.

use crate::run::{Cell, JudgeTotals, OpenBatch, RunRecord, by_judge};
use crate::verdict::NoVerdict;

use super::printer::table;

/// Answers that came just now, by judge and rubric.
pub type Answered<'a> = &'a dyn Fn(&str, &str) -> u64;

/// A table of `cells`, and of each judge and all of them where there are several; with `now`, answers of just now and of before
/// are told apart.
#[must_use]
pub fn totals(cells: &[Cell], now: Option<Answered<'_>>) -> String {
    let units = |totals: &JudgeTotals, kind: NoVerdict| totals.no_verdicts.get(&kind).copied().unwrap_or_default();
    let kinds: Vec<NoVerdict> =
        NoVerdict::ALL.into_iter().filter(|kind| cells.iter().any(|cell| units(&cell.totals, *kind) > 0)).collect();
    let mut header = vec!["judge", "rubric", "labels"];
    header.extend(kinds.iter().map(|kind| kind.as_str()));
    header.extend(if now.is_some() { &["answered now", "from ledger"][..] } else { &["calls"][..] });
    let cached = cells.iter().any(|cell| cell.totals.cache_read_tokens > 0);
    header.push("tokens in");
    header.extend(cached.then_some("from cache"));
    header.extend(["tokens out", "cost"]);
    let row = |judge: &str, rubric: &str, totals: &JudgeTotals, now: Option<u64>| {
        let mut row = vec![judge.to_owned(), rubric.to_owned(), totals.labels.to_string()];
        row.extend(kinds.iter().map(|kind| units(totals, *kind).to_string()));
        match now {
            Some(now) => {
                row.extend([now.to_string(), totals.calls.saturating_sub(now).to_string()]);
            }
            None => row.push(totals.calls.to_string()),
        }
        let tokens_in = totals.input_tokens + totals.cache_read_tokens + totals.cache_write_tokens;
        let known = totals.calls_without_tokens < totals.calls;
        row.push(if known { tokens_in.to_string() } else { "-".to_owned() });
        row.extend(cached.then(|| totals.cache_read_tokens.to_string()));
        row.push(if known { totals.output_tokens.to_string() } else { "-".to_owned() });
        row.push(totals.micro_dollars.map_or_else(|| "unknown".to_owned(), dollars));
        row
    };
    let count = |cell: &Cell| now.map(|now| now(&cell.judge, &cell.rubric));
    let mut rows = Vec::new();
    for (judge, totals) in &by_judge(cells) {
        let own: Vec<&Cell> = cells.iter().filter(|cell| cell.judge == *judge).collect();
        rows.extend(own.iter().map(|cell| row(judge, &cell.rubric, &cell.totals, count(cell))));
        if own.len() > 1 {
            rows.push(row(judge, "all rubrics", totals, own.iter().copied().map(count).sum()));
        }
    }
    if cells.iter().any(|cell| cell.judge != cells[0].judge) {
        let mut all = JudgeTotals { micro_dollars: Some(0), ..JudgeTotals::default() };
        for cell in cells {
            all.add(&cell.totals);
        }
        rows.push(row("all judges", "", &all, cells.iter().map(count).sum()));
    }
    table(&header, &rows)
}

/// What the run itself paid, in words; none where it asked nobody outside this program.
#[must_use]
pub fn paid(record: &RunRecord) -> Option<String> {
    let paid = record.paid;
    let cost = match (paid.calls - paid.calls_without_cost, paid.calls_without_cost) {
        (0, _) => "an unknown sum".to_owned(),
        (_, 0) => dollars(paid.micro_dollars),
        (_, unknown) => format!("{} and an unknown sum for {unknown} of them", dollars(paid.micro_dollars)),
    };
    let unanswered = paid.requests.saturating_sub(paid.calls);
    let more = match unanswered {
        0 => String::new(),
        n => format!("; {n} more requests brought no answer, and a provider may charge for some of them"),
    };
    let free = paid.calls_without_cost == 0 && paid.micro_dollars == 0;
    (paid.calls > 0 && !free).then(|| format!("this run paid for {} calls: {cost}{more}", paid.calls))
}

/// How a batch stands, in words.
#[must_use]
pub fn in_batch(batch: &OpenBatch) -> String {
    let OpenBatch { model, id, calls, waiting, since, .. } = batch;
    let read = if waiting < calls { format!(" ({} read)", calls - waiting) } else { String::new() };
    match id {
        Some(id) => format!("in batch {id} of {model} since {since}: {calls} calls{read}"),
        None => {
            format!("{calls} calls of {model} were to go into a batch at {since}; whether they did is not known yet")
        }
    }
}

/// Millionths of a dollar for people: cents from a dollar up, four digits below.
#[must_use]
pub fn dollars(micro: u64) -> String {
    let dollars = micro as f64 / 1e6;
    match micro {
        0 => "$0".to_owned(),
        1_000_000.. => format!("${dollars:.2}"),
        _ => format!("${dollars:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn only_kinds_that_occurred_have_a_column_and_unknown_is_not_zero() {
        let totals = JudgeTotals {
            labels: 8,
            no_verdicts: BTreeMap::from([(NoVerdict::Refused, 2)]),
            calls: 10,
            calls_without_tokens: 10,
            ..JudgeTotals::default()
        };
        let cells = [Cell { judge: "openai/a".to_owned(), rubric: "mood".to_owned(), totals }];
        let text = super::totals(&cells, Some(&|_, _| 3));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0][..4], ["judge", "rubric", "labels", "refused"]);
        assert_eq!(lines[2], ["openai/a", "mood", "8", "2", "3", "7", "-", "-", "unknown"]);
    }

    #[test]
    fn dollars_keep_what_matters() {
        assert_eq!([0, 1_234, 12_345_678].map(dollars), ["$0", "$0.0012", "$12.35"]);
    }
}
