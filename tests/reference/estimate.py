"""Writes estimate.json: corrected shares of small samples, computed with published packages and closed forms.

Run it in an environment made for it:

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install ppi-python==0.2.3 judgy==0.1.0 statsmodels==0.15.0 scipy==1.17.1 numpy==2.4.6
    /tmp/reference/bin/python tests/reference/estimate.py > tests/reference/estimate.json

The samples are our own, drawn below from fixed seeds. Items come gold first. Errors are those of the packages, with 1/n variances.
"""

import datetime
import json
from importlib.metadata import version

import numpy as np
from judgy import estimate_success_rate
from ppi_py import crossppi_mean_ci, crossppi_mean_pointestimate, ppi_mean_ci, ppi_mean_pointestimate
from ppi_py.ppi import _calc_lam_glm
from scipy.optimize import minimize
from scipy.stats import norm
from statsmodels.stats.inter_rater import cohens_kappa

PACKAGES = ["ppi-python", "judgy", "statsmodels", "scipy", "numpy"]
ALPHA = 0.05


def labels(seed, gold, rest, shares, right):
    """Truth by `shares`, kept by the judge with probability `right`, else drawn evenly."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(len(shares), size=gold + rest, p=shares)
    noise = generator.choice(len(shares), size=gold + rest)
    judged = np.where(generator.random(gold + rest) < right, truth, noise)
    return truth[:gold], judged[:gold], judged[gold:]


def ppi(y, f, rest, lam):
    low, high = ppi_mean_ci(y, f, rest, alpha=ALPHA, lam=lam)
    point = ppi_mean_pointestimate(y, f, rest, lam=lam)
    return {"value": float(np.squeeze(point)), "se": float(np.squeeze(high - low) / 2 / norm.ppf(1 - ALPHA / 2))}


def tuning(y, f, rest):
    """The factor of ppi_py for all columns together, tuned at the untuned estimate."""
    start = rest.mean(0) + (y - f).mean(0)
    return float(_calc_lam_glm(y - start, f - start, rest - start, np.eye(y.shape[1]), clip=True))


def numbers(seed, gold, rest):
    generator = np.random.default_rng(seed)
    truth = generator.normal(3, 1, gold + rest)
    judged = truth + generator.normal(0.4, 0.8, gold + rest)
    y, f, other = truth[:gold], judged[:gold], judged[gold:]
    two = [np.stack([other - 0.1, other + 0.3], axis=1), f + 0.05]
    low, high = crossppi_mean_ci(y, two[1], two[0], alpha=ALPHA)
    return {
        "gold": y.tolist(), "judged": f.tolist(), "rest": other.tolist(),
        "lambda": tuning(y[:, None], f[:, None], other[:, None]),
        "ppi": ppi(y, f, other, 1), "ppi_plus_plus": ppi(y, f, other, None), "gold_only": ppi(y, f, other, 0),
        "cross": {
            "judged": two[1].tolist(), "rest": two[0].mean(1).tolist(),
            "value": float(np.squeeze(crossppi_mean_pointestimate(y, two[1], two[0]))),
            "se": float(np.squeeze(high - low) / 2 / norm.ppf(1 - ALPHA / 2)),
        },
    }


def design_based(y, f, rest, label, probability):
    y, f, rest = (y == label).astype(float), (f == label).astype(float), (rest == label).astype(float)
    pseudo = np.concatenate([f + (y - f) / probability, rest])
    return {"value": float(pseudo.mean()), "se": float(pseudo.std() / np.sqrt(len(pseudo)))}


def rogan_gladen(y, f, rest):
    """Label 1 of two; the judged sample is `rest`, independent of gold."""
    p, n = rest.mean(), len(rest)
    sensitivity, positive = f[y == 1].mean(), int((y == 1).sum())
    specificity, negative = 1 - f[y == 0].mean(), int((y == 0).sum())
    better = sensitivity + specificity - 1
    share = (p + specificity - 1) / better
    variance = (
        p * (1 - p) / n + share**2 * sensitivity * (1 - sensitivity) / positive
        + (1 - share) ** 2 * specificity * (1 - specificity) / negative
    ) / better**2
    z = norm.ppf(1 - ALPHA / 2)
    size, above, below = n + z**2, positive + 2, negative + 2
    p = (p * n + z**2 / 2) / size
    sensitivity, specificity = (sensitivity * positive + 1) / above, (specificity * negative + 1) / below
    better = sensitivity + specificity - 1
    centre = (p + specificity - 1) / better
    of_above, of_below = sensitivity * (1 - sensitivity) / above, specificity * (1 - specificity) / below
    shift = 2 * z**2 * (centre * of_above - (1 - centre) * of_below)
    half = z / better * np.sqrt(p * (1 - p) / size + centre**2 * of_above + (1 - centre) ** 2 * of_below)
    judgy = estimate_success_rate(y, f, rest, bootstrap_iterations=1)[0]
    return {
        "value": float(share), "judgy": judgy, "se": float(np.sqrt(variance)),
        "low": float(max(0, centre + shift - half)), "high": float(min(1, centre + shift + half)),
    }


def inversion(y, f, rest, k):
    confusion = np.array([[np.mean(f[y == truth] == label) for truth in range(k)] for label in range(k)])
    p = np.bincount(rest, minlength=k) / len(rest)
    solved = np.linalg.solve(confusion, p)
    start = np.full(k, 1 / k)
    fit = minimize(
        lambda shares: -p @ np.log(np.maximum(confusion @ shares, 1e-300)), start,
        jac=lambda shares: -confusion.T @ (p / np.maximum(confusion @ shares, 1e-300)), method="SLSQP",
        bounds=[(0, 1)] * k, constraints={"type": "eq", "fun": lambda shares: shares.sum() - 1},
        options={"ftol": 1e-16, "maxiter": 10_000},
    )
    return {
        "solved": solved.tolist(), "most_likely": fit.x.tolist(), "condition": float(np.linalg.cond(confusion, 1)),
    }


def sample(seed, gold, rest, shares, right):
    y, f, other = labels(seed, gold, rest, shares, right)
    k = len(shares)
    hot = [np.eye(k)[column] for column in (y, f, other)]
    factor = tuning(*hot)
    out = {
        "labels": k, "gold": y.tolist(), "judged": f.tolist(), "rest": other.tolist(), "lambda": factor,
        "ppi_plus_plus": [ppi(hot[0][:, at], hot[1][:, at], hot[2][:, at], factor) for at in range(k)],
        "ppi": [ppi(hot[0][:, at], hot[1][:, at], hot[2][:, at], 1) for at in range(k)],
        "design_based": [design_based(y, f, other, at, gold / (gold + rest)) for at in range(k)],
        "inversion": inversion(y, f, other, k),
    }
    if k == 2:
        out["rogan_gladen"] = rogan_gladen(y, f, other)
    return out


def kappa(table):
    table = np.array(table, dtype=float)
    found = cohens_kappa(table)
    total = table.sum()
    return {
        "first": table[0].sum() / total, "second": table[:, 0].sum() / total, "kappa": float(found.kappa),
        "unit_variance": float(found.var_kappa * total),
    }


print(json.dumps({
    "made": datetime.date.today().isoformat(),
    "versions": {name: version(name) for name in PACKAGES},
    "samples": [
        sample(1, 60, 240, [0.3, 0.7], 0.8), sample(2, 40, 100, [0.1, 0.9], 0.7), sample(3, 120, 400, [0.5, 0.3, 0.2], 0.75),
        sample(17, 50, 60, [0.55, 0.43, 0.02], 0.6), sample(6, 200, 300, [0.4, 0.3, 0.2, 0.1], 0.9),
    ],
    "numbers": [numbers(5, 40, 200), numbers(6, 100, 150)],
    "kappa": [kappa([[40, 9], [6, 45]]), kappa([[10, 3], [8, 79]])],
}, indent=1))
