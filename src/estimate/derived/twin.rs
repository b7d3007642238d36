//! Success by machine evidence alone beside verified success.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::corpus::SessionRow;
use crate::rubric::Level;
use crate::stats::{Basis, Coefficient, Errors, Method, RatingTable, Scale, Statistic, Unit, Weighting, coefficients};

use super::measure::DerivedMeasure;
use super::parts::{Measured, SessionParts, Standing};

/// How far one rater's verified success and machine evidence agree, over sessions in the base of the former.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineTwin {
    /// The judge, or the rater of the label file.
    pub rater: String,
    /// Sessions by the rater's verified success (row: yes, no) and `machine_verified_success` (column: yes, no).
    pub counts: [[u64; 2]; 2],
    /// Sessions without a clear goal by the rater, which are not in the table.
    pub outside: u64,
    /// Percent agreement and Cohen's kappa, with intervals by person where persons are known.
    pub coefficients: Vec<Coefficient>,
}

impl MachineTwin {
    /// The table of the rater `name`, who says `standings` of sessions.
    pub(super) fn of(name: &str, standings: &BTreeMap<&str, Standing>, rows: &[SessionRow], confidence: f64) -> Self {
        let (mut counts, mut outside) = ([[0; 2]; 2], 0);
        let (mut pairs, mut names) = (Vec::new(), Vec::new());
        for row in rows {
            let parts = SessionParts { measured: Some(Measured::from(row)), ..SessionParts::default() };
            let machine = DerivedMeasure::MachineVerifiedSuccess.of(&parts);
            match standings.get(row.id.as_str()).zip(machine) {
                None => {}
                Some((Standing::Outside, _)) => outside += 1,
                Some((said, machine)) => {
                    let at = |standing: Standing| u16::from(standing != Standing::Yes);
                    counts[usize::from(at(*said))][usize::from(at(machine))] += 1;
                    pairs.push([Some(at(*said)), Some(at(machine))]);
                    names.push(row.person.as_deref().unwrap_or(&row.id));
                }
            }
        }
        let mut numbers: BTreeMap<&str, u32> = names.iter().map(|name| (*name, 0)).collect();
        numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
        let clusters: Vec<u32> = names.iter().map(|name| numbers[name]).collect();
        let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
        let table = RatingTable::new(scale, 2, &pairs, Some(&clusters));
        let statistics = [Statistic::PercentAgreement, Statistic::CohenKappa(Weighting::Unweighted, Basis::Position)];
        let method = Method { confidence, unit: Unit::Cluster, errors: Errors::Influence };
        Self { rater: name.to_owned(), counts, outside, coefficients: coefficients(&table, &statistics, method) }
    }
}
