"""Arrays in a GPU's memory go in and come out there."""

import pickle

import numpy as np
import pytest

import hourglass

HAS_GPU = any(one["usable"] for one in hourglass.devices() if one["name"] == "cuda:0")
gpu = pytest.mark.skipif(not HAS_GPU, reason="no GPU for this test")


class Foreign:
    """An array that is known by DLPack alone, as other libraries' are."""

    def __init__(self, array):
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()

    def __dlpack__(self, **options):
        return self._array.__dlpack__(**options)


@gpu
def test_an_array_comes_back_as_it_went(table) -> None:
    array = hourglass.to_gpu(table)
    assert (array.shape, array.dtype, array.device) == (table.shape, np.float32, "cuda:0")
    np.testing.assert_array_equal(array.numpy(), table.astype(np.float32))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array)).numpy(), array.numpy())


@gpu
@pytest.mark.parametrize("kind", [lambda array: array, Foreign])
def test_maps_are_those_of_the_hosts_rows(table, kind) -> None:
    table = table.astype(np.float32)
    there = kind(hourglass.to_gpu(table))
    for estimator in (hourglass.PCA(2, device="cuda"), hourglass.TSNE(perplexity=5, device="cuda")):
        expected = estimator.fit_transform(table)
        np.testing.assert_array_equal(estimator.fit_transform(there), expected)
        np.testing.assert_array_equal(estimator.transform(there), estimator.transform(table))
    found = hourglass.nearest_neighbors(there, 3, device="cuda")
    expected = hourglass.nearest_neighbors(table, 3, device="cuda")
    np.testing.assert_array_equal(found[1], expected[1])
    kept = pickle.loads(pickle.dumps(hourglass.TSNE(perplexity=5).fit(there)))
    assert kept.transform(table[:2]).shape == (2, 2)
    quality = hourglass.map_quality(there, hourglass.to_gpu(table[:, :2]), n_neighbors=3)
    assert quality == hourglass.map_quality(table, table[:, :2], n_neighbors=3, device="cuda")


@gpu
@pytest.mark.parametrize("metric", ["cosine", "correlation"])
@pytest.mark.parametrize("kind", [lambda array: array, Foreign])
def test_angles_are_those_of_the_hosts_rows(table, kind, metric) -> None:
    table = table.astype(np.float32)
    there, options = kind(hourglass.to_gpu(table)), {"metric": metric, "device": "cuda"}
    tsne = hourglass.TSNE(perplexity=5, max_iter=50, **options)
    expected = tsne.fit_transform(table)
    np.testing.assert_array_equal(tsne.fit_transform(there), expected)
    for rows in (there, table):  # that were there before, wherever they come from now
        np.testing.assert_array_equal(tsne.transform(rows), expected)
    for queries in (None, table[:7]):
        there_too = None if queries is None else kind(hourglass.to_gpu(queries))
        found = hourglass.nearest_neighbors(there, 3, queries=there_too, **options)
        expected = hourglass.nearest_neighbors(table, 3, queries=queries, **options)
        for one, other in zip(found, expected):
            np.testing.assert_array_equal(one, other)
    judged = {"n_neighbors": 3, "max_samples": 50, **options}
    quality = hourglass.map_quality(there, hourglass.to_gpu(table[:, :2]), **judged)
    assert quality == hourglass.map_quality(table, table[:, :2], **judged)
    table[4] = 0
    with pytest.raises(ValueError, match=f"{metric}: row 4 has"):
        hourglass.nearest_neighbors(kind(hourglass.to_gpu(table)), 3, **options)


@gpu
def test_networks_leave_their_rows_there() -> None:
    (images, _), _ = hourglass.synthetic_digits(200)
    images = (images / 255).astype(np.float32)
    options = {"epochs": 1, "random_state": 0, "device": "cuda"}
    expected = hourglass.Autoencoder("conv", **options).fit(images)
    network = hourglass.Autoencoder("conv", **options).fit(Foreign(hourglass.to_gpu(images)))
    assert network.history_["loss"] == expected.history_["loss"]
    codes = network.transform(hourglass.to_gpu(images))
    np.testing.assert_array_equal(codes.numpy(), expected.transform(images))
    drawn = network.inverse_transform(codes)
    assert drawn.shape == images.shape
    np.testing.assert_array_equal(drawn.numpy(), expected.inverse_transform(codes.numpy()))
    again = network.reconstruct(hourglass.to_gpu(images))
    np.testing.assert_array_equal(again.numpy(), expected.reconstruct(images))
    layer = network.activations(hourglass.to_gpu(images), "conv1")
    assert isinstance(layer, np.ndarray)
    np.testing.assert_array_equal(layer, expected.activations(images, "conv1"))
    with pytest.raises(ValueError, match="host"):
        network.score_samples(hourglass.to_gpu(images))


@gpu
def test_what_cannot_be_taken_is_refused_in_one_line(table) -> None:
    array = hourglass.to_gpu(table)
    with pytest.raises(ValueError, match="device is 'cpu'"):
        hourglass.PCA(2, device="cpu").fit(array)
    with pytest.raises(ValueError, match="2D"):
        hourglass.PCA(2).fit(hourglass.to_gpu(np.ones((3, 2, 2))))
    network = hourglass.Autoencoder("auto", epochs=1, device="cpu")
    with pytest.raises(ValueError, match="memory of cuda:0"):
        network.fit(array)
    with pytest.raises(ValueError, match="features"):
        hourglass.PCA(2).fit(array).transform(hourglass.to_gpu(table[:, :2]))


@gpu
def test_pytorchs_arrays(table) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no PyTorch with CUDA (optional)")
    table = table.astype(np.float32)
    there = torch.from_numpy(table).cuda()
    expected = hourglass.PCA(2, device="cuda").fit_transform(table)
    np.testing.assert_array_equal(hourglass.PCA(2).fit_transform(there), expected)
    with pytest.raises(ValueError, match="C order"):
        hourglass.PCA(2).fit(there.T)
    with pytest.raises(TypeError, match="float32"):
        hourglass.PCA(2).fit(there.double())
    (images, _), _ = hourglass.synthetic_digits(200)
    network = hourglass.Autoencoder("conv", epochs=1).fit(torch.from_numpy(images).cuda())
    codes = network.transform(torch.from_numpy(images).cuda())
    assert isinstance(codes, torch.Tensor) and codes.is_cuda
    np.testing.assert_array_equal(codes.cpu().numpy(), network.transform(images))


def test_where_no_gpu_is_there_is_nowhere_to_go(table) -> None:
    with pytest.raises(RuntimeError, match="cuda:99"):
        hourglass.to_gpu(table, "cuda:99")
    with pytest.raises(ValueError, match="no GPU"):
        hourglass.to_gpu(table, "cpu")
