"""The images the studies learn from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hourglass import _core
from hourglass._checks import whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Half = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_mnist(folder: str | os.PathLike[str] | None = None) -> tuple[Half, Half]:
    """Read MNIST from its four IDX files, compressed by gzip or not.

    Parameters
    ----------
    folder : path, optional
        Where the files are; without it ``$HOURGLASS_DATA``, or ``data/mnist``.

    Returns
    -------
    (X_train, y_train), (X_test, y_test)
        Images (60000, 28, 28) and (10000, 28, 28), their digits (60000,) and (10000,), all uint8.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    ValueError
        A file is missing, or is not what it should be; the message says which, and how.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

    Examples
    --------
    >>> import hourglass
    >>> (X_train, y_train), (X_test, y_test) = hourglass.load_mnist()  # doctest: +SKIP
    """
    if folder is None:
        folder = os.environ.get("HOURGLASS_DATA") or os.path.join("data", "mnist")
    os.stat(folder)
    return _core.load_mnist(os.fspath(folder))


def synthetic_digits(n_samples: int = 60000, *, random_state: int = 0) -> tuple[Half, Half]:
    """Handwriting-like digits, for where MNIST is not at hand.

    Parameters
    ----------
    n_samples : int
        Images to train on; there are a sixth as many (at least one) to test with.
    random_state : int
        The same count and seed give the same bytes on every machine.

    Returns
    -------
    (X_train, y_train), (X_test, y_test)
        As :func:`load_mnist` gives them.

    Raises
    ------
    ValueError, TypeError
        Numbers that are no counts.

    Examples
    --------
    >>> import hourglass
    >>> (X_train, y_train), (X_test, y_test) = hourglass.synthetic_digits(600)
    >>> X_train.shape, y_train.shape, X_test.shape
    ((600, 28, 28), (600,), (100, 28, 28))
    """
    return _core.synthetic_digits(
        whole(n_samples, "n_samples"), whole(random_state, "random_state", least=0)
    )


def digit_four() -> NDArray[np.float32]:
    """The second article's digit: one 8 x 8 four of zeros and ones.

    Returns
    -------
    ndarray of shape (1, 8, 8), float32

    Examples
    --------
    >>> import hourglass
    >>> hourglass.digit_four()[0, 0].astype(int)
    array([0, 0, 0, 1, 0, 0, 0, 0])
    """
    return _core.digit_four()
