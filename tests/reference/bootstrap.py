"""Writes bootstrap.json: percentile, basic and BCa intervals of scipy from replicates on fixed resampling indices.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6
    /tmp/reference/bin/python tests/reference/bootstrap.py > tests/reference/bootstrap.json

Ratings are synthetic, drawn here from a fixed seed. The replicates themselves are written, so that only the intervals are compared; the
acceleration is scipy's, from leaving one item out.
"""

import datetime
import json
import warnings
from importlib.metadata import version

import numpy as np
from scipy import stats
from sklearn.metrics import cohen_kappa_score

warnings.filterwarnings("ignore")


def acceleration(statistic, first, second):
    left_out = np.array([statistic(np.delete(first, i), np.delete(second, i)) for i in range(len(first))])
    pull = left_out.mean() - left_out
    return float((pull**3).sum() / (6 * (pull**2).sum() ** 1.5))


def case(name, statistic, first, second, seed):
    found = {"name": name, "value": float(statistic(first, second)), "acceleration": acceleration(statistic, first, second)}
    for confidence in [0.9, 0.95]:
        for kind in ["percentile", "basic", "BCa"]:
            result = stats.bootstrap(
                (first, second), statistic, paired=True, vectorized=False, n_resamples=400, method=kind,
                confidence_level=confidence, rng=np.random.default_rng(seed),
            )
            found["replicates"] = result.bootstrap_distribution.tolist()
            ends = result.confidence_interval
            found.setdefault("intervals", []).append(
                {"kind": kind, "confidence": confidence, "low": float(ends.low), "high": float(ends.high)}
            )
    return found


generator = np.random.default_rng(11)
truth = generator.integers(0, 3, 70)
first, second = (np.where(generator.random(70) < share, truth, generator.integers(0, 3, 70)) for share in (0.8, 0.7))
agreement = lambda a, b: float(np.mean(a == b))
kappa = lambda a, b: float(cohen_kappa_score(a, b, labels=[0, 1, 2]))
print(json.dumps({
    "made": {"by": "tests/reference/bootstrap.py", "date": datetime.date.today().isoformat(),
             **{name: version(name) for name in ["scipy", "scikit-learn", "numpy"]}},
    "first": first.tolist(), "second": second.tolist(),
    "cases": [case("percent_agreement", agreement, first, second, 1), case("cohen_kappa", kappa, first, second, 2)],
}))
