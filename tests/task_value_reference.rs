//! Scores of prices, growth and summaries against numpy (tests/reference/prices.py).
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

use assize::stats::{
    Bootstrap, Priced, Weighed, geometric_mean, mean, price_scores, quantiles, ratio_of_geometric_means, ratio_of_means,
};
use serde_json::Value;

const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 200, seed: 1 };

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/prices.json")).unwrap()
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn near(found: Option<f64>, expected: &Value, what: &str) {
    let (found, expected) = (found.unwrap(), expected.as_f64().unwrap());
    assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1.0), "{what}: {found}, numpy {expected}");
}

#[test]
fn scores_are_those_of_numpy() {
    for one in reference()["samples"].as_array().unwrap() {
        let (predicted, actual) = (numbers(&one["predicted"]), numbers(&one["actual"]));
        let prices: Vec<Priced> = (predicted.iter().zip(&actual))
            .map(|(predicted, actual)| Priced { predicted: *predicted, actual: *actual })
            .collect();
        let found = price_scores(&prices, BOOTSTRAP);
        for (name, estimate) in [
            ("log_r2", &found.log_r2),
            ("level_r2", &found.level_r2),
            ("bias", &found.bias),
            ("median_predicted", &found.median_predicted),
            ("median_actual", &found.median_actual),
        ] {
            near(estimate.value, &one[name], name);
            assert!(estimate.low.unwrap() <= estimate.high.unwrap(), "{name}");
        }
        let weighed = |(cluster, value): (u32, &f64)| Weighed { value: *value, weight: 1.0, cluster };
        let values: Vec<Weighed> = (0..).zip(&actual).map(weighed).collect();
        near(mean(&values, 0.95).value, &one["mean"], "mean");
        near(geometric_mean(&values, 0.95).value, &one["geometric_mean"], "geometric mean");
        for (at, estimate) in quantiles(&values, &[0.1, 0.25, 0.5, 0.75, 0.9], 0.95).iter().enumerate() {
            near(estimate.value, &one["quantiles"][at], "quantile");
        }
    }
}

#[test]
fn growth_is_that_of_numpy() {
    for one in reference()["growth"].as_array().unwrap() {
        let of = |month: &Value| -> Vec<Weighed> {
            let rows = one["rows"].as_array().unwrap().iter().filter(|row| row["month"] == *month);
            let person = |row: &Value| row["cluster"].as_str().unwrap()[1..].parse().unwrap();
            rows.map(|row| Weighed { value: row["value"].as_f64().unwrap(), weight: 1.0, cluster: person(row) })
                .collect()
        };
        let expected = one["change"].as_array().unwrap();
        let first = of(&expected[0]["month"]);
        for (at, expected) in expected.iter().enumerate() {
            let later = of(&expected["month"]);
            let mean = ratio_of_means(&later, &first, at == 0, 0.95);
            assert_eq!(mean.n as u64, expected["n"].as_u64().unwrap());
            near(mean.value, &expected["mean_change"], "change of the mean");
            let geometric = ratio_of_geometric_means(&later, &first, at == 0, 0.95);
            near(geometric.value, &expected["geometric_change"], "change of the geometric mean");
        }
    }
}
