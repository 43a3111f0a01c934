"""What this machine has."""

from __future__ import annotations

from typing import Any

from hourglass import _core
from hourglass._checks import whole


def devices() -> list[dict[str, Any]]:
    """Every device, and why not where one cannot be used.

    Returns
    -------
    list of dict
        ``name`` (what ``device=`` takes), ``model``, ``detail``, ``usable``, and ``problem``, which
        is empty where ``usable``.

    Examples
    --------
    >>> import hourglass
    >>> [device["usable"] for device in hourglass.devices() if device["name"] == "cpu"]
    [True]
    """
    return list(_core.devices())


def info() -> dict[str, Any]:
    """The package's version, the devices, and the versions of the libraries it uses.

    Returns
    -------
    dict
        ``version``; ``devices``, as of :func:`devices`; ``threads``, of the CPU; ``libraries``, a
        dict of versions by name.

    Examples
    --------
    >>> import hourglass
    >>> sorted(hourglass.info())
    ['devices', 'libraries', 'threads', 'version']
    """
    return {
        "version": _core.version,
        "devices": devices(),
        "threads": _core.threads(),
        "libraries": dict(_core.libraries()),
    }


def set_threads(threads: int = 0) -> int:
    """Choose the number of CPU threads. No result depends on it.

    Parameters
    ----------
    threads : int
        0 stands for ``$OMP_NUM_THREADS`` or, without it, what affinity and the CPU quota give.

    Returns
    -------
    int
        The number in use.

    Raises
    ------
    ValueError
        Fewer than 0.

    Examples
    --------
    >>> import hourglass
    >>> hourglass.set_threads(1)
    1
    >>> hourglass.set_threads() >= 1
    True
    """
    return int(_core.set_threads(whole(threads, "threads", least=0)))
