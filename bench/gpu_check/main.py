"""The command line of scripts/gpu_check."""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Optional, Sequence

from gpu_check import builds, machine, pack, report
from gpu_check.outcome import Failed, Outcome, Unavailable
from gpu_check.session import Session
from gpu_check.steps import STEPS, Step

ABOUT = """Checks on a machine with a GPU everything that only a GPU can show, in a few minutes.

Exit status: 0 if all that ran passed and nothing essential was skipped, 1 if not, 2 if there is no
GPU here or the command line is wrong."""

LIMIT = 530  # seconds in all
QUICK_LIMIT = 150
NO_GPU = 2


def say(text: str) -> None:
    print(text, flush=True)


def complain(text: str) -> None:
    print(f"gpu_check: {text}", file=sys.stderr, flush=True)


def parse(arguments: Optional[Sequence[str]]) -> argparse.Namespace:
    steps = "\n".join(f"  {step.name:<11}{step.about}" for step in STEPS)
    parser = argparse.ArgumentParser(
        prog="gpu_check",
        description=ABOUT,
        epilog=f"steps:\n{steps}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [step.name for step in STEPS]
    parser.add_argument("--build", type=Path, metavar="DIR", help="a built folder or a pack")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder with MNIST")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the JSON (bench/results/GPU-DATE.json)"
    )
    parser.add_argument("--quick", action="store_true", help="about two minutes: less of each step")
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="STEP", help="these steps alone"
    )
    parser.add_argument(
        "--skip", nargs="+", choices=names, metavar="STEP", default=[], help="not these"
    )
    parser.add_argument("--limit", type=int, metavar="SECONDS", help=f"in all ({LIMIT})")
    packing = parser.add_argument_group("for a machine without a compiler")
    packing.add_argument(
        "--pack", type=Path, metavar="DIR", help="builds (or takes --build), writes a pack"
    )
    packing.add_argument("--arch", default="90", help="with --pack: compute capabilities (90)")
    packing.add_argument(
        "--with-cuda", action="store_true", help="with --pack: CUDA's libraries too (large)"
    )
    packing.add_argument(
        "--unpack",
        type=Path,
        metavar="DIR",
        help="unpacks the pack --build, prints its environment",
    )
    return parser.parse_args(arguments)


# --- Packs ------------------------------------------------------------------------------------


def write_pack(options: argparse.Namespace, root: Path) -> int:
    built = options.build.resolve() if options.build else None
    if built is None:
        say(f"building for compute capability {options.arch}")
        built = pack.build_for_pack(root, options.arch)
    size = pack.pack(root, built, options.pack, options.data, options.arch, options.with_cuda)
    say(f"{options.pack}: {size / 2**20:.1f} MiB; there: {options.pack.name}/scripts/gpu_check")
    return 0


def open_pack(options: argparse.Namespace, root: Path) -> int:
    source = options.build or root
    if not pack.is_pack(source):
        raise Failed(f"{source} is no pack: it holds no {pack.ARCHIVE}")
    target = pack.unpack(source, options.unpack.resolve())
    say(pack.shell_line(builds.working(builds.Build(target, root))))
    return 0


# --- Checking ---------------------------------------------------------------------------------


def prepare(options: argparse.Namespace, root: Path, scratch: Path) -> Session:
    folder = options.build.resolve() if options.build else builds.find_or_build(root, say)
    if pack.is_pack(folder):
        say(f"unpacking {folder}")
        folder = pack.unpack(folder, scratch / "pack")
    if not builds.is_build(folder):
        raise Failed(f"{folder} does not hold hourglass and hourglass_tests_cuda")
    build = builds.working(builds.Build(folder, root))
    return Session(build, root, scratch, build.mnist(options.data), options.quick)


def left_out(step: Step, options: argparse.Namespace) -> Optional[str]:
    if step.name in options.skip:
        return "--skip"
    if options.only and step.name not in options.only:
        return "--only"
    if options.quick and step.quick_seconds is None and not options.only:
        return "--quick"
    return None


def run_step(step: Step, session: Session, end: float) -> Outcome:
    """Never raises for what a step does: one failure must not hide the next."""
    outcome = Outcome(step.name, step.essential)
    start = time.monotonic()
    budget = (step.quick_seconds or step.seconds) if session.quick else step.seconds
    session.deadline = min(start + budget, end)
    try:
        if session.seconds_left() <= 0:
            raise Unavailable("no time left")
        step.run(session, outcome)
    except Unavailable as reason:
        outcome.unavailable = str(reason)
    except Failed as failure:
        outcome.problems.append(str(failure))
    except Exception as error:  # files that are missing or hold something else than expected
        outcome.problems.append(f"{type(error).__name__}: {error}")
    outcome.seconds = time.monotonic() - start
    return outcome


def checked(step: Step, session: Session, options: argparse.Namespace, end: float) -> Outcome:
    reason = left_out(step, options)
    if reason:
        return Outcome(step.name, step.essential, left_out=reason)
    say(f"\n== {step.name}: {step.about}")
    outcome = run_step(step, session, end)
    say(f"   {outcome.status} in {outcome.seconds:.1f} s. {outcome.summary}")
    for problem in outcome.problems:
        say(f"   {problem}")
    return outcome


def kind_of(options: argparse.Namespace) -> str:
    if options.only or options.skip:
        return "partial"
    return "quick" if options.quick else "full"


def describe(session: Session, options: argparse.Namespace) -> dict[str, Any]:
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        "date": now.isoformat(timespec="seconds"),
        "kind": kind_of(options),
        "commit": session.build.commit(),
        "build": session.build.folder.name,
        "data": "MNIST" if session.mnist else "synthetic",
        "machine": machine.describe(),
    }


def print_header(header: dict[str, Any]) -> None:
    found = header["machine"]
    say(f"gpu_check: commit {header['commit']}, {header['date']}, data: {header['data']}")
    for gpu in found["gpus"]:
        say("  " + ", ".join(f"{name} {value}" for name, value in gpu.items()))
    say(
        f"  CUDA {found['cuda_of_driver']}; {found['cpu']}, {found['usable_cpus']} CPUs"
    )
    for other in found["other_gpu_processes"]:
        say(f"  NOTE: the GPU is in use by {other}: times are not to be trusted")


def check(options: argparse.Namespace, root: Path, scratch: Path) -> int:
    session = prepare(options, root, scratch)
    header = describe(session, options)
    print_header(header)
    gpus = header["machine"]["gpus"]
    gpu = gpus[0]["name"] if gpus else "GPU"
    file = options.out or report.default_file(root, gpu, header["date"], header["kind"])
    end = time.monotonic() + (options.limit or (QUICK_LIMIT if options.quick else LIMIT))
    outcomes: list[Outcome] = []
    for step in STEPS:
        outcome = checked(step, session, options, end)
        outcomes.append(outcome)
        report.write_json(file, report.to_json(header, outcomes))
    say("\n" + report.table(outcomes))
    say(f"written: {file}")
    say(f"gpu_check: {report.verdict(outcomes)}")
    return 0 if all(outcome.good for outcome in outcomes) else 1


def main(root: Path, arguments: Optional[Sequence[str]] = None) -> int:
    options = parse(arguments)
    try:
        if options.pack:
            return write_pack(options, root)
        if options.unpack:
            return open_pack(options, root)
        problem = machine.gpu_problem()
        if problem:
            complain(f"no GPU here: {problem}")
            return NO_GPU
        with tempfile.TemporaryDirectory(prefix="gpu_check.") as scratch:
            return check(options, root, Path(scratch))
    except Failed as failure:
        complain(f"error: {failure}")
        return 1
