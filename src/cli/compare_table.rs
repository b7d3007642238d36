//! The comparisons of `assize compare` as text for people, and as CSV.

use crate::agreement::{Comparison, Comparisons, Side};
use crate::stats::{Coefficient, Difference, Verdict};

use super::agree_shown::{exact as number, p_value};
use super::error::CliError;
use super::printer::table;

/// All comparisons on one rubric as text.
pub fn text(report: &Comparisons) -> String {
    let clusters = report.clusters.map_or(String::new(), |clusters| format!(" in {clusters} clusters"));
    let mut blocks = vec![format!(
        "{}: {} comparisons{clusters}, {} categories; p adjusted by {} over the comparisons of one coefficient",
        report.rubric.as_deref().unwrap_or("comparison"),
        report.comparisons.len(),
        report.categories.len(),
        report.adjustment.name(),
    )];
    blocks.extend(report.comparisons.iter().map(comparison));
    let over_all = report.tests.iter().map(|(reference, test)| {
        format!("all judges right equally often ({reference}): {} p {}, n {}", test.name, p_value(test.p), test.n)
    });
    blocks.extend(over_all);
    blocks.extend(report.notes.iter().map(|note| format!("note: {note}")));
    blocks.join("\n\n")
}

fn comparison(of: &Comparison) -> String {
    let [first, second] = &of.judges;
    let side = |name: &String, side: &Side| {
        let missing: Vec<String> = side.no_verdicts.iter().map(|(kind, n)| format!("{} {n}", kind.as_str())).collect();
        let missing = if missing.is_empty() { "-".to_owned() } else { missing.join(", ") };
        vec![name.clone(), side.n.to_string(), side.right.to_string(), missing, side.not_asked.to_string()]
    };
    let sides = [side(first, &of.sides[0]), side(second, &of.sides[1])];
    let row = |(at, difference): (usize, &Difference)| {
        let coefficient = &difference.coefficient;
        let ceiling = of.ceiling.get(at).map_or("-".to_owned(), with_interval);
        vec![
            coefficient.name.clone(),
            with_interval(&of.coefficients[0][at]),
            with_interval(&of.coefficients[1][at]),
            with_interval(coefficient),
            p_value(difference.p),
            p_value(difference.p_adjusted),
            ceiling,
        ]
    };
    let rows: Vec<Vec<String>> = of.differences.iter().enumerate().map(row).collect();
    let tests: Vec<Vec<String>> = (of.tests.iter())
        .map(|test| {
            let p = test.undefined.map_or_else(|| p_value(test.p), |why| format!("undefined: {}", why.as_str()));
            let df = test.df.map_or("-".to_owned(), |df| df.to_string());
            vec![
                test.name.clone(),
                test.statistic.map_or("-".to_owned(), |s| format!("{s:.3}")),
                df,
                p,
                test.method.clone(),
            ]
        })
        .collect();
    let header = ["coefficient", first, second, "difference", "p", "adjusted", "ceiling"];
    let mut lines = vec![
        format!("{first} and {second} held against {} on {} items that all three labelled", of.reference, of.items),
        table(&["judge", "labelled", "right", "no verdict", "not asked"], &sides),
        table(&header, &rows),
        table(&["test", "statistic", "df", "p", "method"], &tests),
    ];
    if let Some(bounds) = of.bounds.filter(|_| of.sides.iter().any(|side| side.not_asked + side.no_verdicts.len() > 0))
    {
        lines.push(format!(
            "difference in percent agreement over all {} items, whatever the missing verdicts: {:.3} to {:.3}",
            bounds.n, bounds.low, bounds.high
        ));
    }
    if let Some(found) = &of.equivalence {
        let (verdict, ends) = (verdict(found.verdict), found.low.zip(found.high));
        let ends = ends.map_or("no interval".to_owned(), |(low, high)| format!("{low:.3}, {high:.3}"));
        let p = p_value(found.p);
        lines.push(format!(
            "{verdict}: {} within {} [{ends}], p {p}, {}",
            found.coefficient, found.margin, found.method
        ));
    }
    let method =
        of.differences.iter().find(|one| one.coefficient.low.is_some()).map(|one| one.coefficient.method.clone());
    lines.extend(method.map(|method| format!("differences: {method}")));
    lines.join("\n")
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Equivalent => "equivalent",
        Verdict::Inconclusive => "inconclusive",
        Verdict::Different => "different",
    }
}

fn with_interval(of: &Coefficient) -> String {
    match (of.undefined, of.value, of.low.zip(of.high)) {
        (Some(why), ..) => format!("undefined: {}", why.as_str()),
        (_, Some(value), Some((low, high))) => format!("{value:.3} [{low:.3}, {high:.3}]"),
        (_, Some(value), None) => format!("{value:.3}"),
        _ => "-".to_owned(),
    }
}

/// One row a difference or test.
pub fn csv(reports: &[Comparisons]) -> Result<String, CliError> {
    let mut rows = Vec::new();
    for report in reports {
        for of in &report.comparisons {
            let whom = [
                report.rubric.clone().unwrap_or_default(),
                of.judges[0].clone(),
                of.judges[1].clone(),
                of.reference.clone(),
            ];
            for (at, difference) in of.differences.iter().enumerate() {
                let Difference { coefficient, t, df, p, p_adjusted } = difference;
                let cells = [
                    coefficient.name.clone(),
                    number(of.coefficients[0][at].value),
                    number(of.coefficients[1][at].value),
                    number(coefficient.value),
                    number(coefficient.se),
                    number(coefficient.low),
                    number(coefficient.high),
                    number(*t),
                    df.map_or(String::new(), |df| df.to_string()),
                    number(*p),
                    number(*p_adjusted),
                    coefficient.n.to_string(),
                    coefficient.method.clone(),
                    coefficient.undefined.map_or("", crate::stats::Undefined::as_str).to_owned(),
                ];
                rows.push(whom.iter().cloned().chain(cells).collect());
            }
            for test in &of.tests {
                let mut cells = vec![String::new(); 14];
                cells[0].clone_from(&test.name);
                (cells[7], cells[8], cells[9]) = (number(test.statistic), number(test.df), number(test.p));
                (cells[11], cells[12]) = (test.n.to_string(), test.method.clone());
                test.undefined.map_or("", crate::stats::Undefined::as_str).clone_into(&mut cells[13]);
                rows.push(whom.iter().cloned().chain(cells).collect());
            }
        }
    }
    let header = [
        "rubric",
        "first",
        "second",
        "reference",
        "name",
        "value_first",
        "value_second",
        "difference",
        "se",
        "low",
        "high",
        "statistic",
        "df",
        "p",
        "p_adjusted",
        "n",
        "method",
        "undefined",
    ];
    super::printer::csv(&header, &rows)
}
