#!/usr/bin/env python3
"""The run engine beside the least that a correct client does, on one machine in one sitting.

    just bench-engine [scenario ...]

Builds and starts `mockllm` of ASSIZE_SHARED/bench, runs its `floor` and then `assize run` against it in each scenario,
and prints the columns of performance.md: CPU seconds of the client (user + system, by wait4), its peak memory, the share
of the limit that was used, refusals, requests a task, and what a kill cost. The clock of a shared machine means little:
read the ratios. Python's standard library only.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
SHARED = pathlib.Path(os.environ.get("ASSIZE_SHARED", ROOT.parent / "shared"))
PORT = 8399
BASE = f"http://127.0.0.1:{PORT}"

# Scenario: behaviour of the server, limit told to the client (requests a minute), calls at once, tasks.
SCENARIOS = {
    "zero": ({}, None, 64, 10_000),
    "lat50": ({"latency": "50"}, None, 256, 10_000),
    "rpm": ({"rpm": 12_000, "latency": "50"}, 12_000, 256, 5_000),
    "rpm_slow": ({"rpm": 3_000, "latency": "50"}, 3_000, 256, 2_000),
    "rpm_blind": ({"rpm": 3_000, "latency": "50"}, None, 256, 2_000),
    "faults": ({"faults": "all=2", "stall_ms": 3_000}, None, 256, 10_000),
    "kill": ({"latency": "50"}, None, 64, 10_000),
}


def build(folder, target):
    subprocess.run(
        ["cargo", "build", "--release", "--quiet"], cwd=folder, check=True, env={**os.environ, "CARGO_TARGET_DIR": str(target)}
    )


def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


class Measured:
    """One client run to its end: CPU seconds, wall seconds, peak memory in MB."""

    def __init__(self, command, folder, kill_when=None):
        env = {**os.environ, "ANTHROPIC_BASE_URL": BASE, "ANTHROPIC_API_KEY": "bench", "NO_COLOR": "1"}
        started = time.monotonic()
        with open(folder / "stderr.txt", "wb") as errors:
            child = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=errors)
        while kill_when and child.poll() is None:
            if kill_when():
                child.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss / 1024
        self.wall = time.monotonic() - started
        self.code = child.returncode


class Floor:
    name = "floor"

    def __init__(self, work, binary, tasks, schema):
        self.binary, self.tasks, self.schema = binary, tasks, schema
        self.folder = work / "floor"
        self.folder.mkdir()

    def fresh(self, *_):
        (self.folder / "out.jsonl").unlink(missing_ok=True)

    def run(self, n, concurrency, rpm, kill_when=None):
        command = [self.binary, "--base", BASE, "--tasks", self.tasks, "--schema", self.schema, "--out", "out.jsonl"]
        command += ["--n", str(n), "--concurrency", str(concurrency), "--rpm", str(rpm or 0)]
        return Measured(command, self.folder, kill_when)

    def labels(self):
        lines = [json.loads(line) for line in (self.folder / "out.jsonl").open() if line.endswith("\n")]
        return sum("verdict" in line for line in lines)


class Assize:
    name = "assize"

    def __init__(self, work, binary, tasks, most):
        self.binary, self.folder = binary, work / "assize"
        (self.folder / "rubrics").mkdir(parents=True)
        shutil.copy(HERE / "engine" / "verdict.yaml", self.folder / "rubrics")
        with open(self.folder / "sessions.jsonl", "w") as out, open(tasks) as lines:
            for line, _ in zip(lines, range(most)):
                task = json.loads(line)
                turn = {"number": 1, "kind": "typed", "prompt": task["user"], "at": None, "steps": []}
                session = {
                    "id": task["id"], "file": "tasks", "format": "assize-jsonl", "person": None, "project": None,
                    "entrypoint": None, "scope": "interactive", "scope_rule": "benchmark", "started_at": None,
                    "ended_at": None, "agent_versions": [], "models": [], "slug": None, "preamble": [], "turns": [turn],
                    "tokens": {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0}, "subagent_actions": 0,
                    "losses": {"bad_lines": [], "unfinished_files": 0, "repaired_lines": 0, "unknown_records": {},
                               "excluded_prompts": {}, "duplicate_records": 0, "abandoned_records": 0},
                }  # fmt: skip
                out.write(json.dumps({"format": "assize-session", "version": 1, "session": session}) + "\n")
        self.call("ingest", "sessions.jsonl", "--into", "datasets/tasks", "--quiet")

    def call(self, *arguments):
        subprocess.run([self.binary, *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def fresh(self, concurrency, rpm):
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        limits = {"concurrency": concurrency, "timeout_seconds": 10}
        if rpm:
            limits["requests_per_minute"] = rpm
        experiment = {
            "name": "bench", "corpus": "datasets/tasks", "rubrics": ["verdict"], "limits": limits,
            "judges": [{"model": "anthropic/mock-1", "params": {"max_output_tokens": 1024}}],
        }  # fmt: skip
        (self.folder / "bench.yaml").write_text(json.dumps(experiment))

    def run(self, n, _concurrency, _rpm, kill_when=None):
        return Measured([self.binary, "run", "bench.yaml", "--limit", str(n), "--quiet"], self.folder, kill_when)

    def labels(self):
        records = list((self.folder / "results").glob("bench-*/run.json"))
        return sum(totals["labels"] for _, totals in json.loads(records[0].read_text())["totals"])


def steady_share(stats, rpm):
    """Requests accepted a second between the first and the last second, as a share of the limit."""
    seconds = stats["accepted_per_second"][1:-1]
    return sum(seconds) / len(seconds) / (rpm / 60) if seconds and rpm else None


def once(client, name, n=None):
    behaviour, told, concurrency, tasks = SCENARIOS[name]
    n = n or tasks
    client.fresh(concurrency, told)
    ask("/reset", behaviour_of(behaviour))
    if name == "kill":
        client.run(n, concurrency, told, lambda: ask("/stats")["valid"] >= n // 2)
        before = ask("/stats")
        run = client.run(n, concurrency, told)
        stats = ask("/stats")
        stats["paid_at_kill"], stats["sent_again"] = before["paid"], stats["accepted"] - n
    else:
        run = client.run(n, concurrency, told)
        stats = ask("/stats")
    labels = client.labels()
    share = steady_share(stats, behaviour.get("rpm"))
    return {
        "client": client.name, "tasks": n, "exit": run.code, "cpu_1000": 1000 * run.cpu / n, "wall": run.wall, "rss": run.rss,
        "share": share, "limited_100": 100 * stats["rate_limited"] / n, "valid": 100 * labels / n,
        "requests_task": stats["accepted"] / n, "paid_again": stats["paid_after_valid"], "sent_again": stats.get("sent_again"),
    }  # fmt: skip


def behaviour_of(changes):
    rest = {"latency": "0", "rpm": 0, "faults": "", "stall_ms": 30_000}
    return {**rest, **changes}


def cell(value, form):
    return "-" if value is None else format(value, form)


def start_cpu(binary, folder):
    runs = [Measured([binary, "--help"], folder).cpu for _ in range(7)]
    return statistics.median(runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="*", help=f"of {', '.join(SCENARIOS)}; all where none is named")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each client in `zero`; medians are printed")
    parser.add_argument("--n", type=int, help="tasks, instead of each scenario's own number")
    parser.add_argument("--assize", type=pathlib.Path, default=ROOT / "target/release/assize")
    parser.add_argument("--built", action="store_true", help="take mockllm and floor as they were built before")
    options = parser.parse_args()
    bench = SHARED / "bench"
    if not bench.is_dir():
        print(f"skipped: there is no {bench} (ASSIZE_SHARED)")
        return 0
    if unknown := [name for name in options.scenarios if name not in SCENARIOS]:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    names = options.scenarios or list(SCENARIOS)
    target = ROOT / "target/bench-engine"
    for part in [] if options.built else ["mockllm", "floor"]:
        build(bench / part, target)
    most = options.n or max(SCENARIOS[name][3] for name in names)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        tasks, schema = work / "tasks.jsonl", work / "schema.json"
        workload = [target / "release/mockllm-workload", "--n", str(most), "--out", tasks, "--schema", schema]
        subprocess.run([*workload, "--wrk", work / "w.txt", "--wrk-chat", work / "c.txt"], check=True)
        server = subprocess.Popen(
            [target / "release/mockllm", "--listen", f"127.0.0.1:{PORT}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(server)
            measure(names, options, work, target, tasks, schema, most)
        finally:
            server.kill()
            server.wait()
    return 0


def wait_for(server):
    for _ in range(200):
        if server.poll() is not None:
            sys.exit(f"mockllm ended at once: is port {PORT} taken?")
        try:
            ask("/stats")
            return
        except OSError:
            time.sleep(0.02)
    sys.exit("mockllm does not answer")


def measure(names, options, work, target, tasks, schema, most):
    clients = [Floor(work, target / "release/floor", tasks, schema), Assize(work, options.assize, tasks, most)]
    print(f"CPU to start: {start_cpu(options.assize, work):.3f} s (goal 0.030)\n")
    head = ["scenario", "client", "tasks", "CPU s/1000", "x floor", "wall s", "RSS MB", "share", "429s/100", "valid %", "requests/task"]
    print("| " + " | ".join([*head, "paid again", "sent again"]) + " |")
    print("|" + " --- |" * (len(head) + 2))
    for name in names:
        floor = None
        for client in clients:
            repeats = options.repeats if name == "zero" else 1
            rows = [once(client, name, options.n) for _ in range(repeats)]
            row = {**rows[-1], "cpu_1000": statistics.median(row["cpu_1000"] for row in rows)}
            floor = floor or row["cpu_1000"]
            cells = [
                name, row["client"], str(row["tasks"]), cell(row["cpu_1000"], ".3f"), cell(row["cpu_1000"] / floor, ".1f"),
                cell(row["wall"], ".1f"), cell(row["rss"], ".0f"), cell(row["share"], ".3f"), cell(row["limited_100"], ".2f"),
                cell(row["valid"], ".2f"), cell(row["requests_task"], ".4f"), str(row["paid_again"]), cell(row["sent_again"], "d"),
            ]  # fmt: skip
            note = "" if row["exit"] == 0 else f" exit {row['exit']}"
            print("| " + " | ".join(cells) + " |" + note, flush=True)


if __name__ == "__main__":
    sys.exit(main())
