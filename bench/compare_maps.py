#!/usr/bin/env python3
"""t-SNE maps beside other implementations on the same CPU: time, and quality by one judge.

    python bench/compare_maps.py --hourglass build/hourglass --data codes.npy --labels labels.npy
    python bench/compare_maps.py ... --fitsne ~/FIt-SNE     its folder, with bin/fast_tsne built
    python bench/compare_maps.py --growth --data codes.npy  ours on more and more rows
    python bench/compare_maps.py --large --mnist data/mnist ours on 60,000 x 784
    python bench/compare_maps.py --million                  ours on 1,000,000 x 50 in clusters

Beside hourglass run scikit-learn, openTSNE and FIt-SNE, whichever are there: ours, theirs, ours,
theirs, ... All get the same array, perplexity, iterations, threads, a PCA initialisation and early
exaggeration 12 for 250 iterations, with the learning rate each takes by itself; these agree but for
openTSNE's, which is larger after the early iterations. All else is each one's default: FIt-SNE and
openTSNE look for approximate neighbours (Annoy), scikit-learn and hourglass for exact ones.

Each run is a process of its own. Seconds are from an array in memory to a map in memory: neither
imports nor reading files count, but for FIt-SNE, whose program takes its data by file (under 1 %).
CPU seconds, process seconds and peak memory are the whole process's. Maps are judged by
scripts/map_quality.py; where runs differ, the median is shown.

Where other programs run at the same time, OMP_WAIT_POLICY=passive keeps OpenMP's threads from
spinning while they wait for one another; it reaches every implementation alike.
Needs numpy; scikit-learn and openTSNE from: pip install scikit-learn openTSNE
"""

import argparse
import datetime
import importlib.util
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from common import cpu_name, read_images, usable_cpus


def fail(message: str) -> NoReturn:
    sys.exit(f"compare_maps: error: {message}")


sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
try:
    import numpy as np
    from map_quality import Floats, Judge, load
except ImportError as missing:
    fail(f"no module {missing.name!r}; this needs numpy and scripts/map_quality.py")

EARLY_ITERATIONS = 250
EARLY_EXAGGERATION = 12
STEADY = 1.3  # slowest run over fastest
STAGES = ["neighbors", "affinities", "initialization", "optimization", "divergence"]
GROWTH_BOUND = 1.1


class Limits(NamedTuple):
    seconds: float
    bytes: float


MNIST_LIMITS = Limits(9, 0.8e9)
MILLION_LIMITS = Limits(300, 4e9)


class Task(NamedTuple):
    """What one run is asked for."""

    data: Path
    perplexity: float
    iterations: int
    threads: int


class Run(NamedTuple):
    seconds: float
    process_seconds: float
    cpu_seconds: float
    peak_bytes: int
    map: Floats
    facts: Dict[str, Any]  # what the implementation says itself


# --- Theirs: each in a worker, a process of its own --------------------------------------------


def map_with_sklearn(x: Floats, task: Task, _: Optional[Path]) -> Floats:
    from sklearn.manifold import TSNE

    names = TSNE.__init__.__code__.co_varnames
    steps = {"max_iter" if "max_iter" in names else "n_iter": task.iterations}
    tsne = TSNE(
        perplexity=task.perplexity,
        init="pca",
        learning_rate="auto",
        early_exaggeration=EARLY_EXAGGERATION,
        n_jobs=task.threads,
        random_state=0,
        **steps,
    )
    return np.asarray(tsne.fit_transform(x))


def map_with_opentsne(x: Floats, task: Task, _: Optional[Path]) -> Floats:
    from openTSNE import TSNE

    early = min(EARLY_ITERATIONS, task.iterations)
    tsne = TSNE(
        perplexity=task.perplexity,
        initialization="pca",
        early_exaggeration=EARLY_EXAGGERATION,
        early_exaggeration_iter=early,
        n_iter=task.iterations - early,
        negative_gradient_method="fft",
        n_jobs=task.threads,
        random_state=0,
    )
    return np.asarray(tsne.fit(x))


