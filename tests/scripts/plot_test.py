"""scripts/plot.py on small run folders: the figures appear, and bad folders give one clear line."""

import contextlib
import io
import json
import pathlib
import runpy
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

try:
    import matplotlib  # noqa: F401
    import numpy as np
except ImportError as error:
    print(f"skipped: {sys.executable} cannot import {error.name}")
    sys.exit(77)

PLOT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "plot.py"
CONV = ["latent_maps.png", "loss.png", "reconstruction.png"]
DENSE = ["digit.png", "latent.png", "loss.png", "reconstruction.png"]
FILES = {
    "denoise": ["originals.npy", "noisy.npy", "denoised.npy"],
    "inpaint": ["originals.npy", "blanked.npy", "inpainted.npy"],
    "anomaly": ["errors_normal.npy", "errors_anomalous.npy", "unusual.npy"],
    "features": ["digit.npy", "filters1.npy", "maps1.npy", "filters2.npy", "maps2.npy"],
}


def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n", path
    return struct.unpack(">II", head[16:24])


class PlotTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.random = np.random.default_rng(0)

    def metrics(self, **entries):
        (self.folder / "metrics.json").write_text(json.dumps(entries))

    def array(self, name, array):
        np.save(self.folder / name, array)

    def conv(self, epochs=3, tsne=True, **entries):
        self.metrics(
            study="conv",
            epochs=[
                {"epoch": n, "train_loss": 0.2 / n, "validation_loss": 0.1 / n}
                for n in range(1, epochs + 1)
            ],
            pca={"explained_variance_ratio": [0.2, 0.1]},
            tsne={"kl_divergence": 1.7, "perplexity": 30, "iterations": 300} if tsne else None,
            **entries,
        )
        images = self.random.random((8, 28, 28), dtype=np.float32)
        self.array("originals.npy", images)
        self.array("reconstructions.npy", images)
        self.array("labels.npy", np.arange(50, dtype=np.uint8) % 10)
        self.array("pca.npy", self.random.random((50, 2), dtype=np.float32))
        if tsne:
            self.array("tsne.npy", self.random.random((50, 2), dtype=np.float32))

    def dense(self, count=1, size=(8, 8), latent=4, **entries):
        epochs = [{"epoch": 1, "train_loss": 0.2, "validation_loss": None}]
        self.metrics(study="dense", model="mine", epochs=epochs, **entries)
        images = self.random.random((count, *size), dtype=np.float32)
        self.array("originals.npy", images)
        self.array("reconstructions.npy", images)
        self.array("latent.npy", self.random.random((count + 1, latent), dtype=np.float32))

    def replicas(self, losses, dead):
        seeds = list(range(7, 7 + len(losses)))
        return {"count": len(losses), "seeds": seeds, "final_losses": losses, "dead_units": dead,
                "latent": 4, "seconds": 1.5}  # fmt: skip

    def study(self, name, **entries):
        """A fresh run folder of one of the studies that have one figure of their own."""
        for path in self.folder.iterdir():
            path.unlink()
        self.metrics(study=name, model="conv", **entries)
        shapes = {"errors_normal.npy": (50,), "errors_anomalous.npy": (30,), "digit.npy": (28, 28),
                  "filters1.npy": (6, 1, 3, 3), "maps1.npy": (6, 28, 28),
                  "filters2.npy": (4, 6, 3, 3), "maps2.npy": (4, 14, 14)}  # fmt: skip
        for file in FILES[name]:
            self.array(file, self.random.random(shapes.get(file, (8, 28, 28)), dtype=np.float32))

    def plot(self, folder=None):
        """What the script does, in this process: most of its time would go into imports."""
        out, err = io.StringIO(), io.StringIO()
        arguments = [str(PLOT), str(folder or self.folder)]
        with mock.patch.object(sys, "argv", arguments), self.assertRaises(SystemExit) as end:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                runpy.run_path(str(PLOT), run_name="__main__")
        return subprocess.CompletedProcess(
            arguments, end.exception.code, out.getvalue(), err.getvalue()
        )

    def figures(self):
        return sorted(path.name for path in self.folder.glob("*.png") if path.is_file())

    def assert_draws(self, names):
        result = self.plot()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(self.figures(), names)
        self.assertEqual(sorted(result.stdout.split()), [str(self.folder / name) for name in names])
        self.assertEqual(list(self.folder.glob(".*")), [], "temporary files stayed")
        for name in names:
            width, height = png_size(self.folder / name)
            self.assertTrue(200 <= width <= 2400 and 200 <= height <= 1500, (name, width, height))

    def assert_error(self, *words, folder=None, drawn=()):
        result = self.plot(folder)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\Aplot\.py: error: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(self.figures(), sorted(drawn))
        self.assertEqual(list(self.folder.glob(".*")), [], "temporary files stayed")

    def test_conv(self):
        self.conv()
        self.assert_draws(CONV)
        wide, _ = png_size(self.folder / "latent_maps.png")
        (self.folder / "tsne.npy").unlink()
        self.assert_draws(CONV)
        narrow, _ = png_size(self.folder / "latent_maps.png")
        self.assertLess(narrow, 0.7 * wide, "one map alone takes one map's room")

    def test_one_epoch_without_tsne(self):
        self.conv(epochs=1, tsne=False)
        self.assert_draws(CONV)

    def test_conv_with_quality(self):
        measured = {"accuracy10": 0.9, "trustworthiness": 0.95}
        self.conv(quality={"codes": {"accuracy10": 0.97}, "pca": measured, "tsne": measured})
        self.assert_draws(CONV)

    def test_dense(self):
        self.dense(options={"data": "the digit four"})
        self.assert_draws(DENSE)

    def test_dense_of_any_size(self):
        for count, size, latent in ((8, (20, 28), 16), (2, (64, 4), 11), (1, (28, 28), 130)):
            with self.subTest(count=count, size=size, latent=latent):
                self.dense(count, size, latent)
                self.assert_draws(DENSE)

    def test_dense_without_its_files(self):
        self.dense()
        (self.folder / "latent.npy").unlink()
        (self.folder / "reconstructions.npy").unlink()
        self.assert_draws(["digit.png", "loss.png"])

    def test_dense_bad_arrays(self):
        self.dense()
        self.array("reconstructions.npy", np.zeros((1, 8, 9), np.float32))
        drawn = ["digit.png", "latent.png", "loss.png"]
        self.assert_error("reconstructions.npy", "expected (1, 8, 8)", drawn=drawn)
        self.array("originals.npy", np.zeros((9, 8, 8), np.float32))
        self.assert_error("originals.npy", "9 images; expected at most 8", drawn=drawn)
        self.dense()
        self.array("latent.npy", np.zeros(4, np.float32))
        drawn = ["digit.png", "latent.png", "loss.png", "reconstruction.png"]
        self.assert_error("latent.npy", "expected (N, N)", drawn=drawn)

    def test_losses_over_decades(self):
        losses = [0.2 * 0.97**n for n in range(400)]
        epochs = [
            {"epoch": n, "train_loss": loss, "validation_loss": loss}
            for n, loss in enumerate(losses, 1)
        ]
        self.metrics(study="dense", epochs=epochs)
        self.assert_draws(["loss.png"])

    def test_replicas(self):
        cases = {
            "one": ([1e-4], [0]),
            "two, one without a loss": ([1e-4, None], [1, 0]),
            "all alike and dead": ([0.1] * 3, [4] * 3),
            "many, some of no loss at all": ([0, 0.1, *self.random.random(98)], [0, 4] * 50),
        }
        for name, (losses, dead) in cases.items():
            with self.subTest(name):
                self.metrics(study="dense", replicas=self.replicas(losses, dead))
                self.assert_draws(["replicas.png"])

    def test_bad_replicas(self):
        good = self.replicas([0.1, 0.2], [0, 1])
        for spoilt in ({"seeds": [1]}, {"dead_units": None}, {"final_losses": 3}, {"latent": "x"}):
            with self.subTest(spoilt):
                self.metrics(study="dense", replicas={**good, **spoilt})
                self.assert_error("metrics.json", "replicas are not")

    def test_studies_of_one_figure(self):
        for name in FILES:
            with self.subTest(name):
                self.study(name)
                self.assert_draws([f"{name}.png"])

    def test_their_facts_and_losses(self):
        epochs = [{"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1}]
        sections = {
            "denoise": {"noise": 0.3, "mse_noisy": 0.04, "mse_denoised": 0.01, "ratio": 0.25},
            "inpaint": {"patch": 8, "mse_blanked": 0.2, "mse_inpainted": 0.05},
            "anomaly": {"against": "noise", "auc": 0.99},
            "features": None,
        }
        for name, facts in sections.items():
            with self.subTest(name):
                self.study(name, epochs=epochs, **{name: facts})
                self.array("patches.npy", np.full((8, 2), 20, np.uint8))
                self.assert_draws(sorted([f"{name}.png", "loss.png"]))

    def test_none_of_the_files(self):
        for name, files in FILES.items():
            with self.subTest(name):
                self.study(name)
                for file in files:
                    (self.folder / file).unlink()
                self.assert_error("nothing to draw")

    def test_half_of_the_files(self):
        for name, files in FILES.items():
            with self.subTest(name):
                self.study(name)
                (self.folder / files[-1]).unlink()
                self.assert_error(files[-1], "no such file")

    def test_wrong_shapes(self):
        for name, files in FILES.items():
            with self.subTest(name):
                self.study(name)
                self.array(files[-1], np.zeros((8, 5, 5, 5), np.float32))
                self.assert_error(files[-1], "shape is (8, 5, 5, 5)")

    def test_patches_that_do_not_fit(self):
        self.study("inpaint", inpaint={"patch": 8})
        self.array("patches.npy", np.zeros((7, 2), np.uint8))
        self.assert_error("patches.npy", "expected (8, 2)")

    def test_interrupted_run_draws_what_it_has(self):
        self.metrics(study="conv", epochs=[{"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1}])
        self.assert_draws(["loss.png"])

    def test_a_run_into_the_folder_of_another(self):
        self.dense(replicas=self.replicas([1e-5, 2e-5], [0, 1]))
        self.assert_draws(sorted([*DENSE, "replicas.png"]))
        self.dense()
        self.assert_draws(DENSE)

    def test_training_alone(self):
        epochs = [{"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1}]
        self.metrics(study="train", model="mine", epochs=epochs)
        self.assert_draws(["loss.png"])

    def test_help(self):
        command = [sys.executable, PLOT, "--help"]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("RUN_FOLDER", result.stdout)

    def test_no_folder(self):
        self.assert_error("nowhere", "no such folder", folder=self.folder / "nowhere")

    def test_no_metrics(self):
        self.assert_error("metrics.json", "no such file")

    def test_bad_metrics(self):
        texts = [
            "",
            "{",
            "[]",
            '{"model": "conv"}',
            '{"study": "x"}',
            '{"study": []}',
            '{"study": "conv", "epochs": [1]}',
        ]
        for text in texts:
            with self.subTest(text):
                (self.folder / "metrics.json").write_text(text)
                self.assert_error("metrics.json")

    def test_unknown_study(self):
        self.metrics(study="sharpen")
        expected = "expected conv, dense, denoise, inpaint, anomaly, features or train"
        self.assert_error(f'study is "sharpen"; {expected}')

    def test_nothing_to_draw(self):
        self.metrics(study="conv", epochs=[])
        self.assert_error("nothing to draw")

    def test_half_a_pair(self):
        self.conv()
        (self.folder / "reconstructions.npy").unlink()
        drawn = ["latent_maps.png", "loss.png"]
        self.assert_error("reconstructions.npy", "no such file", drawn=drawn)

    def test_bad_arrays(self):
        self.conv()
        name, path = "originals.npy", self.folder / "originals.npy"
        cases = {
            "shape is (8, 27, 28)": lambda: self.array(name, np.zeros((8, 27, 28), np.float32)),
            "not finite": lambda: self.array(name, np.full((8, 28, 28), np.nan, np.float32)),
            "cannot read": lambda: path.write_bytes(b"\x93NUMPY\x01"),
            name: lambda: path.write_bytes(b""),
        }
        for words, spoil in cases.items():
            with self.subTest(words):
                spoil()
                self.assert_error(name, words, drawn=["latent_maps.png", "loss.png"])

    def test_labels_that_do_not_fit(self):
        self.conv()
        drawn = ["loss.png", "reconstruction.png"]
        self.array("labels.npy", np.arange(49, dtype=np.uint8) % 10)
        self.assert_error("pca.npy", "expected (49, 2)", drawn=drawn)
        self.array("labels.npy", np.full(50, 10, np.uint8))
        self.assert_error("labels.npy", "expected 0 to 9", drawn=drawn)

    def test_a_figure_that_cannot_be_written(self):
        self.conv()
        (self.folder / "loss.png").mkdir()
        drawn = ["latent_maps.png", "reconstruction.png"]
        self.assert_error("loss.png", "cannot write", drawn=drawn)


if __name__ == "__main__":
    unittest.main()
