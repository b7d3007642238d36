"""Coverage of judgy and truescore on the samples that `cargo bench --bench coverage -- --out FOLDER` wrote.

    python benches/coverage.py FOLDER [REPLICATES]

Where the interpreter lacks one of the packages, both are installed from the registry, in the versions below, into FOLDER/venv, and the script
goes on there. judgy draws 400 bootstrap replicates from a fixed seed.
"""

import csv
import importlib.util
import os
import subprocess
import sys
import venv
from importlib.metadata import version
from itertools import islice
from pathlib import Path

PINNED = {"judgy": "0.1.0", "truescore": "0.7.4"}
if not all(importlib.util.find_spec(name) for name in PINNED):
    home = Path(sys.argv[1]) / "venv"
    python = str(home / "bin" / "python")
    if not Path(python).exists():
        venv.create(home, with_pip=True)
        wanted = [f"{name}=={number}" for name, number in PINNED.items()]
        if subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted]).returncode:
            sys.exit(f"could not install {' and '.join(wanted)}: is a registry within reach?")
    os.execv(python, [python, __file__, *sys.argv[1:]])

import numpy as np
from judgy import estimate_success_rate
from truescore import ppi_estimate, rogan_gladen_estimate


def judgy(judged, gold, index, clusters):
    return estimate_success_rate(gold, judged[index], judged, bootstrap_iterations=400)[1:]


def truescore_ppi(judged, gold, index, clusters):
    found = ppi_estimate(judged, gold, index, clusters=clusters)
    return found.low, found.high


def truescore_rogan_gladen(judged, gold, index, clusters):
    found = rogan_gladen_estimate(judged, gold, index)
    return found.low, found.high


methods = {"judgy": judgy, "truescore ppi": truescore_ppi, "truescore rogan_gladen": truescore_rogan_gladen}
print(", ".join(f"{name} {version(name)}" for name in PINNED), "\n")
most = int(sys.argv[2]) if len(sys.argv) > 2 else 300
print("| gold | judged | share | Se | Sp | persons |", " | ".join(methods), "|")
print("|" + " --- |" * (6 + len(methods)))
for path in sorted(Path(sys.argv[1]).glob("cell-*.csv")):
    with path.open() as lines:
        cell = dict(part.split("=") for part in next(lines)[2:].split())
        size = int(cell["judged"])
        rows = list(islice(csv.DictReader(lines), most * size))
    truth = float(cell["prevalence"])
    np.random.seed(1)
    columns = []
    for method in methods.values():
        hits, widths, refused = 0, [], 0
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            judged = np.array([int(row["judged"]) for row in part])
            index = np.array([at for at, row in enumerate(part) if row["gold"]])
            gold = np.array([int(part[at]["gold"]) for at in index])
            clusters = np.array([int(row["cluster"]) for row in part]) if part[0]["cluster"] else None
            try:
                low, high = method(judged, gold, index, clusters)
            except (ValueError, RuntimeError):
                refused += 1
                continue
            hits += low <= truth <= high
            widths.append(high - low)
        said = f" ({refused} refused)" if refused else ""
        columns.append(f"{100 * hits / len(widths):.1f} % / {np.mean(widths):.3f}{said}" if widths else "refused")
    print("|", " | ".join(cell[name] for name in ["gold", "judged", "prevalence", "sensitivity", "specificity"]),
          "|", cell["persons"], "|", " | ".join(columns), "|", flush=True)