def map_with_fitsne(x: Floats, task: Task, folder: Optional[Path]) -> Floats:
    sys.path.insert(0, str(folder))
    from fast_tsne import fast_tsne

    points = fast_tsne(
        x,
        perplexity=task.perplexity,
        search_k=int(3 * task.perplexity * 50),  # its default, which it takes for a whole number
        max_iter=task.iterations,
        stop_early_exag_iter=EARLY_ITERATIONS,
        early_exag_coeff=EARLY_EXAGGERATION,
        initialization="pca",
        seed=1,
        nthreads=task.threads,
    )
    return np.asarray(points)


Mapper = Callable[[Floats, Task, Optional[Path]], Floats]
PEERS: Dict[str, Tuple[str, Mapper]] = {  # name: (package, how)
    "FIt-SNE": ("", map_with_fitsne),
    "openTSNE": ("openTSNE", map_with_opentsne),
    "scikit-learn": ("scikit-learn", map_with_sklearn),
}
MODULES = {"openTSNE": "openTSNE", "scikit-learn": "sklearn"}


def work(name: str, task: Task, fitsne: Optional[Path], out: Path) -> None:
    """The worker: one map, into out, and its seconds beside it."""
    x = np.load(task.data)
    if name == "FIt-SNE":
        import sklearn.decomposition  # noqa: F401  its wrapper's import is not its time
    elif name == "openTSNE":
        import openTSNE  # noqa: F401
    else:
        import sklearn.manifold  # noqa: F401
    os.chdir(out.parent)  # FIt-SNE leaves its files where it runs
    start = time.perf_counter()
    points = PEERS[name][1](x, task, fitsne)
    seconds = time.perf_counter() - start
    np.save(out, np.asarray(points, np.float32))
    out.with_suffix(".json").write_text(json.dumps({"seconds": seconds}))


def found_peers(options: argparse.Namespace) -> Dict[str, str]:
    """Those that can run here, with their versions."""
    found = {}
    for name, (package, _) in PEERS.items():
        if package and importlib.util.find_spec(MODULES[name]):
            found[name] = metadata.version(package)
        elif not package and options.fitsne:
            found[name] = str(options.fitsne)
    if options.only is not None:
        absent = [name for name in options.only if name not in found]
        if absent:
            fail(f"--only {absent[0]}: not found here; there are: {', '.join(found) or 'none'}")
        found = {name: found[name] for name in options.only}
    return found


# --- One run ----------------------------------------------------------------------------------


