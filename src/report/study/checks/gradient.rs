//! Whether success by expertise is still there when expertise is rated from the first prompt alone (report.md 9.4).

use crate::estimate::DerivedMeasure as Measure;
use crate::estimate::regression::{Panel as Sessions, slope};
use crate::report::inputs::Inputs;
use crate::report::study::model::{Cell, Exhibit, Form, Panel, Unit};
use crate::report::study::outcomes::title;
use crate::report::study::sample::persons;
use crate::report::study::source::{Source, cell};

use super::build::{Names, exhibit};
use super::kind::{Kind, kind};

/// One exhibit a pair of judges that rate expertise from the whole session and from the first prompt.
pub(super) fn gradients(inputs: &Inputs, names: Names<'_>) -> Vec<Exhibit> {
    let Some(number) = inputs.rubrics.iter().position(|rubric| rubric.name == "expertise") else { return Vec::new() };
    let judges = inputs.run.experiment.judges.len();
    let pairs = (0..judges).flat_map(|first| (first + 1..judges).map(move |second| (first, second)));
    let wanted = pairs.filter_map(|(first, second)| match kind(inputs, "expertise", first, second)? {
        (Kind::FirstPrompt, true) => Some((second, first)),
        (Kind::FirstPrompt, false) => Some((first, second)),
        _ => None,
    });
    wanted.filter_map(|(whole, first)| gradient(inputs, number, [whole, first], names)).collect()
}

fn gradient(inputs: &Inputs, number: usize, judges: [usize; 2], names: Names<'_>) -> Option<Exhibit> {
    let table = &inputs.table;
    let [whole, first] = judges.map(|by| table.answers.get(&(number, by, 1)));
    let (whole, first) = (whole?, first?);
    let source = Source::of(inputs, judges[0]);
    let known = |measure: &Measure| source.marks(*measure, None).map(|marks| (*measure, marks));
    let (measure, marks) = [Measure::VerifiedSuccess, Measure::JudgedSuccess].iter().find_map(known)?;
    let rows: Vec<usize> =
        (0..table.len()).filter(|at| whole.label(*at).is_some() && first.label(*at).is_some()).collect();
    let outcomes = marks.outcomes();
    let clusters: Option<Vec<u32>> = table.by_person().then(|| (0..table.len()).map(|at| table.cluster(at)).collect());
    let weights: Option<Vec<f64>> = table.weighted().then(|| table.facts.iter().map(|facts| facts.weight).collect());
    let (mut rates, mut slopes) = (Vec::new(), Vec::new());
    for (by, column) in judges.into_iter().zip([whole, first]) {
        let name = names(inputs.run.experiment.judges[by].name());
        for (level, option) in inputs.rubrics[number].answer.options.iter().enumerate() {
            let own: Vec<usize> = rows.iter().copied().filter(|at| column.label(*at) == Some(level)).collect();
            rates.push(cell((&option.id, &option.title), (&name, &name), source.rate(&marks, &own)));
        }
        let mut levels = vec![None; table.len()];
        for at in &rows {
            levels[*at] = column.label(*at).and_then(|level| u32::try_from(level + 1).ok());
        }
        let sessions = Sessions {
            outcomes: &outcomes,
            levels: &levels,
            persons: clusters.as_deref(),
            weights: weights.as_deref(),
            min_sessions: 1,
        };
        let rung = slope(&sessions, &[], &[]);
        let used = || rows.iter().copied().filter(|at| outcomes[*at].is_some());
        slopes.push(Cell {
            sessions: Some(rung.slope.n as u64),
            persons: persons(table, used()),
            raw: Some(rung.slope),
            ..Cell::new((&name, &name), ("per_level", "change per level"))
        });
    }
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    let panels = vec![
        panel("rates", title(measure), Unit::Share, rates),
        panel("slope", "Change per level", Unit::Points, slopes),
    ];
    Some(exhibit("check_gradient".to_owned(), "Success by expertise", Kind::Gradient, Form::Steps, panels))
}
