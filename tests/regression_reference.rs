//! Regressions against statsmodels; versions and how: tests/reference/regression.py.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use assize::stats::Design;
use assize::stats::regression::{Linear, LinearSample, Logit};
use serde_json::Value;

fn numbers(of: &Value) -> Vec<f64> {
    serde_json::from_value(of.clone()).unwrap()
}

fn codes(of: &Value) -> Vec<u32> {
    serde_json::from_value(of.clone()).unwrap()
}

/// The project's tolerance against deterministic references (agreement.md section 7).
fn close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9, "{what}: {found} is not {expected}");
}

#[test]
fn least_squares_within_cells_is_least_squares_with_dummies() {
    let reference: Value = serde_json::from_str(include_str!("reference/regression.json")).unwrap();
    for case in reference["cases"].as_array().unwrap() {
        let columns = [numbers(&case["level"]), numbers(&case["length"])];
        let (outcomes, weights, persons) =
            (numbers(&case["outcome"]), numbers(&case["weight"]), codes(&case["person"]));
        let (mode, month) = (codes(&case["mode"]), codes(&case["month"]));
        let both: Vec<u32> = mode.iter().zip(&month).map(|(mode, month)| mode * 10 + month).collect();
        let fits: [(&str, &[Vec<u32>], bool); 5] = [
            ("plain", &[], false),
            ("mode", std::slice::from_ref(&mode), false),
            ("mode_by_month", &[both], false),
            ("mode_and_month", &[mode.clone(), month], false),
            ("mode_weighted", std::slice::from_ref(&mode), true),
        ];
        for (name, effects, weighted) in fits {
            let weights = weighted.then_some(weights.as_slice());
            let fit = Linear::fit(LinearSample { outcomes: &outcomes, columns: &columns, effects, weights }).unwrap();
            let expected = &case["linear"][name];
            let clustered = fit.standard_errors(Design { clusters: Some(&persons), strata: None }).unwrap();
            let alone = fit.standard_errors(Design::default()).unwrap();
            for at in 0..2 {
                close(fit.coefficients[at].value, &expected["coefficients"][at], name);
                close(clustered[at].se, &expected["se"][at], name);
                close(alone[at].se, &expected["se_without_clusters"][at], name);
            }
            close(fit.r_squared, &expected["r_squared"], name);
            assert_eq!(fit.parameters as u64, expected["parameters"].as_u64().unwrap(), "{name}");
        }
    }
}

#[test]
fn logistic_coefficients_and_average_effects() {
    let reference: Value = serde_json::from_str(include_str!("reference/regression.json")).unwrap();
    for case in reference["cases"].as_array().unwrap() {
        let (level, length) = (numbers(&case["level"]), numbers(&case["length"]));
        let (outcomes, persons, mode) = (numbers(&case["outcome"]), codes(&case["person"]), codes(&case["mode"]));
        let row = |at: usize| {
            let modes = (0..5).map(|of| f64::from(mode[at] == of));
            [level[at], length[at]].into_iter().chain(modes).collect()
        };
        let rows: Vec<Vec<f64>> = (0..level.len()).map(row).collect();
        let fit = Logit::fit(&rows, &outcomes).unwrap();
        let design = Design { clusters: Some(&persons), strata: None };
        let errors = fit.standard_errors(design).unwrap();
        let expected = &case["logit"];
        for at in 0..2 {
            close(fit.coefficients[at].value, &expected["coefficients"][at], "coefficient");
            close(errors[at], &expected["se"][at], "error");
        }
        let effect = fit.average_effect(&rows, 0).unwrap();
        close(effect.value, &expected["average_effect"], "effect");
        close(effect.standard_error(design).unwrap().se, &expected["average_effect_se"], "effect's error");
    }
}
