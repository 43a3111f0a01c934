"""A map to walk in, as one file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import compared_rows, numbers, require_finite, to_float32

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from hourglass._autoencoder import Autoencoder


def page(
    embedding: ArrayLike | Mapping[str, ArrayLike],
    out: str | os.PathLike[str],
    *,
    rows: ArrayLike | None = None,
    images: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    weights: str | os.PathLike[str] | Autoencoder | None = None,
    snapshots: ArrayLike | None = None,
    title: str = "A map",
    device: str = "auto",
) -> dict[str, Any]:
    """Writes a map to walk in: one HTML file that needs no network, to be opened by a browser.

    Parameters
    ----------
    embedding : array-like of shape (n_samples, 2), or a dict of such
        The map; or several of the same samples by their names, which are then linked.
    out : path
        The file to write.
    rows : array-like of shape (n_samples, ...), optional
        What was mapped. The page then shows each point's neighbours there, and how many of them
        each map keeps.
    images : array-like of shape (n_samples, ...), optional
        What each point is: bytes, or numbers from 0 to 1; the last dimensions are height and
        width, before them there may be channels. Flat rows are squares where they make one.
    labels : array-like of shape (n_samples,), optional
        Numbers or texts.
    weights : path or Autoencoder, optional
        A safetensors file, or a fitted estimator: the network then runs in the page, on the images.
    snapshots : array-like of shape (n_frames, n_samples, 2), optional
        How the last map came to be.
    title : str
    device : str
        Where the network runs for the reconstructions' errors, and neighbours are looked for.

    Returns
    -------
    dict
        ``bytes``: the size of the file; ``notes``: what the page had to leave out or to make
        smaller, and why, a line each.

    Raises
    ------
    ValueError
        Values that are not finite, arrays that do not belong together, weights of another model
        than such images have, or weights without images.

    Examples
    --------
    >>> import hourglass, os, tempfile
    >>> (X, y), _ = hourglass.synthetic_digits(100, random_state=0)
    >>> out = os.path.join(tempfile.mkdtemp(), "map.html")
    >>> embedding = hourglass.PCA(n_components=2).fit_transform(X.reshape(len(X), -1))
    >>> hourglass.page(embedding, out, images=X, labels=y)["notes"]
    []
    """
    maps = embedding if isinstance(embedding, Mapping) else {"Map": embedding}
    if not maps:
        raise ValueError("embedding is empty; expected a map, or maps by their names")
    if weights is not None and images is None:
        raise ValueError("weights are run on images; give those too")
    named = [(str(name), _contiguous(points, "embedding")) for name, points in maps.items()]
    given = None if rows is None else compared_rows(rows, "euclidean", "rows")[0]
    pictures = None if images is None else _pictures(images)
    frames = None if snapshots is None else _contiguous(snapshots, "snapshots")
    kinds = np.empty(0, np.float32) if labels is None else _labels(labels)
    with tempfile.TemporaryDirectory() as folder:
        if weights is not None and not isinstance(weights, (str, os.PathLike)):
            weights.save(file := os.path.join(folder, "weights.safetensors"))
            weights = file
        file = None if weights is None else os.fspath(weights)
        return _core.save_page(
            os.fspath(out), title, named, given, pictures, kinds, file, frames, device
        )


def _contiguous(values: ArrayLike, name: str) -> NDArray[np.float32]:
    return np.ascontiguousarray(to_float32(numbers(values, name), name))


def _pictures(images: ArrayLike) -> NDArray[Any]:
    pixels = numbers(images, "images")
    if pixels.ndim < 2:
        raise ValueError(f"images has shape {pixels.shape}; expected an image a row")
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    return np.ascontiguousarray(to_float32(pixels, "images"))


def _labels(labels: ArrayLike) -> NDArray[np.floating[Any]] | list[str]:
    kinds = np.asarray(labels)
    if kinds.ndim != 1 or len(kinds) == 0:
        raise ValueError(f"labels has shape {kinds.shape}; expected (n_samples,)")
    if kinds.dtype.kind in "biuf":
        if kinds.dtype.kind in "iu" and max(abs(int(kinds.min())), int(kinds.max())) > 2**53:
            raise ValueError("labels holds a whole number beyond 2^53; expected smaller ones")
        require_finite(kinds, "labels")
        single = kinds.dtype.kind == "f" and kinds.dtype.itemsize <= 4  # digits are fewer there
        return np.ascontiguousarray(kinds, np.float32 if single else np.float64)
    return [str(kind) for kind in kinds]
