"""Times the published packages on the tasks of benches/agreement.rs (best of three). Needs what tests/reference/agreement.py needs, and scipy."""

import importlib
import time
import warnings

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from scipy import stats
from sklearn.metrics import cohen_kappa_score

warnings.filterwarnings("ignore")
generator = np.random.default_rng(1)


def ratings(items, raters, categories, missing):
    truth = generator.integers(categories, size=(items, 1))
    codes = np.where(generator.random((items, raters)) < 0.7, truth, generator.integers(categories, size=(items, raters)))
    return np.where(generator.random((items, raters)) < missing, np.nan, codes + 1.0)


def row(task, of, times=3, scale=1):
    best = np.inf
    for _ in range(times):
        start = time.perf_counter()
        of()
        best = min(best, time.perf_counter() - start)
    print(f"{task:<58} {best * scale:>10.5f}")


print(f"{'task':<58} {'python s':>10}")
pairs = ratings(100_000, 2, 5, 0).astype(int)
row("kappa, 1e5 x 2, codes (scikit-learn)", lambda: cohen_kappa_score(pairs[:, 0], pairs[:, 1]))
words = np.array(["", "fix", "build", "plan", "ask", "other"])[pairs]
row("kappa, 1e5 x 2, strings (scikit-learn)", lambda: cohen_kappa_score(words[:, 0], words[:, 1]))
three = ratings(100_000, 3, 5, 0.2)
for level in ["nominal", "ordinal"]:
    row(f"alpha {level}, 1e5 x 3, 20 % missing (krippendorff)", lambda: krippendorff.alpha(three.T, level_of_measurement=level))
frame = pd.DataFrame(three)
row("AC1 + SE, same (irrCAC)", lambda: CAC(frame).gwet())
row("Conger + SE, same (irrCAC)", lambda: CAC(frame).conger())
small = ratings(500, 2, 3, 0).astype(int)


def loop(replicates):
    for _ in range(replicates):
        drawn = small[generator.integers(500, size=500)]
        cohen_kappa_score(drawn[:, 0], drawn[:, 1])


row("kappa bootstrap B=10,000, n=500 (loop of 500, times 20)", lambda: loop(500), 1, 20)
statistic = lambda a, b: cohen_kappa_score(a, b)
bca = lambda: stats.bootstrap((small[:, 0], small[:, 1]), statistic, paired=True, vectorized=False, n_resamples=1000, method="BCa")
row("kappa BCa B=1,000, n=500 (scipy)", bca, 1)
ordinal = ratings(500, 3, 5, 0)


def alphas(replicates):
    for _ in range(replicates):
        krippendorff.alpha(ordinal[generator.integers(500, size=500)].T, level_of_measurement="ordinal")


row("alpha ordinal bootstrap B=10,000, n=500 x 3 (200, times 50)", lambda: alphas(200), 1, 50)


def optional(module, task):
    """Runs `task` where `module` can be imported: not every interpreter has all packages."""
    try:
        task(importlib.import_module(module))
    except ImportError as error:
        print(f"{module} skipped: {error}")


def dawid_skene(crowdkit):
    truth = generator.integers(4, size=10_000)
    rows = [(i, r, t if generator.random() < 0.75 else generator.integers(4)) for i, t in enumerate(truth) for r in generator.choice(12, 4, replace=False)]
    frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
    row("Dawid-Skene, 1e4 items, 4e4 ratings, 4 classes, 50 rounds", lambda: crowdkit.DawidSkene(n_iter=50, tol=-1).fit(frame), 2)


def ppi(ppi_py):
    truth = (generator.random(100_300) < 0.3).astype(float)
    said = np.where(generator.random(100_300) < 0.9, truth, 1 - truth)
    row("PPI++ mean and interval, n=300, N=1e5 (ppi_py)", lambda: ppi_py.ppi_mean_ci(truth[:300], said[:300], said[300:]))


def judgy(judgy):
    truth = (generator.random(1300) < 0.3).astype(int)
    said = np.where(generator.random(1300) < 0.9, truth, 1 - truth)
    row("judgy B=20,000, n=300, N=1,000", lambda: judgy.estimate_success_rate(truth[:300], said[:300], said[300:], bootstrap_iterations=20_000), 1)


optional("crowdkit.aggregation", dawid_skene)
optional("ppi_py", ppi)
optional("judgy", judgy)
