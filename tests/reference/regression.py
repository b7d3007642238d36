"""Writes regression.json: regressions with fixed effects and errors by cluster, computed with statsmodels.

Run it in an environment made for it:

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install statsmodels==0.15.0 numpy==2.4.6
    /tmp/reference/bin/python tests/reference/regression.py > tests/reference/regression.json

The samples are our own, drawn below from a fixed seed. Fixed effects are dummies here, and absorbed in assize.
"""

import datetime
import json
from importlib.metadata import version

import numpy as np
import statsmodels.api as sm

PACKAGES = ["statsmodels", "numpy"]


def sample(seed, n=240, persons=60, modes=5, months=4):
    generator = np.random.default_rng(seed)
    person = generator.integers(0, persons, n)
    mode, month = generator.integers(0, modes, n), generator.integers(0, months, n)
    level = np.clip(generator.normal(3.2, 1, n).round() + (person % 2), 1, 5)
    length = generator.normal(0, 1, n) + 0.3 * level
    chance = 1 / (1 + np.exp(-(-2.2 + 0.35 * level + 0.2 * length + 0.3 * (mode - 2) + 0.4 * generator.normal(0, 1, persons)[person])))
    outcome = (generator.random(n) < chance).astype(float)
    weight = generator.uniform(0.5, 3, n)
    return {"person": person, "mode": mode, "month": month, "level": level, "length": length, "outcome": outcome, "weight": weight}


def dummies(codes):
    return (codes[:, None] == np.unique(codes)[None, :]).astype(float)


def facts(fit, count):
    return {"coefficients": fit.params[:count].tolist(), "se": fit.bse[:count].tolist()}


def linear(s, effects, weight=None):
    columns = np.column_stack([s["level"], s["length"]])
    design = np.column_stack([columns] + effects) if effects else sm.add_constant(columns, prepend=False)
    n = len(s["outcome"])
    model = sm.WLS(s["outcome"], design, weights=np.ones(n) if weight is None else weight)
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": s["person"]})
    alone = model.fit(cov_type="HC1")
    # statsmodels' HC1 has n / (n - k) without centring, which is ours since the scores sum to 0 and (n / (n - 1)) (n - 1) = n.
    return {**facts(fit, 2), "se_without_clusters": alone.bse[:2].tolist(), "r_squared": r_squared(s, fit, weight), "parameters": int(np.linalg.matrix_rank(design))}


def r_squared(s, fit, weight):
    w = np.ones(len(s["outcome"])) if weight is None else weight
    mean = np.average(s["outcome"], weights=w)
    residuals = s["outcome"] - fit.fittedvalues
    return float(1 - (w * residuals**2).sum() / (w * (s["outcome"] - mean) ** 2).sum())


def logistic(s):
    design = np.column_stack([s["level"], s["length"], dummies(s["mode"])])
    fit = sm.Logit(s["outcome"], design).fit(disp=0, method="newton", tol=1e-14, cov_type="cluster", cov_kwds={"groups": s["person"]})
    effect = fit.get_margeff(at="overall")
    # The group correction alone, without the one for the number of parameters, is what the influence core has.
    n, k = design.shape
    small = np.sqrt((n - 1) / (n - k))
    return {
        "coefficients": fit.params[:2].tolist(), "se": (fit.bse[:2] / small).tolist(),
        "average_effect": float(effect.margeff[0]), "average_effect_se": float(effect.margeff_se[0] / small),
    }


def case(seed):
    s = sample(seed)
    both = s["mode"] * 10 + s["month"]
    crossed = [dummies(s["mode"]), dummies(s["month"])[:, 1:]]
    return {
        **{name: column.tolist() for name, column in s.items()},
        "linear": {
            "plain": linear(s, []),
            "mode": linear(s, [dummies(s["mode"])]),
            "mode_by_month": linear(s, [dummies(both)]),
            "mode_and_month": linear(s, crossed),
            "mode_weighted": linear(s, [dummies(s["mode"])], s["weight"]),
        },
        "logit": logistic(s),
    }


print(json.dumps({
    "made": datetime.date.today().isoformat(),
    "versions": {name: version(name) for name in PACKAGES},
    "cases": [case(seed) for seed in (1, 2, 3)],
}, indent=1))
