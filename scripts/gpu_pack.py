"""What scripts/gpu_check checks: a build made here, or a pack made on another machine.

A pack is a folder with one archive (executables, the libraries that a machine for CUDA lacks,
golden files, MNIST) and the scripts to check with: copy it, start its scripts/gpu_check.
"""

from __future__ import annotations

import argparse
import datetime
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NoReturn, Optional

from deadline import run

ARCHIVE, STAMP = "hourglass.tar.xz", "build.json"
EXECUTABLES = ("hourglass", "hourglass_tests", "hourglass_tests_cuda", "hourglass_tests_targets",
               "hourglass_bench_cuda")  # fmt: skip
SCRIPTS = ("scripts/gpu_check", "scripts/gpu_pack.py", "scripts/deadline.py", "tests/sanitize",
           "bench/common.py", "bench/pytorch_gpu.py", "tests/cli/program.py",
           "tests/targets/program_test.py", "python/tests/conftest.py",
           "python/tests/gpu_test.py")  # fmt: skip
BUILT_BEFORE = ("build/gpu_check", "build/gpu_pack", "build/test", "build/release")
BUILD_SECONDS = 3600

# Every machine has the first; a machine for CUDA has the second: its toolkit's, or PyTorch's.
SYSTEM = re.compile(r"(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s))\.so")
CUDA = re.compile(r"lib(cuda|cudart|cudnn|cublas|cusolver|cusparse|nvJitLink|nvrtc)")


def fail(message: str) -> NoReturn:
    sys.exit(f"gpu_check: error: {message}")


def commit_of(root: Path, build: Optional[Path] = None) -> str:
    """A pack knows what it was built from."""
    if build and (build / STAMP).is_file():
        return str(json.loads((build / STAMP).read_text())["commit"])
    status, said = run(["git", "describe", "--always", "--dirty", "--abbrev=12"], 30, root)
    return said.strip() if status == 0 else "unknown"


# --- A build ----------------------------------------------------------------------------------


def build(root: Path, folder: Path, *options: str) -> bool:
    """With the options that scripts/run would choose, and these."""
    script = """set -euo pipefail
        source scripts/lib.sh
        HOURGLASS_CUDA=ON choose_cuda run
        configure release "$1" -DHOURGLASS_TESTS=ON -DHOURGLASS_BENCH=ON \\
          "${cuda_options[@]}" "${@:2}"
        build "$1"
    """
    print(f"building {folder}", flush=True)
    status, said = run(["bash", "-c", script, "gpu_check", folder, *options], BUILD_SECONDS, root)
    if status != 0:
        print("\n".join(["could not build here:", *said.strip().splitlines()[-12:]]), flush=True)
    return status == 0


def find(root: Path, chosen: Optional[Path], scratch: Path) -> Path:
    """A folder with executables: built afresh where that is possible, for what lies there may be
    older than the sources."""
    folder = (chosen or root).resolve()
    if (folder / ARCHIVE).is_file():
        return unpack(folder, scratch)
    if chosen is None:
        folder = root / BUILT_BEFORE[0]
        if not build(root, folder):
            before = [root / name for name in BUILT_BEFORE if is_build(root / name)]
            folder = before[0] if before else folder
            print(f"taking what was built before, in {folder}", flush=True)
    if not is_build(folder):
        fail(
            f"{folder} does not hold hourglass and hourglass_tests_cuda: build with CMake here, or "
            "on another machine with scripts/gpu_check --pack, and name the folder with --build"
        )
    return folder


def is_build(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("hourglass", "hourglass_tests_cuda"))


def environment(root: Path, folder: Path, data: Optional[Path]) -> dict[str, str]:
    """In which its programs start and find their files."""
    variables = dict(os.environ)
    golden = folder / "golden" if (folder / "golden").is_dir() else root / "tests" / "golden"
    variables["HOURGLASS_GOLDEN_DIR"] = str(golden)
    variables["HOURGLASS_DATA"] = str(find_mnist(data, folder, root) or "")

    # As they are, or with CUDA's libraries from the toolkit or from Python's wheels.
    toolkit = Path(os.environ.get("CUDA_HOME", "/usr/local/cuda")) / "lib64"
    wheels = [lib for place in sys.path for lib in sorted(Path(place).glob("nvidia/*/lib"))]
    given = os.environ.get("LD_LIBRARY_PATH", "")
    for more in ([], [toolkit, *wheels]):
        places = [str(place) for place in (folder / "lib", *more) if place.is_dir()]
        variables["LD_LIBRARY_PATH"] = ":".join(filter(None, [*places, given]))
        status, said = run([folder / "hourglass", "--version"], 120, folder, variables)
        if status == 0:
            return variables
    return fail(f"the program does not start: {' '.join(said.split())}")


