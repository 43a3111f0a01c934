"""t-SNE maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import in_single, numbers, offset_of, to_float32
from hourglass._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    as_it_was,
    float_types,
    forget_names,
    require_fitted,
    validated,
)
from hourglass._checks import METRICS, device_name, number, one_of, seed_of, whole
from hourglass._progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

_ACCURACIES = ("fast", "default", "high")
_INITIALIZATIONS = ("pca", "random")
_NEW_ROWS_PERPLEXITY = 5.0  # openTSNE's, of rows that come to a map


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
        distances of rows of length one (less their means); or "precomputed": X then holds distances
        of all pairs, or is a sparse graph of those to at least ``3 * perplexity`` nearest others of
        each row, as scikit-learn's ``kneighbors_graph(..., mode="distance")`` makes it.
    init : "pca", "random" or array-like of shape (n_samples, n_components)
        "pca" needs data: with ``metric="precomputed"`` it must be another.
    accuracy : "fast", "default" or "high"
        How finely the repulsion is resolved.
    time_limit : float or None
        Seconds after which no iteration begins.
    callback : callable, optional
        Called every ``callback_every`` iterations with their number, the KL divergence and the map
        as it stands, (n_samples, n_components). Where it returns what is true the map is finished.
    callback_every : int
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState, Generator or None
        Of a random initialisation. The same seed gives the same bytes on the same device.
    verbose : int
        1 shows progress.

    Attributes
    ----------
    embedding_ : ndarray of shape (n_samples, n_components), float32
        NumPy's, also of rows in a GPU's memory.
    kl_divergence_ : float
        Without exaggeration, normalised over all pairs.
    kl_history_ : ndarray of shape (n, 2)
        Iterations and the divergence there: every ``callback_every`` with a callback, every 50 with
        ``verbose``, else the last alone.
    n_iter_ : int
    learning_rate_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X was a frame whose columns have names.

    Raises
    ------
    ValueError
        Values that are not finite, rows that are all the same, a perplexity that is not below the
        number of rows, parameters that make no sense. With ``metric="precomputed"``: distances that
        are negative, not symmetric or not 0 on the diagonal; a graph with too few neighbours, with
        one twice, or with a row's distance to itself that is not 0.
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
        callback: Callable[[int, float, NDArray[np.float32]], Any] | None = None,
        callback_every: int = 50,
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
        self.callback = callback
        self.callback_every = callback_every
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: ArrayLike, y: Any = None) -> TSNE:
        """Map X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A sparse matrix is made dense. With ``metric="precomputed"`` distances or a graph, of
            shape (n_samples, n_samples).
        y : ignored

        Returns
        -------
        self
        """
        self._fit(X)
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[np.float32]:
        """Map X.

        Parameters
        ----------
        X, y
            As of :meth:`fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_components), float32
            A NumPy array wherever X is.
        """
        self._fit(X)
        return self.embedding_

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Places of new rows in the map, which stays as it is.

        A row that equals a row of the fit takes its place, to the bit. Any other is drawn to its
        nearest rows of the fit and repelled by the whole map; new rows do not see each other, so a
        row's place does not depend on what comes with it.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components), float32
            A NumPy array wherever X is.

        Raises
        ------
        ValueError
            Another number of features than the fit had, values that are not finite or far beyond
            those of the fit; a map of ``metric="precomputed"``, which has no rows to compare with,
            or with another ``dof`` than 1 or of 3 components.
        NotFittedError
            Before ``fit``.

        References
        ----------
        P. G. Policar, M. Strazar, B. Zupan, "Embedding to reference t-SNE space addresses batch
        effects in single-cell classification", Machine Learning 112, 2023.

        Examples
        --------
        >>> import hourglass, numpy as np
        >>> X = np.random.default_rng(0).normal(size=(100, 5))
        >>> tsne = hourglass.TSNE(perplexity=10, max_iter=300).fit(X[:90])
        >>> tsne.transform(X[90:]).shape
        (10, 2)
        >>> bool((tsne.transform(X[:3]) == tsne.embedding_[:3]).all())
        True
        """
        require_fitted(self)
        fitted = self._fitted
        if self._n_features_out > 2:
            raise ValueError(
                "new rows can be placed in maps of 1 and 2 components; this one has "
                f"{self._n_features_out}"
            )
        if fitted["rows"] is None:
            raise ValueError(
                "a map of metric='precomputed' has no rows that new ones could be compared with"
            )
        if fitted["dof"] != 1.0:
            raise ValueError(
                f"new rows can be placed in maps with dof=1; this one has dof={fitted['dof']:g}"
            )
        x = validated(self, X, reset=False, dtypes=float_types(X), sparse=True)
        x = in_single(x, fitted["offset"])
        perplexity = min(_NEW_ROWS_PERPLEXITY, max(len(fitted["rows"]) // 3, 1))
        return _core.tsne_transform(
            fitted["rows"],
            self.embedding_,
            x,
            perplexity,
            fitted["metric"],
            device_name(self.device),
        )

    @property
    def _n_features_out(self) -> int:
        return int(self.embedding_.shape[1])

    def _fit(self, X: Any) -> None:
        one_of(self.metric, "metric", (*METRICS, "precomputed"))
        with as_it_was(self):
            call, rows, kept = self._given_distances(X) if self._precomputed else self._data(X)
            result = self._run(call, self._options(rows))
        # What transform() needs: changing a parameter afterwards does not change the map.
        self._fitted = {**kept, "dof": float(self.dof)}
        self.embedding_ = result["map"]
        self.kl_divergence_ = float(result["kl_divergence"])
        self.n_iter_ = int(result["iterations"])
        self.learning_rate_ = float(result["learning_rate"])
        history = [*result["history"], (self.n_iter_, self.kl_divergence_)]
        self.kl_history_ = np.array(sorted(dict(history).items()), np.float64)

    @property
    def _precomputed(self) -> bool:
        return isinstance(self.metric, str) and self.metric == "precomputed"

    def _data(self, X: Any) -> tuple[Any, int, dict[str, Any]]:
        """The call that maps rows, how many there are, and what is kept of them."""
        x = validated(self, X, reset=True, dtypes=float_types(X), min_samples=2, sparse=True)
        # Distances do not mind an offset, single precision does.
        offset = None if isinstance(x, _core.GpuArray) else offset_of(x, self.metric)
        x = in_single(x, offset)
        kept = {"rows": x, "offset": offset, "metric": METRICS.index(self.metric)}
        return (lambda *call: _core.tsne(x, *call)), len(x), kept

    def _given_distances(self, X: Any) -> tuple[Any, int, dict[str, Any]]:
        """The same of distances."""
        if isinstance(self.init, str) and self.init == "pca":
            raise ValueError(
                'The parameter init="pca" cannot be used with metric="precomputed": there is no '
                "data; take init='random'"
            )
        kept = {"rows": None, "offset": None, "metric": 0}
        if hasattr(X, "tocsr"):
            offsets, columns, distances = _graph_of(X)
            self.n_features_in_ = len(offsets) - 1
            forget_names(self)
            return (
                (lambda *call: _core.tsne_of_graph(offsets, columns, distances, *call)),
                self.n_features_in_,
                kept,
            )
        x = validated(self, X, reset=True, dtypes=[np.float32, np.float64], min_samples=2)
        _require_square(x.shape)
        x = to_float32(x.numpy() if isinstance(x, _core.GpuArray) else x, "X")
        return (lambda *call: _core.tsne_of_distances(x, *call)), len(x), kept

    def _run(self, call: Any, options: dict[str, Any]) -> Any:
        if self.callback is not None and not callable(self.callback):
            raise TypeError(f"callback is {self.callback!r}; expected a function or None")

        def show(at: int, _: int, divergence: float | None) -> None:
            bar.show(at, "" if divergence is None else f"KL divergence {divergence:.4f}")

        with Progress("t-SNE", options["iterations"], self.verbose) as bar:
            return call(
                options, show if self.verbose else None, self.callback, device_name(self.device)
            )

    def _options(self, rows: int) -> dict[str, Any]:
        if whole(self.n_components, "n_components") not in (1, 2, 3):
            raise ValueError(f"'n_components' should be 1, 2 or 3; it is {self.n_components}")
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
            "metric": 0 if self._precomputed else METRICS.index(self.metric),
            "learning_rate": 0.0
            if automatic
            else number(self.learning_rate, "learning_rate", above=0.0),
            "accuracy": _ACCURACIES.index(one_of(self.accuracy, "accuracy", _ACCURACIES)),
            "initialization": 0,
            "seed": seed_of(self.random_state),
            "divergence_interval": self._divergence_interval(),
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

    def _divergence_interval(self) -> int:
        every = whole(self.callback_every, "callback_every")
        if self.callback is not None:
            return every
        return 50 if self.verbose else 0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.input_tags.pairwise = self._precomputed
        return tags

    def _more_tags(self) -> dict[str, Any]:  # before 1.6
        return {
            "preserves_dtype": [np.float32],
            "pairwise": self._precomputed,
            "X_types": ["2darray", "sparse"],
        }


def _require_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"X should be a square distance matrix; its shape is {shape}")
    if shape[0] < 2:
        raise ValueError(f"X has shape {shape}; a map wants 2 rows or more")


def _graph_of(X: Any) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float32]]:
    """SciPy's matrix as compressed rows, without the zeros that scikit-learn's graphs have from
    each row to itself."""
    _require_square(X.shape)
    graph = X.tocsr()
    rows = graph.shape[0]
    columns, distances = np.asarray(graph.indices), numbers(graph.data)
    owners = np.repeat(np.arange(rows), np.diff(graph.indptr))
    others = (columns != owners) | (distances != 0)
    if len(columns) > np.iinfo(np.uint32).max:
        raise ValueError(f"X holds {len(columns)} distances; expected fewer than 2^32")
    offsets = np.zeros(rows + 1, np.uint32)
    np.cumsum(np.bincount(owners[others], minlength=rows), out=offsets[1:])
    return (
        offsets,
        columns[others].astype(np.uint32),
        np.ascontiguousarray(to_float32(distances[others], "X")),
    )
