//! Test-retest, bias and the alternative annotator test as text for people, and as CSV.

use crate::agreement::{AlternativeOf, AlternativePerson, AlternativeReport, Bias, BiasReport, Retest, RetestReport};
use crate::stats::{Coefficient, Test};

use super::agree_shown::{Shown, decimal, ends, exact, p_value};
use super::agree_table::numbers;
use super::error::Exit;
use super::printer::table;

impl Shown for AlternativeReport {
    const HEADER: &'static [&'static str] =
        &["judge", "person", "n", "advantage_probability", "low", "high", "p", "p_adjusted", "passes"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = self.judges.iter().map(|of| alternative(self, of)).collect();
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n\n")
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |of: &AlternativeOf, person: &AlternativePerson| {
            let (low, high) = person.interval.unzip();
            let numbers = [person.advantage_probability, low, high, person.p, person.p_adjusted].map(exact);
            let whose = vec![of.judge.clone(), person.person.clone(), person.n.to_string()];
            let passes = person.passes.map_or_else(String::new, |passes| passes.to_string());
            [whose, numbers.to_vec(), vec![passes]].concat()
        };
        let all = |of: &'_ AlternativeOf| of.people.iter().map(|person| row(of, person)).collect::<Vec<_>>();
        self.judges.iter().flat_map(all).collect()
    }

    fn exit(&self) -> Exit {
        let any = |wanted: Option<bool>| self.judges.iter().any(|of| of.passes == wanted);
        match (any(Some(false)), any(None)) {
            (true, _) => Exit::GateFailed,
            (false, true) => Exit::Inconclusive,
            (false, false) => Exit::Done,
        }
    }
}

fn alternative(report: &AlternativeReport, of: &AlternativeOf) -> String {
    let said = match of.passes {
        Some(true) => "may stand in for people",
        Some(false) => "may not stand in for people",
        None => "was not tested: no person has enough items",
    };
    let heading = format!(
        "{}: {} {said}; winning rate {}, advantage probability {} {}, epsilon {}, level {} (Benjamini-Yekutieli)",
        report.rubric.as_deref().unwrap_or("alternative annotator test"),
        of.judge,
        decimal(of.winning_rate),
        decimal(of.advantage_probability),
        ends(of.interval),
        report.epsilon,
        report.level,
    );
    let row = |person: &AlternativePerson| {
        let passes = match person.passes {
            Some(true) => "yes".to_owned(),
            Some(false) => "no".to_owned(),
            None => format!("not tested: fewer than {} items", report.least_items),
        };
        let advantage = format!("{} {}", decimal(person.advantage_probability), ends(person.interval));
        let p = [person.p, person.p_adjusted].map(p_value);
        [vec![person.person.clone(), person.n.to_string(), advantage], p.to_vec(), vec![passes]].concat()
    };
    let rows: Vec<Vec<String>> = of.people.iter().map(row).collect();
    let header = ["person", "n", "advantage probability", "p", "adjusted", "stands in"];
    format!("{heading}\n{}", table(&header, &rows))
}

impl Shown for RetestReport {
    const HEADER: &'static [&'static str] =
        &["judge", "reference", "name", "value", "se", "low", "high", "n", "method", "undefined"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = self.judges.iter().map(|of| again(self, of)).collect();
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n\n")
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |judge: &str, reference: &str, of: &Coefficient| {
            let numbers = [of.value, of.se, of.low, of.high].map(exact);
            let why = of.undefined.map_or("", crate::stats::Undefined::as_str).to_owned();
            let whose = vec![judge.to_owned(), reference.to_owned(), of.name.clone()];
            [whose, numbers.to_vec(), vec![of.n.to_string(), of.method.clone(), why]].concat()
        };
        let mut rows = Vec::new();
        for of in &self.judges {
            rows.extend(std::iter::once(&of.flip_rate).chain(&of.coefficients).map(|one| row(&of.judge, "", one)));
            for against in &of.against {
                rows.extend(against.coefficients.iter().map(|one| row(&of.judge, &against.reference, one)));
            }
        }
        rows
    }

    fn exit(&self) -> Exit {
        if self.judges.iter().any(|of| of.items > 0) { Exit::Done } else { Exit::Inconclusive }
    }
}

fn again(report: &RetestReport, of: &Retest) -> String {
    let heading = format!(
        "{}: {} asked {} times; {} items with two labels or more, {} verdicts without a label",
        report.rubric.as_deref().unwrap_or("test-retest"),
        of.judge,
        of.replicates.len(),
        of.items,
        of.no_verdicts
    );
    let with_itself: Vec<Coefficient> = std::iter::once(&of.flip_rate).chain(&of.coefficients).cloned().collect();
    let mut blocks = vec![heading, format!("With itself\n{}", numbers(report.confidence, &with_itself))];
    for against in &of.against {
        let found = numbers(report.confidence, &against.coefficients);
        blocks.push(format!("All repeats against {} on {} items\n{found}", against.reference, against.items));
    }
    blocks.join("\n\n")
}

