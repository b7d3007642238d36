"""Writes compare.json: tests between judges, annotator models, calibration and conformal thresholds from published packages.

Run with Python 3.11 and: numpy scipy statsmodels scikit-learn crowd-kit netcal (versions are written into the file).
    python tests/reference/compare.py > tests/reference/compare.json
All data is synthetic, drawn here from fixed seeds.
"""

import datetime
import importlib.metadata
import json
import logging
import math
import sys

import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn.calibration import _sigmoid_calibration
from sklearn.isotonic import IsotonicRegression
from statsmodels.discrete.discrete_model import Logit
from statsmodels.stats.contingency_tables import SquareTable, cochrans_q, mcnemar
from statsmodels.stats.multitest import multipletests

logging.disable(logging.CRITICAL)
PACKAGES = ["numpy", "scipy", "statsmodels", "scikit-learn", "crowd-kit", "netcal"]


def mcnemars():
    cases = []
    for b, c in [(1, 0), (3, 3), (2, 9), (15, 5), (0, 12), (40, 61), (300, 250), (5200, 5011)]:
        table = [[20, b], [c, 30]]
        exact = mcnemar(table, exact=True)
        chi = mcnemar(table, exact=False, correction=False)
        p = min(1.0, 2 * stats.binom.cdf(min(b, c), b + c, 0.5)) if b != c else None
        mid = 2 * stats.binom.cdf(min(b, c), b + c, 0.5) - stats.binom.pmf(min(b, c), b + c, 0.5)
        assert p is None or abs(p - exact.pvalue) < 1e-12
        cases.append({"b": b, "c": c, "exact": exact.pvalue, "mid_p": mid, "chi": chi.statistic, "chi_p": chi.pvalue})
    return cases


def squares():
    rng = np.random.default_rng(3)
    cases = []
    for q in [3, 3, 4, 5, 7]:
        table = rng.integers(1, 30, (q, q)) + np.diag(rng.integers(20, 60, q))
        square = SquareTable(table, shift_zeros=False)
        bowker, margins = square.symmetry(method="bowker"), square.homogeneity(method="stuart_maxwell")
        cases.append({
            "table": table.tolist(),
            "bowker": [bowker.statistic, int(bowker.df), bowker.pvalue],
            "stuart_maxwell": [margins.statistic, int(margins.df), margins.pvalue],
        })
    return cases


def cochrans():
    rng = np.random.default_rng(4)
    cases = []
    for n, k in [(12, 3), (40, 4), (200, 6)]:
        items = (rng.random((n, k)) < np.linspace(0.4, 0.7, k)).astype(int)
        found = cochrans_q(items)
        cases.append({"items": items.tolist(), "statistic": found.statistic, "p": found.pvalue, "df": int(found.df)})
    return cases


def multiples():
    rng = np.random.default_rng(5)
    cases = []
    for n in [1, 2, 7, 30]:
        p = (rng.random(n) ** 3).tolist()
        one = {"p": p}
        for name, method in [("holm", "holm"), ("benjamini_hochberg", "fdr_bh"), ("benjamini_yekutieli", "fdr_by")]:
            one[name] = multipletests(p, method=method)[1].tolist()
        cases.append(one)
    cases.append({"p": [0.02, 0.02, 0.02, 0.9], **{name: multipletests([0.02, 0.02, 0.02, 0.9], method=m)[1].tolist()
                  for name, m in [("holm", "holm"), ("benjamini_hochberg", "fdr_bh"), ("benjamini_yekutieli", "fdr_by")]}})
    return cases


