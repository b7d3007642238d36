//! Who does what, and when: levels of expertise go with months, persons and work modes, and value goes with levels, while the share
//! of each alone stays the published one.

use std::sync::LazyLock;

use statrs::distribution::{ContinuousCDF, Normal};

use super::people::OCCUPATIONS;
use super::question::SOFTWARE;
use super::study::{
    DOLLARS, GROWTH, LEAN, LEAN_BY, LEAN_BY_MODE, LEVELS, MODES_BY_MONTH, VALUE_OF_SOFTWARE, VALUE_PER_LEVEL,
    VALUE_SPREAD,
};

/// Months, levels and modes there are.
const MONTHS: usize = 7;
const LEVEL_COUNT: usize = 5;
const MODE_COUNT: usize = 9;

/// Lower ends of the value bands after the first, in dollars.
const BANDS: [u32; 3] = [200, 1_000, 5_000];

/// Rounds of fitting; a few tens leave nothing to fit.
const ROUNDS: usize = 100;

/// What a session is, before anything is said of how it goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Month, 0 to 6.
    pub(super) month: usize,
    /// Whether the person makes software for a living.
    pub(super) software: bool,
    /// Level of expertise, 0 to 4.
    pub(super) level: usize,
    /// Position of the work mode.
    pub(super) mode: usize,
    /// Value band, 0 to 3.
    pub(super) band: usize,
}

/// The shares of everything together.
#[derive(Debug)]
pub(super) struct Mix {
    /// Levels by month, and by whether the person makes software.
    levels: [[[f64; LEVEL_COUNT]; 2]; MONTHS],
    /// Work modes by month and level.
    modes: [[[f64; MODE_COUNT]; LEVEL_COUNT]; MONTHS],
    /// By month and work mode, how many times as much level and person make a task worth on average.
    worth: [[f64; MODE_COUNT]; MONTHS],
    /// Share of persons who make software.
    software: f64,
}

/// The shares, worked out once.
pub(super) static MIX: LazyLock<Mix> = LazyLock::new(Mix::new);

impl Mix {
    fn new() -> Self {
        let software = OCCUPATIONS.values[SOFTWARE] / OCCUPATIONS.values.iter().sum::<f64>();
        let all: f64 = LEVELS.values.iter().sum();
        let pooled = LEVELS.values.map(|sessions| sessions / all);
        let [by_month, by_software] = LEAN_BY.values;
        let cells: Vec<(usize, usize)> = (0..MONTHS).flat_map(|month| [(month, 0), (month, 1)]).collect();
        let leaning = |(month, group): &(usize, usize)| by_month * *month as f64 + by_software * *group as f64;
        let mut table: Vec<[f64; LEVEL_COUNT]> = cells.iter().map(|cell| tilted(pooled, leaning(cell))).collect();
        let rows: Vec<f64> =
            cells.iter().map(|(_, group)| [1.0 - software, software][*group] / MONTHS as f64).collect();
        rake(&mut table, &rows, pooled);
        let mut levels = [[[0.0; LEVEL_COUNT]; 2]; MONTHS];
        for (((month, group), shares), of_all) in cells.into_iter().zip(table).zip(rows) {
            levels[month][group] = shares.map(|share| share / of_all);
        }
        let modes = std::array::from_fn(|month| modes(month, &levels[month], software));
        let mut mix = Self { levels, modes, worth: [[1.0; MODE_COUNT]; MONTHS], software };
        mix.worth = mix.mean_worth();
        mix
    }

    /// Shares of levels.
    pub(super) fn levels(&self, month: usize, software: bool) -> &[f64; LEVEL_COUNT] {
        &self.levels[month][usize::from(software)]
    }

    /// Shares of work modes.
    pub(super) fn modes(&self, month: usize, level: usize) -> &[f64; MODE_COUNT] {
        &self.modes[month][level]
    }

    /// Median dollars of a task of this kind; its band is not looked at.
    pub(super) fn median(&self, kind: Kind) -> f64 {
        let Kind { month, software, level, mode, .. } = kind;
        let growth = (1.0 + GROWTH.values[mode] / 100.0).powf(month as f64 / 6.0);
        // The published growth is that of all tasks of a mode, whoever does them in which month.
        DOLLARS.values[mode] * growth * worth(level, software) / self.worth[month][mode]
    }

    /// Every kind of session with its share of all.
    pub(super) fn kinds(&self) -> Vec<(Kind, f64)> {
        let mut kinds = Vec::new();
        for (month, software, level, mode) in combinations() {
            let share = self.share(month, software, level, mode) / MONTHS as f64;
            let kind = |band| Kind { month, software, level, mode, band };
            let median = self.median(kind(0)).ln();
            // Prices are whole tens.
            let below = |least: &u32| {
                Normal::standard().cdf(((f64::from(*least) - 5.0).ln() - median) / VALUE_SPREAD.values[0])
            };
            let [first, second, third] = BANDS.each_ref().map(below);
            let shares = [first, second - first, third - second, 1.0 - third];
            kinds.extend((0..).zip(shares).map(|(band, of_band)| (kind(band), share * of_band)));
        }
        kinds
    }

    /// Share of the sessions of a month.
    fn share(&self, month: usize, software: bool, level: usize, mode: usize) -> f64 {
        let of_group = if software { self.software } else { 1.0 - self.software };
        of_group * self.levels(month, software)[level] * self.modes(month, level)[mode]
    }

    fn mean_worth(&self) -> [[f64; MODE_COUNT]; MONTHS] {
        let (mut sums, mut shares) = ([[0.0; MODE_COUNT]; MONTHS], [[0.0; MODE_COUNT]; MONTHS]);
        for (month, software, level, mode) in combinations() {
            let share = self.share(month, software, level, mode);
            shares[month][mode] += share;
            sums[month][mode] += share * worth(level, software);
        }
        std::array::from_fn(|month| std::array::from_fn(|mode| sums[month][mode] / shares[month][mode]))
    }
}

