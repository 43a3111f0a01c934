"""The GPU and the machine around it."""

from __future__ import annotations

import csv
import os
import platform
import re
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Any, Optional

from gpu_check.process import run

_QUERIED = (
    "name",
    "driver_version",
    "compute_cap",
    "memory.total",
    "clocks.sm",
    "clocks.max.sm",
    "clocks.mem",
    "clocks.max.mem",
    "power.limit",
    "temperature.gpu",
    "utilization.gpu",
    "persistence_mode",
    "mig.mode.current",
)


def gpu_problem(timeout: float = 60.0) -> Optional[str]:
    """Why no GPU can be used here, or nothing."""
    if shutil.which("nvidia-smi") is None:
        return "there is no nvidia-smi, so no NVIDIA driver"
    listed = run(["nvidia-smi", "-L"], timeout)
    if not listed.ok:
        return listed.complaint
    return None if "GPU " in listed.output else "nvidia-smi lists no GPU"


def parse_query(text: str) -> list[dict[str, str]]:
    """A dictionary for each GPU from nvidia-smi's lines of values."""
    rows = csv.reader(text.strip().splitlines(), skipinitialspace=True)
    return [dict(zip(_QUERIED, (value.strip() for value in row))) for row in rows]


def query_gpus() -> list[dict[str, str]]:
    done = run(["nvidia-smi", "--query-gpu=" + ",".join(_QUERIED), "--format=csv,noheader"], 60.0)
    if done.ok:
        return parse_query(done.output)
    named = run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], 60.0)
    return [{"name": line.strip()} for line in named.output.splitlines() if line.strip()]


def cuda_of_driver() -> str:
    found = re.search(r"CUDA Version: *([0-9.]+)", run(["nvidia-smi"], 60.0).output)
    return found[1] if found else "unknown"


def other_processes() -> list[str]:
    """Programs that use the GPU besides us: times are then not to be trusted."""
    done = run(
        ["nvidia-smi", "--query-compute-apps=pid,process_name", "--format=csv,noheader"], 60.0
    )
    return [line.strip() for line in done.output.splitlines() if line.strip()] if done.ok else []


def cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0))


def describe() -> dict[str, Any]:
    return {
        "gpus": query_gpus(),
        "cuda_of_driver": cuda_of_driver(),
        "other_gpu_processes": other_processes(),
        "cpu": cpu_name(),
        "usable_cpus": usable_cpus(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def pythons() -> list[str]:
    """Pythons that may have PyTorch: the one chosen, the usual one, ours."""
    named = [os.environ.get("HOURGLASS_PYTHON"), shutil.which("python3"), sys.executable]
    return list(dict.fromkeys(str(python) for python in named if python))


def cuda_folders() -> list[Path]:
    """Where CUDA's and cuDNN's shared libraries lie: the toolkit, then Python's wheels."""
    folders = []
    for toolkit in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        if toolkit:
            folders += [Path(toolkit) / "lib64", Path(toolkit) / "lib"]
    for packages in _python_packages():
        folders += sorted(packages.glob("nvidia/*/lib"))
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def _python_packages() -> list[Path]:
    ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    answers = [sysconfig.get_paths()["purelib"]]
    answers += [run([python, "-c", ask], 30.0).output.strip() for python in pythons()]
    return [Path(answer) for answer in dict.fromkeys(answers) if answer]
