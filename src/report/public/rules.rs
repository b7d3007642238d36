//! What holds for the numbers and words of a public report, told anew: nothing of what made them is used.

use crate::report::inputs::Floors;
use crate::report::study::Unit;

use super::check::Breach;
use super::lines::{Lines, is_agreement, lines, members};
use super::model::{Hidden, PublicCell, PublicNumber, PublicPanel, PublicReport, PublicTable};
use super::publish::{LEAST, RULES, SYNTHETIC, VERSION};
use super::vocabulary::Vocabulary;

/// What every count is a multiple of.
const FIVE: u64 = 5;

/// Checks all of `report`.
pub(super) fn check(file: &str, report: &PublicReport, vocabulary: &Vocabulary, breaches: &mut Vec<Breach>) {
    let mut say = |place: &str, what: String| breaches.push(Breach::new(file, place, what));
    if report.version != VERSION {
        say("version", format!("unknown version {}", report.version));
    }
    if report.rounding.counts != FIVE || report.rounding.percent != 1 {
        say("rounding", "not to 5 and to whole percent".to_owned());
    }
    if !report.assize.chars().all(|letter| letter.is_ascii_digit() || letter == '.') {
        say("assize", "not a version".to_owned());
    }
    if report.data_label.as_deref().is_some_and(|label| label != SYNTHETIC) {
        say("data_label", "unknown data label".to_owned());
    }
    for (at, judge) in report.judges.iter().enumerate() {
        if judge.name != format!("judge {}", at + 1) {
            say(&format!("judges[{at}].name"), format!("not a name of this report: {}", judge.name));
        }
        if let Some(model) =
            judge.model.as_ref().filter(|model| *model != RULES && !crate::provider::is_catalogued(model))
        {
            say(&format!("judges[{at}].model"), format!("not a model of the catalogue: {model}"));
        }
    }
    let sample = &report.sample;
    for (name, month) in [("from", &sample.from), ("to", &sample.to)] {
        if let Some(month) = month.as_ref().filter(|month| !vocabulary.has(month)) {
            say(&format!("sample.{name}"), format!("not a month: {month}"));
        }
    }
    floors(file, report.floors, breaches);
    amount(file, "sample.sessions", sample.sessions, report.floors.sessions, breaches);
    amount(file, "sample.persons", sample.persons, report.floors.persons, breaches);
    for (at, own) in report.tables.iter().enumerate() {
        let place = format!("tables[{at}].");
        for (name, text) in [("id", &own.id), ("number", &own.number), ("title", &own.title), ("caption", &own.caption)]
        {
            word(file, &format!("{place}{name}"), text, vocabulary, breaches);
        }
        table(file, &place, own, report.floors, vocabulary, breaches);
    }
}

/// Checks that cells cannot be smaller than is allowed at all.
pub(super) fn floors(file: &str, floors: Floors, breaches: &mut Vec<Breach>) {
    let fit = |given: u64, least: u64| given >= least && given.is_multiple_of(FIVE);
    if !fit(floors.sessions, LEAST.sessions) || !fit(floors.persons, LEAST.persons) {
        let what =
            format!("cells of {} sessions or {} persons are too small to share", floors.sessions, floors.persons);
        breaches.push(Breach::new(file, "floors", what));
    }
}

/// Checks the panels of a table, and its judge.
pub(super) fn table(
    file: &str,
    place: &str,
    table: &PublicTable,
    floors: Floors,
    vocabulary: &Vocabulary,
    breaches: &mut Vec<Breach>,
) {
    if let Some(judge) = &table.judge {
        word(file, &format!("{place}judge"), judge, vocabulary, breaches);
    }
    for (at, panel) in table.panels.iter().enumerate() {
        let place = format!("{place}panels[{at}].");
        word(file, &format!("{place}id"), &panel.id, vocabulary, breaches);
        word(file, &format!("{place}title"), &panel.title, vocabulary, breaches);
        for (at, cell) in panel.cells.iter().enumerate() {
            let place = format!("{place}cells[{at}] ({}, {})", cell.group, cell.measure);
            let texts = [
                ("group", &cell.group),
                ("group_title", &cell.group_title),
                ("measure", &cell.measure),
                ("measure_title", &cell.measure_title),
            ];
            for (name, text) in texts {
                word(file, &format!("{place}.{name}"), text, vocabulary, breaches);
            }
            let scope = Scope { file, place: &place, table: &table.id, panel, floors };
            scope.cell(cell, vocabulary, breaches);
        }
        alone(file, &place, &table.id, panel, breaches);
    }
    differences(file, place, table, breaches);
}