def alternative():
    """A second implementation from the paper: t test of the difference of indicators, Benjamini-Yekutieli over people."""
    rng = np.random.default_rng(6)
    cases = []
    for n, people, quality in [(60, 3, 0.7), (120, 4, 0.8), (90, 5, 0.5)]:
        truth = rng.integers(0, 3, n)
        rate = lambda share: np.where(rng.random(n) < share, truth, rng.integers(0, 3, n))
        ratings = np.array([rate(0.75) for _ in range(people)] + [rate(quality)])
        missing = rng.random((people, n)) < 0.15
        table = [[None if r < people and missing[r, i] else int(ratings[r, i]) for i in range(n)] for r in range(people + 1)]
        judge, result, p_values = table[-1], [], []
        for j in range(people):
            wins_judge, wins_person = [], []
            for i in range(n):
                others = [table[k][i] for k in range(people) if k != j and table[k][i] is not None]
                if table[j][i] is None or not others:
                    continue
                score_judge = np.mean([judge[i] == o for o in others])
                score_person = np.mean([table[j][i] == o for o in others])
                wins_judge.append(int(score_judge >= score_person))
                wins_person.append(int(score_person >= score_judge))
            difference = np.array(wins_person) - np.array(wins_judge)
            p = stats.ttest_1samp(difference, 0.2, alternative="less").pvalue
            p_values.append(p)
            result.append({"n": len(difference), "advantage": float(np.mean(wins_judge)), "p": p})
        adjusted = multipletests(p_values, method="fdr_by")[1]
        cases.append({
            "rows": [[table[r][i] for r in range(people + 1)] for i in range(n)],
            "people": [{**one, "p_adjusted": a} for one, a in zip(result, adjusted.tolist())],
            "winning_rate": float(np.mean(adjusted <= 0.05)),
            "advantage": float(np.mean([one["advantage"] for one in result])),
        })
    return cases


def annotators():
    from crowdkit.aggregation import GLAD, MACE, DawidSkene, OneCoinDawidSkene
    rng = np.random.default_rng(7)
    cases = []
    for n, raters, k, per_item in [(100, 6, 2, 4), (120, 8, 3, 5)]:
        truth = rng.integers(0, k, n)
        skill = rng.uniform(0.55, 0.95, raters)
        ratings = []
        for i in range(n):
            for r in rng.choice(raters, per_item, replace=False):
                right = rng.random() < skill[r]
                ratings.append((i, int(r), int(truth[i] if right else rng.integers(0, k))))
        frame = pd.DataFrame(ratings, columns=["task", "worker", "label"])
        posteriors = lambda model: model.fit_predict_proba(frame).sort_index().reindex(columns=range(k)).fillna(0).to_numpy()
        accuracy = lambda proba: float(np.mean(proba.argmax(axis=1) == truth))
        # A tolerance below 0 runs all iterations: the stopping rule of the package ends too early.
        full = posteriors(DawidSkene(n_iter=400, tol=-1))
        coin = posteriors(OneCoinDawidSkene(n_iter=400, tol=-1))
        mace = MACE(n_restarts=4, n_iter=50, random_state=1)
        glad = GLAD(n_iter=30, tol=1e-4)
        cases.append({
            "categories": k, "raters": raters, "items": n, "ratings": ratings, "truth": truth.tolist(),
            "dawid_skene": full.tolist(), "one_coin": coin.tolist(),
            "accuracy": {"mace": accuracy(posteriors(mace)), "glad": accuracy(posteriors(glad))},
        })
    return cases


def right_closed(p, y, bins):
    """Items and distance of confidence and accuracy of every bin (a, b] that is not empty."""
    places = np.clip(np.digitize(p, np.linspace(0, 1, bins + 1), right=True) - 1, 0, bins - 1)
    groups = [np.flatnonzero(places == place) for place in np.unique(places)]
    return [(len(g), abs(p[g].mean() - y[g].mean())) for g in groups]


