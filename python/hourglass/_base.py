"""What the estimators share: scikit-learn's own base where it is installed, else as much of it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from hourglass import _arrays

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.exceptions import NotFittedError

    try:
        from sklearn.utils.validation import validate_data  # 1.6 and newer
    except ImportError:
        validate_data = None
    HAS_SKLEARN = True
except ImportError:
    HAS_SKLEARN = False

    class NotFittedError(ValueError, AttributeError):  # type: ignore[no-redef]
        """A method that wants a fitted estimator was called before ``fit``."""

    class BaseEstimator:  # type: ignore[no-redef]
        """Parameters are what ``__init__`` takes, kept as they are."""

        @classmethod
        def _names(cls) -> list[str]:
            names = inspect.signature(cls.__init__).parameters
            return sorted(name for name in names if name != "self")

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """The parameters by name."""
            return {name: getattr(self, name) for name in self._names()}

        def set_params(self, **params: Any) -> BaseEstimator:
            """Change parameters by name."""
            names = self._names()
            for name, value in params.items():
                if name not in names:
                    raise ValueError(
                        f"Invalid parameter {name!r} for estimator {self}. "
                        f"Valid parameters are: {names}."
                    )
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            defaults = inspect.signature(type(self).__init__).parameters
            changed = (
                f"{name}={value!r}"
                for name, value in self.get_params().items()
                if value is not defaults[name].default and value != defaults[name].default
            )
            return f"{type(self).__name__}({', '.join(changed)})"

    class ClassNamePrefixFeaturesOutMixin:  # type: ignore[no-redef]
        """Outputs are named after the class: pca0, pca1, ..."""

        _n_features_out: int

        def get_feature_names_out(self, input_features: Any = None) -> Any:
            """Names of the columns that ``transform`` gives."""
            require_fitted(self)
            prefix = type(self).__name__.lower()
            return np.asarray([f"{prefix}{i}" for i in range(self._n_features_out)], dtype=object)

    class TransformerMixin:  # type: ignore[no-redef]
        """fit_transform, and frames out of transform where ``set_output`` asks for them."""

        fit: Any

        def fit_transform(self, X: Any, y: Any = None) -> Any:
            """Fit, then transform the same rows."""
            return self.fit(X, y).transform(X)

        def set_output(self, *, transform: str | None = None) -> Any:
            """Arrays (the default), or frames of "pandas" or "polars"."""
            if transform not in (None, "default", "pandas", "polars"):
                raise ValueError(
                    f"transform is {transform!r}; expected 'default', 'pandas' or 'polars'"
                )
            if transform is not None:
                self._output = transform
            return self

        def __init_subclass__(cls, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            for name in ("transform", "fit_transform"):
                if name in cls.__dict__:
                    setattr(cls, name, _framed(cls.__dict__[name]))

    def _framed(method: Any) -> Any:
        import functools

        @functools.wraps(method)
        def wrapped(self: Any, X: Any, *args: Any, **kwargs: Any) -> Any:
            values = method(self, X, *args, **kwargs)
            kind = getattr(self, "_output", "default")
            if kind == "default":
                return values
            names = list(self.get_feature_names_out())
            if kind == "pandas":
                import pandas

                return pandas.DataFrame(values, columns=names, index=getattr(X, "index", None))
            import polars

            return polars.DataFrame(values, schema=names)

        return wrapped


@contextlib.contextmanager
def as_it_was(estimator: Any) -> Iterator[None]:
    """What is raised within leaves the estimator's attributes as they were before."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise


def require_fitted(estimator: Any) -> None:
    """NotFittedError before ``fit``."""
    if not hasattr(estimator, "n_features_in_"):
        raise NotFittedError(
            f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with "
            "appropriate arguments before using this estimator."
        )


