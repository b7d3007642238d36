#!/usr/bin/env python3
"""The whole way at growing sizes: simulated sessions ingested, sampled, judged, compared, estimated and reported.

    just bench-scale [SESSIONS ...]           every stage, all rubrics; 4,000 and 40,000 where no number is given
    just bench-report [SESSIONS ...]          `assize report` alone, eight rubrics; 5,000 where no number is given

Runs the release binary stage by stage and prints, by wait4 of each process, CPU seconds (user + system), wall seconds, peak
memory and the bytes that the stage left on disk; then, beside the smallest size, how CPU and memory grew per session. The clock of a
shared machine means little: read CPU seconds. Everything is synthetic. Python's standard library only.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = "20260617"
# Labelled sessions of every size: people do not label more because more sessions are there.
GOLD = 1_000
CLASSIFY = [
    "work_mode", "expertise", "outcome", "success_signal", "failure_signal", "occupation_user", "occupation_work", "codebase_context",
]  # fmt: skip
# Bytes a session may take on disk over all stages, with room to spare.
DISK = 60_000


class Measured:
    """One process run to its end."""

    def __init__(self, stage, command, folder):
        self.stage = stage
        before, started = used(folder), time.monotonic()
        with open(folder / "out.txt", "wb") as out, open(folder / "err.txt", "wb") as err:
            child = subprocess.Popen(command, cwd=folder, stdout=out, stderr=err, env={**os.environ, "NO_COLOR": "1"})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - started
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss / 1024
        self.bytes = max(0, used(folder) - before)
        if child.returncode not in (0, 2):
            sys.exit(f"{' '.join(map(str, command))}: exit {child.returncode}\n{(folder / 'err.txt').read_text()[-2000:]}")


def used(folder):
    """Bytes of all files, as `du` counts them."""
    total = 0
    for entry in os.scandir(folder):
        total += used(entry.path) if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def experiment(folder, rubrics):
    own = {
        "name": "scale", "corpus": "datasets/made", "rubrics": rubrics, "judges": [{"model": "baseline/rules"}],
        "data_label": "synthetic",
    }  # fmt: skip
    if "task_value" in rubrics:
        postings = str(ROOT / "datasets/synthetic-postings/postings.csv")
        own["calibration"] = {"file": postings, "per_tier": 50, "holdout_per_tier": 250, "seed": 1}
    (folder / "scale.yaml").write_text(json.dumps(own))


def whole_way(binary, folder, sessions):
    """Every stage on `sessions` sessions, in turn; each is measured as it ends."""
    experiment(folder, [*CLASSIFY, "decisions", "task_posting", "task_value"])
    gold = ["--gold", "made/gold.csv"]
    simulate = ["--sessions", str(sessions), "--seed", SEED, "--detail", "short", "--out", "made"]
    simulate += ["--gold", str(min(GOLD, sessions // 2))]
    stages = {
        "simulate": ["simulate", *simulate],
        "ingest": ["ingest", "made/projects", "--into", "datasets/made", "--quiet"],
        "sample": ["sample", "datasets/made", "-n", str(sessions), "--seed", "1", "--strata", "month", "--format", "csv"],
        "run": ["run", "scale.yaml", "--quiet"],
        "agree": ["agree", "scale", *gold],
        "estimate": ["estimate", "scale", *gold],
        "estimate --derived": ["estimate", "scale", *gold, "--derived"],
        "report": ["report", "scale", *gold],
    }
    for stage, command in stages.items():
        yield Measured(stage, [binary, *command], folder)
        if stage == "ingest":
            # They are in the corpus now, and the largest of all.
            shutil.rmtree(folder / "made/projects")


def report_alone(binary, folder, sessions):
    """`assize report` from a ledger of `sessions` x 8 verdicts; what it takes to make that is not measured."""
    experiment(folder, CLASSIFY)
    simulate = ["--sessions", str(sessions), "--seed", SEED, "--detail", "short", "--gold", str(min(GOLD, sessions // 2))]
    Measured("simulate", [binary, "simulate", *simulate, "--out", "made"], folder)
    Measured("ingest", [binary, "ingest", "made/projects", "--into", "datasets/made", "--quiet"], folder)
    shutil.rmtree(folder / "made")
    Measured("run", [binary, "run", "scale.yaml", "--quiet"], folder)
    yield Measured("report", [binary, "report", "scale"], folder)


def size(count):
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sessions", nargs="*", type=int, help="numbers of sessions")
    parser.add_argument("--report", action="store_true", help="measure `assize report` alone")
    parser.add_argument("--assize", type=pathlib.Path, default=ROOT / "target/release/assize")
    parser.add_argument("--work", type=pathlib.Path, help="folder to work in; a temporary one where not given")
    parser.add_argument("--keep", action="store_true", help="leave the last size's folder for a look")
    options = parser.parse_args()
    sizes = sorted(options.sessions or ([5_000] if options.report else [4_000, 40_000]))
    binary = options.assize.resolve()
    base = pathlib.Path(options.work or tempfile.gettempdir())
    base.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(base).free) < sizes[-1] * DISK:
        sys.exit(f"{sizes[-1]} sessions take up to {size(sizes[-1] * DISK)}, and {base} has {size(free)} left: name another --work")
    print("| sessions | stage | CPU s | wall s | peak MB | on disk | CPU ms a session | x CPU | x memory |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    first = {}
    for sessions in sizes:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"scale-{sessions}-", dir=base))
        total = [0.0, 0.0, 0.0, 0]
        stages = report_alone if options.report else whole_way
        try:
            for one in stages(binary, folder, sessions):
                line(first, sessions, one.stage, one.cpu, one.wall, one.rss, one.bytes)
                total = [total[0] + one.cpu, total[1] + one.wall, max(total[2], one.rss), total[3] + one.bytes]
            if not options.report:
                line(first, sessions, "all", *total)
        finally:
            if options.keep and sessions == sizes[-1]:
                print(f"left: {folder}", file=sys.stderr)
            else:
                shutil.rmtree(folder)
    return 0


def line(first, sessions, stage, cpu, wall, rss, disk):
    """One row: growth is CPU per session and memory in all, beside the smallest size."""
    own = (cpu / sessions, rss)
    beside = first.setdefault(stage, own)
    grown = ["-", "-"] if beside is own else [f"{own[0] / max(beside[0], 1e-9):.2f}", f"{own[1] / beside[1]:.1f}"]
    cells = [f"{sessions:,}", stage, f"{cpu:.1f}", f"{wall:.1f}", f"{rss:.0f}", size(disk), f"{1000 * own[0]:.3f}", *grown]
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
