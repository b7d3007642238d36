//! Figure 1, the nine work modes, and Figure 4, how they changed.

use crate::estimate::ORDINAL;
use crate::stats::{CONFIDENCE, Estimate, Weighed, ratio_of_geometric_means, ratio_of_means};

use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, PublishedNumber, Unit, Withheld};
use super::sample::{label_shares, persons, weighed};
use super::source::{Source, cell};
use super::withhold::{Held, Totals, withheld};

/// What the study's text calls the modes together: name, title, modes (report.md 1.1).
const GROUPS: [(&str, &str, &[&str]); 4] = [
    ("code", "Writing and maintaining code", &["build", "fix", "test", "orchestrate"]),
    ("operating", "Operating software", &["operate"]),
    ("working_out", "Working out what to do", &["plan", "understand"]),
    ("writing_and_analysis", "Writing and analysis", &["communicate", "analyze"]),
];

/// What to keep in mind of growth (report.md 7, 9.4).
const GROWTH: &str = "A mean hangs on the few dearest sessions, a geometric mean on ratios, as the scale does; the study does not say \
    which its growth is, and it stands beside the mean. Judges are the further off the higher the price, so that a part of any growth \
    may be theirs. Published growth is that since October \
    2025 and stands beside ours only where our first month is that one.";

/// Figure 1.
pub(super) fn figure_1(source: &Source<'_>) -> Exhibit {
    let mut exhibit = Exhibit {
        id: "figure_1".to_owned(),
        number: "Figure 1".to_owned(),
        title: "What sessions do: nine modes of work".to_owned(),
        caption: "Share of sessions by work mode, among those that have one.".to_owned(),
        form: Form::Bars,
        needs: source.needs(&[("work_mode", "the modes")]),
        correction: source.correction(&["work_mode"]),
        panels: Vec::new(),
        notes: Vec::new(),
    };
    let (Some((_, rubric)), Some(column)) = (source.rubric("work_mode"), source.column("work_mode")) else {
        return exhibit;
    };
    let gold = source.gold("work_mode");
    let shares = label_shares(source.table, rubric, column, gold, &source.all, source.not_reached);
    let cells = rubric.answer.options.iter().zip(shares).map(|(option, share)| {
        let published = option.published.map(|published| PublishedNumber {
            value: published.percent / 100.0,
            known: published.known,
            note: None,
        });
        Cell { published, ..cell((&option.id, &option.title), ("share", "share of sessions"), share) }
    });
    let (id, title) = ("modes".to_owned(), "Work modes".to_owned());
    exhibit.panels.push(Panel { id, title, unit: Unit::Share, cells: cells.collect() });
    let together = GROUPS.iter().filter_map(|(id, title, modes)| {
        let share = source.rate(&source.label_marks("work_mode", modes)?, &source.all);
        Some(cell((id, title), ("share", "share of sessions"), share))
    });
    let (id, title) = ("groups".to_owned(), "Modes taken together".to_owned());
    exhibit.panels.push(Panel { id, title, unit: Unit::Share, cells: together.collect() });
    exhibit
}

/// Figure 4.
pub(super) fn figure_4(source: &Source<'_>) -> Exhibit {
    let needs =
        [("work_mode", "the modes"), ("task_posting", "the value of tasks"), ("task_value", "the value of tasks")];
    let mut exhibit = Exhibit {
        id: "figure_4".to_owned(),
        number: "Figure 4".to_owned(),
        title: "How the work changed, month by month".to_owned(),
        caption: "First: share of a month's sessions by work mode, and by modes taken together as in the study's text. Then: \
            estimated value of a session's work against the first month shown, all modes and each, by mean and by geometric \
            mean; prices say which work is worth more, not how much."
            .to_owned(),
        form: Form::Lines,
        needs: source.needs(&needs),
        correction: source.correction(&["work_mode"]),
        panels: Vec::new(),
        notes: Vec::new(),
    };
    let month = Dimension::month(source);
    let mode = Dimension::mode(source);
    let rows = month.split(&source.all);
    let mut hidden = Vec::new();
    if let Some((panel, found)) = shares(source, &month, &rows) {
        exhibit.panels.push(panel);
        hidden = found;
        exhibit.panels.extend(mode.as_ref().and_then(|mode| together(source, &month, mode, &rows, &hidden)));
    }
    let means: [(&str, &str, Change); 2] = [
        ("value", "Change of value, mean", ratio_of_means),
        ("value_geometric", "Change of value, geometric mean", ratio_of_geometric_means),
    ];
    let panels = means.map(|(id, title, change)| {
        let cells = value(source, (&month, mode.as_ref()), &rows, &hidden, change)?;
        Some(Panel { id: id.to_owned(), title: title.to_owned(), unit: Unit::Change, cells })
    });
    let before = exhibit.panels.len();
    exhibit.panels.extend(panels.into_iter().flatten());
    if exhibit.panels.len() > before {
        exhibit.notes.push(format!("{}{}. {GROWTH}", ORDINAL[..1].to_uppercase(), &ORDINAL[1..]));
    }
    exhibit
}

