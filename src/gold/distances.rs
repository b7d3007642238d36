//! Declared distances of labels: one row a pair.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::{GoldError, Problem};
use super::model::unknown_label;
use super::source::Table;

/// How far apart labels count as being, for weighted coefficients of one's own making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distances {
    of: BTreeMap<[String; 2], (f64, u64)>,
    source: String,
}

impl Distances {
    /// Reads a CSV file of `first,second,distance`, one row a pair of labels; a distance holds both ways, and a label is 0 from itself.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, names a pair twice, or holds a distance that is not a finite number of at least 0.
    pub fn read(path: &Path) -> Result<Self, GoldError> {
        let mut table = Table::open(path, fs_err::File::open(path)?)?;
        let first = table.required(None, "first")?;
        let second = table.required(None, "second")?;
        let place = table.required(None, "distance")?;
        let mut found = Self { source: path.display().to_string(), ..Self::default() };
        let mut problems = Vec::new();
        table.rows(|line, record| {
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let mut pair = [cell(first), cell(second)];
            pair.sort_unstable();
            match cell(place).trim().parse::<f64>() {
                Ok(distance) if !distance.is_finite() || distance < 0.0 => {
                    problems.push(Problem::new(
                        line,
                        format!("the distance {distance} is not a finite number of at least 0"),
                    ));
                }
                Err(_) => problems.push(Problem::new(line, format!("the distance {:?} is not a number", cell(place)))),
                Ok(distance) if pair[0] == pair[1] && distance > 0.0 => {
                    problems.push(Problem::new(line, format!("{} is {distance} from itself; that is 0", pair[0])));
                }
                Ok(distance) => {
                    if let Some((_, before)) = found.of.insert(pair.clone(), (distance, line)) {
                        let [a, b] = &pair;
                        problems.push(Problem::new(
                            line,
                            format!("{a} and {b} stand on line {before} already; a distance holds both ways"),
                        ));
                    }
                }
            }
        })?;
        GoldError::of(&found.source, problems, "one row a pair of labels: first,second,distance")?;
        if found.of.is_empty() { Err(GoldError::Empty(path.to_owned())) } else { Ok(found) }
    }

    /// The distances of every two of `labels`, by rows.
    ///
    /// # Errors
    /// Names each pair of labels without a distance, and each label of the file that is not among `labels`, with its line.
    pub fn between(&self, labels: &[String]) -> Result<Vec<f64>, GoldError> {
        let mut problems = Vec::new();
        for (pair, (_, line)) in &self.of {
            let unknown = pair.iter().filter(|label| !labels.contains(label));
            problems.extend(unknown.map(|label| Problem::new(*line, unknown_label(label, labels))));
        }
        GoldError::of(&self.source, problems, &format!("the labels are: {}", labels.join(", ")))?;
        let mut distances = vec![0.0; labels.len() * labels.len()];
        let mut missing = Vec::new();
        for (a, first) in labels.iter().enumerate() {
            for (b, second) in labels.iter().enumerate().skip(a + 1) {
                let mut pair = [first.clone(), second.clone()];
                pair.sort_unstable();
                match self.of.get(&pair) {
                    Some((distance, _)) => {
                        distances[a * labels.len() + b] = *distance;
                        distances[b * labels.len() + a] = *distance;
                    }
                    None => missing.push(Problem::new(1, format!("no distance of {first} and {second}"))),
                }
            }
        }
        GoldError::of(&self.source, missing, "every pair of labels needs one")?;
        Ok(distances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Distances, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("distances.csv");
        fs_err::write(&path, text).unwrap();
        Distances::read(&path).map_err(|error| error.to_string())
    }

    fn labels(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn distances_hold_both_ways() {
        let found = read("first,second,distance\nb,a,1\na,c,0.5\nb,c,2\nc,c,0\n").unwrap();
        let between = found.between(&labels("a,b,c")).unwrap();
        assert_eq!(between, [0.0, 1.0, 0.5, 1.0, 0.0, 2.0, 0.5, 2.0, 0.0]);
    }

    #[test]
    fn what_is_wrong_is_told_by_line() {
        let said = read("first,second,distance\na,b,-1\nb,c,far\na,c,inf\na,a,3\nb,a,1\na,b,2\n").unwrap_err();
        for part in ["-1", "\"far\" is not a number", "inf", "a is 3 from itself", "stand on line 6 already"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let found = read("first,second,distance\na,b,1\na,Plan,1\n").unwrap();
        let said = found.between(&labels("a,b,plan")).unwrap_err().to_string();
        assert!(said.contains("Plan") && said.contains("plan"), "{said}");
        let said = read("first,second,distance\na,b,1\n").unwrap().between(&labels("a,b,c")).unwrap_err().to_string();
        assert!(said.contains("no distance of a and c") && said.contains("b and c"), "{said}");
    }
}
