"""t-SNE: what its parameters do, and what a map must keep."""

import sys
import types

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
        p[i, others] = affinities(squared[i, others], perplexity)
    p = (p + p.T) / (2 * n)
    q = 1 / (1 + ((embedding[:, None].astype(np.float64) - embedding[None]) ** 2).sum(-1))
    np.fill_diagonal(q, 0)
    q /= q.sum()
    some = p > 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def test_three_dimensions(table) -> None:
    tsne = hourglass.TSNE(n_components=3, perplexity=10, max_iter=500)  # at 300 maps still unfold
    space = tsne.fit_transform(table)
    assert space.shape == (len(table), 3)
    assert np.ptp(space, axis=0).min() > 0.1 * np.ptp(space)
    plane = hourglass.TSNE(perplexity=10, max_iter=500).fit(table)
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


# ---- new rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "correlation"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_new_rows_find_their_kind(table, kinds, metric, dtype) -> None:
    x = table.astype(dtype)
    tsne = hourglass.TSNE(perplexity=10, max_iter=400, metric=metric).fit(x[:90])
    placed = tsne.transform(x[90:])
    assert placed.shape == (30, 2) and placed.dtype == np.float32
    distances = ((placed[:, None] - tsne.embedding_[None]) ** 2).sum(-1)
    assert (kinds[:90][distances.argmin(axis=1)] == kinds[90:]).all()
    # Rows of the fit are where they were, whatever comes with them; others are placed alone.
    mixed = tsne.transform(np.concatenate([x[95:96], x[40:42], x[90:91]]))
    np.testing.assert_array_equal(mixed[1:3], tsne.embedding_[40:42])
    np.testing.assert_array_equal(mixed[[3, 0]], placed[[0, 5]])


def test_rows_of_the_fit_are_kept_without_a_copy(table) -> None:
    x = table.astype(np.float32)
    tsne = hourglass.TSNE(perplexity=10, max_iter=5).fit(x)
    assert np.shares_memory(tsne._fitted["rows"], x)


def test_new_rows_come_onto_a_line_too(table, kinds) -> None:
    tsne = hourglass.TSNE(1, perplexity=10, max_iter=400).fit(table[:90])
    placed = tsne.transform(table[90:])
    assert placed.shape == (30, 1)
    nearest = abs(placed - tsne.embedding_.T).argmin(axis=1)
    assert (kinds[:90][nearest] == kinds[90:]).all()
    np.testing.assert_array_equal(tsne.transform(table[:5]), tsne.embedding_[:5])


def test_a_place_is_where_attraction_and_repulsion_are_even(table) -> None:
    """Beside the gradient in double precision, from affinities by bisection."""
    tsne = hourglass.TSNE(perplexity=10, max_iter=500).fit(table[:100])
    embedding = tsne.embedding_.astype(np.float64)
    for row, place in zip(table[100:], tsne.transform(table[100:]).astype(np.float64)):
        squared = ((table[:100] - row) ** 2).sum(-1)
        near = squared.argsort()[:15]
        p = affinities(squared[near], 5.0)
        apart = place - embedding
        weight = 1 / (1 + (apart**2).sum(-1))
        repulsion = (weight[:, None] ** 2 * apart).sum(axis=0) / weight.sum()
        pull = 1.5 * ((p * weight[near])[:, None] * apart[near]).sum(axis=0)
        assert np.linalg.norm(pull - repulsion) < 0.02 * np.linalg.norm(repulsion)


def affinities(squared: np.ndarray, perplexity: float) -> np.ndarray:
    low, high = 1e-6, 1e6
    for _ in range(200):
        beta = np.sqrt(low * high)
        weight = np.exp(-beta * (squared - squared.min()))
        weight /= weight.sum()
        entropy = -(weight * np.log(np.maximum(weight, 1e-300))).sum()
        low, high = (beta, high) if entropy > np.log(perplexity) else (low, beta)
    return weight


def test_what_a_map_cannot_place(table) -> None:
    tsne = hourglass.TSNE(perplexity=5, max_iter=20)
    with pytest.raises(ValueError, match="not fitted"):
        tsne.transform(table)
    tsne.fit(table)
    with pytest.raises(ValueError, match="7 features"):
        tsne.transform(table[:, :7])
    with pytest.raises(ValueError, match="NaN"):
        tsne.transform(np.where(table > 5, np.nan, table))
    with pytest.raises(ValueError, match="dof=0.5"):
        hourglass.TSNE(perplexity=5, max_iter=20, dof=0.5).fit(table).transform(table)
    with pytest.raises(ValueError, match="1 and 2 components; this one has 3"):
        hourglass.TSNE(3, perplexity=5, max_iter=20).fit(table).transform(table)
    given = hourglass.TSNE(perplexity=5, max_iter=20, metric="precomputed", init="random")
    with pytest.raises(ValueError, match="precomputed"):
        given.fit(all_pairs(table)).transform(table)
    # What changes after the fit does not change the map's metric.
    expected = tsne.transform(table[:2] + 1)
    np.testing.assert_array_equal(
        tsne.set_params(metric="cosine").transform(table[:2] + 1), expected
    )