impl Shown for BiasReport {
    const HEADER: &'static [&'static str] =
        &["judge", "reference", "name", "value", "se", "low", "high", "p", "n", "needs"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = self.judges.iter().map(|of| moved(self, of)).collect();
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n\n")
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let of_judge = |of: &'_ Bias| {
            let row = |line: &Line| {
                let numbers = [line.value, line.se, line.interval.map(|ends| ends.0), line.interval.map(|ends| ends.1)];
                let whose = vec![of.judge.clone(), of.reference.clone().unwrap_or_default(), line.name.clone()];
                let n = line.n.map_or_else(String::new, |n| n.to_string());
                [whose, numbers.map(exact).to_vec(), vec![exact(line.p), n, line.needs.clone()]].concat()
            };
            lines(of).iter().map(row).collect::<Vec<_>>()
        };
        self.judges.iter().flat_map(of_judge).collect()
    }

    fn exit(&self) -> Exit {
        Exit::Done
    }
}

/// One number of a bias report.
#[derive(Default)]
struct Line {
    name: String,
    /// Whether it is a number of items.
    count: bool,
    value: Option<f64>,
    se: Option<f64>,
    interval: Option<(f64, f64)>,
    p: Option<f64>,
    n: Option<usize>,
    needs: String,
}

fn lines(of: &Bias) -> Vec<Line> {
    let number = |name: &str, value: f64, n: usize| Line {
        name: name.to_owned(),
        value: Some(value),
        n: Some(n),
        ..Line::default()
    };
    let test = |test: &Test, name: String| Line {
        name,
        value: test.statistic,
        p: test.p,
        n: Some(test.n),
        needs: test.undefined.map_or_else(String::new, |why| format!("undefined: {}", why.as_str())),
        ..Line::default()
    };
    let mut found = Vec::new();
    if let Some(position) = &of.position {
        let flip = Line { name: "flip_rate".to_owned(), value: position.flip_rate, ..Line::default() };
        found.push(Line { interval: position.flip_interval, n: Some(position.paired), ..flip });
        for (name, count) in [
            ("same_answer_in_both_orders", position.consistent),
            ("first_shown_in_both_orders", position.first_shown),
            ("second_shown_in_both_orders", position.second_shown),
        ] {
            found.push(Line { count: true, ..number(name, count as f64, position.paired) });
        }
        if of.reference.is_some() {
            let right = number("right_in_both_orders", position.right_both as f64, position.items);
            found.push(Line { count: true, ..right });
        }
        found.extend(position.tests.iter().map(|one| test(one, format!("position_{}", one.name))));
    }
    if let Some(length) = &of.length {
        let slope = number("length_slope", length.slope, length.n);
        found.push(Line { se: Some(length.se), interval: Some(length.interval), p: Some(length.p), ..slope });
        found.push(number("first_preferred", length.raw_share, length.n));
        found.push(number("first_preferred_at_equal_length", length.controlled_share, length.n));
    }
    found.extend(of.option_order.iter().map(|one| test(one, one.name.clone())));
    if let Some(own) = &of.self_preference {
        let value = number("self_preference", own.value, own.own + own.other);
        found.push(Line { se: Some(own.se), interval: Some(own.interval), ..value });
    }
    let missing =
        of.needs.iter().map(|(name, needs)| Line { name: name.clone(), needs: needs.clone(), ..Line::default() });
    found.extend(missing);
    found
}

fn moved(report: &BiasReport, of: &Bias) -> String {
    let reference =
        of.reference.as_ref().map_or_else(String::new, |reference| format!(", better answers by {reference}"));
    let row = |line: &Line| {
        let words = if line.needs.is_empty() || line.needs.starts_with("undefined") {
            line.needs.clone()
        } else {
            format!("needs {}", line.needs)
        };
        let n = line.n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let value = if line.count { exact(line.value) } else { decimal(line.value) };
        vec![line.name.clone(), value, ends(line.interval), p_value(line.p), n, words]
    };
    let rows: Vec<Vec<String>> = lines(of).iter().map(row).collect();
    let header = ["what", "value", &format!("{:.0} % interval", report.confidence * 100.0), "p", "n", ""];
    format!("{}: {}{reference}\n{}", report.rubric.as_deref().unwrap_or("bias"), of.judge, table(&header, &rows))
}
