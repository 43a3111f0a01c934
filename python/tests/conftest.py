"""What the tests share."""

import numpy as np
import pytest


@pytest.fixture
def table() -> np.ndarray:
    """Rows around three centres, off the origin, in double precision."""
    draw = np.random.default_rng(5)
    centres = draw.normal(size=(3, 8)) * 4 + 3
    return centres[np.arange(120) % 3] + draw.normal(size=(120, 8))


@pytest.fixture
def kinds() -> np.ndarray:
    """Which centre each row of the table is around."""
    return np.arange(120) % 3
