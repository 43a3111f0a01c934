"""What OpenMP and OpenBLAS read from the environment, once, when they are loaded."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def suited_to_libraries() -> Iterator[None]:
    """Within it the environment says, where the user has not, what suits the libraries that are
    loaded there, as the program has it (``src/cli/library_environment.cpp``). Behind it the
    environment is as it was: what else is loaded, and processes that are started, choose for
    themselves."""
    chosen = {**_sleep_when_waiting(), **_use_all_of_the_processor()}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name in chosen:
            del os.environ[name]


def _sleep_when_waiting() -> dict[str, str]:
    if "OMP_WAIT_POLICY" in os.environ or "GOMP_SPINCOUNT" in os.environ:
        return {}
    return {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "2000"}


def _use_all_of_the_processor() -> dict[str, str]:
    """The program asks OpenBLAS first whether it knows the processor, and starts anew if not. Here
    there is no second time. Of a processor that it knows, these are the kernels that it takes, or
    has but other names for."""
    if "OPENBLAS_CORETYPE" in os.environ:
        return {}
    has = _processor_flags()
    if {"avx512f", "avx512dq", "avx512bw", "avx512vl"} <= has:
        return {"OPENBLAS_CORETYPE": "SkylakeX"}
    return {"OPENBLAS_CORETYPE": "Haswell"} if {"avx2", "fma"} <= has else {}


def _processor_flags() -> set[str]:
    """Of an x86-64 under Linux; else none."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as described:
            for line in described:
                if line.startswith("flags"):
                    return set(line.split())
    except OSError:
        pass
    return set()
