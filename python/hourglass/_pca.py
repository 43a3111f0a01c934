"""Principal component analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import minus_in_double, to_float32
from hourglass._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    as_it_was,
    float_types,
    require_fitted,
    validated,
)
from hourglass._checks import device_name

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Principal component analysis.

    Eigenpairs of the smaller Gram matrix of the centred data, solved in double precision.

    Parameters
    ----------
    n_components : int, float or None
        How many components; a fraction of the variance that they must reach, between 0 and 1; or,
        None, all of them.
    whiten : bool
        Scores have unit variance along each component.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : ignored
        There is nothing random in it.

    Attributes
    ----------
    components_ : ndarray of shape (n_components_, n_features)
        Unit rows by decreasing variance; the largest absolute entry of each is positive.
    explained_variance_, explained_variance_ratio_, singular_values_ : ndarray (n_components_,)
    mean_ : ndarray of shape (n_features,), float64
    noise_variance_ : float
        Mean variance of what was left out.
    n_components_, n_samples_, n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X was a frame whose columns have names.

    Raises
    ------
    ValueError
        Fewer than two rows, values that are not finite, rows that are all the same, more components
        than rows or features.
    RuntimeError
        A device that is not there or fails.

    References
    ----------
    H. Hotelling, "Analysis of a complex of statistical variables into principal components",
    Journal of Educational Psychology 24, 1933.

    Examples
    --------
    >>> import hourglass
    >>> X = [[0.0, 0.0], [1.0, 1.1], [2.0, 1.9], [3.0, 3.0]]
    >>> pca = hourglass.PCA(n_components=1).fit(X)
    >>> pca.explained_variance_ratio_.round(3)
    array([0.999])
    >>> pca.transform(X).shape
    (4, 1)
    """

    def __init__(
        self,
        n_components: int | float | None = None,
        *,
        whiten: bool = False,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.whiten = whiten
        self.device = device
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: Any = None) -> PCA:
        """Find the components of X.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A sparse one is made dense.
        y : ignored

        Returns
        -------
        self
        """
        with as_it_was(self):
            self._fit(X, scores=False)
        return self

    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray[Any]:
        """Find the components of X, and its scores.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        ndarray of shape (n_samples, n_components_)
            A NumPy array wherever X is.
        """
        with as_it_was(self):
            return self._fit(X, scores=True)

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Scores of X along the components.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components_), of the type of X
            A NumPy array wherever X is.
        """
        require_fitted(self)
        x = validated(self, X, reset=False, dtypes=float_types(X), sparse=True)
        mean = np.asarray(self.mean_, np.float64)
        rows = x
        if x.dtype != np.float32:
            rows, mean = minus_in_double(x, mean), np.zeros_like(mean)
        scores = _core.pca_transform(mean, *self._axes(), rows, device_name(self.device))
        return scores.astype(x.dtype, copy=False)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Points that have these scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components_)

        Returns
        -------
        ndarray of shape (n_samples, n_features), of the type of X
        """
        from hourglass._arrays import numbers

        require_fitted(self)
        scores = numbers(X)
        if scores.ndim != 2:
            raise ValueError(f"Expected 2D array, got an array of shape {scores.shape} instead")
        zero = np.zeros(self.n_features_in_)
        rows = np.ascontiguousarray(to_float32(scores))
        points = _core.pca_inverse_transform(zero, *self._axes(), rows, device_name(self.device))
        kind = scores.dtype if scores.dtype.kind == "f" else np.float64
        return (points + self.mean_).astype(kind, copy=False)

    def get_covariance(self) -> NDArray[np.float64]:
        """The data's covariance as the components and the noise have it [1]_.

        Returns
        -------
        ndarray of shape (n_features, n_features)

        References
        ----------
        .. [1] M. E. Tipping, C. M. Bishop, "Probabilistic principal component analysis", Journal of
           the Royal Statistical Society B 61, 1999.
        """
        require_fitted(self)
        axes = np.asarray(self.components_, np.float64)
        extra = np.maximum(np.asarray(self.explained_variance_) - self.noise_variance_, 0.0)
        return (axes.T * extra) @ axes + self.noise_variance_ * np.eye(self.n_features_in_)

    def get_precision(self) -> NDArray[np.float64]:
        """The inverse of :meth:`get_covariance`.

        Returns
        -------
        ndarray of shape (n_features, n_features)
        """
        return np.asarray(np.linalg.inv(self.get_covariance()), np.float64)

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Each row's log-likelihood under the model of :meth:`get_covariance`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        require_fitted(self)
        x = validated(self, X, reset=False, dtypes=float_types(X), sparse=True)
        centred = (x.numpy() if isinstance(x, _core.GpuArray) else x) - self.mean_
        precision = self.get_precision()
        _, volume = np.linalg.slogdet(precision)
        apart = np.einsum("ij,ij->i", centred @ precision, centred)
        return 0.5 * (volume - self.n_features_in_ * np.log(2.0 * np.pi) - apart)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """The mean of :meth:`score_samples`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        float
        """
        return float(np.mean(self.score_samples(X)))

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def _axes(self) -> tuple[Any, Any, bool]:
        return (
            np.ascontiguousarray(self.components_, np.float32),
            np.ascontiguousarray(self.explained_variance_, np.float64),
            bool(self.whiten),
        )

    def _fit(self, X: ArrayLike, scores: bool) -> Any:
        x = validated(self, X, reset=True, dtypes=float_types(X), min_samples=2, sparse=True)
        count, fraction = self._wanted(*x.shape)
        rows, offset = x, np.zeros(x.shape[1])
        if x.dtype != np.float32:  # an offset taken off in double precision costs no digits
            offset = x.mean(axis=0)
            rows = minus_in_double(x, offset)
        model, mapped = _core.pca_fit(
            rows, count, fraction, bool(self.whiten), scores, device_name(self.device)
        )
        self.mean_ = offset + model["mean"]
        self.components_ = model["components"].astype(x.dtype, copy=False)
        self.explained_variance_ = model["explained_variance"].astype(x.dtype, copy=False)
        ratio = model["explained_variance_ratio"]
        self.explained_variance_ratio_ = ratio.astype(x.dtype, copy=False)
        self.singular_values_ = model["singular_values"].astype(x.dtype, copy=False)
        self.noise_variance_ = float(model["noise_variance"])
        self.n_components_ = len(self.components_)
        self.n_samples_ = len(x)
        return mapped.astype(x.dtype, copy=False) if scores else None

    def _wanted(self, rows: int, features: int) -> tuple[int, float | None]:
        """How many components, or which fraction of the variance."""
        most = min(rows, features)
        wanted = self.n_components
        if wanted is None:
            return most, None
        if isinstance(wanted, (int, np.integer)) and not isinstance(wanted, bool):
            if not 1 <= wanted <= most:
                raise ValueError(
                    f"n_components={wanted} must be between 1 and min(n_samples, n_features)={most}"
                )
            return int(wanted), None
        if isinstance(wanted, (float, np.floating)) and 0.0 < wanted < 1.0:
            return most, float(wanted)
        raise ValueError(
            f"n_components={wanted!r}; expected a whole number, a fraction between 0 and 1, or None"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _more_tags(self) -> dict[str, Any]:  # before 1.6
        return {"preserves_dtype": [np.float64, np.float32], "X_types": ["2darray", "sparse"]}