/// Checks that numbers that are differences of others are nothing more, and are not shown where one of those is not.
fn differences(file: &str, place: &str, table: &PublicTable, breaches: &mut Vec<Breach>) {
    let panel = |id: &str| table.panels.iter().find(|panel| panel.id == id);
    let cells = |id: &str| panel(id).into_iter().flat_map(|panel| &panel.cells);
    let mut say = |cell: &PublicCell, what: &str| {
        breaches.push(Breach::new(file, format!("{place}({}, {})", cell.group, cell.measure), what));
    };
    for (cell, raw) in cells("shift").filter_map(|cell| Some((cell, cell.raw?.value))) {
        // A file of its own holds the pairs of a rubric one after the other, each judge with the shares of every pair it is in.
        let shares = |judge: &str| -> Vec<f64> {
            let own = cells("shares").filter(|one| one.group == cell.group && one.measure == judge);
            own.filter_map(|one| one.raw.map(|raw| raw.value)).collect()
        };
        let (to, from) = cell.measure.split_once(" with ").unwrap_or_default();
        let (to, from) = (shares(to), shares(from));
        if to.is_empty() || from.is_empty() {
            say(cell, "a difference of shares that are not both shown");
        } else if !to.iter().any(|to| from.iter().any(|from| (to - from - raw).abs() < 1e-9)) {
            say(cell, "not the difference of the two shares shown");
        }
    }
    let lowest = cells("rates").find(|cell| cell.sessions != Some(0)).is_some_and(|cell| cell.withheld.is_some());
    for cell in cells("differences").filter(|cell| cell.raw.is_some()) {
        if lowest || cells("rates").any(|rate| rate.group == cell.group && rate.withheld.is_some()) {
            say(cell, "a difference of rates that are not both shown");
        }
    }
}

/// Checks that no cell is withheld alone among others that add up.
fn alone(file: &str, place: &str, table: &str, panel: &PublicPanel, breaches: &mut Vec<Breach>) {
    for line in members(table, panel).iter().filter(|line| line.len() > 1) {
        let hidden: Vec<&usize> =
            line.iter().filter(|at| panel.cells[**at].withheld.is_some_and(|why| why != Hidden::Tail)).collect();
        if let [one] = hidden.as_slice() {
            let what = "withheld alone: the total and the other cells give it back";
            breaches.push(Breach::new(file, format!("{place}cells[{one}]"), what));
        }
    }
}

fn word(file: &str, place: &str, text: &str, vocabulary: &Vocabulary, breaches: &mut Vec<Breach>) {
    if !vocabulary.has(text) {
        let shown: String = text.chars().take(160).collect();
        breaches.push(Breach::new(file, place, format!("not a phrase of assize or of a rubric: {shown}")));
    }
}

/// Checks that a count is a multiple of five, and none or large enough.
fn amount(file: &str, place: &str, count: Option<u64>, least: u64, breaches: &mut Vec<Breach>) {
    let Some(count) = count else { return };
    if !count.is_multiple_of(FIVE) {
        breaches.push(Breach::new(file, place, format!("an exact count: {count} is no multiple of {FIVE}")));
    }
    if count > 0 && count < least {
        breaches.push(Breach::new(file, place, format!("a small cell: {count}, below {least}")));
    }
}

/// Whether `value` is a multiple of `1 / parts`.
fn is_multiple(value: f64, parts: f64) -> bool {
    (value * parts - (value * parts).round()).abs() < 1e-6
}