# ---- distances that are known ------------------------------------------------------------------


def all_pairs(table: np.ndarray) -> np.ndarray:
    return np.sqrt(((table[:, None] - table[None]) ** 2).sum(-1))


GIVEN = {"metric": "precomputed", "perplexity": 10, "max_iter": 50}


def known(table: np.ndarray) -> np.ndarray:
    """The library's own distances of all pairs: the map of these is the map of the data."""
    distances, indices = hourglass.nearest_neighbors(table, len(table) - 1)
    known = np.zeros((len(table), len(table)), np.float32)
    np.put_along_axis(known, indices.astype(int), distances, axis=1)
    return known


def test_distances_may_be_given(table) -> None:
    table = table.astype(np.float32)
    start = np.random.default_rng(1).normal(size=(120, 2)) * 1e-4
    found = hourglass.TSNE(perplexity=10, max_iter=50, init=start).fit(table)
    distances = known(table)
    np.testing.assert_allclose(distances, all_pairs(table), rtol=1e-5, atol=1e-6)
    for kind in (distances, distances.astype(np.float64), np.asfortranarray(distances)):
        given = hourglass.TSNE(**GIVEN, init=start).fit(kind)
        np.testing.assert_array_equal(given.embedding_, found.embedding_)
        assert given.n_features_in_ == 120


def test_neighbours_may_be_given(table) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    table = table.astype(np.float32)
    distances = known(table)
    start = np.random.default_rng(1).normal(size=(120, 2)) * 1e-4
    expected = hourglass.TSNE(**GIVEN, init=start).fit(distances).embedding_

    def nearest(k: int, with_itself: bool = False) -> object:
        """As scikit-learn's kneighbors_graph makes it."""
        columns = distances.argsort(axis=1, kind="stable")[:, 0 if with_itself else 1 : k + 1]
        values = np.take_along_axis(distances, columns, axis=1)
        offsets = np.arange(121) * columns.shape[1]
        return sparse.csr_matrix((values.ravel(), columns.ravel(), offsets), shape=(120, 120))

    graphs = [nearest(30), nearest(50), nearest(30, with_itself=True), nearest(119)]
    backwards = nearest(50)
    backwards.indices = backwards.indices.reshape(120, -1)[:, ::-1].ravel().copy()
    backwards.data = backwards.data.reshape(120, -1)[:, ::-1].ravel().copy()
    many = nearest(50)
    for graph in [*graphs, backwards, many.tocsc(), many.tocoo(), many.tolil(), many.astype(float)]:
        given = hourglass.TSNE(**GIVEN, init=start).fit(graph)
        np.testing.assert_array_equal(given.embedding_, expected)


def changed(distances: np.ndarray, *places: tuple[int, int, float]) -> np.ndarray:
    distances = distances.copy()
    for row, column, value in places:
        distances[row, column] = value
    return distances


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d[:, :50], "square distance matrix"),
        (lambda d: d[:1, :1], "minimum of 2"),
        (lambda d: changed(d, (3, 4, -1), (4, 3, -1)), "row 3, column 4 is -1"),
        (lambda d: changed(d, (3, 4, 1e3)), "symmetric"),
        (lambda d: changed(d, (3, 3, 1)), "row 3, column 3 is 1; from a row to itself"),
        (lambda d: changed(d, (3, 4, np.nan)), "NaN"),
        (lambda d: changed(d, (3, 4, 1e300), (4, 3, 1e300)), "too large|infinity"),
    ],
)
def test_bad_distances(table, change, words) -> None:
    with pytest.raises(ValueError, match=words) as told:
        hourglass.TSNE(**GIVEN, init="random").fit(change(all_pairs(table)))
    assert "\n" not in str(told.value) or words == "NaN"  # scikit-learn has more to say


def test_bad_graphs(table) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    distances = all_pairs(table)
    graph = sparse.csr_matrix(distances)

    def spoilt(values=(), columns=()):
        bad = graph.copy()
        for place, value in values:
            bad.data[place] = value
        for place, column in columns:
            bad.indices[place] = column
        return bad

    few = graph.tolil()
    few[3, 29:] = 0
    for bad, words in [
        (graph[:, :50], "square distance matrix"),
        (graph[:1, :1], "2 rows"),
        (few, "row 3 has 28 entries, and 30 neighbours"),
        (sparse.csr_matrix((120, 120)), "row 0 has 0 entries"),
        (spoilt(values=[(0, -1.0)]), "is -1"),
        (spoilt(values=[(0, np.nan)]), "NaN"),
        (spoilt(values=[(0, 1e300)]), "infinity"),
        (spoilt(columns=[(0, 0)]), "is the row itself"),
        (spoilt(columns=[(1, 1)]), "twice"),
        (spoilt(columns=[(1, 120)]), "beyond the last"),
        (spoilt(columns=[(1, -7)]), "beyond the last"),
        (graph.astype(complex), "omplex"),
    ]:
        with pytest.raises(ValueError, match=words) as told:
            hourglass.TSNE(**GIVEN, init="random").fit(bad)
        assert "\n" not in str(told.value)


