"""Autoencoders and maps of their latent space.

Three estimators with scikit-learn's contract, :class:`PCA`, :class:`TSNE` and
:class:`Autoencoder`, and functions for data, neighbours and the quality of maps. All of it runs on
NVIDIA GPUs where the package was built with CUDA, and on CPUs.

>>> import hourglass
>>> import numpy as np
>>> x = np.random.default_rng(0).normal(size=(200, 10)).astype(np.float32)
>>> hourglass.PCA(n_components=2).fit_transform(x).shape
(200, 2)
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from hourglass._environment import suited_to_libraries

with suited_to_libraries():
    from hourglass import _core

if TYPE_CHECKING:
    from hourglass._arrays import to_gpu
    from hourglass._autoencoder import Autoencoder
    from hourglass._data import digit_four, load_mnist, synthetic_digits
    from hourglass._machine import devices, info, set_threads
    from hourglass._maps import map_quality, nearest_neighbors
    from hourglass._page import page
    from hourglass._pca import PCA
    from hourglass._tsne import TSNE

__version__: str = _core.version

# Where each name is. What is not used is not imported: scikit-learn alone, which the estimators
# build upon where it is installed, takes a second.
_HOMES = {
    "Autoencoder": "_autoencoder",
    "PCA": "_pca",
    "TSNE": "_tsne",
    "devices": "_machine",
    "digit_four": "_data",
    "info": "_machine",
    "load_mnist": "_data",
    "map_quality": "_maps",
    "nearest_neighbors": "_maps",
    "page": "_page",
    "set_threads": "_machine",
    "synthetic_digits": "_data",
    "to_gpu": "_arrays",
}

__all__ = [
    "PCA",
    "TSNE",
    "Autoencoder",
    "__version__",
    "devices",
    "digit_four",
    "info",
    "load_mnist",
    "map_quality",
    "nearest_neighbors",
    "page",
    "set_threads",
    "synthetic_digits",
    "to_gpu",
]


# A forked process has but the thread that forked: it would wait in vain for the team of threads
# that its parent had begun.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _core.set_threads(1))


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'hourglass' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"hourglass.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
