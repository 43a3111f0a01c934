"""Functions, and every example of the documentation."""

import doctest
import importlib
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


def test_map_quality_is_scikit_learns(table, kinds) -> None:
    manifold = pytest.importorskip("sklearn.manifold")
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    x, embedding = table.astype(np.float32), table[:, :2].astype(np.float32)
    names = np.array(["one", "two", "three"])[kinds]
    quality = hourglass.map_quality(x, embedding, names, n_neighbors=5)
    expected = manifold.trustworthiness(x, embedding, n_neighbors=5)
    assert quality["trustworthiness"] == pytest.approx(expected, abs=1e-6)
    classifier = KNeighborsClassifier(5)
    expected = cross_val_score(classifier, embedding, names, cv=5).mean()
    assert quality["label_accuracy"] == pytest.approx(expected, abs=1e-6)
    assert list(hourglass.map_quality(x, embedding)) == ["trustworthiness"]


def test_data(tmp_path) -> None:
    (images, labels), (held_out, _) = hourglass.synthetic_digits(60, random_state=3)
    again = hourglass.synthetic_digits(60, random_state=3)[0][0]
    np.testing.assert_array_equal(images, again)
    assert images.dtype == labels.dtype == np.uint8
    assert held_out.shape == (10, 28, 28) and labels.max() <= 9
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