/// Value band of a price.
pub(super) fn band(dollars: u32) -> usize {
    BANDS.iter().filter(|least| dollars >= **least).count()
}

/// Every month, group of persons, level and work mode.
fn combinations() -> impl Iterator<Item = (usize, bool, usize, usize)> {
    let groups = (0..MONTHS).flat_map(|month| [false, true].map(|software| (month, software)));
    groups.flat_map(|(month, software)| {
        (0..LEVEL_COUNT * MODE_COUNT).map(move |at| (month, software, at / MODE_COUNT, at % MODE_COUNT))
    })
}

/// How many times as much as others' a task of this person is worth at this level.
fn worth(level: usize, software: bool) -> f64 {
    let by_person = if software { VALUE_OF_SOFTWARE.values[0] } else { 1.0 };
    by_person * VALUE_PER_LEVEL.values[0].powf(level as f64 - 2.0)
}

/// Work modes by level in a month: those that lean to expertise more often at high levels, all as often as published.
fn modes(month: usize, levels: &[[f64; LEVEL_COUNT]; 2], software: f64) -> [[f64; MODE_COUNT]; LEVEL_COUNT] {
    let [others, own] = levels;
    let pooled: [f64; LEVEL_COUNT] =
        std::array::from_fn(|level| (1.0 - software) * others[level] + software * own[level]);
    let mut table: Vec<[f64; LEVEL_COUNT]> =
        LEAN_BY_MODE.values.iter().map(|leaning| tilted(pooled, *leaning)).collect();
    let all: f64 = MODES_BY_MONTH.iter().map(|mode| mode.values[month]).sum();
    let shares: Vec<f64> = MODES_BY_MONTH.iter().map(|mode| mode.values[month] / all).collect();
    rake(&mut table, &shares, pooled);
    std::array::from_fn(|level| std::array::from_fn(|mode| table[mode][level] / pooled[level]))
}

/// Shares of levels that lean to expertise by `leaning`, not yet summing up to 1.
fn tilted(shares: [f64; LEVEL_COUNT], leaning: f64) -> [f64; LEVEL_COUNT] {
    std::array::from_fn(|level| shares[level] * (leaning * LEAN.values[level]).exp())
}

/// Fits `table` to the sums of its rows and columns (iterative proportional fitting, Deming and Stephan 1940).
fn rake(table: &mut [[f64; LEVEL_COUNT]], rows: &[f64], columns: [f64; LEVEL_COUNT]) {
    for _ in 0..ROUNDS {
        for (cells, wanted) in table.iter_mut().zip(rows) {
            let sum: f64 = cells.iter().sum();
            for cell in cells {
                *cell *= wanted / sum;
            }
        }
        for (level, wanted) in columns.into_iter().enumerate() {
            let sum: f64 = table.iter().map(|cells| cells[level]).sum();
            for cells in &mut *table {
                cells[level] *= wanted / sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of `of` over the kinds that are kept, as a share of the kinds in the base.
    fn mean(base: impl Fn(&Kind) -> bool, of: impl Fn(&Kind) -> f64) -> f64 {
        let kinds = MIX.kinds();
        let kept = || kinds.iter().filter(|(kind, _)| base(kind));
        kept().map(|(kind, share)| share * of(kind)).sum::<f64>() / kept().map(|(_, share)| share).sum::<f64>()
    }

    fn is(holds: bool) -> f64 {
        f64::from(u8::from(holds))
    }

    #[test]
    fn shares_of_levels_and_modes_are_the_published_ones_and_lean() {
        let all: f64 = LEVELS.values.iter().sum();
        for (level, sessions) in LEVELS.values.iter().enumerate() {
            let share = mean(|_| true, |kind| is(kind.level == level));
            assert!((share - sessions / all).abs() < 1e-6, "level {level}: {share}");
        }
        for (mode, shares) in MODES_BY_MONTH.iter().enumerate() {
            for (month, percent) in shares.values.iter().enumerate() {
                let share = mean(|kind| kind.month == month, |kind| is(kind.mode == mode));
                assert!((100.0 * share - percent).abs() < 0.05, "{mode} in {month}: {share}");
            }
        }
        let level = |base: &dyn Fn(&Kind) -> bool| mean(base, |kind| kind.level as f64);
        assert!(level(&|kind| kind.month == 6) > 0.5 + level(&|kind| kind.month == 0));
        assert!(level(&|kind| kind.software) > 0.4 + level(&|kind| !kind.software));
        assert!(level(&|kind| kind.band == 2) > 0.3 + level(&|kind| kind.band == 0));
    }

    #[test]
    fn tasks_are_worth_twice_as_much_at_the_highest_level_and_grow_as_published() {
        // The mean of a log-normal price is its median times a number that is the same for all.
        let value = |base: &dyn Fn(&Kind) -> bool| mean(base, |kind| MIX.median(*kind));
        let twice = value(&|kind| kind.level == 4) / value(&|kind| kind.level == 0);
        assert!((twice - 2.0).abs() < 0.15, "{twice}");
        for (mode, percent) in GROWTH.values.iter().enumerate() {
            let of = |month| value(&|kind| kind.mode == mode && kind.month == month);
            assert!((of(6) / of(0) - 1.0 - percent / 100.0).abs() < 1e-9, "{mode}");
        }
        let all = value(&|kind| kind.month == 6) / value(&|kind| kind.month == 0);
        assert!((all - 1.27).abs() < 0.01, "{all}");
    }
}
