"""Whatever people have their numbers in, as NumPy's arrays."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_DLPACK_HOST = (1, 3, 11)  # plain memory, and what CUDA and ROCm pinned of it
_DLPACK_CUDA = 2
_DEFAULT_STREAM = 1  # CUDA's legacy one: what writes an array comes before what is queued there


def _usable(device: str) -> bool:
    return any(one["name"] == device and one["usable"] for one in _core.devices())


def on_gpu(X: Any) -> Any:
    """X as the library takes it where it is in the memory of a GPU that can be used; else None."""
    if isinstance(X, _core.GpuArray):
        return X
    if isinstance(X, np.ndarray) or not hasattr(X, "__dlpack_device__"):
        return None
    kind, index = X.__dlpack_device__()
    if kind != _DLPACK_CUDA or not _usable(f"cuda:{int(index)}"):
        return None
    return _core.GpuArray(X.__dlpack__(stream=_DEFAULT_STREAM))


def to_gpu(X: ArrayLike, device: str = "cuda") -> Any:
    """Numbers in the memory of a GPU, in single precision.

    ``fit`` and ``transform`` of all estimators, ``nearest_neighbors`` and ``map_quality`` take it
    where it is, as they take arrays of PyTorch, CuPy and others on a GPU; codes and reconstructions
    then come as such arrays, too. Bytes stand for no fractions here: divide images by 255.

    Parameters
    ----------
    X : array-like
    device : str
        ``"cuda"`` or ``"cuda:N"``.

    Returns
    -------
    GpuArray
        With ``shape``, ``dtype``, ``device``, ``numpy()`` and DLPack:
        ``torch.from_dlpack(array)`` is the same memory.

    Raises
    ------
    ValueError
        Values that are no numbers, or not finite.
    RuntimeError
        A device that is not there.

    Examples
    --------
    >>> import hourglass, numpy as np
    >>> X = np.ones((100, 5), np.float32)
    >>> if any(d["usable"] for d in hourglass.devices() if d["name"] == "cuda:0"):
    ...     X = hourglass.to_gpu(X)
    >>> X.shape
    (100, 5)
    """
    return _core.to_gpu(np.ascontiguousarray(to_float32(numbers(X))), device)


def unpickled(X: NDArray[np.float32], device: str) -> Any:
    """Back on its GPU, or on the host where that is not there."""
    return to_gpu(X, device) if _usable(device) else X


def like(result: Any, X: Any) -> Any:
    """What the library left on a GPU, as an array of X's library where it takes one."""
    if not isinstance(result, _core.GpuArray) or isinstance(X, _core.GpuArray):
        return result
    library = sys.modules.get(type(X).__module__.partition(".")[0])
    taken = getattr(library, "from_dlpack", None)
    return result if taken is None else taken(result)


def on_host(X: Any, name: str = "X") -> Any:
    """X as it is, or as NumPy's array where it only speaks DLPack."""
    if isinstance(X, np.ndarray):
        return X
    if not hasattr(X, "__dlpack_device__"):
        if hasattr(X, "__cuda_array_interface__"):
            raise TypeError(f"{name} is in a GPU's memory; bring it to the host first")
        return X
    kind, _ = X.__dlpack_device__()
    if kind not in _DLPACK_HOST:
        raise TypeError(f"{name} is in a GPU's memory; bring it to the host first")
    return X if hasattr(X, "__array__") else np.from_dlpack(X)


def numbers(X: Any, name: str = "X") -> NDArray[Any]:
    """X as an array of real numbers; TypeError or ValueError for anything else."""
    X = on_host(X, name)
    refuse_dates(X, name)
    if hasattr(X, "tocsr"):
        raise TypeError(
            f"{name} is a sparse matrix, but dense data is required; X.toarray() makes it so"
        )
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {array.dtype}")
    if array.dtype.kind in "OUSV":
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name} holds what is no number: {error}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} has dtype {array.dtype}; expected numbers")
    return array


