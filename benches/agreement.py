"""Times the published packages on the tasks of benches/agreement.rs, in the same sitting, and prints both beside each other as Markdown.

    cargo bench --bench agreement -- --out target/agreement.csv
    python benches/agreement.py target/agreement.csv

CPU seconds over all threads, so that other programs on the machine count little: the median of several runs (one where a run takes seconds). Needs krippendorff, irrCAC, scikit-learn, scipy and pandas; crowd-kit, ppi-python and
judgy where their rows are wanted.
"""

import csv
import importlib
import os
import platform
import statistics
import sys
import time
import warnings
from importlib.metadata import version

# Packages that look for one named coverage must not find the script of that name beside this one.
sys.path.pop(0)

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from scipy import stats
from sklearn.metrics import cohen_kappa_score

warnings.filterwarnings("ignore")
generator = np.random.default_rng(1)
with open(sys.argv[1]) as file:
    ours = {row["key"]: row for row in csv.DictReader(file)}


def ratings(items, raters, categories, missing):
    truth = generator.integers(categories, size=(items, 1))
    codes = np.where(generator.random((items, raters)) < 0.7, truth, generator.integers(categories, size=(items, raters)))
    return np.where(generator.random((items, raters)) < missing, np.nan, codes + 1.0)


def shown(seconds):
    return f"{seconds:.4f}" if seconds < 1 else f"{seconds:.2f}"


def row(key, package, of, times=5, scale=1):
    """`scale` runs of `of` make up the task."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        of()
        seconds.append(time.process_time() - start)
    theirs, own = statistics.median(seconds) * scale, float(ours[key]["cpu"])
    met = "met" if own <= float(ours[key]["target"]) else "missed"
    name = f"{package} {version(package)}" + ("" if scale == 1 else f", a {scale}th measured")
    print(f"| {ours[key]['task']} | {name} | {shown(theirs)} | {float(ours[key]['target']):g} | **{own:.5f}** | {theirs / own:.0f} | {met} |", flush=True)


print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {time.strftime('%d %B %Y')}\n")
print("| task | package | package CPU s | target s | assize CPU s | ratio | target |\n| --- | --- | --- | --- | --- | --- | --- |")
pairs = ratings(100_000, 2, 5, 0).astype(int)
row("kappa_codes", "scikit-learn", lambda: cohen_kappa_score(pairs[:, 0], pairs[:, 1]))
words = np.array(["", "fix", "build", "plan", "ask", "other"])[pairs]
row("kappa_strings", "scikit-learn", lambda: cohen_kappa_score(words[:, 0], words[:, 1]))
three = ratings(100_000, 3, 5, 0.2)
for level in ["nominal", "ordinal"]:
    row(f"alpha_{level}", "krippendorff", lambda: krippendorff.alpha(three.T, level_of_measurement=level))
frame = pd.DataFrame(three)
row("ac1", "irrCAC", lambda: CAC(frame).gwet())
row("conger", "irrCAC", lambda: CAC(frame).conger())
small = ratings(500, 2, 3, 0).astype(int)


def loop(replicates):
    for _ in range(replicates):
        drawn = small[generator.integers(500, size=500)]
        cohen_kappa_score(drawn[:, 0], drawn[:, 1])


row("kappa_bootstrap", "scikit-learn", lambda: loop(500), 1, 20)
large = ratings(5_000_000, 2, 3, 0).astype(int)
row("kappa_bootstrap_5e6", "scikit-learn", lambda: cohen_kappa_score(*large[generator.integers(len(large), size=len(large))].T), 1, 10_000)
del large
statistic = lambda a, b: cohen_kappa_score(a, b)
bca = lambda: stats.bootstrap((small[:, 0], small[:, 1]), statistic, paired=True, vectorized=False, n_resamples=1000, method="BCa")
row("kappa_bca", "scipy", bca, 1)
ordinal = ratings(500, 3, 5, 0)


def alphas(replicates):
    for _ in range(replicates):
        krippendorff.alpha(ordinal[generator.integers(500, size=500)].T, level_of_measurement="ordinal")


row("alpha_bootstrap", "krippendorff", lambda: alphas(200), 1, 50)


def optional(module, task):
    """Runs `task` where `module` can be imported: not every interpreter has all packages."""
    try:
        task(importlib.import_module(module))
    except ImportError as error:
        print(f"{module} skipped: {error}", file=sys.stderr)


def dawid_skene(crowdkit):
    truth = generator.integers(4, size=10_000)
    rows = [(i, r, t if generator.random() < 0.75 else generator.integers(4)) for i, t in enumerate(truth) for r in generator.choice(12, 4, replace=False)]
    frame = pd.DataFrame(rows, columns=["task", "worker", "label"])
    row("dawid_skene", "crowd-kit", lambda: crowdkit.DawidSkene(n_iter=50, tol=-1).fit(frame), 3)


def ppi(ppi_py):
    truth = (generator.random(100_300) < 0.3).astype(float)
    said = np.where(generator.random(100_300) < 0.9, truth, 1 - truth)
    row("ppi", "ppi-python", lambda: ppi_py.ppi_mean_ci(truth[:300], said[:300], said[300:]))


def judgy(judgy):
    truth = (generator.random(1300) < 0.3).astype(int)
    said = np.where(generator.random(1300) < 0.9, truth, 1 - truth)
    row("judgy", "judgy", lambda: judgy.estimate_success_rate(truth[:300], said[:300], said[300:], bootstrap_iterations=20_000), 3)


optional("crowdkit.aggregation", dawid_skene)
optional("ppi_py", ppi)
optional("judgy", judgy)
print(f"\nload at the end {os.getloadavg()[0]:.1f}")
