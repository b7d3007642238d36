"""Writes distances.json: coefficients by declared distances, alpha of sets of labels, tests that kappa is 0, and jackknifes.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install nltk==3.10.4 krippendorff==0.9.0 irrCAC==0.4.4 statsmodels==0.15.0 scikit-learn==1.9.1 scipy==1.12.0
    /tmp/reference/bin/python tests/reference/distances.py > tests/reference/distances.json

The tables are our own, drawn below from fixed seeds. The jackknife has no package: it is a loop over the value that a package gives
without one item, or one cluster, at a time.
"""

import datetime
import itertools
import json
import random
from importlib.metadata import version

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from nltk.metrics import AnnotationTask, jaccard_distance, masi_distance
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

PACKAGES = ["nltk", "krippendorff", "irrCAC", "statsmodels", "scikit-learn", "numpy"]


def table(seed, items, raters, categories, missing):
    """A planted category per item, kept by each rater with probability 0.65, else drawn evenly."""
    generator = random.Random(seed)
    rows = []
    for _ in range(items):
        truth = generator.randrange(categories)
        row = [truth if generator.random() < 0.65 else generator.randrange(categories) for _ in range(raters)]
        rows.append([None if generator.random() < missing else code for code in row])
    return [row for row in rows if any(code is not None for code in row)]


def distances(seed, categories):
    generator = random.Random(seed)
    matrix = np.zeros((categories, categories))
    for a, b in itertools.combinations(range(categories), 2):
        matrix[a, b] = matrix[b, a] = generator.choice([0.25, 0.5, 1, 1.5, 4])
    return matrix


def task(triples, distance):
    return AnnotationTask(data=[(rater, item, label) for item, rater, label in triples], distance=distance)


def triples(rows):
    return [(str(i), str(r), code) for i, row in enumerate(rows) for r, code in enumerate(row) if code is not None]


def contingency(rows, q):
    matrix = np.zeros((q, q))
    for a, b in (row[:2] for row in rows if None not in row[:2]):
        matrix[a, b] += 1
    return matrix


def alpha(rows, q, level):
    counts = [[sum(code == c for code in row) for c in range(q)] for row in rows]
    return krippendorff.alpha(value_counts=np.array(counts), value_domain=list(range(q)), level_of_measurement=level)


def by_distance(seed, items, raters, q, missing):
    rows, matrix = table(seed, items, raters, q, missing), distances(seed + 100, q)
    between = lambda a, b, **_: matrix[np.asarray(a, int), np.asarray(b, int)]
    of_nltk = task(triples(rows), lambda a, b: matrix[a, b]).alpha()
    of_krippendorff = alpha(rows, q, between)
    assert abs(of_nltk - of_krippendorff) < 1e-12
    frame = pd.DataFrame([[np.nan if code is None else float(code) for code in row] for row in rows])
    cac = CAC(frame, weights=1 - matrix / matrix.max(), categories=[float(c) for c in range(q)], digits=15)
    names = {"gwet": "gwet_ac2_custom", "fleiss": "fleiss_kappa_custom", "conger": "conger_kappa_custom", "bp": "brennan_prediger_custom"}
    found = {"krippendorff_alpha_custom": {"value": of_nltk}}
    for method, name in names.items():
        estimate = getattr(cac, method)()["est"]
        low, high = estimate["confidence_interval"]
        found[name] = {"value": estimate["coefficient_value"], "se": estimate["se"], "low": low, "high": high}
        found[name] |= {"observed_agreement": estimate["pa"], "expected_agreement": estimate["pe"]}
    kappa = cohens_kappa(contingency(rows, q), weights=matrix / matrix.max())
    pair = {"cohen_kappa_custom": {"value": kappa.kappa, "se": float(np.sqrt(kappa.var_kappa)), "low": kappa.kappa_low, "high": kappa.kappa_upp}}
    return {"rows": rows, "distances": matrix.flatten().tolist(), "categories": q, "over_all": found, "pair": pair}


