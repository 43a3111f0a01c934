"""page: what it refuses, and what it writes; what the page does is tested in a browser."""

import array
import json
import pathlib
import re
import unittest

from program import Array, ProgramTest, floats, trained, write_npy


class PageTest(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        values = array.array("f", [0, 0, 1, 2, 3, 1, 2, 2])
        self.map = write_npy(self.folder / "map.npy", Array("<f4", (4, 2), values))

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def data(self, page: pathlib.Path) -> dict:
        text = page.read_text(encoding="utf-8")
        (found,) = re.findall(r'<script type="application/json" id="data-page">(.*)</script>', text)
        return json.loads(found)

    def test_a_run_folder_gives_the_same_page_again(self) -> None:
        options = ("--data", "synthetic:600", "--epochs", 1, "--threads", 1)
        self.run_well("run", "conv", *options, "--out", "run", variables={"MPLBACKEND": "Agg"})
        first = (self.folder / "run" / "map.html").read_bytes()
        said = self.run_well("page", "run", "--threads", 1)
        self.assertIn("100 points in run/map.html, ", said)
        self.assertEqual((self.folder / "run" / "map.html").read_bytes(), first)
        self.run_well("page", "run", "--out", "other.html", "--threads", 1)
        self.assertEqual((self.folder / "other.html").read_bytes(), first)
        data = self.data(self.folder / "other.html")
        self.assertEqual([m["name"] for m in data["maps"]], ["PCA", "t-SNE"])
        self.assertEqual((data["points"], data["neighbors"]), (100, 8))
        self.assertEqual(data["images"]["bits"], 8)

    def test_names_do_not_become_markup(self) -> None:
        labels = self.write("labels.txt", "a</script>b\n<!--\n\"'\u2028\na</script>b\n")
        self.run_well(
            *("page", "--map", self.map, "--labels", labels, "--out", "map.html"),
            *("--title", "</title><script>"),
        )
        text = (self.folder / "map.html").read_text(encoding="utf-8")
        self.assertNotIn("a</script>b", text)
        self.assertNotIn("<!--", text.split('id="data-map-0"')[1])
        self.assertIn("<title>&lt;/title&gt;&lt;script&gt;</title>", text)
        labels = self.data(self.folder / "map.html")["labels"]
        self.assertEqual(labels, ["\"'\u2028", "<!--", "a</script>b"])

    def test_labels_are_named_as_they_are(self) -> None:
        for dtype, code, labels, names in (
            ("<f8", "d", [0.3, 0.1, 0.2, 0.1], ["0.1", "0.2", "0.3"]),
            ("<f4", "f", [0.3, 0.1, 0.2, 0.1], ["0.1", "0.2", "0.3"]),
            ("<i4", "i", [20230104, 20230101, 20230102, 20230103],
             ["20230101", "20230102", "20230103", "20230104"]),
        ):  # fmt: skip
            with self.subTest(dtype):
                kinds = Array(dtype, (4,), array.array(code, labels))
                file = write_npy(self.folder / "labels.npy", kinds)
                self.run_well("page", "--map", self.map, "--labels", file, "--out", "map.html")
                self.assertEqual(self.data(self.folder / "map.html")["labels"], names)

    def test_rows_give_neighbours_and_quality(self) -> None:
        values = array.array("f", range(12))
        rows = write_npy(self.folder / "rows.npy", Array("<f4", (4, 3), values))
        page = ("page", "--map", self.map, "--map", self.map, "--out", "map.html")
        parts = ["data-quality-0", "data-quality-1", "data-neighbors"]
        self.run_well(*page)
        for part in parts:
            self.assertNotIn(part, (self.folder / "map.html").read_text(encoding="utf-8"))
        self.run_well(*page, "--rows", rows)
        for part in parts:
            self.assertIn(part, (self.folder / "map.html").read_text(encoding="utf-8"))
        self.assertEqual(self.data(self.folder / "map.html")["neighbors"], 3)
        three = write_npy(self.folder / "three.npy", floats((3, 3)))
        self.assert_fails(1, ["three.npy", "3 rows", "expected 4"], *page, "--rows", three)
        self.assert_fails(2, ["RUN_FOLDER"], "page", trained(), "--rows", rows)

    def test_wrong_arrays(self) -> None:
        page = ("page", "--map", self.map, "--out", "map.html")
        three = self.write("three.txt", "a\nb\nc\n")
        self.assert_fails(1, ["three.txt", "3 rows", "expected 4"], *page, "--labels", three)
        images = write_npy(self.folder / "images.npy", floats((5, 28, 28)))
        self.assert_fails(1, ["images.npy", "5 rows", "expected 4"], *page, "--images", images)
        values = array.array("f", [0, 0, 1, float("nan"), 3, 1])
        bad = write_npy(self.folder / "bad.npy", Array("<f4", (3, 2), values))
        out = ("--out", "map.html")
        self.assert_fails(1, ["bad.npy", "row 1, column 1", "finite"], "page", "--map", bad, *out)
        flat = write_npy(self.folder / "flat.npy", floats((6,)))
        self.assert_fails(1, ["flat.npy", "expected (N, 2)"], "page", "--map", flat, *out)
        other = write_npy(self.folder / "other.npy", floats((3, 2)))
        self.assert_fails(1, ["other.npy", "3 rows", "expected 4"], *page, "--map", other)
        frames = write_npy(self.folder / "frames.npy", floats((2, 3, 2)))
        self.assert_fails(1, ["error: ", "frames.npy: snapshots", "(frames, 4, 2)"], *page, "--snapshots", frames)
        small = write_npy(self.folder / "small.npy", floats((4, 8, 8)))
        weights = trained() / "weights.safetensors"
        words = ["weights.safetensors, ", "small.npy", "64", "784"]
        self.assert_fails(1, words, *page, "--images", small, "--weights", weights)

    def test_a_run_whose_metrics_are_not_its_own(self) -> None:
        folder = self.folder / "run"
        folder.mkdir()
        metrics = json.loads((trained() / "metrics.json").read_text())
        for epochs in ([{"validation_loss": None}], [{}], [1], 1):
            with self.subTest(epochs):
                (folder / "metrics.json").write_text(json.dumps({**metrics, "epochs": epochs}))
                words = ["run/metrics.json: not as a run writes it"]
                self.assert_fails(1, words, "page", "run", "--out", "x.html")

    def test_wrong_command_lines(self) -> None:
        self.assert_fails(2, ["RUN_FOLDER", "--map"], "page")
        self.assert_fails(2, ["--out"], "page", "--map", self.map)
        page = ("page", "--map", self.map, "--out", "x")
        self.assert_fails(2, ["--images"], *page, "--weights", "w")
        self.assert_fails(2, ["RUN_FOLDER"], "page", trained(), "--map", self.map)
        self.assert_fails(1, ["metrics.json"], "page", self.folder, "--out", "x.html")
        self.assert_fails(1, ["error: nosuch: there is no such folder"], "page", "nosuch")
        words = ["other labels", "--data"]
        self.assert_fails(1, words, "page", trained(), "--data", "synthetic:900", "--out", "x.html")


if __name__ == "__main__":
    unittest.main()
