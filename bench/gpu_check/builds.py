"""A built folder: found, or built for the GPU that answers."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Sequence

from gpu_check import machine
from gpu_check.outcome import Failed
from gpu_check.process import Word, run

BUILD_MINUTES = 30
STAMP = "build.json"  # in a pack: what it was built from
KNOWN_FOLDERS = ("build/gpu_check", "gpu_pack", "build/test", "build/release")


@dataclass
class Build:
    """Executables, and beside them in a pack their libraries and data."""

    folder: Path
    root: Path
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def program(self) -> Path:
        return self.folder / "hourglass"

    @property
    def tests(self) -> list[Path]:
        return executables(self.folder, "hourglass_tests*")

    @property
    def cuda_tests(self) -> Path:
        return self.folder / "hourglass_tests_cuda"

    @property
    def benchmarks(self) -> Path:
        return self.folder / "hourglass_bench_cuda"

    @property
    def golden(self) -> Path:
        packed = self.folder / "golden"
        return packed if packed.is_dir() else self.root / "tests" / "golden"

    @property
    def library_path(self) -> str:
        return self.environment.get("LD_LIBRARY_PATH", "")

    def mnist(self, chosen: Optional[Path]) -> Optional[Path]:
        named = os.environ.get("HOURGLASS_DATA")
        places = [chosen] if chosen else [Path(named)] if named else []
        places += [] if chosen else [self.folder / "mnist", self.root / "data" / "mnist"]
        return next((place.resolve() for place in places if has_mnist(place)), None)

    def commit(self) -> str:
        try:
            return str(json.loads((self.folder / STAMP).read_text())["commit"])
        except (OSError, ValueError, KeyError):
            return commit_of(self.root)


def executables(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        file for file in folder.glob(pattern) if file.is_file() and os.access(file, os.X_OK)
    )


def has_mnist(folder: Path) -> bool:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return all(
        (folder / f"{name}-ubyte").is_file() or (folder / f"{name}-ubyte.gz").is_file()
        for name in names
    )


def commit_of(root: Path) -> str:
    done = run(["git", "-C", root, "describe", "--always", "--dirty", "--abbrev=12"], 30.0)
    return done.output.strip() if done.ok else "unknown"


def is_build(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("hourglass", "hourglass_tests_cuda"))


def configure_and_build(root: Path, folder: Path, options: Sequence[str]) -> None:
    steps: tuple[list[Word], ...] = (
        ["cmake", "--preset", "release", "-B", folder, *options],
        ["cmake", "--build", folder, "--parallel", str(len(os.sched_getaffinity(0)))],
    )
    for step in steps:
        done = run(step, BUILD_MINUTES * 60.0, folder=root)
        if not done.ok:
            said = (done.output + done.error).strip().splitlines()
            raise Failed("\n    ".join([f"{done.command}: status {done.status}", *said[-12:]]))


def can_build(root: Path) -> bool:
    tools = (
        shutil.which("cmake")
        and shutil.which("ninja")
        and (shutil.which("nvcc") or Path("/usr/local/cuda/bin/nvcc").exists())
    )
    return bool(tools) and (root / "CMakeLists.txt").exists()


def find_or_build(root: Path, say: Callable[[str], None]) -> Path:
    """Built afresh where that is possible: what lies there may be older than the sources."""
    if can_build(root):
        folder = root / "build" / "gpu_check"
        say(f"building {folder} for the GPU that answers")
        try:
            configure_and_build(
                root,
                folder,
                ["-DHOURGLASS_CUDA=ON", "-DCMAKE_CUDA_ARCHITECTURES=native"]
                + ["-DHOURGLASS_TESTS=ON", "-DHOURGLASS_BENCH=ON"],
            )
            return folder
        except Failed as failure:
            say(f"could not build here: {failure}")
    for folder in [root, *(root / name for name in KNOWN_FOLDERS)]:
        if is_build(folder) or (folder / STAMP).is_file():
            say(f"taking what was built before, in {folder}")
            return folder
    raise Failed(
        "nothing to check: build with CMake here, or on another machine with scripts/gpu_check "
        "--pack, and name the folder with --build"
    )


def working(build: Build) -> Build:
    """Its programs start: as they are, or with the folders of libraries that are here."""
    packed = [build.folder / "lib"] if (build.folder / "lib").is_dir() else []
    complaint = ""
    for folders in (packed, packed + machine.cuda_folders()):
        environment = dict(os.environ)
        before = environment.get("LD_LIBRARY_PATH")
        path = [str(folder) for folder in folders] + ([before] if before else [])
        if path:
            environment["LD_LIBRARY_PATH"] = ":".join(path)
        environment["HOURGLASS_GOLDEN_DIR"] = str(build.golden)
        started = run([build.program, "--version"], 120.0, environment)
        if started.ok:
            return Build(build.folder, build.root, environment)
        complaint = started.complaint
    raise Failed(f"the program does not start: {complaint}")
