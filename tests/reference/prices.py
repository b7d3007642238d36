"""Writes prices.json: scores of prices, growth and quantiles of small samples, computed with numpy.

Run it in an environment made for it:

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install numpy==2.4.6
    /tmp/reference/bin/python tests/reference/prices.py > tests/reference/prices.json

The samples are our own, drawn below from fixed seeds.
"""

import json

import numpy as np


def scores(seed, n, noise, slope):
    generator = np.random.default_rng(seed)
    actual = np.round(np.exp(generator.uniform(np.log(10), np.log(50_000), n)), 2)
    predicted = np.round(np.exp(slope * np.log(actual) + generator.normal(1.0, noise, n)), 2)
    ratio = np.log(predicted) - np.log(actual)
    return {
        "predicted": predicted.tolist(),
        "actual": actual.tolist(),
        "log_r2": float(np.corrcoef(np.log(predicted), np.log(actual))[0, 1] ** 2),
        "level_r2": float(np.corrcoef(predicted, actual)[0, 1] ** 2),
        "bias": float(np.exp(ratio.mean())),
        "median_predicted": float(np.median(predicted)),
        "median_actual": float(np.median(actual)),
        "quantiles": np.quantile(actual, [0.1, 0.25, 0.5, 0.75, 0.9], method="averaged_inverted_cdf").tolist(),
        "mean": float(actual.mean()),
        "geometric_mean": float(np.exp(np.log(actual).mean())),
    }


def growth(seed):
    generator = np.random.default_rng(seed)
    months = ["2025-10", "2025-11", "2025-12", "2026-01"]
    rows = []
    for at, month in enumerate(months):
        values = np.round(np.exp(generator.normal(5 + 0.1 * at, 1.2, 30 + 5 * at)), 2)
        rows += [{"month": month, "value": float(value), "cluster": f"p{generator.integers(40)}"} for value in values]
    of = {month: np.array([row["value"] for row in rows if row["month"] == month]) for month in months}
    first = of[months[0]]
    change = [
        {
            "month": month,
            "n": len(values),
            "mean_change": float(values.mean() / first.mean() - 1),
            "geometric_change": float(np.exp(np.log(values).mean() - np.log(first).mean()) - 1),
        }
        for month, values in of.items()
    ]
    return {"rows": rows, "change": change}


print(json.dumps({
    "made_with": {"numpy": np.__version__},
    "samples": [scores(1, 60, 1.0, 0.6), scores(2, 25, 0.3, 0.9), scores(3, 200, 2.0, 0.4)],
    "growth": [growth(4), growth(5)],
}, indent=1))
