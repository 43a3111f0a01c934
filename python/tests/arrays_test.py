"""Arrays of all kinds, and none that is copied in vain."""

import datetime
import os
import subprocess
import sys

import numpy as np
import pytest

import hourglass


def test_the_same_numbers_are_the_same_whatever_they_are_in(table) -> None:
    bytes_ = np.clip(table * 10, 0, 255).astype(np.uint8)
    wanted = hourglass.PCA(2).fit_transform(bytes_)
    single = bytes_.astype(np.float32)
    kinds = [
        single,
        np.asfortranarray(single),
        single[:, ::-1][:, ::-1],
        bytes_.astype(np.float64),
        bytes_.astype(np.int64),
        bytes_.astype(np.int16),
        bytes_.astype(">f4"),
        bytes_.astype(np.float16),
        bytes_.tolist(),
    ]
    single.flags.writeable = False
    for kind in kinds:
        np.testing.assert_allclose(hourglass.PCA(2).fit_transform(kind), wanted, atol=1e-3)


def test_truth_values_are_zeros_and_ones(table) -> None:
    distances, _ = hourglass.nearest_neighbors(table > 3, 1)
    expected, _ = hourglass.nearest_neighbors((table > 3).astype(np.float32), 1)
    np.testing.assert_array_equal(distances, expected)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames(library, table) -> None:
    frames = pytest.importorskip(library)
    frame = frames.DataFrame({name: table[:, i] for i, name in enumerate("abcdefgh")})
    expected = hourglass.PCA(2).fit_transform(table)
    np.testing.assert_allclose(np.asarray(hourglass.PCA(2).fit_transform(frame)), expected)
    distances, _ = hourglass.nearest_neighbors(frame, 3)
    np.testing.assert_array_equal(distances, hourglass.nearest_neighbors(table, 3)[0])
    for bad in (["x", "y", "z"], [datetime.date(2020, 1, day) for day in (1, 2, 4)]):
        for estimator in (hourglass.PCA(1), hourglass.TSNE(perplexity=1), hourglass.Autoencoder()):
            with pytest.raises((TypeError, ValueError)):
                estimator.fit(frames.DataFrame({"a": [1, 2, 4], "b": bad}))


def test_dlpack_alone_is_enough(table) -> None:
    class Exporter:
        def __init__(self, device=(1, 0)):
            self._array, self._device = table.copy(), device

        def __dlpack_device__(self):
            return self._device

        def __dlpack__(self, **options):
            return self._array.__dlpack__(**options)

    expected = hourglass.PCA(2).fit_transform(table)
    np.testing.assert_array_equal(hourglass.PCA(2).fit_transform(Exporter()), expected)
    with pytest.raises(TypeError, match="GPU"):
        hourglass.PCA(2).fit(Exporter(device=(2, 0)))
    with pytest.raises(TypeError, match="GPU"):
        hourglass.TSNE().fit(type("Numbas", (), {"__cuda_array_interface__": {}})())


@pytest.mark.parametrize("late", [False, True], ids=["asked where it is", "asked for it"])
def test_a_deleted_array_says_so_itself(table, late, monkeypatch) -> None:
    class Deleted:
        shape, dtype, ndim = table.shape, np.dtype(np.float32), 2

        def __dlpack_device__(self):
            return (2, 0) if late else self.__dlpack__()

        def __dlpack__(self, **options):
            raise RuntimeError("Array has been deleted with shape=float32[120,8].")

    # As if there were a GPU: what is asked of it comes first.
    monkeypatch.setattr(hourglass._arrays, "_usable", lambda device: True)
    fitted = [
        estimator.fit(table)
        for estimator in (
            hourglass.PCA(2),
            hourglass.TSNE(perplexity=5, max_iter=20),
            hourglass.Autoencoder(epochs=1),
        )
    ]
    calls = [call for one in fitted for call in (one.fit, one.transform)] + [
        fitted[2].reconstruct,
        fitted[2].score_samples,
        lambda x: hourglass.nearest_neighbors(x, 3),
        lambda x: hourglass.map_quality(x, table[:, :2]),
    ]
    before = [dict(vars(one)) for one in fitted]
    for call in calls:
        with pytest.raises(RuntimeError, match="^Array has been deleted with .*$") as told:
            call(Deleted())
        assert "\n" not in str(told.value)
    for one, attributes in zip(fitted, before):
        assert vars(one).keys() == attributes.keys()
        assert all(vars(one)[name] is value for name, value in attributes.items())


def test_sparse_matrices_are_made_dense(table) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    few = np.where(table > 5, table, 0)
    for kind in (sparse.csr_matrix, sparse.csc_matrix, sparse.coo_matrix):
        mapped = hourglass.PCA(2).fit_transform(kind(few))
        np.testing.assert_array_equal(mapped, hourglass.PCA(2).fit_transform(few))
    with pytest.raises(TypeError, match="dense"):
        hourglass.Autoencoder(epochs=1).fit(sparse.csr_matrix(few))


@pytest.mark.parametrize(
    "bad",
    [
        [["a", "b"], ["c", "d"]],
        np.array([[object(), 1], [2, 3]], dtype=object),
        np.ones((3, 2), complex),
        np.ones(4),
        np.ones((0, 3)),
        np.ones((3, 0)),
        np.float64(3.0),
        None,
        np.full((4, 3), "2020-01-01", "datetime64[D]"),
        np.ones((4, 3), "m8[s]"),
        np.zeros((4, 3), [("a", "f4")]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("estimator", ["PCA", "TSNE", "Autoencoder"])
def test_what_is_no_table_is_refused(estimator, bad) -> None:
    estimator = getattr(hourglass, estimator)()
    with pytest.raises((TypeError, ValueError)):
        estimator.fit(bad)
    assert not hasattr(estimator, "n_features_in_")


# Peak memory, of a process of its own: the array is 188 MB, and no other of its size may come but
# those that are expected.
MEMORY = """
import resource, sys
import numpy as np
import hourglass

hourglass.PCA(2).fit(np.random.default_rng(0).random((1000, 784), np.float32))  # what is there once
x = np.random.default_rng(0).random((60000, 784), np.float32)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
before = peak()
{call}
more = peak() - before
sys.exit(0 if more < ({copies} + 0.5) * x.nbytes else f"{{more >> 20}} MiB more")
"""


SMALL = (
    "hourglass.Autoencoder({'encoder': [{'type': 'dense', 'outputs': 2}], 'decoder': "
    "[{'type': 'dense', 'activation': 'sigmoid'}]}, epochs=1, batch_size=1000)"
)


@pytest.mark.parametrize(
    ("call", "copies"),
    [
        ("hourglass.PCA(2).fit_transform(x)", 0),
        (f"{SMALL}.fit(x[:1]).transform(x)", 0),
        (f"{SMALL}.fit(x)", 1),  # the library's own on the device where it trains, here the CPU
        # It has to look at all rows to see that none is another: no minutes of neighbours.
        (
            "x[:] = 1\ntry:\n    hourglass.TSNE().fit(x)\nexcept ValueError as error:\n    "
            "assert 'the same' in str(error)\nelse:\n    sys.exit('mapped')",
            0,
        ),
    ],
    ids=["PCA", "Autoencoder.transform", "Autoencoder.fit", "TSNE"],
)
def test_a_large_array_is_not_copied(call, copies) -> None:
    # What a sanitizer keeps of freed memory is no copy.
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=8"
    variables = {**os.environ, "ASAN_OPTIONS": options}
    program = MEMORY.format(call=call, copies=copies)
    subprocess.run([sys.executable, "-c", program], env=variables, check=True)
