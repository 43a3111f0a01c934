"""PCA beside NumPy's singular values."""

import numpy as np
import pytest

import hourglass


def expected(x: np.ndarray, count: int):
    """Variances, components with the library's signs, and scores, in double precision."""
    centred = x - x.mean(axis=0)
    _, values, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:count]
    signs = np.sign(axes[np.arange(count), np.abs(axes).argmax(axis=1)])
    axes = axes * signs[:, None]
    return (values**2 / (len(x) - 1))[:count], axes, centred @ axes.T


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_is_that_of_numpy(table, dtype) -> None:
    x = table.astype(dtype)
    variances, axes, scores = expected(x.astype(np.float64), 3)
    pca = hourglass.PCA(n_components=3)
    mapped = pca.fit_transform(x)
    assert mapped.dtype == pca.components_.dtype == dtype
    np.testing.assert_allclose(pca.explained_variance_, variances, rtol=1e-5)
    np.testing.assert_allclose(pca.components_, axes, atol=1e-5)
    np.testing.assert_allclose(mapped, scores, atol=1e-4)
    np.testing.assert_allclose(pca.transform(x), mapped, atol=1e-5)
    np.testing.assert_allclose(pca.mean_, table.mean(axis=0), rtol=1e-6)
    total = x.astype(np.float64).var(axis=0, ddof=1).sum()
    np.testing.assert_allclose(pca.explained_variance_ratio_, variances / total, rtol=1e-5)
    assert pca.noise_variance_ == pytest.approx((total - variances.sum()) / 5, rel=1e-4)
    assert (pca.n_components_, pca.n_samples_, pca.n_features_in_) == (3, 120, 8)


def test_an_offset_costs_no_digits(table) -> None:
    near = hourglass.PCA(3).fit(table)
    far = hourglass.PCA(3).fit(table + 1e7)
    np.testing.assert_allclose(far.explained_variance_, near.explained_variance_, rtol=1e-6)
    np.testing.assert_allclose(
        far.transform(table + 1e7), near.transform(table), atol=1e-5, rtol=1e-5
    )


def test_whitened_scores_have_unit_variance_and_lead_back(table) -> None:
    pca = hourglass.PCA(n_components=8, whiten=True)
    scores = pca.fit_transform(table)
    np.testing.assert_allclose(np.cov(scores.T), np.eye(8), atol=1e-5)
    np.testing.assert_allclose(pca.inverse_transform(scores), table, atol=1e-5)


def test_a_fraction_takes_as_many_as_it_needs(table) -> None:
    everything = hourglass.PCA().fit(table)
    assert everything.n_components_ == 8
    reached = np.cumsum(everything.explained_variance_ratio_)
    pca = hourglass.PCA(n_components=0.9).fit(table)
    assert pca.n_components_ == np.searchsorted(reached, 0.9) + 1


def test_likelihoods_are_those_of_the_normal_distribution(table) -> None:
    pca = hourglass.PCA().fit(table)  # nothing left out: the covariance is the data's
    covariance = np.cov(table.T)
    np.testing.assert_allclose(pca.get_covariance(), covariance, atol=1e-5)
    np.testing.assert_allclose(pca.get_precision() @ covariance, np.eye(8), atol=1e-5)
    centred = table - table.mean(axis=0)
    apart = (centred @ np.linalg.inv(covariance) * centred).sum(axis=1)
    normal = -0.5 * (apart + 8 * np.log(2 * np.pi) + np.log(np.linalg.det(covariance)))
    np.testing.assert_allclose(pca.score_samples(table), normal, rtol=1e-5)
    assert pca.score(table) == pytest.approx(normal.mean(), rel=1e-5)
    # A component left out is as strong as noise.
    assert np.trace(hourglass.PCA(3).fit(table).get_covariance()) == pytest.approx(
        np.trace(covariance), rel=1e-5
    )


@pytest.mark.parametrize("bad", [0, 9, -1, 1.5, "mle", True])
def test_bad_numbers_of_components(table, bad) -> None:
    with pytest.raises(ValueError, match="n_components"):
        hourglass.PCA(n_components=bad).fit(table)


def test_bad_data(table) -> None:
    with pytest.raises(ValueError, match="the same"):
        hourglass.PCA(1).fit(np.ones((5, 3)))
    pca = hourglass.PCA(2).fit(table)
    with pytest.raises(ValueError, match="7 features"):
        pca.transform(table[:, :7])
    with pytest.raises(ValueError, match="2 components"):
        pca.inverse_transform(table)
    with pytest.raises(ValueError, match="NaN"):
        hourglass.PCA(2).fit(np.where(table > 5, np.nan, table))
    assert (pca.n_features_in_, pca.n_components_) == (8, 2)
    with pytest.raises(ValueError, match="n_components"):
        pca.set_params(n_components=20).fit(table[:, :3])
    assert pca.transform(table).shape == (120, 2)
    with pytest.raises(ValueError, match="too large|infinity"):
        hourglass.PCA(2).fit(table * 1e300)