/// Whether `value` has two significant digits at most.
fn is_short(value: f64) -> bool {
    let power = 10_f64.powf(1.0 - value.abs().max(1e-9).log10().floor());
    value == 0.0 || ((value * power) - (value * power).round()).abs() < 1e-6
}

/// Where a cell is.
struct Scope<'a> {
    file: &'a str,
    place: &'a str,
    table: &'a str,
    panel: &'a PublicPanel,
    floors: Floors,
}

impl Scope<'_> {
    fn cell(&self, cell: &PublicCell, vocabulary: &Vocabulary, breaches: &mut Vec<Breach>) {
        let place = |name: &str| format!("{}.{name}", self.place);
        if let Some(value) = cell.published.filter(|value| !vocabulary.is_published(*value)) {
            breaches.push(Breach::new(self.file, place("published"), format!("{value} was not published")));
        }
        if cell.withheld.is_some() {
            let counts = [cell.sessions, cell.persons, cell.count].iter().any(Option::is_some);
            if counts || [cell.raw, cell.corrected, cell.adjusted].iter().any(Option::is_some) {
                breaches.push(Breach::new(self.file, self.place, "a withheld cell has a number"));
            }
            return;
        }
        amount(self.file, &place("sessions"), cell.sessions, self.floors.sessions, breaches);
        amount(self.file, &place("persons"), cell.persons, self.floors.persons, breaches);
        amount(self.file, &place("count"), cell.count, self.floors.sessions, breaches);
        if cell.sessions.is_none() {
            breaches.push(Breach::new(self.file, place("sessions"), "a number without the sessions it rests on"));
        }
        let by_label = matches!(lines(self.table, &self.panel.id), Lines::Labels | Lines::Both);
        if let (Some(sessions), Some(count), false) = (cell.sessions, cell.count, by_label) {
            // Two roundings lie between the others and what is left here.
            let others = sessions.saturating_sub(count);
            if count > sessions || (others > 0 && others + FIVE < self.floors.sessions) {
                let what = format!("a small cell on the other side: {others} of {sessions}");
                breaches.push(Breach::new(self.file, place("count"), what));
            }
        }
        for (name, number) in [("raw", cell.raw), ("corrected", cell.corrected), ("adjusted", cell.adjusted)] {
            if let Some(what) = number.and_then(|number| self.number(cell, name, number)) {
                breaches.push(Breach::new(self.file, place(name), what));
            }
        }
    }

    /// What is wrong with a number.
    fn number(&self, cell: &PublicCell, name: &str, number: PublicNumber) -> Option<String> {
        let PublicNumber { value, low, high } = number;
        let sessions = cell.sessions.unwrap_or_default();
        let all = [Some(value), low, high].into_iter().flatten();
        if low.is_some_and(|low| low > value) || high.is_some_and(|high| high < value) {
            return Some("the number lies outside its interval".to_owned());
        }
        let many = sessions >= 1_000;
        let is_share = self.panel.unit == Unit::Share || cell.measure == "percent_agreement";
        let fits = |value: f64| match self.panel.unit {
            _ if is_share => is_multiple(value, 100.0) && (0.0..=1.0).contains(&value),
            Unit::Number if is_agreement(self.table) => is_multiple(value, if many { 100.0 } else { 20.0 }),
            Unit::Number => is_short(value),
            Unit::Change => is_multiple(value, if many { 100.0 } else { 20.0 }),
            Unit::Share | Unit::Points => is_multiple(value, if many { 1_000.0 } else { 100.0 }),
        };
        if let Some(exact) = all.into_iter().find(|value| !fits(*value)) {
            return Some(format!("an exact number: {exact} has more digits than are shared"));
        }
        let whole = (sessions / FIVE) as f64;
        if !is_share || whole == 0.0 {
            return None;
        }
        let steps = match (name, cell.count) {
            ("raw", Some(count)) => (count / FIVE) as f64,
            _ => (value * whole).round(),
        };
        let expected = (steps / whole).min(1.0);
        ((expected - value).abs() > 0.005 + 1e-9)
            .then(|| format!("an exact share: {value} is not what rounded counts of {sessions} sessions give"))
    }
}