def refuse_dates(X: Any, name: str = "X") -> None:
    """TypeError for dates, durations and records, which NumPy would make numbers of."""
    dtypes = [X.dtype] if hasattr(X, "dtype") else getattr(X, "dtypes", ())
    for dtype in dtypes:
        temporal = getattr(dtype, "is_temporal", None)  # of polars
        if getattr(dtype, "kind", "") in ("m", "M", "V") or (callable(temporal) and temporal()):
            raise TypeError(f"{name} has dtype {dtype}; expected numbers")


def _one_dimension_each(X: Any, name: str) -> Any:
    """X as rows of numbers of one dimension each, or as a GpuArray of such."""
    there = on_gpu(X)
    x = numbers(X, name) if there is None else there
    if x.ndim < 2:
        raise ValueError(f"{name} has shape {x.shape}; expected rows of values")
    if there is not None:
        return there.flat()
    return x.reshape(len(x), int(np.prod(x.shape[1:])))


def flat_rows(X: Any, name: str = "X") -> NDArray[np.float32]:
    """X as rows of numbers in single precision and C order, one dimension each."""
    return in_single(_one_dimension_each(X, name), None, name)


def compared_rows(X: Any, metric: str, name: str = "X") -> tuple[Any, Any]:
    """The same, less an offset that the metric does not mind, and that offset, for others."""
    x = _one_dimension_each(X, name)
    offset = None if isinstance(x, _core.GpuArray) else offset_of(x, metric, name)
    return in_single(x, offset, name), offset


def rows_beside(X: Any, offset: Any, name: str = "X") -> Any:
    """Rows that are compared with those that an offset was taken from."""
    x = _one_dimension_each(X, name)
    if isinstance(offset, np.ndarray) and x.shape[1:] != offset.shape:
        offset = None  # the library says what is wrong
    return in_single(x, offset, name)


def require_finite(x: NDArray[Any], name: str = "X") -> None:
    """ValueError for NaN and infinity."""
    if x.dtype.kind != "f":
        return
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.sum(x)):  # cheap, and enough where it is
            return
    if not np.isfinite(x).all():
        what = "NaN" if np.isnan(x).any() else f"infinity or a value too large for {x.dtype!r}"
        raise ValueError(f"Input {name} contains {what}.")


def to_float32(x: NDArray[Any], name: str = "X") -> NDArray[np.float32]:
    """The same numbers in single precision; ValueError for those that are too large for it."""
    require_finite(x, name)
    if x.dtype == np.float32:
        return x
    with np.errstate(over="ignore"):
        single = x.astype(np.float32, order="C")
    require_finite(single, name)
    return single


_BLOCK_ROWS = 1024
_EACH_ROWS_MEAN = "each row's mean"  # an offset, too


def offset_of(x: NDArray[Any], metric: str, name: str = "X") -> Any:
    """What rows that single precision may not hold can do without for a metric, or None."""
    if np.can_cast(x.dtype, np.float32) or x.size == 0 or metric == "cosine":
        return None
    if metric == "correlation":
        return _EACH_ROWS_MEAN
    require_finite(x, name)
    with np.errstate(over="ignore"):
        return x.mean(axis=0)


def in_single(x: Any, offset: Any, name: str = "X") -> Any:
    """Rows in single precision and C order, less the offset that double precision can do without;
    a GpuArray as it is where there is none."""
    if isinstance(x, _core.GpuArray):
        return x if offset is None else minus_in_double(x.numpy(), offset, name)
    if offset is None:
        return np.ascontiguousarray(to_float32(x, name))
    require_finite(x, name)
    return minus_in_double(x, offset, name)


def minus_in_double(x: NDArray[Any], offset: Any, name: str = "X") -> NDArray[np.float32]:
    """x - offset, taken in double precision and rounded once: an offset costs no digits."""
    result = np.empty(x.shape, np.float32)
    own = isinstance(offset, str)
    with np.errstate(over="ignore"):
        for first in range(0, len(x), _BLOCK_ROWS):
            rows = slice(first, first + _BLOCK_ROWS)
            if own:  # whose sums are the same in whatever order the rows came
                offset = np.ascontiguousarray(x[rows], np.float64).mean(axis=1, keepdims=True)
            result[rows] = x[rows] - offset
    require_finite(result, name)
    return result
