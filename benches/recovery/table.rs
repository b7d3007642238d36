//! The page: published, planted, recovered.

use std::fmt::Write as _;

use assize::estimate::{Row, Value};

use crate::figures::Figure;
use crate::measured::Measured;
use crate::numbers::Number;
use crate::recover::covers;

/// One rate of the table.
pub struct Line {
    part: &'static str,
    name: String,
    published: (f64, &'static str),
    planted: f64,
    base: usize,
    row: Option<Row>,
}

impl Line {
    pub fn new(figure: &Figure, planted: f64, base: usize, row: Option<Row>) -> Self {
        let (part, name) = (figure.part, figure.name.clone());
        Self { part, name, published: (figure.published, figure.known), planted, base, row }
    }

    fn corrected(&self) -> Option<&Value> {
        self.row.as_ref()?.corrected.first()
    }

    fn raw(&self) -> Option<&Value> {
        self.row.as_ref().map(|row| &row.raw)
    }
}

/// A rate with its interval, in percent.
fn shown(value: Option<&Value>) -> String {
    let number = |value: Option<f64>| value.map(|value| format!("{:.1}", 100.0 * value));
    let Some(value) = value else { return "-".to_owned() };
    match (number(value.value), number(value.low), number(value.high)) {
        (Some(rate), Some(low), Some(high)) => format!("{rate} ({low} to {high})"),
        (Some(rate), _, _) => rate,
        _ => value.undefined.map_or_else(|| "-".to_owned(), |why| why.as_str().replace('_', " ")),
    }
}

fn said(covered: Option<bool>) -> &'static str {
    match covered {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "-",
    }
}

/// What a reader of the page should know, whatever the numbers.
const NOTES: &str = "
## What misses, and what differs

**Misses.** A row marked **no** is an interval that does not hold what was planted. About one in twenty is due at 95 %; nothing was changed after a miss was seen.
Rows that share sessions miss together: all rows of one occupation rest on the same few hundred sessions, of which a fifth has gold.

**Planted beside published.** What is recovered is what was planted, which is not the published number everywhere:

- *By chance.* Labels and prices are drawn, evenly where the tables count them (`src/simulate/even.rs`): of each 64 draws for a cell one lies in every 64th part. What
  is left over seeds at this size is some 2 points in the growth of the mean value and 4 in that of one mode (more where it has few sessions, as communicate in October), a
  third of a point in the slopes, and some points in rare levels and occupations.
- *Slopes.* Which sessions have which level is not published, only how the slope moves with what is held equal. What moves it here is our assumption (`model.csv`, marked
  ours): levels rise with the months, are higher among software occupations and in some work modes, and with the value of the task; success rises with the months and falls
  with value. Over two seeds of 200,000 sessions columns 1 to 5 are 4.2, 5.1, 4.2, 4.2 and 4.0 where 4.26, 5.07, 4.43, 4.42 and 3.79 are published. **Column 5 stays too
  high**: the study's slope falls by 0.63 where the person's occupation is held equal. In three groups (software, another, not told) whose rates are the published 30 and 26 %, and 27.5 % in all, no
  association of group and level that we found takes off more than 0.3. How the study grouped occupations there is not stated.
- *Slopes as a judge sees them.* The raw slope is much too flat: a judge that mistakes a level for its neighbour weakens every gradient by it.
- *Actions and words per level.* The ends (4.9 to 11.7 actions, 607 to 3,200 words) are published, and the 9 and 13 % a level that are left of them where sessions are equal;
  what takes the rest is not. Here it is the value band, the month, the person's occupation and the work mode, as `model.csv` says. The study also held the family of the model
  equal; the simulated model goes with the month, so that the month stands for it. Levels 2 to 4 are ours.
- *Trouble.* How many sessions hit it is not published. 23 to 40 % by level are planted, fewer than before: only so do failures in trouble, of which two thirds have code, and the
  6 % of sessions with code that fail (Figure 6) go together. Failures outside trouble are then mostly without code.
- *Figure 6* and the text cannot both be met in `at least partial`: the text has 89 and 88 % (web edition) where the figure has 92 to 95 % of sessions with code, and Figure 5
  91 to 92 % of all.
";