def calibration():
    from netcal.metrics import ECE, MCE
    rng = np.random.default_rng(8)
    cases = []
    for n, steps in [(200, None), (300, 20)]:
        p = rng.random(n)
        if steps:
            p = np.round(p * steps) / steps
        y = rng.random(n) < p**1.5
        one = {"p": p.tolist(), "y": y.tolist(), "brier": float(np.mean((p - y) ** 2))}
        if steps:
            # Probabilities on edges: netcal 1.3.6 has bins (a, b] as we do, 1.4 has [a, b).
            gaps = {b: right_closed(p, y, b) for b in [5, 10, 15]}
            one["ece"] = {str(b): float(sum(size * gap for size, gap in bins) / n) for b, bins in gaps.items()}
            one["mce"] = {str(b): float(max(gap for _, gap in bins)) for b, bins in gaps.items()}
        else:
            one["ece"] = {str(b): float(ECE(b).measure(p, y.astype(int))) for b in [5, 10, 15]}
            one["mce"] = {str(b): float(MCE(b).measure(p, y.astype(int))) for b in [5, 10, 15]}
        groups = [np.flatnonzero(p == v) for v in np.unique(p)]
        base = y.mean()
        one["reliability"] = float(sum(len(g) * (p[g].mean() - y[g].mean()) ** 2 for g in groups) / n)
        one["resolution"] = float(sum(len(g) * (y[g].mean() - base) ** 2 for g in groups) / n)
        iso = IsotonicRegression(out_of_bounds="clip").fit(p, y.astype(float))
        grid = np.linspace(0, 1, 41)
        one["isotonic"] = {"at": grid.tolist(), "value": iso.predict(grid).tolist()}
        score = np.log((p + 0.01) / (1.01 - p))
        a, b = _sigmoid_calibration(score, y.astype(int))
        one["platt"] = {"scores": score.tolist(), "slope": -float(a), "intercept": -float(b)}
        fit = Logit(y.astype(float), np.column_stack([np.ones(n), score])).fit(disp=0, tol=1e-14, maxiter=200)
        one["logit"] = {"beta": fit.params.tolist(),
                        "robust_se": fit.get_robustcov_results("HC0").bse.tolist() if hasattr(fit, "get_robustcov_results")
                        else Logit(y.astype(float), np.column_stack([np.ones(n), score])).fit(disp=0, tol=1e-14, maxiter=200, cov_type="HC0").bse.tolist()}
        cases.append(one)
    logits = rng.normal(size=(300, 4)) * 3
    softened = np.exp(logits / 2.3)
    softened /= softened.sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(4, p=row) for row in softened])
    loss = lambda t: -np.mean([row[l] / t - np.log(np.exp(row / t).sum()) for row, l in zip(logits, labels)])
    found = optimize.minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-10})
    return {"binary": cases, "temperature": {"logits": logits.tolist(), "labels": labels.tolist(), "value": float(found.x)}}


def conformal():
    rng = np.random.default_rng(9)
    p = rng.dirichlet(np.ones(4) * 0.7, 237)
    labels = np.array([rng.choice(4, p=row) for row in p])
    true = p[np.arange(len(p)), labels]
    aps = np.array([np.sort(row[row >= t])[::-1].sum() for row, t in zip(p, true)])
    out = {"p": p.tolist(), "labels": labels.tolist(), "thresholds": []}
    for alpha in [0.05, 0.1, 0.2]:
        rank = math.ceil((len(p) + 1) * (1 - alpha) - 1e-9) / len(p)
        at = lambda s: float(np.quantile(s, min(rank, 1.0), method="inverted_cdf"))
        out["thresholds"].append({"alpha": alpha, "lac": at(1 - true), "aps": at(aps)})
    return out


def main():
    out = {
        "made": {"by": "tests/reference/compare.py", "date": datetime.date.today().isoformat(), "python": sys.version.split()[0],
                 **{name: importlib.metadata.version(name) for name in PACKAGES}},
        "mcnemar": mcnemars(), "squares": squares(), "cochran": cochrans(), "multiple": multiples(),
        "alternative": alternative(), "annotators": annotators(), "calibration": calibration(), "conformal": conformal(),
    }
    json.dump(out, sys.stdout, separators=(",", ":"), default=float)
    print()


main()
