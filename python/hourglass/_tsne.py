"""t-SNE maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import minus_in_double, numbers, to_float32
from hourglass._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    float_types,
    number,
    one_of,
    seed_of,
    validated,
    whole,
)
from hourglass._progress import Progress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ACCURACIES = ("fast", "default", "high")
_INITIALIZATIONS = ("pca", "random")
_METRICS = ("euclidean", "cosine", "correlation")


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """t-SNE: a map on which neighbours in the data are neighbours.

    Exact nearest neighbours, and repulsion by one charge per point on a grid, in O(N log N).

    Parameters
    ----------
    n_components : int
        Dimensions of the map: 1, 2 or 3.
    perplexity : float
        How many neighbours a row has, in a soft sense; there are three times as many in all.
    early_exaggeration : float
        Attraction is so many times stronger in the first ``early_exaggeration_iter`` iterations.
    early_exaggeration_iter : int
    exaggeration : float
        The same of all later iterations.
    dof : float
        Degrees of freedom of the map's kernel, from 0.1 to 1000; below 1 its tails are heavier and
        clusters finer.
    learning_rate : float or "auto"
        "auto" is max(N / early_exaggeration / 4, 50).
    max_iter : int
    metric : str
        "euclidean"; "cosine" or "correlation", which compare rows by their directions, as Euclidean
        distances of rows of length one (less their means); or "precomputed", for a sparse graph of distances to the nearest neighbours,
        equally many in each row.
    init : "pca", "random" or array-like of shape (n_samples, n_components)
    accuracy : "fast", "default" or "high"
        How finely the repulsion is resolved.
    time_limit : float or None
        Seconds after which no iteration begins.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState, Generator or None
        Of a random initialisation. The same seed gives the same bytes on the same device.
    verbose : int
        1 shows progress.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components), float32
    kl_divergence_ : float
        Without exaggeration, normalised over all pairs.
    kl_history_ : ndarray of shape (n, 2)
        Iterations and the divergence there; with ``verbose=0`` the last alone.
    n_iter_ : int
    learning_rate_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X was a frame whose columns have names.

    Raises
    ------
    ValueError
        Values that are not finite, rows that are all the same, a perplexity that is not below the
        number of rows, parameters that make no sense.
    RuntimeError
        A device that is not there or fails.

    References
    ----------
    L. van der Maaten, G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008.

    Examples
    --------
    >>> import hourglass, numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 5))
    >>> tsne = hourglass.TSNE(perplexity=10, random_state=0)
    >>> tsne.fit_transform(X).shape
    (100, 2)
    >>> tsne.n_iter_
    1000
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        early_exaggeration: float = 12.0,
        early_exaggeration_iter: int = 250,
        exaggeration: float = 1.0,
        dof: float = 1.0,
        learning_rate: float | str = "auto",
        max_iter: int = 1000,
        metric: str = "euclidean",
        init: Any = "pca",
        accuracy: str = "default",
        time_limit: float | None = None,
        device: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.early_exaggeration = early_exaggeration
        self.early_exaggeration_iter = early_exaggeration_iter
        self.exaggeration = exaggeration
        self.dof = dof
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.metric = metric
        self.init = init
        self.accuracy = accuracy
        self.time_limit = time_limit
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: Any = None) -> TSNE:
        """Map X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), or a graph
            Without ``metric="precomputed"`` a sparse matrix is made dense.
        y : ignored

        Returns
        -------
        self
        """
        self._fit(X)
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[np.float32]:
        """Map X.

        Returns
        -------
        ndarray of shape (n_samples, n_components), float32
        """
        self._fit(X)
        return self.embedding_

    @property
    def _n_features_out(self) -> int:
        return int(self.embedding_.shape[1])

    def _fit(self, X: Any) -> None:
        one_of(self.metric, "metric", (*_METRICS, "precomputed"))
        if self.metric == "precomputed":
            indices, distances = _neighbors_of(X)
            rows = len(indices)
            options = self._options(rows)
            result = self._run(
                lambda *call: _core.tsne_of_graph(indices, distances, *call), options
            )
            self.n_features_in_ = rows
        else:
            x = validated(self, X, reset=True, dtypes=float_types(X), min_samples=2, sparse=True)
            options = self._options(len(x))
            if x.dtype != np.float32 and self.metric == "euclidean":  # distances do not mind, single precision does
                x = minus_in_double(x, x.mean(axis=0))
            x = to_float32(x, "X")
            result = self._run(lambda *call: _core.tsne(x, *call), options)
        self.embedding_ = result["map"]
        self.kl_divergence_ = float(result["kl_divergence"])
        self.n_iter_ = int(result["iterations"])
        self.learning_rate_ = float(result["learning_rate"])
        history = [*result["history"], (self.n_iter_, self.kl_divergence_)]
        self.kl_history_ = np.array(sorted(dict(history).items()), np.float64)

    def _run(self, call: Any, options: dict[str, Any]) -> Any:
        with Progress("t-SNE", options["iterations"], self.verbose) as bar:
            return call(
                options, (lambda at, _: bar.show(at)) if self.verbose else None, self.device
            )

    def _options(self, rows: int) -> dict[str, Any]:
        if whole(self.n_components, "n_components") not in (1, 2, 3):
            raise ValueError(f"n_components is {self.n_components}; expected 1, 2 or 3")
        perplexity = number(self.perplexity, "perplexity", least=1.0)
        if perplexity >= rows:
            raise ValueError(f"perplexity ({self.perplexity}) must be less than n_samples ({rows})")
        automatic = isinstance(self.learning_rate, str)
        if automatic:
            one_of(self.learning_rate, "learning_rate", ("auto",))
        options: dict[str, Any] = {
            "components": int(self.n_components),
            "perplexity": perplexity,
            "iterations": whole(self.max_iter, "max_iter"),
            "early_iterations": whole(
                self.early_exaggeration_iter, "early_exaggeration_iter", least=0
            ),
            "early_exaggeration": number(self.early_exaggeration, "early_exaggeration", least=1.0),
            "exaggeration": number(self.exaggeration, "exaggeration", above=0.0),
            "dof": number(self.dof, "dof", least=0.1),
            "time_limit": 0.0
            if self.time_limit is None
            else number(self.time_limit, "time_limit", above=0.0),
            "metric": 0 if self.metric == "precomputed" else _METRICS.index(self.metric),
            "learning_rate": 0.0
            if automatic
            else number(self.learning_rate, "learning_rate", above=0.0),
            "accuracy": _ACCURACIES.index(one_of(self.accuracy, "accuracy", _ACCURACIES)),
            "initialization": 0,
            "seed": seed_of(self.random_state),
            "divergence_interval": 50 if self.verbose else 0,
        }
        if isinstance(self.init, str):
            chosen = one_of(self.init, "init", _INITIALIZATIONS)
            options["initialization"] = _INITIALIZATIONS.index(chosen)
        else:
            initial = np.ascontiguousarray(to_float32(numbers(self.init, "init"), "init"))
            if initial.shape != (rows, self.n_components):
                raise ValueError(
                    f"init has shape {initial.shape}; expected {(rows, self.n_components)}"
                )
            options["initial_map"] = initial
        return options

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.input_tags.pairwise = self.metric == "precomputed"
        return tags

    def _more_tags(self) -> dict[str, Any]:  # before 1.6
        return {
            "preserves_dtype": [np.float32],
            "pairwise": self.metric == "precomputed",
            "X_types": ["2darray", "sparse"],
        }


def _neighbors_of(X: Any) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """A sparse graph's neighbours, each row's by increasing distance and without itself."""
    if not hasattr(X, "tocsr"):
        raise TypeError("metric='precomputed' takes a sparse graph of neighbours")
    graph = X.tocsr()
    rows, columns = graph.shape
    if rows != columns:
        raise ValueError(f"X has shape {graph.shape}; a graph of neighbours is square")
    owners = np.repeat(np.arange(rows), np.diff(graph.indptr))
    others = graph.indices != owners
    owners, indices, distances = owners[others], graph.indices[others], graph.data[others]
    counts = np.bincount(owners, minlength=rows)
    if counts.min() != counts.max():
        raise ValueError(
            f"X has from {counts.min()} to {counts.max()} neighbours a row; expected equally many"
        )
    order = np.lexsort((indices, distances, owners))
    shape = (rows, int(counts[0]))
    return (
        indices[order].reshape(shape).astype(np.uint32),
        to_float32(np.asarray(distances[order]).reshape(shape)),
    )
