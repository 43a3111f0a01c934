"""tsne: maps of arrays and of what is known about them, and new rows into a map that is there."""

import array
import math
import random
import unittest
from collections.abc import Sequence

from program import Array, ProgramTest, names_in, parse_json, read_npy, write_npy

ON_CPU = ("--device", "cpu", "--threads", 1, "--quiet")
ROWS, WIDTH = 90, 4


def matrix(rows: Sequence[Sequence[float]]) -> Array:
    flat = [value for row in rows for value in row]
    return Array("<f4", (len(rows), len(rows[0])), array.array("f", flat))


def numbers(values: Sequence[float]) -> Array:
    return Array("<f4", (len(values),), array.array("f", values))


def blobs(rows: int, seed: int) -> list[list[float]]:
    """Three of them, in turn."""
    draw = random.Random(seed)
    return [
        [draw.gauss(0, 1) + (8 if f == i % 3 else 0) for f in range(WIDTH)] for i in range(rows)
    ]


def distances(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[math.dist(a, b) for b in rows] for a in rows]


class TsneTest(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        self.x = [[float(v) for v in row] for row in blobs(ROWS, 1)]
        write_npy(self.folder / "x.npy", matrix(self.x))

    def map(self, out: str, *arguments: object) -> Array:
        self.run_well(
            "tsne", *arguments, "--out", out, "--iterations", 300, "--perplexity", 9, *ON_CPU
        )
        return read_npy(self.folder / out)

    def refuse(self, status: int, words: list[str], *arguments: object) -> None:
        with self.subTest(" ".join(map(str, arguments))):
            self.assert_fails(status, words, "tsne", *arguments, "--out", "bad.npy")

    def test_help_names_what_there_is(self) -> None:
        text = self.run_well("tsne", "--help")
        for option in ("--transform", "--map", "--data", "--metric", "--distances"):
            self.assertIn(option, text)


class TransformTest(TsneTest):
    def place(self, new: str, *more: object) -> Array:
        self.run_well("tsne", "--transform", new, "--map", "map.npy", "--data", "x.npy",
                      "--out", "placed.npy", *more, *ON_CPU)  # fmt: skip
        return read_npy(self.folder / "placed.npy")

    def test_new_rows_come_to_lie_among_their_kind(self) -> None:
        points = self.map("map.npy", "x.npy")
        write_npy(self.folder / "new.npy", matrix(blobs(30, 2)))
        placed = self.place("new.npy")
        self.assertEqual(placed.shape, (30, 2))
        places = [points.values[2 * i : 2 * i + 2] for i in range(ROWS)]
        for i in range(30):
            point = placed.values[2 * i : 2 * i + 2]
            nearest = min(range(ROWS), key=lambda j: math.dist(point, places[j]))
            self.assertEqual(nearest % 3, i % 3)
        self.assertEqual(self.place("x.npy"), points, "known rows are where they were")
        sidecar = parse_json((self.folder / "placed.json").read_text())
        self.assertEqual((sidecar["rows"], sidecar["training_rows"]), (ROWS, ROWS))
        self.assertEqual(sidecar["options"]["perplexity"], 5)
        self.place("new.npy", "--perplexity", 3, "--iterations", 7, "--learning-rate", 0.5,
                   "--metric", "cosine")  # fmt: skip
        options = parse_json((self.folder / "placed.json").read_text())["options"]
        self.assertEqual(
            [options[name] for name in ("perplexity", "iterations", "learning_rate", "metric")],
            [3, 7, 0.5, "cosine"],
        )

    def test_what_does_not_fit(self) -> None:
        write_npy(self.folder / "map.npy", matrix([[0.0, float(i)] for i in range(ROWS)]))
        write_npy(self.folder / "few.npy", matrix([[0.0, float(i)] for i in range(9)]))
        files = ("--map", "map.npy", "--data", "x.npy")
        self.refuse(2, ["--transform, --map and --data go together"], "--transform", "x.npy")
        self.refuse(2, ["go together"], *files)
        for more in (("x.npy",), ("--init", "random"), ("--early-exaggeration", 4),
                     ("--distances", "x.npy"), ("--seed", 1)):  # fmt: skip
            name = "an array to map" if more == ("x.npy",) else str(more[0])
            self.refuse(2, [name, "says nothing to --transform"], "--transform", "x.npy", *files,
                        *more)  # fmt: skip
        self.refuse(2, ["one --perplexity"], "--transform", "x.npy", *files, "--perplexity", "3,9")
        self.refuse(1, ["map.npy", "2 values each, and the training data has 4"],
                    "--transform", "map.npy", *files)  # fmt: skip
        few = ("--transform", "x.npy", "--map", "few.npy", "--data", "x.npy")
        self.refuse(1, ["error: few.npy: ", "(9, 2)", "(90, 2)"], *few)
        nan = [list(row) for row in self.x]
        nan[7][2] = math.nan
        write_npy(self.folder / "nan.npy", matrix(nan))
        zero = [*self.x[:7], [0.0] * WIDTH, *self.x[8:]]
        write_npy(self.folder / "zero.npy", matrix(zero))
        words = ["error: nan.npy: row 7, column 2 is not finite"]
        self.refuse(1, words, "--transform", "x.npy", "--map", "map.npy", "--data", "nan.npy")
        self.refuse(1, words, "--transform", "nan.npy", *files)
        write_npy(self.folder / "flat.npy", matrix([row[1:3] for row in nan]))
        words = ["error: flat.npy: row 7, column 1 is not finite"]
        self.refuse(1, words, "--transform", "x.npy", "--map", "flat.npy", "--data", "x.npy")
        write_npy(self.folder / "lone.npy", Array("<f4", (), array.array("f", [math.nan])))
        self.refuse(1, ["error: lone.npy: "], "--transform", "lone.npy", *files)
        words = ["error: zero.npy: ", "row 7 has zeros alone"]
        cosine = ("--metric", "cosine", "--map", "map.npy")
        self.refuse(1, words, "--transform", "x.npy", "--data", "zero.npy", *cosine)
        self.refuse(1, words, "--transform", "zero.npy", "--data", "x.npy", *cosine)
        self.refuse(1, ["nowhere.npy"], "--transform", "nowhere.npy", *files)


class SourcesTest(TsneTest):
    def test_distances_are_as_good_as_data(self) -> None:
        write_npy(self.folder / "d.npy", matrix(distances(self.x)))
        near = [sorted(range(ROWS), key=row.__getitem__)[1:28] for row in distances(self.x)]
        write_npy(self.folder / "i.npy", matrix([[float(j) for j in row] for row in near]))
        write_npy(self.folder / "n.npy",
                  matrix([[math.dist(self.x[i], self.x[j]) for j in row]
                          for i, row in enumerate(near)]))  # fmt: skip
        of_matrix = self.map("a.npy", "--distances", "d.npy")
        of_graph = self.map("b.npy", "--neighbor-indices", "i.npy", "--neighbor-distances", "n.npy")
        self.assertEqual(of_matrix, of_graph)
        sidecar = parse_json((self.folder / "a.json").read_text())
        self.assertGreater(sidecar["seconds"]["neighbors"], 0, "picking them is part of it")
        # As SciPy keeps a sparse matrix, in no order and with more than is wanted.
        columns = [[j for j in reversed(range(ROWS)) if j != i] for i in range(ROWS)]
        write_npy(self.folder / "data.npy",
                  numbers([math.dist(self.x[i], self.x[j])
                           for i, row in enumerate(columns) for j in row]))  # fmt: skip
        write_npy(self.folder / "indices.npy", numbers([j for row in columns for j in row]))
        write_npy(self.folder / "indptr.npy", numbers([89 * i for i in range(ROWS + 1)]))
        sparse = ("--neighbor-indices", "indices.npy", "--neighbor-distances", "data.npy",
                  "--neighbor-offsets", "indptr.npy")  # fmt: skip
        self.assertEqual(self.map("c.npy", *sparse), of_matrix)

    def test_metrics_and_scales(self) -> None:
        # Lengths mean nothing to cosine, and powers of 2 not even to rounding.
        longer = [[2 ** (i % 5) * v for v in row] for i, row in enumerate(self.x)]
        write_npy(self.folder / "longer.npy", matrix(longer))
        cosine = self.map("a.npy", "x.npy", "--metric", "cosine")
        self.assertEqual(self.map("b.npy", "longer.npy", "--metric", "cosine"), cosine)
        self.assertNotEqual(self.map("b.npy", "longer.npy"), cosine)
        self.assertNotEqual(self.map("b.npy", "longer.npy", "--metric", "correlation"), cosine)
        self.run_well("tsne", "x.npy", "--perplexity", "3,20", "--iterations", 20, "--out", "c.npy",
                      *ON_CPU)  # fmt: skip
        sidecar = parse_json((self.folder / "c.json").read_text())
        self.assertEqual(sidecar["options"]["perplexity"], [3, 20])
        self.assertEqual(sidecar["options"]["metric"], "euclidean")
        self.assertEqual(sidecar["neighbors"], 60)

    def test_what_does_not_fit(self) -> None:
        bad = distances(self.x)
        bad[4][4] = 1.0
        write_npy(self.folder / "d.npy", matrix(bad))
        self.refuse(1, ["d.npy", "row 4, column 4 is 1"], "--distances", "d.npy")
        self.refuse(2, ["in its place --distances"], "x.npy", "--distances", "d.npy")
        self.refuse(2, ["in its place --distances"])
        self.refuse(2, ["both"], "--neighbor-indices", "d.npy")
        self.refuse(2, ["both"], "--neighbor-offsets", "d.npy")
        self.refuse(2, ["--metric"], "--distances", "d.npy", "--metric", "cosine")
        self.refuse(2, ["--metric: found 'fancy', expected one of euclidean, cosine, correlation"],
                    "x.npy", "--metric", "fancy")  # fmt: skip
        for value in ("0", "x", "30,-1"):
            self.refuse(2, ["--perplexity: found '"], "x.npy", "--perplexity", value)
        zero = [list(row) for row in self.x]
        zero[7] = [0.0] * WIDTH
        write_npy(self.folder / "zero.npy", matrix(zero))
        self.refuse(1, ["zero.npy", "row 7 has zeros alone"], "zero.npy", "--metric", "cosine")
        self.assertNotIn("bad.npy", names_in(self.folder))

    def test_offsets_beyond_what_a_float_holds(self) -> None:
        """Which are refused as offsets of so few entries, not as numbers."""
        write_npy(self.folder / "i.npy", Array("<i4", (2,), array.array("i", [1, 0])))
        write_npy(self.folder / "d.npy", numbers([1, 1]))
        graph = ("--neighbor-indices", "i.npy", "--neighbor-distances", "d.npy",
                 "--neighbor-offsets", "o.npy")  # fmt: skip
        for last, words in (
            (2**24 + 1, ["i.npy, d.npy, o.npy: sparse distances: offsets must rise"]),
            (2**32, ["error: o.npy: value 2 is not an offset"]),
            (-1, ["error: o.npy: value 2 is not an offset"]),
        ):
            offsets = array.array("q", [0, 1, last])
            write_npy(self.folder / "o.npy", Array("<i8", (3,), offsets))
            self.refuse(1, words, *graph)

    def test_distances_have_no_components_to_start_from(self) -> None:
        write_npy(self.folder / "d.npy", matrix(distances(self.x)))
        self.map("m.npy", "--distances", "d.npy")
        sidecar = parse_json((self.folder / "m.json").read_text())
        self.assertEqual(sidecar["options"]["init"], "random")
        self.refuse(2, ["--init pca", "distances"], "--distances", "d.npy", "--init", "pca")

    def test_a_start_in_one_place(self) -> None:
        write_npy(self.folder / "zeros.npy", matrix([[0.0, 0.0]] * ROWS))
        write_npy(self.folder / "d.npy", matrix(distances(self.x)))
        for source in (("x.npy",), ("--distances", "d.npy")):
            self.refuse(1, ["error: zeros.npy: all 90 rows are the same"], *source, "--init",
                        "zeros.npy")  # fmt: skip

    def test_perplexity_leaves_the_input_alone(self) -> None:
        self.run_well("tsne", "--perplexity", 9, "x.npy", "--iterations", 20, "--out", "a.npy",
                      *ON_CPU)  # fmt: skip
        self.run_well("tsne", "--perplexity", "3,9", "x.npy", "--iterations", 20, "--out", "b.npy",
                      *ON_CPU)  # fmt: skip
        sidecar = parse_json((self.folder / "b.json").read_text())
        self.assertEqual(sidecar["options"]["perplexity"], [3, 9])

    def test_numbers_in_errors_are_short(self) -> None:
        self.refuse(1, ["perplexity 90 does not fit 90 rows"], "x.npy", "--perplexity", 90)
        self.refuse(1, ["perplexity 1e+30 does not fit"], "x.npy", "--perplexity", "1e30")
        self.refuse(2, ["--early-exaggeration: found '0.5', expected a number from 1"], "x.npy",
                    "--early-exaggeration", 0.5)  # fmt: skip

    def test_a_map_that_stays_exaggerated_says_so(self) -> None:
        words = "20 iterations, all exaggerated"
        few = ("tsne", "x.npy", "--perplexity", 9, "--iterations", 20, "--out", "m.npy")
        self.assertIn(words, self.run_well(*few, "--device", "cpu"))
        self.assertNotIn(words, self.run_well(*few, "--early-iterations", 10, "--device", "cpu"))

    def test_how_often_a_map_outgrew_its_grid_is_told(self) -> None:
        write_npy(self.folder / "many.npy", matrix(blobs(2100, 2)))
        for schedule, least, most in (
            (("--early-iterations", 150, "--iterations", 300), 0, 2),  # it grows from nothing
            (("--early-iterations", 0, "--iterations", 40, "--learning-rate", 3e4), 1, 40),
        ):
            self.run_well("tsne", "many.npy", "--out", "g.npy", *ON_CPU, *schedule)
            told = parse_json((self.folder / "g.json").read_text())
            self.assertEqual(told["grid_iterations"], told["iterations"])
            self.assertTrue(least <= told["grid_overflows"] <= most, told["grid_overflows"])

    def test_errors_name_the_file_they_are_about(self) -> None:
        write_npy(self.folder / "d.npy", matrix(distances(self.x)))
        near = [sorted(range(ROWS), key=row.__getitem__)[1:28] for row in distances(self.x)]
        write_npy(self.folder / "i.npy", matrix([[float(j) for j in row] for row in near]))
        far = [[math.dist(self.x[i], self.x[j]) for j in row] for i, row in enumerate(near)]
        write_npy(self.folder / "n.npy", matrix(far))
        graph = ("--neighbor-indices", "i.npy", "--neighbor-distances")
        write_npy(self.folder / "few.npy", matrix([[0.0, float(i)] for i in range(9)]))
        write_npy(self.folder / "nan.npy", matrix([[math.nan, 1.0]] * ROWS))
        for source in (("x.npy",), ("--distances", "d.npy"), (*graph, "n.npy")):
            self.refuse(1, ["error: few.npy: the initial map has shape (9, 2), expected (90, 2)"],
                        *source, "--init", "few.npy")  # fmt: skip
            self.refuse(1, ["error: nan.npy: row 0, column 0 is not finite"],
                        *source, "--init", "nan.npy")  # fmt: skip
        self.refuse(1, ["error: cannot read nowhere.npy: "], *graph, "nowhere.npy")
        self.refuse(1, ["error: n.npy: value 0 is not the index of a row"],
                    "--neighbor-indices", "n.npy", "--neighbor-distances", "n.npy")  # fmt: skip
        far[3][0] = math.nan
        write_npy(self.folder / "bad-n.npy", matrix(far))
        self.refuse(1, ["error: i.npy, bad-n.npy: neighbour graph: row 3, neighbour 0"],
                    *graph, "bad-n.npy")  # fmt: skip


if __name__ == "__main__":
    unittest.main()
