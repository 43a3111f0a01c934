"""Neighbours, and what a map keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import numbers, to_float32

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def nearest_neighbors(
    X: ArrayLike, n_neighbors: int, *, device: str = "auto"
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """The nearest others of each row, exactly.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    n_neighbors : int
        1 to 2048, and fewer than there are rows.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    distances : ndarray of shape (n_samples, n_neighbors), float32
        Euclidean, increasing.
    indices : ndarray of shape (n_samples, n_neighbors), uint32
        The row itself is left out; of equally near ones the lower index comes first.

    Raises
    ------
    ValueError
        Values that are not finite, rows that are all the same, or a number that does not fit.

    Examples
    --------
    >>> import hourglass
    >>> distances, indices = hourglass.nearest_neighbors([[0.0], [1.0], [3.0]], 1)
    >>> indices.ravel().tolist(), distances.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    indices, distances = _core.nearest_neighbors(_rows(X, "X"), n_neighbors, device)
    return distances, indices


def map_quality(
    X: ArrayLike,
    embedding: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    n_neighbors: int = 10,
    device: str = "auto",
) -> dict[str, Any]:
    """How much of the data a map keeps, as figures between 0 and 1.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        What is mapped.
    embedding : array-like of shape (n_samples, n_components)
        Its map.
    labels : array-like of shape (n_samples,), optional
        Kinds, at most 256 of them: numbers or texts.
    n_neighbors : int
    device : str

    Returns
    -------
    dict
        ``trustworthiness``: whether neighbours on the map are neighbours in the data, of the first
        5000 rows [1]_. With labels ``label_accuracy``: the mean accuracy of a classifier by nearest
        neighbours on the map, over five stratified folds.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods: an
       experimental study", ICANN 2001.

    Examples
    --------
    >>> import hourglass, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> hourglass.map_quality(X, X)
    {'trustworthiness': 1.0}
    """
    x, mapped = _rows(X, "X"), _rows(embedding, "embedding")
    quality: dict[str, Any] = {
        "trustworthiness": _core.trustworthiness(x, mapped, n_neighbors, device)
    }
    if labels is not None:
        kinds, numbered = np.unique(np.asarray(labels), return_inverse=True)
        if len(kinds) > 256:
            raise ValueError(f"labels has {len(kinds)} kinds; expected 256 at most")
        quality["label_accuracy"] = _core.label_accuracy(
            mapped, numbered.ravel().astype(np.uint8), n_neighbors, device
        )
    return quality


def _rows(X: ArrayLike, name: str) -> NDArray[np.float32]:
    x = numbers(X, name)
    if x.ndim < 2:
        raise ValueError(f"{name} has shape {x.shape}; expected rows of values")
    return np.ascontiguousarray(to_float32(x.reshape(len(x), -1), name))
