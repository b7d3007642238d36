//! Which cells of a panel add up to something that a reader knows, so that one withheld alone could be computed.

use std::collections::BTreeMap;

use super::model::{PublicCell, PublicPanel};

/// How the cells of a panel belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// They do not add up.
    None,
    /// The groups of every measure split the sessions.
    Groups,
    /// All cells split the sessions, by the label that they have.
    Labels,
    /// Every group splits its sessions by measures that are labels; groups add up too.
    Both,
}

/// Whether the numbers of a table that are no shares are coefficients of agreement.
pub(super) fn is_agreement(table: &str) -> bool {
    table.starts_with("agreement_") || table.starts_with("check_")
}

/// How the cells of a panel belong together, by the names of table and panel.
pub(super) fn lines(table: &str, panel: &str) -> Lines {
    match (table, panel) {
        ("figure_4", "modes" | "groups") => Lines::Both,
        ("figure_1", _) | ("figure_2", "planning" | "execution") => Lines::Labels,
        ("table_2" | "table_a1" | "measures" | "no_verdicts", _)
        | ("figure_2", "mean")
        | ("figure_3", "gradient")
        | ("figure_a2", "control") => Lines::None,
        (table, _) if table.starts_with("shares_") => Lines::Labels,
        (table, _) if table.starts_with("values_") => Lines::None,
        (table, panel) if is_agreement(table) && !matches!(panel, "shares" | "rates" | "shift") => Lines::None,
        _ => Lines::Groups,
    }
}

/// The positions of the cells of every line.
pub(super) fn members(table: &str, panel: &PublicPanel) -> Vec<Vec<usize>> {
    let by = |name: fn(&PublicCell) -> &str| {
        let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, cell) in panel.cells.iter().enumerate() {
            found.entry(name(cell)).or_default().push(at);
        }
        found.into_values().collect::<Vec<_>>()
    };
    match lines(table, &panel.id) {
        Lines::None => Vec::new(),
        Lines::Groups => by(|cell| &cell.measure),
        Lines::Labels => vec![(0..panel.cells.len()).collect()],
        Lines::Both => [by(|cell| &cell.group), by(|cell| &cell.measure)].concat(),
    }
}
