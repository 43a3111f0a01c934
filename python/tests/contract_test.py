"""scikit-learn's contract: its own checks, and what people do with estimators."""

import copy
import pickle
import unittest

import numpy as np
import pytest

import hourglass

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

ESTIMATORS = [
    hourglass.PCA(),
    hourglass.TSNE(perplexity=2, max_iter=300),
    hourglass.Autoencoder(epochs=5),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_checks(estimator, check) -> None:
    try:
        check(estimator)
    except unittest.SkipTest as why:
        pytest.skip(f"no other array library for scikit-learn (optional): {why}")


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_copies_are_what_they_are_copies_of(estimator, table) -> None:
    unfitted = clone(estimator)
    assert unfitted.get_params() == estimator.get_params()
    fitted = unfitted.set_params(random_state=3).fit(table)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(again.transform(table + 1), fitted.transform(table + 1))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_a_seed_is_a_result(estimator, table) -> None:
    first, second = (
        clone(estimator).set_params(random_state=4).fit_transform(table) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_frames_come_out_where_they_are_asked_for(estimator, table) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table, columns=list("abcdefgh"), index=range(7, 127))
    chosen = clone(estimator).set_output(transform="pandas")
    mapped = chosen.fit_transform(frame)
    assert list(mapped.index) == list(frame.index)
    assert list(mapped.columns) == list(chosen.get_feature_names_out())
    assert mapped.columns[0] == f"{type(estimator).__name__.lower()}0"
    assert list(chosen.feature_names_in_) == list("abcdefgh")


def test_pipelines(table) -> None:
    codes = make_pipeline(StandardScaler(), hourglass.Autoencoder(epochs=2), hourglass.PCA(1))
    assert codes.fit_transform(table).shape == (120, 1)
