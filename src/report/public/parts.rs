//! Numbers of a table that are differences of others in it: they are shown only where both of those are, and say no more.

use crate::report::study::Panel;

use super::model::{Hidden, PublicPanel};
use super::round::wider;

/// `hidden` with what could be computed from, or would give back, a cell that is withheld in another panel.
pub(super) fn with_parts(panels: &[Panel], mut hidden: Vec<Vec<Option<Hidden>>>) -> Vec<Vec<Option<Hidden>>> {
    let place = |id: &str| panels.iter().position(|panel| panel.id == id);
    if let (Some(shift), Some(shares)) = (place("shift"), place("shares")) {
        for (at, cell) in panels[shift].cells.iter().enumerate() {
            let parts = panels[shares].cells.iter().zip(&hidden[shares]).filter(|(part, _)| part.group == cell.group);
            let is_hidden = parts.filter(|(_, why)| why.is_some()).count() > 0;
            hidden[shift][at] = hidden[shift][at].or(is_hidden.then_some(Hidden::Complement));
        }
    }
    if let (Some(differences), Some(rates)) = (place("differences"), place("rates")) {
        let levels = || panels[rates].cells.iter().zip(&hidden[rates]).filter(|(cell, _)| cell.sessions != Some(0));
        let lowest = levels().next().is_some_and(|(_, why)| why.is_some());
        let own = |group: &str| levels().any(|(cell, why)| cell.group == group && why.is_some());
        let found: Vec<bool> = panels[differences].cells.iter().map(|cell| lowest || own(&cell.group)).collect();
        for (why, is_hidden) in hidden[differences].iter_mut().zip(found) {
            *why = why.or(is_hidden.then_some(Hidden::Complement));
        }
    }
    hidden
}

/// The judges that a shift lies between: the one it leads to, and the one it starts from.
pub(super) fn between(measure: &str) -> Option<(&str, &str)> {
    measure.split_once(" with ")
}

/// Makes every shift the difference of the two shares that are shown, with an interval as wide as its own and the rounding.
pub(super) fn shifts(panels: &mut [PublicPanel]) {
    let Some(shares) = panels.iter().find(|panel| panel.id == "shares").cloned() else { return };
    let share = |group: &str, judge: &str| {
        shares.cells.iter().find(|cell| cell.group == group && cell.measure == judge).and_then(|cell| cell.raw)
    };
    for cell in panels.iter_mut().filter(|panel| panel.id == "shift").flat_map(|panel| &mut panel.cells) {
        let ends =
            between(&cell.measure).and_then(|(to, from)| Some((share(&cell.group, to)?, share(&cell.group, from)?)));
        cell.raw = cell.raw.zip(ends).map(|(exact, (to, from))| wider(to.value - from.value, exact));
    }
}
