"""scikit-learn's own tests of PCA and t-SNE, with Hourglass's classes in place of its own: by hand.

    python python/tests/drop_in.py [--ignore-solvers]

Tests that name the class are run, from the installed scikit-learn; the others test its insides.
With --ignore-solvers the parameters that choose among scikit-learn's solvers are taken and ignored.
The shares, and why each failure fails, are in docs/python.md.
"""

import inspect
import sys

import pytest

import hourglass

SOLVERS = {
    "PCA": {
        "copy",
        "svd_solver",
        "tol",
        "iterated_power",
        "n_oversamples",
        "power_iteration_normalizer",
    },
    "TSNE": {
        "n_iter_without_progress",
        "min_grad_norm",
        "method",
        "angle",
        "n_jobs",
    },
}
FILES = {"PCA": "sklearn.decomposition.tests.test_pca", "TSNE": "sklearn.manifold.tests.test_t_sne"}


def tolerant(name: str) -> type:
    """The class, deaf to what chooses among scikit-learn's solvers."""
    ours = getattr(hourglass, name)

    class Tolerant(ours):
        def __new__(cls, *args, **kwargs):
            rest = {key: value for key, value in kwargs.items() if key not in SOLVERS[name]}
            return ours(*args, **rest)

    return Tolerant


class Replacement:
    """A plugin of pytest's: puts our class into the module, and keeps what names it."""

    def __init__(self, name: str, ignore_solvers: bool) -> None:
        self.name = name
        self.ours = tolerant(name) if ignore_solvers else getattr(hourglass, name)

    def pytest_collection_modifyitems(self, items: list) -> None:
        for item in items:
            setattr(item.module, self.name, self.ours)
        items[:] = [item for item in items if f"{self.name}(" in inspect.getsource(item.function)]


if __name__ == "__main__":
    for name, module in FILES.items():
        plugin = Replacement(name, "--ignore-solvers" in sys.argv)
        options = ["-q", "--tb=line", "-p", "no:cacheprovider", "-p", "no:warnings", "-rf"]
        pytest.main([*options, "--pyargs", module], plugins=[plugin])
