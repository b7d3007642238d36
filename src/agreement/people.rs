//! The human ceiling beside every judge, and signs that a consensus was made with sight of one.

use crate::rubric::Level;
use crate::stats::{
    Basis, Coefficient, Design, Finding, Influence, Method, RatingTable, Statistic, Unit, Weighting, mean_over_pairs,
    sight,
};

use super::error::AgreementError;
use super::model::{Ceiling, RaterDetail, Role, SightOf};
use super::report::Options;

/// Who is who, where there are two people or more.
pub(super) struct People {
    pub names: Vec<String>,
    pub references: Vec<String>,
    pub judges: Vec<String>,
}

impl People {
    /// The people named, or the raters of the label file; references and judges are the others.
    ///
    /// # Errors
    /// When a person that was named did not rate.
    pub fn among(details: &[RaterDetail], options: &Options) -> Result<Option<Self>, AgreementError> {
        let rated = |name: &String| details.iter().any(|detail| detail.rater == *name);
        if let Some(stranger) = options.people.iter().find(|name| !rated(name)) {
            let known: Vec<&str> = details.iter().map(|detail| detail.rater.as_str()).collect();
            return Err(AgreementError::NoPerson(stranger.clone(), known.join(", ")));
        }
        let of_role = |role: Role| -> Vec<String> {
            let others = details.iter().filter(|detail| detail.role == role && !options.people.contains(&detail.rater));
            others.map(|detail| detail.rater.clone()).collect()
        };
        let people = if options.people.is_empty() { of_role(Role::ReferenceRater) } else { options.people.clone() };
        let found = Self { names: people, references: of_role(Role::Reference), judges: of_role(Role::Rater) };
        Ok((found.names.len() >= 2).then_some(found))
    }

    /// Signs from the influence of every two raters, given by name, on the items of `tables`.
    pub fn sights(
        &self,
        judge: &str,
        name: &str,
        tables: &[RatingTable],
        influence: impl Fn(&str, &str) -> Option<Influence>,
        method: Method,
    ) -> Vec<SightOf> {
        let clusters = tables.first().and_then(RatingTable::clusters).filter(|_| method.unit == Unit::Cluster);
        let design = Design { clusters, strata: tables.first().and_then(RatingTable::strata) };
        let pairs = self.names.iter().enumerate().flat_map(|(at, a)| self.names[at + 1..].iter().map(move |b| (a, b)));
        let among: Option<Vec<Influence>> = pairs.map(|(a, b)| influence(a, b)).collect();
        let with_judge: Option<Vec<Influence>> = self.names.iter().map(|person| influence(person, judge)).collect();
        let Some((among, with_judge)) = among.zip(with_judge) else { return Vec::new() };
        let one = |reference: &String| {
            let consensus = influence(reference, judge)?;
            Some(SightOf {
                reference: reference.clone(),
                judge: judge.to_owned(),
                coefficient: name.to_owned(),
                n: consensus.by_item.iter().flatten().count(),
                sight: sight(&among, &with_judge, &consensus, design, method.confidence)?,
            })
        };
        self.references.iter().filter_map(one).collect()
    }
}

/// Ceilings and signs for every judge of `table`, each on the items that the judge labelled.
pub(super) fn of_table(
    people: &People,
    table: &RatingTable,
    raters: &[String],
    method: Method,
) -> (Vec<Ceiling>, Vec<SightOf>) {
    let at = |name: &str| raters.iter().position(|rater| rater == name).unwrap_or_default();
    let positions: Vec<usize> = people.names.iter().map(|person| at(person)).collect();
    let weighting = if table.scale.level == Level::Nominal { Weighting::Unweighted } else { Weighting::Quadratic };
    let kappa = Statistic::CohenKappa(weighting, Basis::Position);
    let (mut ceilings, mut sights) = (Vec::new(), Vec::new());
    for judge in &people.judges {
        let own = table.rated_by(at(judge));
        let of = |statistic: &Statistic| mean_over_pairs(&own, &positions, *statistic, method);
        ceilings.push(ceiling(people, judge, Statistic::of_pair(table.scale.level).iter().map(of).collect()));
        let influence = |a: &str, b: &str| Influence::of_pair(&own, kappa, at(a), at(b)).ok();
        sights.extend(people.sights(judge, &kappa.name(), std::slice::from_ref(&own), influence, method));
    }
    (ceilings, sights)
}

pub(super) fn ceiling(people: &People, judge: &str, coefficients: Vec<Coefficient>) -> Ceiling {
    Ceiling { judge: judge.to_owned(), people: people.names.clone(), coefficients }
}

/// What has to be said of signs.
pub(super) fn note(of: &SightOf) -> Option<String> {
    let SightOf { reference, judge, coefficient, sight, .. } = of;
    let (people, consensus) = (sight.people, sight.consensus);
    match (sight.finding, sight.most) {
        (Finding::None, _) => None,
        (Finding::Likely, Some(most)) => Some(format!(
            "warning: {reference} seems to have been made with sight of {judge}: their {coefficient} of {consensus:.3} is above {most:.3}, the most that \
             independent errors allow; hold the judge against each person instead"
        )),
        _ => Some(format!(
            "warning: {reference} may have been made with sight of {judge}: their {coefficient} of {consensus:.3} is above that of people with each \
             other ({people:.3}); a very good judge does so too, and these ratings cannot tell; read the judge's figures against each person as well"
        )),
    }
}
