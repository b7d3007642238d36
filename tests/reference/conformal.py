"""Writes conformal.json: thresholds and label sets of MAPIE's split conformal classifier.

    python3 -m venv /tmp/reference
    /tmp/reference/bin/pip install MAPIE==1.6.0 scikit-learn==1.9.1 numpy==1.26.4
    /tmp/reference/bin/python tests/reference/conformal.py > tests/reference/conformal.json

Probabilities are our own, drawn from a fixed seed; the "classifier" only hands them over. MAPIE takes numpy's "higher" quantile at
(n + 1)(1 - alpha) / n, which is the order statistic of rank ceil((n + 1)(1 - alpha)) or the one above it: sizes and levels here are of the
first kind, which the script checks. APS is MAPIE's with draws of 0 and without the label that goes past the threshold.
"""

import datetime
import json
import math
from importlib.metadata import version

import numpy as np
from mapie.classification import SplitConformalClassifier
from mapie.conformity_scores import APSConformityScore, LACConformityScore
from sklearn.base import BaseEstimator, ClassifierMixin

PACKAGES = ["MAPIE", "scikit-learn", "numpy"]
LABELS = 4


class Still(np.random.RandomState):
    """Draws nothing: MAPIE takes a random part of the true label's probability off its APS scores, also where sets are not randomised."""

    def uniform(self, low=0.0, high=1.0, size=None):
        return np.zeros(size)


class HandsOver(ClassifierMixin, BaseEstimator):
    """Features are the probabilities."""

    def __init__(self):
        self.classes_ = np.arange(LABELS)

    def fit(self, x, y):
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return x.argmax(axis=1)

    def __sklearn_is_fitted__(self):
        return True


def case(seed, n, alpha):
    rank = math.ceil((n + 1) * (1 - alpha) - 1e-9)
    assert math.ceil((n - 1) * (n + 1) * (1 - alpha) / n - 1e-9) + 1 == rank, "MAPIE takes one rank more"
    generator = np.random.default_rng(seed)
    p = generator.dirichlet(np.full(LABELS, 0.6), n + 30)
    y = np.array([generator.choice(LABELS, p=row) for row in p])
    out = {"p": p.tolist(), "labels": y[:n].tolist(), "alpha": alpha}
    for name, score in [("lac", LACConformityScore()), ("aps", APSConformityScore())]:
        model = SplitConformalClassifier(HandsOver(), confidence_level=1 - alpha, conformity_score=score, prefit=True, random_state=Still())
        model.conformalize(p[:n], y[:n])
        options = {} if name == "lac" else {"conformity_score_params": {"include_last_label": False}}
        _, sets = model.predict_set(p[n:], **options)
        out[name] = {
            "threshold": float(np.ravel(model._mapie_classifier.conformity_score_function_.quantiles_)[0]),
            "sets": [np.flatnonzero(row).tolist() for row in sets[:, :, 0]],
        }
    return out


print(
    json.dumps(
        {
            "packages": {name: version(name) for name in PACKAGES},
            "date": datetime.date.today().isoformat(),
            "cases": [case(1, 100, 0.1), case(2, 60, 0.2), case(3, 150, 0.05)],
        }
    )
)