def test_distances_are_no_data_for_pca(table) -> None:
    with pytest.raises(ValueError, match="pca"):
        hourglass.TSNE(**GIVEN).fit(all_pairs(table))


# ---- on the way --------------------------------------------------------------------------------


def test_a_callback_sees_the_map_grow_and_may_end_it(table) -> None:
    seen = []

    def look(iteration: int, divergence: float, embedding: np.ndarray) -> None:
        seen.append((iteration, divergence, embedding))

    options = {"perplexity": 10, "max_iter": 330}
    plain = hourglass.TSNE(**options).fit(table)
    looked = hourglass.TSNE(**options, callback=look, callback_every=40).fit(table)
    np.testing.assert_array_equal(looked.embedding_, plain.embedding_)
    assert [iteration for iteration, *_ in seen] == list(range(40, 330, 40))
    assert looked.kl_history_.tolist() == [
        *([iteration, divergence] for iteration, divergence, _ in seen),
        [330, looked.kl_divergence_],
    ]
    for iteration, divergence, embedding in (seen[0], seen[-1]):
        assert embedding.shape == (120, 2) and embedding.dtype == np.float32
        shorter = hourglass.TSNE(perplexity=10, max_iter=iteration).fit(table)
        np.testing.assert_array_equal(embedding, shorter.embedding_)
        assert divergence == pytest.approx(shorter.kl_divergence_, rel=1e-2)

    for enough in (True, np.True_, 1):
        ended = hourglass.TSNE(
            **options,
            callback=lambda iteration, *_, e=enough: e if iteration == 80 else None,
            callback_every=40,
        ).fit(table)
        assert ended.n_iter_ == 80
        np.testing.assert_array_equal(ended.embedding_, seen[1][2])
        assert ended.kl_divergence_ == seen[1][1]


def test_what_a_callback_raises_is_raised(table) -> None:
    def failing(*_: object) -> None:
        raise KeyError("mine")

    tsne = hourglass.TSNE(perplexity=10, max_iter=100).fit(table)
    before = dict(vars(tsne))
    tsne.set_params(callback=failing)
    with pytest.raises(KeyError, match="mine"):
        tsne.fit(table[:50, :3])
    assert {**vars(tsne), "callback": None} == before
    with pytest.raises(TypeError, match="callback"):
        tsne.set_params(callback="print").fit(table)
    with pytest.raises(ValueError, match="truth value"):
        tsne.set_params(callback=lambda *_: np.zeros(3)).fit(table)


def test_progress_is_shown_where_it_is_asked_for(table, capsys) -> None:
    tsne = hourglass.TSNE(perplexity=5, max_iter=120, verbose=1).fit(table)
    assert "t-SNE: 120/120 KL divergence" in capsys.readouterr().err
    assert tsne.kl_history_[:, 0].tolist() == [50, 100, 120]
    hourglass.TSNE(perplexity=5, max_iter=20).fit(table)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_notebook_has_tqdms_bar_where_tqdm_is(table, monkeypatch, capsys) -> None:
    bars = []

    class Bar:
        def __init__(self, total: int, desc: str) -> None:
            self.total, self.desc, self.at, self.note, self.closed = total, desc, 0, "", False
            bars.append(self)

        def update(self, steps: int) -> None:
            self.at += steps

        def set_postfix_str(self, note: str, refresh: bool) -> None:
            self.note = note

        def close(self) -> None:
            self.closed = True

    def notebook(shell: str) -> None:
        made = types.SimpleNamespace(get_ipython=lambda: type(shell, (), {})())
        monkeypatch.setitem(sys.modules, "IPython", made)

    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.notebook", types.SimpleNamespace(tqdm=Bar))
    tsne = hourglass.TSNE(perplexity=5, max_iter=120, verbose=1)
    notebook("ZMQInteractiveShell")
    tsne.fit(table)
    (bar,) = bars
    assert (bar.desc, bar.total, bar.at, bar.closed) == ("t-SNE", 120, 120, True)
    assert bar.note.startswith("KL divergence ")
    assert capsys.readouterr().err == ""
    # A plain line in a terminal, and where there is no tqdm.
    notebook("TerminalInteractiveShell")
    tsne.fit(table)
    notebook("ZMQInteractiveShell")
    monkeypatch.setitem(sys.modules, "tqdm.notebook", None)
    tsne.fit(table)
    assert len(bars) == 1
    assert capsys.readouterr().err.count("t-SNE: 120/120 KL divergence") == 2


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"perplexity": 120}, ValueError),
        ({"perplexity": 0.5}, ValueError),
        ({"perplexity": "30"}, TypeError),
        ({"perplexity": float("nan")}, ValueError),
        ({"n_components": 7}, ValueError),
        ({"callback_every": 0}, ValueError),
        ({"callback_every": 2.5}, TypeError),
        ({"metric": None}, ValueError),
        ({"metric": np.zeros(3)}, ValueError),
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
        ({"device": None}, TypeError),
        ({"early_exaggeration_iter": 2**70}, ValueError),
        ({"perplexity": 2**70}, ValueError),
        ({"random_state": 2**70}, ValueError),
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
