"""Neighbours, and what a map keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import compared_rows, rows_beside
from hourglass._checks import METRICS, device_name, one_of, seed_of, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def nearest_neighbors(
    X: ArrayLike,
    n_neighbors: int,
    *,
    queries: ArrayLike | None = None,
    metric: str = "euclidean",
    device: str = "auto",
) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """The nearest others of each row, or the nearest rows to each query, exactly.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
    n_neighbors : int
        1 to 2048, and fewer than there are rows; with queries up to as many.
    queries : array-like of shape (n_queries, n_features), optional
        Rows whose nearest in X are asked for. One that is a row of X finds that row too, at 0.
    metric : "euclidean", "cosine" or "correlation"
        The latter as scikit-learn has them: 1 less the cosine of two rows, or of two rows less
        their means.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    distances : ndarray of shape (n_samples or n_queries, n_neighbors), float32
        Increasing. NumPy's arrays, also of rows in a GPU's memory.
    indices : ndarray of the same shape, uint32
        A row itself is left out; of equally near ones the lower index comes first.

    Raises
    ------
    ValueError
        Values that are not finite, rows that are all the same or have no direction for the metric,
        queries of another width, or a number that does not fit.

    Examples
    --------
    >>> import hourglass
    >>> distances, indices = hourglass.nearest_neighbors([[0.0], [1.0], [3.0]], 1)
    >>> indices.ravel().tolist(), distances.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    >>> hourglass.nearest_neighbors([[0.0], [1.0], [3.0]], 1, queries=[[2.5]])[1].tolist()
    [[2]]
    """
    one_of(metric, "metric", METRICS)
    x, offset = compared_rows(X, metric, "X")
    asked = None if queries is None else rows_beside(queries, offset, "queries")
    indices, distances = _core.nearest_neighbors(
        x, asked, whole(n_neighbors, "n_neighbors"), METRICS.index(metric), device_name(device)
    )
    if metric != "euclidean":  # of rows of length one: d^2 = 2 - 2 cos
        distances *= np.float32(0.5) * distances
    return distances, indices


def map_quality(
    X: ArrayLike,
    embedding: ArrayLike,
    labels: ArrayLike | None = None,
    *,
    n_neighbors: int = 10,
    metric: str = "euclidean",
    max_samples: int = 10_000,
    max_pairs: int = 500_000,
    per_sample: bool = False,
    random_state: Any = 0,
    device: str = "auto",
) -> dict[str, Any]:
    """How much of the data a map keeps, as figures of which 1 is the best.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        What is mapped.
    embedding : array-like of shape (n_samples, n_components)
        Its map.
    labels : array-like of shape (n_samples,), optional
        Kinds, 2 to 256 of them: numbers or texts.
    n_neighbors : int
        Fewer than half of the rows looked at.
    metric : "euclidean", "cosine" or "correlation"
        Of X.
    max_samples : int
        Rows looked at, from the first; time grows with their square.
    max_pairs : int
        Pairs of rows of which distances are correlated, drawn at random where there are more.
    per_sample : bool
        Give what each row contributes, too.
    random_state : int, RandomState, Generator or None
        Of those pairs.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    dict
        ``trustworthiness``: whether neighbours on the map are neighbours in the data [1]_.
        ``continuity``: whether neighbours in the data are neighbours on the map [1]_.
        ``neighbor_recall``: the share of a row's neighbours in the data that are among those on the
        map. ``distance_correlation``: Spearman's, of distances in the data and on the map.
        With labels ``silhouette``, of the map [2]_, and ``label_accuracy``: the mean accuracy of a
        classifier by nearest neighbours on the map, of all rows, over five stratified folds.
        With ``per_sample``, a dict ``per_sample`` of arrays, a value for each row looked at, whose
        means are the figures: ``trustworthiness``, ``continuity``, ``neighbor_recall`` and, with
        labels, ``silhouette``.

    Raises
    ------
    ValueError
        Shapes or numbers that do not fit each other, values that are not finite, labels that are
        all the same or all different.

    References
    ----------
    .. [1] J. Venna, S. Kaski, "Neighborhood preservation in nonlinear projection methods: an
       experimental study", ICANN 2001.
    .. [2] P. J. Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of
       cluster analysis", Journal of Computational and Applied Mathematics 20, 1987.

    Examples
    --------
    >>> import hourglass, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> quality = hourglass.map_quality(X, X)
    >>> quality["trustworthiness"], quality["neighbor_recall"]
    (1.0, 1.0)
    """
    one_of(metric, "metric", METRICS)
    x, _ = compared_rows(X, metric, "X")
    mapped, _ = compared_rows(embedding, "euclidean", "embedding")
    neighbors = whole(n_neighbors, "n_neighbors")
    numbered = None
    if labels is not None:
        kinds, places = np.unique(np.asarray(labels), return_inverse=True)
        if len(kinds) > 256:
            raise ValueError(f"labels has {len(kinds)} kinds; expected 256 at most")
        numbered = places.ravel().astype(np.uint8)
    quality = _core.map_quality(
        x,
        mapped,
        numbered,
        neighbors,
        whole(max_samples, "max_samples"),
        whole(max_pairs, "max_pairs"),
        seed_of(random_state),
        bool(per_sample),
        METRICS.index(metric),
        device_name(device),
    )
    rows = quality.pop("per_row", None)
    if numbered is not None:
        quality["label_accuracy"] = _core.label_accuracy(mapped, numbered, neighbors, device)
    if rows is not None:
        quality["per_sample"] = rows
    return dict(quality)
