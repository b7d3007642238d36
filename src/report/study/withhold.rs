//! Withholding small cells, and enough others that none can be computed from a total.

use crate::report::inputs::Floors;

use super::model::{Cell, Withheld};

/// How much a cell holds: sessions, and persons where any person is known.
pub(in crate::report) type Held = (u64, Option<u64>);

/// Which totals a reader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Totals {
    /// Those of rows.
    Rows,
    /// Those of rows and columns.
    Both,
}

/// What of a table of cells is withheld: cells below a floor, and then, in every line whose total is known, the smallest others
/// until at least two cells are withheld that together hold the least number of sessions. Empty cells hold nobody and are shown;
/// they are withheld only where nothing else is left.
pub(in crate::report) fn withheld(table: &[Vec<Held>], floors: Floors, totals: Totals) -> Vec<Vec<Option<Withheld>>> {
    let below = |&(sessions, persons): &Held| match persons {
        _ if sessions == 0 => None,
        _ if sessions < floors.sessions => Some(Withheld::TooFewSessions),
        Some(persons) if persons < floors.persons => Some(Withheld::TooFewPersons),
        _ => None,
    };
    let mut found: Vec<Vec<Option<Withheld>>> = table.iter().map(|row| row.iter().map(below).collect()).collect();
    let width = table.first().map_or(0, Vec::len);
    let rows = (0..table.len()).map(|row| (0..width).map(|column| (row, column)).collect::<Vec<_>>());
    let columns = (0..width).map(|column| (0..table.len()).map(|row| (row, column)).collect::<Vec<_>>());
    let mut lines: Vec<Vec<(usize, usize)>> = rows.collect();
    if totals == Totals::Both {
        lines.extend(columns);
    }
    // Every round withholds one cell more, so that this ends.
    while let Some((row, column)) = lines.iter().find_map(|line| next(line, table, &found, floors)) {
        found[row][column] = Some(Withheld::Complement);
    }
    found
}

/// The cell that must be withheld next for the sake of `line`; none where the line is safe.
fn next(
    line: &[(usize, usize)],
    table: &[Vec<Held>],
    found: &[Vec<Option<Withheld>>],
    floors: Floors,
) -> Option<(usize, usize)> {
    let hidden = || line.iter().filter(|(row, column)| found[*row][*column].is_some());
    let sessions: u64 = hidden().map(|(row, column)| table[*row][*column].0).sum();
    let count = hidden().count();
    if count == 0 || (count > 1 && sessions >= floors.sessions) {
        return None;
    }
    let open = line.iter().filter(|(row, column)| found[*row][*column].is_none());
    open.min_by_key(|(row, column)| (table[*row][*column].0 == 0, table[*row][*column].0, *row, *column)).copied()
}

/// Withholds cells of one line, such as the rates of all groups where the rate of all is known.
pub(super) fn withhold_line(cells: &mut [&mut Cell], floors: Floors) {
    let held: Vec<Held> = cells.iter().map(|cell| (cell.sessions.unwrap_or_default(), cell.persons)).collect();
    let found = withheld(&[held], floors, Totals::Rows).swap_remove(0);
    for (cell, why) in cells.iter_mut().zip(found) {
        if let Some(why) = why {
            cell.withhold(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FLOORS: Floors = Floors { persons: 5, sessions: 15 };

    fn of(rows: &[&[u64]], totals: Totals) -> Vec<Vec<bool>> {
        let table: Vec<Vec<Held>> = rows.iter().map(|row| row.iter().map(|n| (*n, Some(*n))).collect()).collect();
        withheld(&table, FLOORS, totals).iter().map(|row| row.iter().map(Option::is_some).collect()).collect()
    }

    #[test]
    fn a_single_small_cell_takes_the_next_smallest_with_it() {
        assert_eq!(of(&[&[3, 40, 20, 0]], Totals::Rows), [[true, false, true, false]]);
        assert_eq!(of(&[&[40, 20]], Totals::Rows), [[false, false]]);
        // Two small cells of 3 and 4 together are below the floor too: the sum of the two would show.
        assert_eq!(of(&[&[3, 4, 50, 60]], Totals::Rows), [[true, true, true, false]]);
        assert_eq!(of(&[&[14, 4, 50, 60]], Totals::Rows), [[true, true, false, false]]);
    }

    #[test]
    fn columns_are_closed_too_where_their_totals_are_known() {
        let rows: [&[u64]; 3] = [&[3, 40, 20], &[50, 41, 30], &[60, 42, 31]];
        assert_eq!(
            of(&rows, Totals::Both),
            [[true, false, true], [true, false, true], [false, false, false]],
            "the square of four cells cannot be solved"
        );
    }

    #[test]
    fn few_persons_count_and_unknown_persons_do_not() {
        let table = vec![vec![(100, Some(4)), (100, Some(50)), (90, Some(40))]];
        let found = withheld(&table, FLOORS, Totals::Rows);
        assert_eq!(found, [[Some(Withheld::TooFewPersons), None, Some(Withheld::Complement)]]);
        assert_eq!(withheld(&[vec![(100, None), (90, None)]], FLOORS, Totals::Rows), [[None, None]]);
    }

    proptest! {
        #[test]
        fn no_line_can_be_solved(rows in proptest::collection::vec(proptest::collection::vec(0_u64..60, 4), 1..6)) {
            let table: Vec<Vec<Held>> = rows.iter().map(|row| row.iter().map(|n| (*n, Some(*n))).collect()).collect();
            let found = withheld(&table, FLOORS, Totals::Both);
            let safe = |line: Vec<(u64, bool)>| {
                let hidden: Vec<u64> = line.iter().filter(|cell| cell.1).map(|cell| cell.0).collect();
                let all = hidden.len() == line.len();
                hidden.is_empty() || all || (hidden.len() > 1 && hidden.iter().sum::<u64>() >= FLOORS.sessions)
            };
            for (row, hidden) in rows.iter().zip(&found) {
                prop_assert!(safe(row.iter().zip(hidden).map(|(n, why)| (*n, why.is_some())).collect()));
            }
            for column in 0..4 {
                let line = (0..rows.len()).map(|row| (rows[row][column], found[row][column].is_some()));
                prop_assert!(safe(line.collect()));
            }
            for (row, hidden) in rows.iter().zip(&found) {
                let small = row.iter().zip(hidden).filter(|(n, _)| (1..15).contains(*n));
                prop_assert!(small.into_iter().all(|(_, why)| why.is_some()));
            }
        }
    }
}