def validated(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    dtypes: list[Any],
    min_samples: int = 1,
    sparse: bool = False,
) -> Any:
    """Rows of finite numbers in C order, of the first of `dtypes` unless they are of another of
    them. With `reset` the estimator learns how many columns there are and their names, else they
    must be as it knows them. With `sparse` SciPy's matrices are taken too, and made dense."""
    there = _arrays.on_gpu(X)
    if there is not None:
        return _validated_on_gpu(estimator, there, reset, dtypes, min_samples)
    X = _arrays.on_host(X)
    _arrays.refuse_dates(X)
    if HAS_SKLEARN:
        options = {
            "reset": reset,
            "dtype": dtypes,
            "order": "C",
            "ensure_min_samples": min_samples,
            "accept_sparse": "csr" if sparse else False,
        }
        if validate_data is not None:
            x = validate_data(estimator, X, **options)
        else:
            x = estimator._validate_data(X, **options)
        return x.toarray() if hasattr(x, "tocsr") else x
    if sparse and hasattr(X, "tocsr"):
        X = X.toarray()
    return _validated_alone(estimator, X, reset, dtypes, min_samples)


def _validated_on_gpu(
    estimator: Any, X: Any, reset: bool, dtypes: list[Any], min_samples: int
) -> Any:
    """The library looks at the values itself, where they are."""
    if X.ndim != 2:
        raise ValueError(f"Expected 2D array, got an array of shape {X.shape} instead")
    if X.dtype not in dtypes:
        raise TypeError(f"X is in a GPU's memory and of dtype {X.dtype}; expected float32")
    _require_size(estimator, X.shape, min_samples)
    _learn_features(estimator, X.shape[1], [], reset)
    return X


def _validated_alone(
    estimator: Any, X: Any, reset: bool, dtypes: list[Any], min_samples: int
) -> Any:
    columns = list(getattr(X, "columns", ()))
    x = _arrays.numbers(X)
    if x.ndim != 2:
        hint = "; reshape(-1, 1) makes one column, reshape(1, -1) one row" if x.ndim == 1 else ""
        raise ValueError(f"Expected 2D array, got an array of shape {x.shape} instead{hint}")
    _require_size(estimator, x.shape, min_samples)
    if x.dtype not in dtypes:
        _arrays.require_finite(x)
        with np.errstate(over="ignore"):
            x = x.astype(dtypes[0])
    _arrays.require_finite(x)
    _learn_features(estimator, x.shape[1], columns, reset)
    return np.ascontiguousarray(x)


def _require_size(estimator: Any, shape: tuple[int, ...], min_samples: int) -> None:
    rows, features = shape
    if rows < min_samples:
        raise ValueError(
            f"Found array with {rows} sample(s) (shape={shape}) while a minimum of "
            f"{min_samples} is required by {type(estimator).__name__}."
        )
    if features < 1:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={shape}) while a minimum of 1 is required."
        )


def _learn_features(estimator: Any, features: int, columns: list[Any], reset: bool) -> None:
    """How many columns there are and their names: learnt, or compared with what was."""
    name = type(estimator).__name__
    named = bool(columns) and all(isinstance(column, str) for column in columns)
    if reset:
        estimator.n_features_in_ = features
        if named:
            estimator.feature_names_in_ = np.asarray(columns, dtype=object)
        else:
            forget_names(estimator)
    else:
        if features != estimator.n_features_in_:
            raise ValueError(
                f"X has {features} features, but {name} is expecting "
                f"{estimator.n_features_in_} features as input."
            )
        known = getattr(estimator, "feature_names_in_", None)
        if named and known is not None and columns != list(known):
            raise ValueError(
                "The feature names should match those that were passed during fit: "
                f"{list(known)}, not {columns}."
            )


def forget_names(estimator: Any) -> None:
    """Columns have no names any more."""
    if hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def float_types(X: Any) -> list[Any]:
    """The types in which rows are taken: single precision where it loses nothing."""
    dtype = getattr(X, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf" and dtype.itemsize <= 2:
        return [np.float32]
    return [np.float64, np.float32]
