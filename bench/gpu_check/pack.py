"""Takes a build to a machine with a GPU and without a compiler.

A pack is a folder with one compressed archive (executables, the libraries such a machine lacks, the
tests' golden files, MNIST) and the scripts to check with. Copy it, type PACK/scripts/gpu_check.
"""

from __future__ import annotations

import datetime
import json
import lzma
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Optional, Sequence

from gpu_check import builds
from gpu_check.outcome import Failed
from gpu_check.process import run

ARCHIVE = "hourglass.tar.xz"
SCRIPTS = ("scripts/gpu_check", "bench/gpu_check", "bench/peers")
EXECUTABLES = ("hourglass", "hourglass_tests*", "hourglass_bench_*")

# Every machine has the first; a machine for CUDA has the second: its toolkit's, or PyTorch's.
_SYSTEM = re.compile(r"^(linux-vdso|ld-linux.*|lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s))\.so")
_CUDA = re.compile(r"^lib(cuda|cudart|cudnn|cublas|cufft|cusolver|cusparse|nvJitLink|nvrtc)")

_LIBRARY = re.compile(r"^\s*(\S+) => (\S.*?) \(0x")
_NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


def libraries_of(ldd_output: str, with_cuda: bool) -> dict[str, Path]:
    """Name by which it is looked for -> file, of what has to travel."""
    found = {}
    for line in ldd_output.splitlines():
        match = _LIBRARY.match(line)
        if not match or _SYSTEM.match(match[1]) or (_CUDA.match(match[1]) and not with_cuda):
            continue
        found[match[1]] = Path(match[2]).resolve()
    return found


def build_for_pack(root: Path, architectures: str) -> Path:
    folder = root / "build" / "gpu_pack"
    builds.configure_and_build(
        root,
        folder,
        ["-DHOURGLASS_CUDA=ON", f"-DCMAKE_CUDA_ARCHITECTURES={architectures.replace(',', ';')}"]
        # For any processor that such GPUs stand beside; and libraries are looked for there, not where
        # they are here.
        + ["-DHOURGLASS_NATIVE=OFF", "-DCMAKE_CXX_FLAGS=-march=x86-64-v3"]
        + ["-DCMAKE_SKIP_BUILD_RPATH=ON"]
        + ["-DHOURGLASS_TESTS=ON", "-DHOURGLASS_BENCH=ON"],
    )
    return folder


def pack(
    root: Path, built: Path, target: Path, data: Optional[Path], architectures: str, with_cuda: bool
) -> int:
    """Writes the pack; its size in bytes."""
    build = builds.working(builds.Build(built, root))
    with tempfile.TemporaryDirectory(prefix="gpu_check.pack.") as scratch:
        staged = Path(scratch)
        _stage_programs(build, staged, with_cuda)
        shutil.copytree(
            build.golden, staged / "golden", ignore=shutil.ignore_patterns("*.py", "__pycache__")
        )
        mnist = build.mnist(data)
        if mnist:
            _copy_mnist(mnist, staged / "mnist")
        stamp = {
            "commit": builds.commit_of(root),
            "architectures": architectures,
            "built": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "mnist": mnist is not None,
        }
        (staged / builds.STAMP).write_text(json.dumps(stamp, indent=1) + "\n")
        target.mkdir(parents=True, exist_ok=True)
        _compress(staged, target / ARCHIVE)
        shutil.copyfile(staged / builds.STAMP, target / builds.STAMP)
    _copy_scripts(root, target)
    return sum(file.stat().st_size for file in target.rglob("*") if file.is_file())


def _stage_programs(build: builds.Build, staged: Path, with_cuda: bool) -> None:
    programs = [file for name in EXECUTABLES for file in builds.executables(build.folder, name)]
    libraries: dict[str, Path] = {}
    for program in programs:
        done = run(["ldd", program], 60.0, build.environment)
        lost = _NOT_FOUND.findall(done.output)
        if not done.ok or lost:
            raise Failed(f"{program.name} lacks {', '.join(lost) or done.complaint}")
        libraries.update(libraries_of(done.output, with_cuda))
        stripped = run(["strip", "-o", staged / program.name, program], 60.0)
        if not stripped.ok:
            shutil.copy2(program, staged / program.name)
    (staged / "lib").mkdir()
    for name, file in libraries.items():
        shutil.copy2(file, staged / "lib" / name)
    if with_cuda and "libcudnn.so.9" in libraries:  # it opens its parts by itself
        for part in libraries["libcudnn.so.9"].parent.glob("libcudnn_*.so.9"):
            shutil.copy2(part.resolve(), staged / "lib" / part.name)


def _copy_mnist(source: Path, target: Path) -> None:
    target.mkdir()
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        zipped, plain = source / f"{name}-ubyte.gz", source / f"{name}-ubyte"
        file = zipped if zipped.is_file() else plain
        shutil.copyfile(file, target / file.name)


def _compress(folder: Path, archive: Path) -> None:
    x86_then_lzma = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
    partial = archive.with_name(archive.name + ".partial")
    with lzma.open(partial, "wb", filters=x86_then_lzma) as stream:
        with tarfile.open(fileobj=stream, mode="w|") as tar:
            for file in sorted(folder.iterdir()):
                tar.add(file, file.name)
    partial.replace(archive)


def _copy_scripts(root: Path, target: Path) -> None:
    for name in SCRIPTS:
        source, copy = root / name, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)


def unpack(folder: Path, target: Path) -> Path:
    """A pack's archive into `target`, which is then a built folder."""
    target.mkdir(parents=True, exist_ok=True)
    with lzma.open(folder / ARCHIVE) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
        if hasattr(tarfile, "data_filter"):  # newer Pythons want to be told to be careful
            tar.extractall(target, filter="data")
        else:
            tar.extractall(target)
    return target


def is_pack(folder: Path) -> bool:
    return (folder / ARCHIVE).is_file()


def shell_line(build: builds.Build) -> str:
    """What a shell needs to start the unpacked programs by hand."""
    names: Sequence[str] = ("LD_LIBRARY_PATH", "HOURGLASS_GOLDEN_DIR")
    return "export " + " ".join(f"{name}={build.environment[name]}" for name in names)