/// The shares of modes by month, and which of them are withheld; none without modes.
fn shares(source: &Source<'_>, month: &Dimension, rows: &[Vec<usize>]) -> Option<(Panel, Vec<Vec<Option<Withheld>>>)> {
    let (_, rubric) = source.rubric("work_mode")?;
    let column = source.column("work_mode")?;
    let mut table: Vec<Vec<Held>> = Vec::new();
    let mut cells: Vec<Vec<Cell>> = Vec::new();
    for (number, rows) in rows.iter().enumerate() {
        let shares = label_shares(source.table, rubric, column, source.gold("work_mode"), rows, 0);
        table.push(shares.iter().map(|share| (share.count, share.count_persons)).collect());
        let one = |(option, share): (&crate::rubric::AnswerOption, _)| {
            cell(month.group(number), (&option.id, &option.title), share)
        };
        cells.push(rubric.answer.options.iter().zip(shares).map(one).collect());
    }
    let hidden = withheld(&table, source.floors, Totals::Both);
    for (cells, why) in cells.iter_mut().zip(&hidden) {
        let both = cells.iter_mut().zip(why).filter_map(|(cell, why)| why.map(|why| (cell, why)));
        both.for_each(|(cell, why)| cell.withhold(why));
    }
    let (id, title) = ("modes".to_owned(), "Share of sessions by mode".to_owned());
    Some((Panel { id, title, unit: Unit::Share, cells: cells.into_iter().flatten().collect() }, hidden))
}

/// The modes taken together by month; what holds a mode that is withheld is withheld too.
fn together(
    source: &Source<'_>,
    month: &Dimension,
    mode: &Dimension,
    rows: &[Vec<usize>],
    hidden: &[Vec<Option<Withheld>>],
) -> Option<Panel> {
    let marks = GROUPS.iter().map(|(_, _, modes)| source.label_marks("work_mode", modes));
    let marks = marks.collect::<Option<Vec<_>>>()?;
    let mut cells = Vec::new();
    for (at, rows) in rows.iter().enumerate() {
        let mut own = Vec::new();
        for ((id, title, modes), marks) in GROUPS.iter().zip(&marks) {
            let mut one = cell(month.group(at), (id, title), source.rate(marks, rows));
            let inside = (0..mode.groups.len()).filter(|number| modes.contains(&mode.groups[*number].0.as_str()));
            let inside: Vec<(usize, Withheld)> =
                inside.filter_map(|number| Some((number, hidden[at][number]?))).collect();
            let is_inside = |row: usize| inside.iter().any(|(number, _)| mode.of(row) == Some(*number));
            let held = rows.iter().filter(|row| is_inside(**row)).count() as u64;
            // Modes withheld inside must stay as many together, and as large, as anywhere.
            let is_safe = inside.len() != 1 && held >= source.floors.sessions;
            if let Some((_, why)) = inside.first().filter(|_| !is_safe) {
                one.withhold(*why);
            }
            own.push(one);
        }
        let shown: Vec<usize> = (0..own.len()).filter(|at| own[*at].withheld.is_none()).collect();
        // One group withheld alone would be the rest of the month.
        if let ([.., last], true) = (shown.as_slice(), shown.len() + 1 == own.len()) {
            own[*last].withhold(Withheld::Complement);
        }
        cells.extend(own);
    }
    let (id, title) = ("groups".to_owned(), "Modes taken together".to_owned());
    Some(Panel { id, title, unit: Unit::Share, cells })
}

/// The change of a mean between two groups of sessions.
type Change = fn(&[Weighed], &[Weighed], bool, f64) -> Estimate;

/// Change of value since the first month; `hidden` are the cells of months and modes that are withheld.
fn value(
    source: &Source<'_>,
    (month, mode): (&Dimension, Option<&Dimension>),
    rows: &[Vec<usize>],
    hidden: &[Vec<Option<Withheld>>],
    change: Change,
) -> Option<Vec<Cell>> {
    let values = source.task_values()?;
    let of_mode = |at: usize| mode.and_then(|mode| mode.of(at));
    let priced = |rows: &[usize], of: Option<usize>| -> Vec<usize> {
        rows.iter().copied().filter(|at| values[*at].is_some() && (of.is_none() || of_mode(*at) == of)).collect()
    };
    let modes = mode.map_or(0, |mode| mode.groups.len());
    let first = rows.first()?;
    let mut cells = Vec::new();
    for of in std::iter::once(None).chain((0..modes).map(Some)) {
        let base = weighed(source.table, priced(first, of).into_iter(), |at| values[at]);
        let measure = of.zip(mode).map_or(("all", "All modes"), |(of, mode)| mode.group(of));
        let held = |rows: &[usize]| (rows.len() as u64, persons(source.table, rows.iter().copied()));
        let own: Vec<Vec<usize>> = rows.iter().map(|rows| priced(rows, of)).collect();
        let small =
            withheld(&[own.iter().map(|rows| held(rows)).collect()], source.floors, Totals::Rows).swap_remove(0);
        let why = |at: usize| of.and_then(|of| hidden.get(at)?[of]).or(small[at]);
        for (at, own) in own.iter().enumerate() {
            let mut cell = Cell::new(month.group(at), measure);
            if let Some(why) = why(0).or(why(at)) {
                cell.withhold(why);
            } else if !own.is_empty() && !base.is_empty() {
                let later = weighed(source.table, own.iter().copied(), |at| values[at]);
                let (sessions, persons) = held(own);
                (cell.sessions, cell.persons) = (Some(sessions), persons);
                cell.raw = Some(change(&later, &base, at == 0, CONFIDENCE));
            }
            cells.push(cell);
        }
    }
    Some(cells)
}