def find_mnist(chosen: Optional[Path], folder: Path, root: Path) -> Optional[Path]:
    named = os.environ.get("HOURGLASS_DATA")
    places = [Path(named)] if named else []
    places = [chosen] if chosen else [*places, folder / "mnist", root / "data" / "mnist"]
    return next((place.resolve() for place in places if mnist_files(place)), None)


def mnist_files(folder: Path) -> list[Path]:
    """The four, compressed or not; none if one is missing."""
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    found = [file for name in names for file in sorted(folder.glob(f"{name}-ubyte*"))[:1]]
    return found if len(found) == len(names) else []


# --- A pack -----------------------------------------------------------------------------------


def write(root: Path, options: argparse.Namespace) -> int:
    built = options.build or root / "build" / "gpu_pack"
    architectures = options.arch.replace(",", ";")
    # For any processor that such GPUs stand beside; and libraries are looked for there, not where
    # they are here.
    portable = (f"-DCMAKE_CUDA_ARCHITECTURES={architectures}", "-DHOURGLASS_NATIVE=OFF",
                "-DHOURGLASS_CPU_LEVELS=x86-64-v3", "-DCMAKE_SKIP_BUILD_RPATH=ON")  # fmt: skip
    if not options.build and not build(root, built, *portable):
        return 1
    with tempfile.TemporaryDirectory(prefix="gpu_pack.") as scratch:
        staged = Path(scratch)
        stage_programs(built, staged, options.with_cuda)
        shutil.copytree(root / "tests" / "golden", staged / "golden",
                        ignore=shutil.ignore_patterns("*.py", "__pycache__"))  # fmt: skip
        mnist = find_mnist(options.data, built, root)
        (staged / "mnist").mkdir()
        for file in mnist_files(mnist) if mnist else []:
            shutil.copy(file, staged / "mnist")
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        stamp = {"commit": commit_of(root), "architectures": options.arch, "built": now}
        (staged / STAMP).write_text(json.dumps(stamp, indent=1) + "\n")

        for name in SCRIPTS:
            (options.pack / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, options.pack / name)
        # So far back that the same kernels in the next executable are seen.
        lzma2 = {"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 << 20}
        x86_then_lzma = [{"id": lzma.FILTER_X86}, lzma2]
        partial = options.pack / (ARCHIVE + ".partial")
        with lzma.open(partial, "wb", filters=x86_then_lzma) as stream:
            with tarfile.open(fileobj=stream, mode="w|") as archive:
                archive.add(staged, ".")
        partial.replace(options.pack / ARCHIVE)
    size = sum(file.stat().st_size for file in options.pack.rglob("*") if file.is_file())
    print(f"{options.pack}: {size / 2**20:.1f} MiB; there: {options.pack.name}/scripts/gpu_check")
    return 0


def stage_programs(built: Path, staged: Path, with_cuda: bool) -> None:
    (staged / "lib").mkdir()
    for program in [built / name for name in EXECUTABLES if (built / name).is_file()]:
        subprocess.run(["strip", "-o", staged / program.name, program], check=True)
        _, listed = run(["ldd", program], 60, built)
        for name, file in re.findall(r"^\s*(\S+) => (not found|\S+)", listed, re.MULTILINE):
            if SYSTEM.match(name) or (CUDA.match(name) and not with_cuda):
                continue
            if file == "not found":
                fail(f"{program.name} lacks {name}")
            shutil.copy(file, staged / "lib" / name)
            if name == "libcudnn.so.9":  # it opens its parts by itself
                for part in Path(file).resolve().parent.glob("libcudnn_*.so.9"):
                    shutil.copy(part, staged / "lib")


def unpack(pack: Path, target: Path) -> Path:
    """A pack's archive into `target`, which is then like a built folder."""
    if not (pack / ARCHIVE).is_file():
        fail(f"{pack} is no pack: it holds no {ARCHIVE}")
    with lzma.open(pack / ARCHIVE) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        careful = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # newer Pythons
        archive.extractall(target, **careful)
    return target
