"""t-SNE: what its parameters do, and what a map must keep."""

import numpy as np
import pytest

import hourglass


def test_kinds_stay_together(table, kinds) -> None:
    tsne = hourglass.TSNE(perplexity=10, max_iter=400)
    embedding = tsne.fit_transform(table)
    assert embedding is tsne.embedding_
    assert embedding.shape == (120, 2) and embedding.dtype == np.float32
    assert (tsne.n_iter_, tsne.n_features_in_, tsne.learning_rate_) == (400, 8, 50.0)
    quality = hourglass.map_quality(table, embedding, kinds)
    assert quality["label_accuracy"] == 1.0
    assert quality["trustworthiness"] > 0.9


def divergence(table: np.ndarray, embedding: np.ndarray, perplexity: float) -> float:
    """KL of dense affinities, in double precision, by bisection on each row's precision."""
    squared = ((table[:, None] - table[None]) ** 2).sum(-1)
    n = len(table)
    p = np.zeros((n, n))
    for i in range(n):
        others = np.arange(n) != i
        low, high = 1e-6, 1e6
        for _ in range(200):
            beta = np.sqrt(low * high)
            weight = np.exp(-beta * (squared[i, others] - squared[i, others].min()))
            weight /= weight.sum()
            entropy = -(weight * np.log(np.maximum(weight, 1e-300))).sum()
            low, high = (beta, high) if entropy > np.log(perplexity) else (low, beta)
        p[i, others] = weight
    p = (p + p.T) / (2 * n)
    q = 1 / (1 + ((embedding[:, None].astype(np.float64) - embedding[None]) ** 2).sum(-1))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def test_three_dimensions(table) -> None:
    tsne = hourglass.TSNE(n_components=3, perplexity=10, max_iter=300)
    space = tsne.fit_transform(table)
    assert space.shape == (len(table), 3)
    assert np.ptp(space, axis=0).min() > 0.1 * np.ptp(space)
    plane = hourglass.TSNE(perplexity=10, max_iter=300).fit(table)
    assert tsne.kl_divergence_ < plane.kl_divergence_


def test_the_divergence_is_the_true_one(table) -> None:
    tsne = hourglass.TSNE(perplexity=39, max_iter=300).fit(table)  # 3 x 39 is nearly all of them
    exact = divergence(table, tsne.embedding_, 39)
    assert tsne.kl_divergence_ == pytest.approx(exact, rel=1e-2)
    assert tsne.kl_history_.tolist() == [[300, tsne.kl_divergence_]]


def test_starts_where_it_is_told_to(table) -> None:
    draw = np.random.default_rng(1)
    start = draw.normal(size=(120, 2)).astype(np.float32) * 1e-4
    maps = [
        hourglass.TSNE(perplexity=10, max_iter=5, init=init, random_state=seed)
        .fit(table)
        .embedding_
        for init, seed in [("pca", 1), ("pca", 2), ("random", 1), ("random", 2), (start, 1)]
    ]
    np.testing.assert_array_equal(maps[0], maps[1])
    distinct = {each.tobytes() for each in maps}
    assert len(distinct) == 4


def test_neighbours_may_be_given(table) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    table, k = table.astype(np.float32), 30
    distances, indices = hourglass.nearest_neighbors(table, k)
    rows = np.repeat(np.arange(120), k)
    graph = sparse.csr_matrix((distances.ravel(), (rows, indices.ravel())), shape=(120, 120))
    start = np.random.default_rng(1).normal(size=(120, 2)) * 1e-4
    options = {"perplexity": 10, "max_iter": 50, "init": start}
    given = hourglass.TSNE(metric="precomputed", **options).fit(graph)
    found = hourglass.TSNE(**options).fit(table)
    np.testing.assert_allclose(given.embedding_, found.embedding_, atol=1e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="neighbours a row"):
        graph[3, indices[3, 0]] = 0
        graph.eliminate_zeros()
        hourglass.TSNE(metric="precomputed", **options).fit(graph)


def test_progress_is_shown_where_it_is_asked_for(table, capsys) -> None:
    tsne = hourglass.TSNE(perplexity=5, max_iter=120, verbose=1).fit(table)
    assert "t-SNE: 120/120" in capsys.readouterr().err
    assert tsne.kl_history_[:, 0].tolist() == [50, 100, 120]
    hourglass.TSNE(perplexity=5, max_iter=20).fit(table)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"perplexity": 120}, ValueError),
        ({"perplexity": 0.5}, ValueError),
        ({"perplexity": "30"}, TypeError),
        ({"perplexity": float("nan")}, ValueError),
        ({"n_components": 7}, ValueError),
        ({"max_iter": 0}, ValueError),
        ({"max_iter": 10.5}, TypeError),
        ({"early_exaggeration": 0.1}, ValueError),
        ({"early_exaggeration_iter": -1}, ValueError),
        ({"learning_rate": 0}, ValueError),
        ({"learning_rate": "slow"}, ValueError),
        ({"metric": "taxicab"}, ValueError),
        ({"init": "spectral"}, ValueError),
        ({"init": np.zeros((3, 2))}, ValueError),
        ({"accuracy": "best"}, ValueError),
        ({"device": "tpu"}, ValueError),
        ({"random_state": -1}, ValueError),
        ({"random_state": "x"}, ValueError),
    ],
)
def test_bad_parameters(table, parameters, error) -> None:
    with pytest.raises(error) as told:
        hourglass.TSNE(**parameters).fit(table)
    assert "\n" not in str(told.value)


def test_bad_data(table) -> None:
    with pytest.raises(ValueError, match="the same"):
        hourglass.TSNE(perplexity=2).fit(np.ones((5, 3)))
    with pytest.raises(ValueError, match="NaN"):
        hourglass.TSNE().fit(np.where(table > 5, np.nan, table))