def measure(command: List[str], threads: int) -> Tuple[float, float, int]:
    """Runs it to its end: seconds, CPU seconds and peak memory, with its children's."""
    environment = dict(os.environ)
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        environment[f"{library}_NUM_THREADS"] = str(threads)
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=errors, env=environment
            )
        except OSError as error:
            fail(f"{command[0]} cannot be run: {error.strerror}")
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()[-1:]
            fail(f"{' '.join(command)}: status {process.returncode}: {' '.join(said)}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def read_result(out: Path, name: str) -> Tuple[Floats, Dict[str, Any]]:
    try:
        return np.load(out), json.loads(out.with_suffix(".json").read_text())
    except (OSError, ValueError) as error:
        fail(f"{name} left no usable map: {error}")


def run_ours(options: argparse.Namespace, accuracy: str, task: Task) -> Run:
    with tempfile.TemporaryDirectory(prefix="compare_maps.") as folder:
        out = Path(folder) / "map.npy"
        command = [str(options.hourglass), "tsne", str(task.data), "--out", str(out)]
        command += ["--perplexity", f"{task.perplexity:g}", "--iterations", str(task.iterations)]
        command += ["--accuracy", accuracy, "--threads", str(task.threads)]
        command += ["--quiet"] if not options.device else ["--quiet", "--device", options.device]
        costs = measure(command, task.threads)
        points, facts = read_result(out, "hourglass")
    try:
        seconds = sum(float(facts["seconds"][stage]) for stage in STAGES)
    except (KeyError, TypeError, ValueError) as error:
        fail(f"the .json beside hourglass's map has no usable seconds: {error!r}")
    return Run(seconds, *costs, points, facts)


def run_peer(options: argparse.Namespace, name: str, task: Task) -> Run:
    with tempfile.TemporaryDirectory(prefix="compare_maps.") as folder:
        out = Path(folder) / "map.npy"
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", name, str(out)]
        command += ["--data", str(task.data), "--perplexity", f"{task.perplexity:g}"]
        command += ["--iterations", str(task.iterations), "--threads", str(task.threads)]
        command += ["--fitsne", str(options.fitsne)] if options.fitsne else []
        costs = measure(command, task.threads)
        points, facts = read_result(out, name)
    return Run(float(facts["seconds"]), *costs, points, facts)


# --- Comparing --------------------------------------------------------------------------------


def judge_runs(judge: Judge, runs: Sequence[Run]) -> Dict[str, Any]:
    """The median of each measure; maps with the same bytes are judged once."""
    verdicts: Dict[bytes, Dict[str, float]] = {}
    each = []
    for run in runs:
        key = run.map.tobytes()
        if key not in verdicts:
            verdicts[key] = judge.judge(run.map)
        each.append(verdicts[key])
    median = {name: statistics.median(verdict[name] for verdict in each) for name in each[0]}
    return {**median, "same_bytes": len(verdicts) == 1}


def summarize(runs: Sequence[Run]) -> Dict[str, Any]:
    seconds = [run.seconds for run in runs]
    row: Dict[str, Any] = {
        "runs": len(runs),
        "seconds": seconds,
        "median_seconds": statistics.median(seconds),
        "min_seconds": min(seconds),
        "max_seconds": max(seconds),
        "median_process_seconds": statistics.median(run.process_seconds for run in runs),
        "median_cpu_seconds": statistics.median(run.cpu_seconds for run in runs),
        "peak_bytes": max(run.peak_bytes for run in runs),
    }
    if "kl_divergence" in runs[-1].facts:
        row["stages"] = {
            stage: statistics.median(float(run.facts["seconds"][stage]) for run in runs)
            for stage in STAGES
        }
        row["own_kl"] = runs[-1].facts["kl_divergence"]
    return row


def print_table(table: Dict[str, Dict[str, Any]], ours: str) -> None:
    labelled = "accuracy1" in table[ours]
    columns = (
        f"{'runs':>4}{'median s':>10}{'min s':>9}{'max s':>9}{'ratio':>8}{'CPU s':>9}{'MB':>7}"
    )
    columns += f"{'KL':>9}{'trust':>8}" + (f"{'1-NN':>8}{'10-NN':>8}" if labelled else "")
    print(f"\n{'':18}{columns}")
    for name, row in table.items():
        line = (
            f"{name:18}{row['runs']:4}{row['median_seconds']:10.2f}{row['min_seconds']:9.2f}"
            f"{row['max_seconds']:9.2f}{row['seconds_ratio']:7.2f}x{row['median_cpu_seconds']:9.1f}"
            f"{row['peak_bytes'] / 1e6:7.0f}{row['kl']:9.4f}{row['trustworthiness']:8.4f}"
        )
        if labelled:
            line += f"{row['accuracy1']:8.4f}{row['accuracy10']:8.4f}"
        print(line)


def compare(
    options: argparse.Namespace, task: Task, judge: Judge, peers: Dict[str, str]
) -> Dict[str, Any]:
    """Every implementation's rounds in turn on one array, for so many iterations."""
    print(f"\n{task.data.name}, {judge.x.shape[0]:,} x {judge.x.shape[1]}, perplexity "
          f"{task.perplexity:g}, {task.iterations} iterations, {task.threads} threads")  # fmt: skip
    turns: Dict[str, Callable[[], Run]] = {}
    for accuracy in options.accuracy:
        name = "hourglass" if accuracy == "default" else f"hourglass {accuracy}"
        turns[name] = partial(run_ours, options, accuracy, task)
    for peer in peers:
        turns[peer] = partial(run_peer, options, peer, task)
    runs: Dict[str, List[Run]] = {name: [] for name in turns}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", end="", flush=True)
        for name, turn in turns.items():
            if number > 0 and runs[name][0].seconds > options.patience:
                continue  # once is enough
            runs[name].append(turn())
            print(f"   {name} {runs[name][-1].seconds:.2f} s", end="", flush=True)
        print()

    ours = next(iter(turns))
    table = {name: {**summarize(done), **judge_runs(judge, done)} for name, done in runs.items()}
    for row in table.values():
        row["seconds_ratio"] = row["median_seconds"] / table[ours]["median_seconds"]
    print_table(table, ours)
    stages = table[ours]["stages"]
    print(f"{ours} by stage: " + ", ".join(f"{name} {stages[name]:.2f} s" for name in STAGES))
    off = abs(table[ours]["own_kl"] - table[ours]["kl"])
    print(f"its own KL divergence is {table[ours]['own_kl']:.5f}: {off:.1e} from the judge's")
    for name, row in table.items():
        if name.startswith("hourglass") and not row["same_bytes"]:
            print(f"NOT REPEATABLE: {name} made different maps from the same input")
    once = [name for name, row in table.items() if row["runs"] == 1]
    unsteady = [
        name for name, row in table.items() if row["max_seconds"] >= STEADY * row["min_seconds"]
    ]
    if once:
        print(f"run only once, so perhaps not typical: {', '.join(once)}")
    if unsteady:
        print(f"UNRELIABLE: runs of {', '.join(unsteady)} differ too much; something else was "
              "running, repeat when idle")  # fmt: skip
    return {
        "data": task.data.name,
        "rows": judge.x.shape[0],
        "columns": judge.x.shape[1],
        "iterations": task.iterations,
        "table": table,
        "steady": not unsteady,
    }


def compare_all(options: argparse.Namespace, peers: Dict[str, str]) -> Dict[str, Any]:
    results = []
    for number, path in enumerate(options.data):
        x = load(path)
        labels = load(options.labels[number]) if options.labels else None
        judge = Judge(x, labels, options.perplexity)
        with tempfile.TemporaryDirectory(prefix="compare_maps.") as folder:
            flat = Path(folder) / path.name  # what all can read: (rows, columns), float32
            np.save(flat, judge.x)
            for iterations in options.iterations:
                task = Task(flat, options.perplexity, iterations, options.threads)
                results.append(compare(options, task, judge, peers))
    return {"comparisons": results}


# --- Ours alone: growth and size ----------------------------------------------------------------


def more_rows(x: Floats, rows: int, jitter: float) -> Floats:
    """Rows of x, each time in the same random order; beyond their number again, with some noise."""
    random = np.random.default_rng(0)
    made = np.empty((rows, x.shape[1]), np.float32)
    spread = (jitter * x.std(0)).astype(np.float32)
    for first in range(0, rows, len(x)):
        part = made[first : first + len(x)]
        part[:] = x[random.permutation(len(x))[: len(part)]]
        if first > 0:
            part += spread * random.standard_normal(part.shape, np.float32)
    return made


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """e of the least-squares fit seconds = c * size^e."""
    if len(sizes) < 2 or min(seconds) <= 0:
        return math.nan
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def measure_growth(options: argparse.Namespace) -> Dict[str, Any]:
    x = load(options.data[0])
    x = x.reshape(len(x), -1).astype(np.float32)
    iterations = options.iterations[-1]
    print(f"\n{options.data[0].name} made larger, {x.shape[1]} columns, {iterations} iterations, "
          f"accuracy {options.accuracy[0]}, {options.threads} threads")  # fmt: skip
    columns = "".join(f"{stage[:11]:>12}" for stage in STAGES)
    print(f"\n{'rows':>8}{'total s':>9}{columns}{'ms/iter':>9}{'CPU s':>9}{'MB':>7}{'KL':>9}")
    rows = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory(prefix="compare_maps.") as folder:
            data = Path(folder) / "data.npy"
            np.save(data, more_rows(x, size, options.jitter))
            task = Task(data, options.perplexity, iterations, options.threads)
            runs = [run_ours(options, options.accuracy[0], task) for _ in range(options.rounds)]
        row = {"rows": size, **summarize(runs)}
        rows.append(row)
        stages = row["stages"]
        print(
            f"{size:8}{row['median_seconds']:9.2f}"
            + "".join(f"{stages[stage]:12.2f}" for stage in STAGES)
            + f"{1000 * stages['optimization'] / iterations:9.2f}{row['median_cpu_seconds']:9.1f}"
            f"{row['peak_bytes'] / 1e6:7.0f}{row['own_kl']:9.4f}",
            flush=True,
        )
    exponents = {
        stage: exponent(options.sizes, [row["stages"][stage] for row in rows]) for stage in STAGES
    }
    print(f"{'exponent':17}" + "".join(f"{exponents[stage]:12.2f}" for stage in STAGES))
    loop = exponents["optimization"]
    verdict = "within" if loop <= GROWTH_BOUND else "ABOVE"
    print(f"\nthe loop grows as N^{loop:.2f} ({verdict} N^{GROWTH_BOUND})")
    steady = all(row["max_seconds"] < STEADY * row["min_seconds"] for row in rows)
    if not steady:
        print("UNRELIABLE: runs of one size differ too much; repeat when idle")
    elif options.rounds == 1:
        print("each size ran once: whether something else was running cannot be told")
    return {"iterations": iterations, "growth": rows, "exponents": exponents, "steady": steady}


def mnist_pixels(folder: Path) -> Floats:
    try:
        pixels = read_images(folder, "train-images-idx3-ubyte").reshape(-1, 784)
    except FileNotFoundError as error:
        fail(f"{error.filename}: no such file, nor with .gz; --mnist takes a folder with MNIST")
    return pixels.astype(np.float32) / np.float32(255)


def million_rows() -> Floats:
    """200 clusters in 50 dimensions, each of which is 0.93 times as wide as the one before."""
    random = np.random.default_rng(1)
    widths = 0.93 ** np.arange(50)
    centres = 2 * widths * random.normal(size=(200, 50))
    of_row = random.integers(0, 200, 1_000_000)
    return (centres[of_row] + widths * random.normal(size=(1_000_000, 50))).astype(np.float32)


def measure_alone(
    options: argparse.Namespace, name: str, x: Floats, limits: Limits
) -> Dict[str, Any]:
    iterations = options.iterations[-1]
    with tempfile.TemporaryDirectory(prefix="compare_maps.") as folder:
        data = Path(folder) / "rows.npy"
        np.save(data, x)
        task = Task(data, options.perplexity, iterations, options.threads)
        runs = [run_ours(options, options.accuracy[0], task) for _ in range(options.rounds)]
    row = summarize(runs)
    rows, features = x.shape
    print(f"\n{name}, {rows:,} x {features}, {iterations} iterations, {options.threads} threads")
    for stage in STAGES:
        print(f"{stage:16}{row['stages'][stage]:9.2f} s")
    fast = "within" if row["median_seconds"] <= limits.seconds else "ABOVE"
    small = "within" if row["peak_bytes"] <= limits.bytes else "ABOVE"
    print(f"{'total':16}{row['median_seconds']:9.2f} s  ({fast} {limits.seconds} s)")
    print(f"{'process':16}{row['median_process_seconds']:9.2f} s")
    print(f"{'CPU':16}{row['median_cpu_seconds']:9.2f} s")
    print(f"{'peak memory':16}{row['peak_bytes'] / 1e9:9.2f} GB ({small} {limits.bytes / 1e9:g} GB)")
    print(f"{'KL, its own':16}{row['own_kl']:9.4f}")
    if options.judge:
        row.update(judge_runs(Judge(x, None, options.perplexity), runs[:1]))
        print(f"{'KL, judged':16}{row['kl']:9.4f}")
        print(f"{'trustworthiness':16}{row['trustworthiness']:9.4f}")
    return {"data": name, "iterations": iterations, "large": row}


# --- The program ------------------------------------------------------------------------------


def describe(options: argparse.Namespace, peers: Dict[str, str]) -> Dict[str, Any]:
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "cpu": cpu_name(),
        "usable_cpus": usable_cpus(),
        "threads": options.threads,
        "load_average_before": os.getloadavg()[0],
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "not set"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "perplexity": options.perplexity,
        **peers,
    }


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hourglass", type=Path, default="build/hourglass", help="the program")
    parser.add_argument("--data", type=Path, nargs="+", default=[], help=".npy arrays to map")
    parser.add_argument("--labels", type=Path, nargs="+", help="... and their labels, as many")
    parser.add_argument("--iterations", type=int, nargs="+",
                        help="300 1000; alone: 1000, with --million 250")  # fmt: skip
    parser.add_argument("--perplexity", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    parser.add_argument("--device", help="for hourglass; without it, what it takes by itself")
    parser.add_argument("--rounds", type=int, help="turns of each (3; ours alone 1)")
    parser.add_argument("--patience", type=float, default=60.0,
                        help="who takes more seconds than this runs once (60)")  # fmt: skip
    parser.add_argument("--accuracy", nargs="+", default=["default"],
                        choices=["fast", "default", "high"], help="of ours, a row each")  # fmt: skip
    parser.add_argument("--only", nargs="*", choices=list(PEERS), help="these, not all found")
    parser.add_argument("--fitsne", type=Path, help="FIt-SNE's folder, with bin/fast_tsne built")
    parser.add_argument("--growth", action="store_true", help="ours alone on more and more rows")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 20_000, 40_000, 80_000])
    parser.add_argument("--jitter", type=float, default=0.3,
                        help="noise on rows that come again, of their spread (0.3)")  # fmt: skip
    parser.add_argument("--large", action="store_true", help="ours alone on MNIST's 60,000 images")
    parser.add_argument("--million", action="store_true",
                        help="ours alone on a million rows of 50 in clusters")  # fmt: skip
    mnist = os.environ.get("HOURGLASS_DATA", "data/mnist")
    parser.add_argument("--mnist", type=Path, default=mnist, help="MNIST's folder, for --large")
    parser.add_argument("--judge", action="store_true", help="alone: judge the map as well")
    parser.add_argument("--out", type=Path, help="write everything measured to this JSON file")
    parser.add_argument("--worker", nargs=2, metavar=("NAME", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.alone = options.growth or options.large or options.million
    if options.growth + options.large + options.million > 1:
        parser.error("--growth, --large or --million, one at a time")
    if not options.data and not (options.large or options.million):
        parser.error("--data is missing: the .npy array to map")
    if options.labels and len(options.labels) != len(options.data):
        parser.error("as many --labels as --data")
    usual = [250] if options.million else [1000] if options.alone else [300, 1000]
    options.iterations = options.iterations or usual
    options.rounds = options.rounds if options.rounds is not None else (1 if options.alone else 3)
    for name in ("threads", "rounds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if min(options.iterations) < EARLY_ITERATIONS or min(options.sizes) < 100:
        parser.error(f"--iterations must be at least {EARLY_ITERATIONS}, --sizes at least 100")
    if options.fitsne:
        options.fitsne = options.fitsne.resolve()
        for name in ("fast_tsne.py", "bin/fast_tsne"):
            if not (options.fitsne / name).is_file():
                parser.error(f"--fitsne {options.fitsne}: there is no {name}; build it first")
    return options


def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse(arguments)
    if options.worker:
        name, out = options.worker
        task = Task(options.data[0], options.perplexity, options.iterations[0], options.threads)
        work(name, task, options.fitsne, Path(out))
        return
    if not options.hourglass.is_file():
        fail(f"--hourglass {options.hourglass}: no such file; build it first")
    options.hourglass = options.hourglass.resolve()
    peers = {} if options.alone else found_peers(options)
    result = describe(options, peers)
    for name, value in result.items():
        print(f"{name.replace('_', ' '):24}{value}")
    if options.growth:
        result.update(measure_growth(options))
    elif options.large:
        x = mnist_pixels(options.mnist)
        result.update(measure_alone(options, "MNIST", x, MNIST_LIMITS))
    elif options.million:
        result.update(measure_alone(options, "clusters", million_rows(), MILLION_LIMITS))
    else:
        result.update(compare_all(options, peers))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written: {options.out}")


if __name__ == "__main__":
    main()