def of_sets(seed, items, raters, missing):
    """Sets of up to three of five labels, some empty; nltk divides by 0 for two empty sets, which are 0 apart here."""
    generator = random.Random(seed)
    labels, given = "abcde", []
    for item in range(items):
        truth = {label for label in labels if generator.random() < 0.3}
        for rater in range(raters):
            if generator.random() >= missing:
                own = {label for label in labels if (label in truth) == (generator.random() < 0.85)}
                given.append((f"i{item:02}", f"r{rater}", frozenset(own)))
    apart = lambda of: lambda a, b: of(a, b) if a | b else 0.0
    alphas = {"krippendorff_alpha_jaccard": jaccard_distance, "krippendorff_alpha_masi": masi_distance}
    pair = [triple for triple in given if triple[1] in ("r0", "r1")]
    both = {item for item in {t[0] for t in pair} if sum(t[0] == item for t in pair) == 2}
    pair = [triple for triple in pair if triple[0] in both]
    found = lambda of: {name: task(of, apart(distance)).alpha() for name, distance in alphas.items()}
    rows = [[item, rater, "".join(sorted(own))] for item, rater, own in given]
    return {"ratings": rows, "over_all": found(given), "pair": found(pair)}


def zeros(seed, items, q):
    rows = table(seed, items, 2, q, 0)
    matrix = contingency(rows, q)
    found = {}
    for name, kind in [("cohen_kappa", None), ("cohen_kappa_linear", "linear"), ("cohen_kappa_quadratic", "quadratic")]:
        result = cohens_kappa(matrix, wt=kind)
        found[f"{name}_is_zero"] = {"statistic": float(result.z_value), "p": float(result.pvalue_two_sided)}
    return {"rows": rows, "categories": q, "tests": found}


def jackknifes(seed, items, raters, q, missing, clusters):
    rows = table(seed, items, raters, q, missing)
    generator = random.Random(seed + 1)
    units = [generator.randrange(clusters) for _ in rows] if clusters else list(range(len(rows)))
    fleiss = lambda of: CAC(pd.DataFrame(of, dtype=float), digits=15, categories=list(range(q))).fleiss()["est"]["coefficient_value"]
    both = lambda of: list(zip(*(row[:2] for row in of if None not in row[:2])))
    statistics = {
        "krippendorff_alpha": (lambda of: alpha(of, q, "nominal"), lambda row: sum(c is not None for c in row) >= 2),
        "fleiss_kappa": (fleiss, lambda row: True),
        "cohen_kappa": (lambda of: cohen_kappa_score(*both(of)), lambda row: None not in row[:2]),
    }
    found = {}
    for name, (value, takes_part) in statistics.items():
        taking_part = sorted({unit for row, unit in zip(rows, units) if takes_part(row)})
        without = [value([row for row, own in zip(rows, units) if own != unit]) for unit in taking_part]
        n = len(without)
        found[name] = {"value": value(rows), "se": float(np.sqrt((n - 1) / n * ((np.array(without) - np.mean(without)) ** 2).sum()))}
    return {"rows": rows, "categories": q, "clusters": units if clusters else None, "coefficients": found}


print(
    json.dumps(
        {
            "packages": {package: version(package) for package in PACKAGES},
            "date": datetime.date.today().isoformat(),
            "by_distance": [by_distance(1, 60, 3, 4, 0.0), by_distance(2, 50, 4, 3, 0.3), by_distance(3, 80, 2, 5, 0.1)],
            "of_sets": [of_sets(4, 40, 3, 0.2), of_sets(5, 25, 2, 0.0)],
            "zeros": [zeros(6, 50, 2), zeros(7, 120, 4), zeros(8, 30, 3)],
            "jackknifes": [jackknifes(9, 40, 3, 3, 0.2, 0), jackknifes(10, 60, 3, 3, 0.1, 12)],
        },
        indent=1,
    )
)
