"""What parameters must be: numbers within bounds, one of a few words, a seed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

_MOST = 2**62  # of what the library counts
METRICS = ("euclidean", "cosine", "correlation")  # in the library's order


def seed_of(random_state: Any) -> int:
    """A seed from what scikit-learn's people give: None, a number, a RandomState, a Generator."""
    if random_state is None:
        return int(np.random.randint(2**31 - 1))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return whole(random_state, "random_state", least=0)
    raise ValueError(
        f"random_state is {random_state!r}; expected None, a whole number, a RandomState or a "
        "Generator"
    )


def number(
    value: Any, name: str, *, above: float | None = None, least: float | None = None
) -> float:
    """A finite number within bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} is {value!r}; expected a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"{name} is {value}; expected a finite number")
    if above is not None and not value > above:
        raise ValueError(f"{name} is {value}; expected more than {above:g}")
    if least is not None and not value >= least:
        raise ValueError(f"{name} is {value}; expected {least:g} or more")
    return float(value)


def whole(value: Any, name: str, *, least: int = 1) -> int:
    """A whole number, not below `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} is {value!r}; expected a whole number")
    if value < least:
        raise ValueError(f"{name} is {value}; expected {least} or more")
    if value > _MOST:
        raise ValueError(f"{name} is {value}; expected {_MOST} at most")
    return int(value)


def one_of(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")
    return str(value)


def device_name(value: Any) -> str:
    """What the library looks up."""
    if not isinstance(value, str):
        raise TypeError(f"device is {value!r}; expected a name: 'auto', 'cpu', 'cuda' or 'cuda:N'")
    return value
