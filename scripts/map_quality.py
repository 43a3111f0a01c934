#!/usr/bin/env python3
"""Judges maps of an array by measures that no implementation of t-SNE chooses for itself.

    scripts/map_quality.py X.npy MAP.npy [MAP.npy ...] [--labels L.npy] [--perplexity 30]
                           [--per-row OUT.npz]

One line of JSON for each map:

kl               the true KL divergence of the map: affinities from the exact 3 * perplexity nearest
                 neighbours of each row (the row itself left out by its index), a bandwidth a row by
                 bisection, symmetrised over the union; in the map all pairs, in double precision
trustworthiness  Venna and Kaski, ICANN 2001, with 12 neighbours, of the first 5,000 rows
continuity       the same with array and map changed over
neighbor_recall  of a row's 12 nearest in the array, the share among its 12 nearest in the map; of
                 the same rows
distance_correlation  Spearman's, of distances in the array and in the map, over 500,000 pairs of
                 these rows, drawn by a fixed seed
silhouette       the mean silhouette of labels in the map, of these rows; only with --labels
accuracy1        of a nearest-neighbour classifier of the map: the mean over five stratified folds
accuracy10       the same with ten neighbours; both only with --labels
span             the longer side of the map's bounding box

--per-row keeps what each row contributes to trustworthiness, continuity, neighbor_recall and
silhouette, of one map.

KL divergences compare only where perplexity and definition are the same, and hourglass, FIt-SNE,
openTSNE and scikit-learn each have one of their own; hence this script.

Needs numpy alone. scipy, where it is installed, finds neighbours in two dimensions by a tree: the
same ones, faster. scikit-learn is not used: all measures are written out here, by
its definitions. Distances are computed in blocks of rows; beyond the input, memory is that of the
affinities, at most about 80 bytes for each of their 3 * perplexity * rows entries.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, NamedTuple, NoReturn, Optional, Sequence, Tuple


def fail(message: str) -> NoReturn:
    sys.exit(f"map_quality: error: {message}")


try:
    import numpy as np
    from numpy.typing import NDArray
except ImportError:
    fail(f"{sys.executable} has no numpy; install it, or take a Python that has it")

try:
    from scipy.spatial import cKDTree  # optional
except ImportError:
    cKDTree = None

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

BLOCK_BYTES = 64 << 20  # of a block of distances
TRUSTWORTHINESS_ROWS = 5000
TRUSTWORTHINESS_NEIGHBORS = 12
PAIRS = 500_000
MARGIN = 32  # candidates beyond k that rounding may have moved across the boundary
FOLDS = 5


def blocks(rows: int, bytes_a_row: int) -> Iterator[slice]:
    step = max(1, BLOCK_BYTES // max(1, bytes_a_row))
    return (slice(first, min(first + step, rows)) for first in range(0, rows, step))


# --- Neighbours -------------------------------------------------------------------------------


class Neighbors(NamedTuple):
    """(rows, k) each: a row's nearest others by increasing distance, then by index."""

    indices: Integers
    squared_distances: Floats


def in_order(x: Floats, rows: slice, candidates: Integers, k: int) -> Tuple[Integers, Floats]:
    """The k nearest of each row's candidates by distances in double precision."""
    found = np.empty((len(candidates), k), np.int64)
    squared = np.empty((len(candidates), k))
    origins = x[rows]
    for part in blocks(len(candidates), 8 * candidates.shape[1] * x.shape[1]):
        others = candidates[part]
        difference = x[others].astype(np.float64) - origins[part, None]
        distances = np.einsum("rcf,rcf->rc", difference, difference)
        order = np.lexsort((others, distances), axis=1)[:, :k]
        found[part] = np.take_along_axis(others, order, 1)
        squared[part] = np.take_along_axis(distances, order, 1)
    return found, squared