/// The whole page.
pub fn page(
    lines: &[Line],
    numbers: &[Number],
    measured: &[Measured],
    [sessions, gold, full, seed]: [&str; 4],
) -> String {
    let held = |of: &dyn Fn(&Line) -> Option<bool>| {
        let all: Vec<bool> = lines.iter().filter_map(of).collect();
        (all.iter().filter(|held| **held).count(), all.len())
    };
    let (mut corrected, mut of) = held(&|line| covers(line.corrected(), line.planted));
    let own: Vec<bool> = numbers.iter().filter_map(Number::is_held).collect();
    (corrected, of) = (corrected + own.iter().filter(|held| **held).count(), of + own.len());
    let (raw, of_raw) = held(&|line| covers(line.raw(), line.planted));
    let mut text = format!(
        "# The study's numbers, planted and recovered\n\n\
         **Synthetic.** Written by `just recovery`; do not edit. No person and no model labelled anything here, and nothing here is \
         evidence about real sessions: it shows that the program gets out what was put in.\n\n\
         {sessions} sessions are simulated after the study (seed {seed}, `model.csv` beside them names every number and whether it is \
         published or ours), written as Claude Code writes its own, ingested, and judged by a simulated judge that errs as \
         `src/simulate/confusion.rs` says. {gold} of them, drawn at random, have simulated gold. *Published* is the study's value \
         (known: stated, derived by arithmetic, or read off a figure). *Planted* is counted from the labels that were in fact planted, \
         not from the model they were drawn with. *Raw* is the judge's own rate; *corrected* is PPI++ with gold, 95 % interval by \
         person, over the labels of judge and gold together; both in percent.\n\n\
         Of {of} corrected intervals {corrected} hold the planted value ({:.0} %; 95 % are due); of the {of_raw} raw ones {raw} ({:.0} %). A planted value is drawn, \
         so it differs from the published one by chance, and where the published numbers contradict each other or only a part is known \
         (docs of the model in `src/simulate/study.rs`), also by construction.\n\n\
         | part of the study | rate | published | known | planted | in the base | raw | corrected | held |\n\
         | --- | --- | ---: | --- | ---: | ---: | --- | --- | --- |\n",
        100.0 * corrected as f64 / of as f64,
        100.0 * raw as f64 / of_raw as f64,
    );
    for line in lines {
        let (published, known) = line.published;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {published} | {known} | {:.1} | {} | {} | {} | {} |",
            line.part,
            line.name,
            100.0 * line.planted,
            line.base,
            shown(line.raw()),
            shown(line.corrected()),
            said(covers(line.corrected(), line.planted)),
        );
    }
    text.push_str(
        "\n## Decisions, values and slopes\n\n\
         Lists and prices by the same judge, through a planted error: decisions ascribed to the other side, prices too low in the mean. \
         Means, and their growth, in percent; corrected as numeric means by PPI++ with the planted values of the sessions that have gold. \
         Slopes are those of Table A1, in points of a hundred per level of expertise, where outcome, level and controls are all as the \
         judge says; corrected by predict-then-debias (`benches/recovery/slopes.rs`), 95 % interval by person.\n\n\
         | number | published | known | planted | with gold | raw | corrected | held |\n\
         | --- | ---: | --- | ---: | ---: | ---: | --- | --- |\n",
    );
    for one in numbers {
        let (published, known) = one.published;
        let shown = one.corrected.map(|[mean, low, high]| format!("{mean:.1} ({low:.1} to {high:.1})"));
        let _ = writeln!(
            text,
            "| {} | {published} | {known} | {:.1} | {} | {:.1} | {} | {} |",
            one.name,
            one.planted,
            one.gold,
            one.raw,
            shown.as_deref().unwrap_or("-"),
            said(one.is_held()),
        );
    }
    let _ = write!(
        text,
        "\n## Measured, without a judge\n\n\
         Persons are those of the sessions above. Actions and words are measured on {full} sessions in full detail, as geometric \
         means by planted expertise; *planted* is what the sessions were written to come near.\n\n\
         | number | published | known | planted | n | measured |\n| --- | ---: | --- | ---: | ---: | --- |\n"
    );
    for one in measured {
        let found = match one.found {
            (value, Some((low, high))) => format!("{} ({} to {})", plain(value), plain(low), plain(high)),
            (value, None) => plain(value),
        };
        let (published, known) = one.published;
        let (published, planted) = (plain(published), plain(one.planted));
        let _ = writeln!(text, "| {} | {published} | {known} | {planted} | {} | {found} |", one.name, one.n);
    }
    text.push_str(NOTES);
    text
}

/// A number with as many digits as tell something.
fn plain(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
