//! What sessions are grouped by: month, work mode, level, occupation, value.

use super::source::Source;

/// Value bands in US dollars, lower end inclusive; the last includes its upper end. They are ours, probably the study's tiers
/// (report.md 7).
const BANDS: [(f64, f64, &str); 4] = [
    (10.0, 200.0, "$10 to $200"),
    (200.0, 1_000.0, "$200 to $1,000"),
    (1_000.0, 5_000.0, "$1,000 to $5,000"),
    (5_000.0, 50_000.0, "$5,000 to $50,000"),
];

/// A way to group sessions.
pub(super) struct Dimension {
    /// Name in files.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Name and title of every group.
    pub groups: Vec<(String, String)>,
    of: Vec<Option<usize>>,
}

impl Dimension {
    /// By month of the first record.
    pub(super) fn month(source: &Source<'_>) -> Self {
        let groups = source.table.months.iter().map(|month| (month.clone(), month.clone())).collect();
        let of = (0..source.table.len()).map(|at| source.table.month(at)).collect();
        Self { id: "month", title: "Month", groups, of }
    }

    /// By the judge's label on a rubric; none where the run lacks it.
    pub(super) fn label(source: &Source<'_>, id: &'static str, title: &'static str, rubric: &str) -> Option<Self> {
        let (_, known) = source.rubric(rubric)?;
        let column = source.column(rubric)?;
        let groups = known.answer.options.iter().map(|option| (option.id.clone(), option.title.clone())).collect();
        Some(Self { id, title, groups, of: (0..source.table.len()).map(|at| column.label(at)).collect() })
    }

    /// By work mode.
    pub(super) fn mode(source: &Source<'_>) -> Option<Self> {
        Self::label(source, "work_mode", "Work mode", "work_mode")
    }

    /// By level of expertise.
    pub(super) fn level(source: &Source<'_>) -> Option<Self> {
        Self::label(source, "level", "Level of expertise", "expertise")
    }

    /// By the person's occupation.
    pub(super) fn occupation(source: &Source<'_>) -> Option<Self> {
        Self::label(source, "occupation", "Occupation of the person", "occupation_user")
    }

    /// By value band; none where the run has no prices.
    pub(super) fn value(source: &Source<'_>) -> Option<Self> {
        let values = source.task_values()?;
        let groups = BANDS.iter().map(|(low, high, title)| (format!("{low:.0}-{high:.0}"), (*title).to_owned()));
        Some(Self {
            id: "value_band",
            title: "Value band",
            groups: groups.collect(),
            of: values.iter().map(|value| value.and_then(band)).collect(),
        })
    }

    /// The group of session `at`.
    pub(super) fn of(&self, at: usize) -> Option<usize> {
        self.of[at]
    }

    /// The sessions of every group among `rows`.
    pub(super) fn split(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let mut parts = vec![Vec::new(); self.groups.len()];
        for at in rows {
            if let Some(group) = self.of[*at] {
                parts[group].push(*at);
            }
        }
        parts
    }

    /// Name and title of a group, as cells take them.
    pub(super) fn group(&self, number: usize) -> (&str, &str) {
        let (id, title) = &self.groups[number];
        (id, title)
    }
}

fn band(value: f64) -> Option<usize> {
    let last = BANDS.len() - 1;
    let inside = |at: usize| {
        let (low, high, _) = BANDS[at];
        value >= low && (value < high || (at == last && value <= high))
    };
    (0..=last).find(|at| inside(*at))
}

/// The bin of a share when 0 to 1 is cut into `bins`, lower ends inclusive and the last upper end too. Shares of whole numbers
/// fall into the bin of the exact quotient, however they are rounded.
pub(super) fn bin(share: f64, bins: u32) -> usize {
    let scaled = (share * f64::from(bins) * 1e9).round() / 1e9;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and a few bins")]
    let at = scaled.floor().clamp(0.0, f64::from(bins - 1)) as usize;
    at
}

#[cfg(test)]
mod tests {
    use super::{band, bin};

    #[test]
    fn bands_and_bins_hold_their_lower_ends() {
        let bands = [9.9, 10.0, 199.9, 200.0, 1_000.0, 5_000.0, 50_000.0, 50_001.0].map(band);
        assert_eq!(bands, [None, Some(0), Some(0), Some(1), Some(2), Some(3), Some(3), None]);
        for decisions in 1_u32..60 {
            for own in 0..=decisions {
                let share = 1.0 - f64::from(decisions - own) / f64::from(decisions);
                let exact = usize::try_from((10 * own / decisions).min(9)).unwrap();
                assert_eq!(bin(share, 10), exact, "{own} of {decisions}");
                assert_eq!(bin(share, 5), usize::try_from((5 * own / decisions).min(4)).unwrap());
            }
        }
    }
}
