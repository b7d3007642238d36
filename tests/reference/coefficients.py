"""Writes coefficients.json: the coefficients that agreement.py does not hold, on its tables, computed with published packages.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install scipy==1.12.0 statsmodels==0.15.0 irrCAC==0.4.4 scikit-learn==1.9.1 pingouin==0.6.1 pandas==2.3.3
    /tmp/reference/bin/python tests/reference/coefficients.py > tests/reference/coefficients.json

What no package prints to full precision is computed here from the source named beside it: Lin's concordance (Lin 1989) with
numpy, and F intervals of intraclass correlations (Shrout and Fleiss 1979) with scipy's quantiles from pingouin's mean squares.
"""

import datetime
import itertools
import json
import os
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
import pingouin
from irrCAC.raw import CAC
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, matthews_corrcoef
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

warnings.filterwarnings("ignore")
PACKAGES = ["scipy", "statsmodels", "irrCAC", "scikit-learn", "pingouin", "numpy"]
WEIGHTS = {"": "identity", "_linear": "linear", "_quadratic": "quadratic", "_ordinal": "ordinal"}
HERE = os.path.dirname(os.path.abspath(__file__))


def irr(rows, values):
    """Multi-rater coefficients of irrCAC, with its weights by value and its standard error."""
    frame = pd.DataFrame([[np.nan if code is None else values[code] for code in row] for row in rows])
    found = {}
    for suffix, weights in WEIGHTS.items():
        cac = CAC(frame, weights=weights, categories=values, digits=15)
        names = {"gwet": "gwet_ac2" if suffix else "gwet_ac1", "fleiss": "fleiss_kappa", "conger": "conger_kappa", "bp": "brennan_prediger"}
        for method, name in names.items():
            estimate = getattr(cac, method)()["est"]
            low, high = estimate["confidence_interval"]
            found[name + suffix] = {"value": estimate["coefficient_value"], "se": estimate["se"], "low": low, "high": high}
            found[name + suffix] |= {"observed_agreement": estimate["pa"], "expected_agreement": estimate["pe"]}
    return found


def light(rows, q):
    raters = len(rows[0])
    kappas = []
    for a, b in itertools.combinations(range(raters), 2):
        both = [(row[a], row[b]) for row in rows if row[a] is not None and row[b] is not None]
        kappas.append(cohen_kappa_score(*zip(*both), labels=range(q)))
    return {"value": float(np.mean(kappas))}


def kendall_w(numbers):
    """Friedman's chi-square has the correction for ties; W is it over raters times (items - 1)."""
    items, raters = numbers.shape
    return {"value": float(stats.friedmanchisquare(*numbers).statistic / (raters * (items - 1)))}


def icc(numbers):
    items, raters = numbers.shape
    long = pd.DataFrame(
        [(i, r, numbers[i, r]) for i in range(items) for r in range(raters)], columns=["item", "rater", "number"]
    )
    values = pingouin.intraclass_corr(data=long, targets="item", raters="rater", ratings="number")["ICC"].to_list()
    anova = pingouin.rm_anova(data=long, dv="number", within="rater", subject="item", detailed=True, correction=False)
    n, k = items, raters
    mean = numbers.mean()
    rows = k * ((numbers.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    columns = anova["SS"][0] / (k - 1)
    error = anova["SS"][1] / ((n - 1) * (k - 1))
    within = ((numbers - numbers.mean(axis=1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    f = lambda a, b: stats.f.ppf(0.975, a, b)
    ends = []
    for noise, degrees in [(within, n * (k - 1)), (error, (n - 1) * (k - 1))]:
        low, high = rows / noise / f(n - 1, degrees), rows / noise * f(degrees, n - 1)
        ends.append(((low - 1) / (low + k - 1), (high - 1) / (high + k - 1)))
    single = values[1]
    ratio = columns / error
    rest = n * (1 + (k - 1) * single) - k * single
    v = (n - 1) * (k - 1) * (k * single * ratio + rest) ** 2 / ((n - 1) * k**2 * single**2 * ratio**2 + rest**2)
    spread = k * columns + (k * n - k - n) * error
    below, above = f(n - 1, v), f(v, n - 1)
    two = (n * (rows - below * error) / (below * spread + n * rows), n * (above * rows - error) / (spread + n * above * rows))
    step = lambda x: x * k / (1 + x * (k - 1))
    one, three = ends
    limits = [one, two, three, tuple(map(step, one)), tuple(map(step, two)), tuple(map(step, three))]
    names = ["icc_1_1", "icc_2_1", "icc_3_1", "icc_1_k", "icc_2_k", "icc_3_k"]
    return {name: {"value": value, "low": low, "high": high} for name, value, (low, high) in zip(names, values, limits)}


def concordance(x, y, degrees):
    shared = ((x - x.mean()) * (y - y.mean())).sum() / degrees
    spread = (((x - x.mean()) ** 2).sum() + ((y - y.mean()) ** 2).sum()) / degrees
    return {"value": float(2 * shared / (spread + (x.mean() - y.mean()) ** 2))}


def pair(rows, values):
    both = [row[:2] for row in rows if None not in row[:2]]
    first, second = (list(side) for side in zip(*both))
    x, y = np.array([values[c] for c in first], float), np.array([values[c] for c in second], float)
    q = len(values)
    matrix = np.zeros((q, q))
    for a, b in both:
        matrix[a, b] += 1
    places = np.array(values, float)
    apart = np.abs(places[:, None] - places[None, :])

    def by_value(distance):
        result = cohens_kappa(matrix, weights=distance)
        error = float(np.sqrt(result.var_kappa))
        return {"value": result.kappa, "se": error, "low": result.kappa_low, "high": result.kappa_upp}

    steps = np.abs(np.arange(q)[:, None] - np.arange(q)[None, :])
    counts = np.array([[(c == a) + (c == b) for c in range(q)] for a, b in both])
    return {
        "cohen_kappa_linear_by_value": by_value(apart),
        "cohen_kappa_quadratic_by_value": by_value(apart**2),
        "cohen_kappa_ordinal": by_value(steps * (steps + 1) / 2.0),
        "scott_pi": {"value": float(fleiss_kappa(counts, method="fleiss"))},
        "bennett_s": {"value": float(fleiss_kappa(counts, method="randolph"))},
        "matthews_correlation": {"value": float(matthews_corrcoef(first, second))},
        "balanced_accuracy": {"value": float(balanced_accuracy_score(first, second))},
        "spearman": {"value": float(stats.spearmanr(x, y).statistic)},
        "kendall_tau_b": {"value": float(stats.kendalltau(x, y).statistic)},
        "pearson": {"value": float(stats.pearsonr(x, y).statistic)},
        "lin_ccc": concordance(x, y, len(x)),
        "lin_ccc_n_minus_1": concordance(x, y, len(x) - 1),
    }


def reference(of):
    rows, values = of["rows"], of["values"]
    complete = np.array([[values[code] for code in row] for row in rows if None not in row], float)
    return {
        "name": of["name"],
        "values": values,
        "rows": rows,
        "over_all": irr(rows, values) | {"light_kappa": light(rows, len(values)), "kendall_w": kendall_w(complete)} | icc(complete),
        "pair": pair(rows, values),
    }


with open(os.path.join(HERE, "agreement.json")) as file:
    tables = json.load(file)["tables"]
print(
    json.dumps(
        {
            "packages": {name: version(name) for name in PACKAGES},
            "date": datetime.date.today().isoformat(),
            "tables": [reference(of) for of in tables],
        }
    )
)