def nearest_neighbors(x: Floats, k: int) -> Neighbors:
    """Exact: candidates from inner products, then their distances term by term."""
    rows = len(x)
    indices = np.empty((rows, k), np.int64)
    squared = np.empty((rows, k))
    wanted = min(k + MARGIN, rows - 1)
    if cKDTree is not None and x.shape[1] <= 3:
        tree = cKDTree(x.astype(np.float64))
        for part in blocks(rows, 16 * (wanted + 1)):
            near = tree.query(x[part].astype(np.float64), wanted + 1)[1]
            mine = np.arange(part.start, part.stop)[:, None]
            # The row itself goes; where many duplicates crowd it out, the farthest does.
            order = np.argsort(near == mine, axis=1, kind="stable")
            near = np.take_along_axis(near, order, 1)[:, :wanted]
            indices[part], squared[part] = in_order(x, part, near, k)
        return Neighbors(indices, squared)
    centred = x - x.mean(0, dtype=np.float64).astype(x.dtype)
    norms = np.einsum("rf,rf->r", centred, centred)
    for part in blocks(rows, 4 * x.itemsize * rows):
        distances = norms - 2 * (centred[part] @ centred.T)  # but for what the row has in common
        distances[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = np.inf
        candidates = np.argpartition(distances, wanted - 1, axis=1)[:, :wanted]
        indices[part], squared[part] = in_order(x, part, candidates, k)
    return Neighbors(indices, squared)


# --- The KL divergence ------------------------------------------------------------------------


def conditional_probabilities(squared: Floats, perplexity: float) -> Floats:
    """p(j | i) over each row's neighbours, whose entropy is that of the perplexity."""
    shifted = squared - squared[:, :1]  # a factor common to a row, which its sum takes out again
    rows = len(shifted)
    low, high = np.zeros(rows), np.full(rows, np.inf)
    precision = 1 / np.maximum(shifted.mean(1), np.finfo(float).tiny)
    target = np.log(perplexity)
    for _ in range(128):
        weights = np.exp(-shifted * precision[:, None])
        total = weights.sum(1)
        entropy = np.log(total) + precision * (shifted * weights).sum(1) / total
        flat = entropy > target
        low, high = np.where(flat, precision, low), np.where(flat, high, precision)
        with np.errstate(over="ignore"):
            middle = np.where(np.isinf(high), 2 * precision, (low + high) / 2)
        if not np.isfinite(middle).all():  # all neighbours at one distance: any precision serves
            middle = np.where(np.isfinite(middle), middle, precision)
        if (middle == precision).all():
            break
        precision = middle
    return np.asarray(weights / total[:, None])


class Affinities(NamedTuple):
    """P, each pair i < j once; its value is p_ij + p_ji, and all of them sum to 1."""

    rows: Integers
    columns: Integers
    values: Floats


def affinities(x: Floats, perplexity: float) -> Affinities:
    rows = len(x)
    k = min(int(3 * perplexity), rows - 1)
    if not 1 <= perplexity <= k:
        fail(f"perplexity {perplexity:g} does not fit {rows} rows")
    near = nearest_neighbors(x, k)
    p = np.concatenate(
        [
            conditional_probabilities(near.squared_distances[part], perplexity)
            for part in blocks(rows, 40 * k)
        ]
    )
    mine = np.repeat(np.arange(rows), k)
    theirs = near.indices.ravel()
    pairs = np.minimum(mine, theirs) * rows + np.maximum(mine, theirs)
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    first = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
    values = np.add.reduceat(p.ravel()[order], first)
    return Affinities(pairs[first] // rows, pairs[first] % rows, values / values.sum())


def similarity_sum(points: Floats) -> float:
    """The sum of 1 / (1 + |y_i - y_j|^2) over all ordered pairs of different points."""
    total = 0.0
    for part in blocks(len(points), 24 * len(points)):
        rest = points[part.start :]  # pairs within the block twice, those beyond it once
        x = np.subtract.outer(points[part, 0], rest[:, 0])
        y = np.subtract.outer(points[part, 1], rest[:, 1])
        np.multiply(x, x, out=x)
        np.multiply(y, y, out=y)
        x += y
        x += 1
        np.reciprocal(x, out=x)
        size = part.stop - part.start
        total += 2 * float(x[:, size:].sum()) + float(x[:, :size].sum()) - size
    return total


def kl_divergence(p: Affinities, points: Floats) -> float:
    points = points.astype(np.float64)
    squared = ((points[p.rows] - points[p.columns]) ** 2).sum(1)
    # Twice p_ij = p_ji = p.values / 2, and q_ij = 1 / (1 + squared) / Z.
    there = p.values > 0
    logs = np.log(p.values[there] / 2) + np.log1p(squared[there]) + np.log(similarity_sum(points))
    return float((p.values[there] * logs).sum())


# --- Trustworthiness and its kin, row by row ---------------------------------------------------


def ranks_among_others(x: Floats, near: Integers) -> Integers:
    """For near (rows, k): the place of each among its row's others, the nearest having 1."""
    rows = len(x)
    x = x.astype(np.float64)
    x -= x.mean(0)
    norms = (x**2).sum(1)
    ranks = np.empty_like(near)
    for part in blocks(rows, 16 * rows):
        distances = norms - 2 * (x[part] @ x.T)
        distances[np.arange(part.stop - part.start), np.arange(part.start, part.stop)] = -np.inf
        order = np.argsort(distances, axis=1, kind="stable")  # the row itself first
        places = np.empty_like(order)
        np.put_along_axis(places, order, np.arange(rows)[None], axis=1)
        ranks[part] = np.take_along_axis(places, near[part], 1)
    return ranks


def kept_in_order(x: Floats, near: Integers) -> Floats:
    """1, less for each of a row's `near` by how far beyond the k-th nearest it stands in x."""
    rows, k = near.shape
    missed = np.maximum(ranks_among_others(x, near) - k, 0).sum(1)
    return 1 - missed * 2 / (k * (2 * rows - 3 * k - 1))


def neighborhoods(
    x: Floats, points: Floats, k: int = TRUSTWORTHINESS_NEIGHBORS
) -> Dict[str, Floats]:
    rows = len(x)
    if not 1 <= k < rows / 2:
        fail(f"trustworthiness with {k} neighbours takes more than {2 * k} rows, not {rows}")
    near_x = nearest_neighbors(x, k).indices
    near_map = nearest_neighbors(points, k).indices
    shared = (near_x[:, :, None] == near_map[:, None, :]).any(2)
    return {
        "trustworthiness": kept_in_order(x, near_map),
        "continuity": kept_in_order(points, near_x),
        "neighbor_recall": shared.mean(1),
    }


# --- Distances --------------------------------------------------------------------------------


def average_ranks(values: Floats) -> Floats:
    """Those that are equal share the mean of their ranks."""
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[codes]


def distance_correlation(x: Floats, points: Floats) -> float:
    rows = len(x)
    if rows * (rows - 1) // 2 <= PAIRS:
        first, second = np.tril_indices(rows, -1)
    else:
        random = np.random.default_rng(0)
        first = random.integers(rows, size=PAIRS)
        second = (first + random.integers(1, rows, size=PAIRS)) % rows
    ranks = []
    for array in (x, points):
        squared = np.empty(len(first))
        for part in blocks(len(first), 24 * array.shape[1]):
            difference = array[first[part]].astype(np.float64) - array[second[part]]
            squared[part] = np.einsum("pf,pf->p", difference, difference)
        ranks.append(average_ranks(squared))
    if any(np.ptp(rank) == 0 for rank in ranks):
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def silhouettes(points: Floats, labels: Integers) -> Floats:
    names, codes = np.unique(labels, return_inverse=True)
    rows = len(points)
    if not 2 <= len(names) < rows:
        fail(f"silhouettes take from 2 to rows - 1 different labels, not {len(names)}")
    points = points.astype(np.float64)
    sizes = np.bincount(codes)
    members = np.eye(len(names))[codes]
    result = np.empty(rows)
    for part in blocks(rows, 24 * rows):
        squared = sum(np.subtract.outer(c[part], c) ** 2 for c in points.T)
        sums = np.sqrt(squared) @ members
        own = codes[part]
        at = np.arange(len(own))
        within = sums[at, own] / np.maximum(sizes[own] - 1, 1)
        means = sums / sizes
        means[at, own] = np.inf
        other = means.min(1)
        larger = np.maximum(within, other)
        value = np.divide(other - within, larger, out=np.zeros_like(other), where=larger > 0)
        result[part] = np.where(sizes[own] > 1, value, 0)
    return result


# --- Label accuracy ---------------------------------------------------------------------------


def stratified_folds(labels: Integers) -> Integers:
    """The fold of each row: scikit-learn's StratifiedKFold without shuffling.

    All labels, sorted by where each first appears, are dealt out to the folds in turn. The first
    rows of a label go to the first fold, as many as it was dealt, the next to the second, ...
    """
    _, first, codes = np.unique(labels, return_index=True, return_inverse=True)
    codes = np.argsort(np.argsort(first))[codes]  # numbered by appearance
    line = np.sort(codes)
    folds = np.empty(len(labels), np.int64)
    for code in range(len(first)):
        dealt = [int((line[fold::FOLDS] == code).sum()) for fold in range(FOLDS)]
        folds[codes == code] = np.repeat(np.arange(FOLDS), dealt)
    return folds


def label_accuracy(x: Floats, labels: Integers, k: int) -> float:
    """The mean over five folds; a tie of votes goes to the smallest label."""
    names, codes = np.unique(labels, return_inverse=True)
    folds = stratified_folds(labels)
    rows = len(x)
    if k > rows - np.bincount(folds, minlength=FOLDS).max():
        fail(f"{k} neighbours in four fifths of {rows} rows do not fit")
    right = np.zeros(rows, bool)
    open_rows = np.ones(rows, bool)
    length = min(4 * k + 16, rows - 1)
    while open_rows.any():
        near = nearest_neighbors(x, length).indices
        use = (folds[near] != folds[:, None]) & open_rows[:, None]
        use &= use.cumsum(1) <= k
        decided = use.sum(1) == k
        votes = np.zeros((rows, len(names)), np.int64)
        row, place = np.nonzero(use & decided[:, None])
        np.add.at(votes, (row, codes[near[row, place]]), 1)
        right[decided] = (votes.argmax(1) == codes)[decided]
        open_rows &= ~decided
        length = min(4 * length, rows - 1)
    return float(np.mean([right[folds == fold].mean() for fold in range(FOLDS)]))


# --- The judge --------------------------------------------------------------------------------


class Judge:
    """Knows an array, and judges maps of it; the affinities are computed once."""

    def __init__(
        self, x: Floats, labels: Optional[Integers] = None, perplexity: float = 30.0
    ) -> None:
        self.x = np.ascontiguousarray(x.reshape(len(x), -1), np.float32)
        self.labels = None if labels is None else labels.ravel()
        self.perplexity = perplexity
        self._affinities: Optional[Affinities] = None

    def judge_rows(self, points: Floats) -> Dict[str, Floats]:
        """What each of the first rows contributes."""
        first = slice(TRUSTWORTHINESS_ROWS)
        rows = neighborhoods(self.x[first], points[first])
        if self.labels is not None:
            rows["silhouette"] = silhouettes(points[first], self.labels[first])
        return rows

    def judge(
        self, points: Floats, of_rows: Optional[Dict[str, Floats]] = None
    ) -> Dict[str, float]:
        if self._affinities is None:
            self._affinities = affinities(self.x, self.perplexity)
        first = slice(TRUSTWORTHINESS_ROWS)
        of_rows = self.judge_rows(points) if of_rows is None else of_rows
        verdict = {
            "kl": kl_divergence(self._affinities, points),
            **{name: float(values.mean()) for name, values in of_rows.items()},
            "distance_correlation": distance_correlation(self.x[first], points[first]),
        }
        if self.labels is not None:
            for k in (1, 10):
                verdict[f"accuracy{k}"] = label_accuracy(points, self.labels, k)
        verdict["span"] = float(np.ptp(points, axis=0).max())
        return verdict


# --- The program ------------------------------------------------------------------------------


def load(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        fail(f"{path}: cannot read: {' '.join(str(error).split())}")
    if not isinstance(array, np.ndarray) or array.ndim == 0 or array.dtype.kind not in "fiu":
        fail(f"{path}: expected an array of numbers, one row a sample")
    if not np.isfinite(array).all():
        fail(f"{path}: has entries that are not finite")
    return array


def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("x", type=Path, metavar="X.npy", help="what was mapped")
    parser.add_argument("maps", type=Path, metavar="MAP.npy", nargs="+", help="(rows, 2)")
    parser.add_argument("--labels", type=Path, metavar="L.npy", help="one whole number a row")
    parser.add_argument("--perplexity", type=float, default=30.0)
    parser.add_argument("--per-row", type=Path, metavar="OUT.npz", help="of a single map")
    options = parser.parse_args(arguments)
    if options.per_row and len(options.maps) > 1:
        fail("--per-row takes a single map")

    x = load(options.x)
    labels = load(options.labels) if options.labels else None
    if labels is not None and (labels.size != len(x) or labels.dtype.kind == "f"):
        fail(f"{options.labels}: expected {len(x)} whole numbers, one for each row of {options.x}")
    judge = Judge(x, labels, options.perplexity)
    for path in options.maps:
        points = load(path)
        if points.shape != (len(x), 2):
            fail(f"{path}: shape is {points.shape}; expected {(len(x), 2)}")
        verdict = {"map": str(path), "rows": len(x), "perplexity": options.perplexity}
        of_rows = judge.judge_rows(points)
        if options.per_row:
            np.savez(options.per_row, **of_rows)
        print(json.dumps({**verdict, **judge.judge(points, of_rows)}), flush=True)


if __name__ == "__main__":
    main()
