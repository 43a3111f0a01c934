"""Functions, and every example of the documentation."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import hourglass


def test_neighbours_are_those_of_all_pairs(table) -> None:
    distances, indices = hourglass.nearest_neighbors(table, 4)
    all_pairs = np.sqrt(((table[:, None] - table[None]) ** 2).sum(-1))
    np.fill_diagonal(all_pairs, np.inf)
    np.testing.assert_array_equal(indices, all_pairs.argsort(axis=1, kind="stable")[:, :4])
    np.testing.assert_allclose(distances, np.sort(all_pairs, axis=1)[:, :4], rtol=1e-5)
    for bad in (0, 120, 5000):
        with pytest.raises(ValueError):
            hourglass.nearest_neighbors(table, bad)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "correlation"])
def test_neighbours_are_scikit_learns(table, metric) -> None:
    neighbors = pytest.importorskip("sklearn.neighbors")
    reference = neighbors.NearestNeighbors(metric=metric).fit(table[:100])
    for queries in (None, table[100:]):
        expected, places = reference.kneighbors(queries, 6)
        distances, indices = hourglass.nearest_neighbors(
            table[:100], 6, queries=queries, metric=metric
        )
        np.testing.assert_array_equal(indices, places)
        np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-6)
        assert distances.dtype == np.float32


@pytest.mark.parametrize("metric", ["euclidean", "correlation"])
def test_an_offset_costs_double_precision_no_digits(table, metric) -> None:
    """What the metric does not mind, single precision alone would."""
    far = table + 1e7  # where single precision has whole numbers
    if metric == "correlation":
        far += 1e6 * np.arange(len(table))[:, None]
    for queries in (None, slice(100, 120)):
        near_queries, far_queries = (
            None if queries is None else rows[queries] for rows in (table, far)
        )
        distances, indices = hourglass.nearest_neighbors(far, 5, queries=far_queries, metric=metric)
        expected, places = hourglass.nearest_neighbors(
            table, 5, queries=near_queries, metric=metric
        )
        np.testing.assert_array_equal(indices, places)
        np.testing.assert_allclose(distances, expected, rtol=1e-4, atol=1e-6)
    quality = hourglass.map_quality(far, table[:, :2], metric=metric)
    assert quality == pytest.approx(hourglass.map_quality(table, table[:, :2], metric=metric), 1e-4)
    maps = [
        hourglass.TSNE(perplexity=10, max_iter=500, metric=metric).fit(rows)
        for rows in (far, table)
    ]
    assert maps[0].kl_divergence_ == pytest.approx(maps[1].kl_divergence_, 0.05)
    np.testing.assert_array_equal(maps[0].transform(far[3:5]), maps[0].embedding_[3:5])


def test_an_offset_costs_whole_numbers_and_maps_no_digits(table, kinds) -> None:
    whole = np.round(table * 1000).astype(np.int64)
    expected = hourglass.nearest_neighbors(whole, 6)
    moved = hourglass.nearest_neighbors(whole + 10**12, 6)
    np.testing.assert_array_equal(moved[1], expected[1])
    embedding = table[:, :2]
    quality = hourglass.map_quality(table, embedding - 1e7, kinds)
    assert quality == pytest.approx(hourglass.map_quality(table, embedding, kinds), abs=1e-5)


def test_bad_queries(table) -> None:
    for options, words in [
        ({"queries": table[:, :3]}, "the queries have 3 values each"),
        ({"queries": table[:, :1]}, "the queries have 1 values each"),
        ({"queries": table[:0]}, "0 rows|no rows|at least 1|no queries"),
        ({"queries": table * np.nan}, "NaN"),
        ({"queries": table[0]}, "shape"),
        ({"metric": "taxicab"}, "metric"),
        ({"metric": "cosine", "queries": table * 0}, "direction"),
    ]:
        with pytest.raises(ValueError, match=words):
            hourglass.nearest_neighbors(table, 3, **options)


def test_map_quality_is_scikit_learns(table, kinds) -> None:
    manifold = pytest.importorskip("sklearn.manifold")
    stats = pytest.importorskip("scipy.stats")
    from scipy.spatial.distance import pdist
    from sklearn.metrics import silhouette_samples
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier, kneighbors_graph

    x, embedding = table.astype(np.float32), table[:, :2].astype(np.float32)
    names = np.array(["one", "two", "three"])[kinds]
    quality = hourglass.map_quality(x, embedding, names, n_neighbors=5, per_sample=True)
    near, near_in_map = (kneighbors_graph(rows, 5).toarray() for rows in (x, embedding))
    expected = {
        "trustworthiness": manifold.trustworthiness(x, embedding, n_neighbors=5),
        "continuity": manifold.trustworthiness(embedding, x, n_neighbors=5),
        "neighbor_recall": (near * near_in_map).sum() / (120 * 5),
        "distance_correlation": stats.spearmanr(pdist(x), pdist(embedding))[0],
        "silhouette": silhouette_samples(embedding, names).mean(),
        "label_accuracy": cross_val_score(KNeighborsClassifier(5), embedding, names, cv=5).mean(),
    }
    rows = quality.pop("per_sample")
    assert quality == pytest.approx(expected, abs=1e-6)
    assert sorted(rows) == ["continuity", "neighbor_recall", "silhouette", "trustworthiness"]
    for name, values in rows.items():
        assert values.shape == (120,)
        assert values.mean() == pytest.approx(quality[name], abs=1e-9)
    np.testing.assert_allclose(rows["silhouette"], silhouette_samples(embedding, names), atol=1e-6)
    without = hourglass.map_quality(x, embedding, max_samples=60, max_pairs=100)
    assert sorted(without) == sorted(set(expected) - {"silhouette", "label_accuracy"})
    turned = hourglass.map_quality(x, embedding, n_neighbors=5, metric="cosine")
    assert turned["trustworthiness"] == pytest.approx(
        manifold.trustworthiness(x, embedding, n_neighbors=5, metric="cosine"), abs=1e-6
    )


def test_bad_maps(table, kinds) -> None:
    for arguments, options in [
        ((table, table[:50]), {}),
        ((table, table, kinds[:7]), {}),
        ((table, table, np.zeros(120)), {}),
        ((table, table, np.arange(120)), {}),
        ((table, table), {"n_neighbors": 60}),
        ((table, table), {"n_neighbors": 0}),
        ((table, table), {"max_pairs": 0}),
        ((table, table), {"metric": "taxicab"}),
        ((table, table * np.inf), {}),
    ]:
        with pytest.raises(ValueError) as told:
            hourglass.map_quality(*arguments, **options)
        assert "\n" not in str(told.value)


def test_data(tmp_path) -> None:
    (images, labels), (held_out, _) = hourglass.synthetic_digits(60, random_state=3)
    again = hourglass.synthetic_digits(60, random_state=3)[0][0]
    np.testing.assert_array_equal(images, again)
    assert images.dtype == labels.dtype == np.uint8
    assert held_out.shape == (10, 28, 28) and labels.max() <= 9
    for bad in (0, -1, 1.5, "60", None, 2**70):
        with pytest.raises((ValueError, TypeError)):
            hourglass.synthetic_digits(bad)
        with pytest.raises((ValueError, TypeError)):
            hourglass.nearest_neighbors(images, bad)
        if bad != 0:
            with pytest.raises((ValueError, TypeError)):
                hourglass.set_threads(bad)
    four = hourglass.digit_four()
    assert four.shape == (1, 8, 8) and four.sum() == 15
    with pytest.raises(FileNotFoundError):
        hourglass.load_mnist(tmp_path / "none")
    with pytest.raises(ValueError, match="train-images"):
        hourglass.load_mnist(tmp_path)


def test_what_the_machine_has() -> None:
    names = [device["name"] for device in hourglass.devices()]
    assert names[0] == "cpu"
    assert hourglass.info()["version"] == hourglass.__version__
    if len(names) == 1 or not hourglass.devices()[1]["usable"]:
        with pytest.raises(RuntimeError, match="cuda"):
            hourglass.PCA(1, device="cuda").fit([[0.0], [1.0]])


MODULES = [
    name
    for _, name, _ in pkgutil.iter_modules(hourglass.__path__, "hourglass.")
    if "_core" not in name
]


@pytest.mark.parametrize("name", ["hourglass", *MODULES])
def test_examples(name) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


@pytest.mark.parametrize("name", sorted(set(hourglass.__all__) - {"__version__"}))
def test_what_is_public_has_an_example(name) -> None:
    assert ">>>" in getattr(hourglass, name).__doc__


@pytest.mark.parametrize("name", sorted(set(hourglass.__all__) - {"__version__"}))
def test_what_is_public_is_described(name) -> None:
    """In NumPy's style: what goes in, and what comes out."""
    public = getattr(hourglass, name)
    described = [public]
    if inspect.isclass(public):
        described = [getattr(public, method) for method in vars(public) if method[0] != "_"]
    for function in filter(callable, described):
        text = function.__doc__
        taken = set(inspect.signature(function).parameters) - {"self"}
        assert not taken or "Parameters\n" in text, function
        assert "Returns\n" in text or function.__name__ == "save", function
