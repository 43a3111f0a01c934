"""run denoise, inpaint, anomaly, features: files and figures in words, on synthetic digits."""

import pathlib
import unittest

from program import ProgramTest, names_in, parse_json, read_npy

TRAINED = ["metrics.json", "weights.safetensors"]


class StudiesTest(ProgramTest):
    def run_study(self, study: str, *options: object) -> tuple[pathlib.Path, dict, str]:
        data = ("--data", "synthetic:1200", "--threads", 2)
        training = () if "--weights" in options else ("--batch-size", 16, "--epochs", 2)
        said = self.run_well("run", study, "--no-figures", *data, *training, *options)
        folder = self.folder / "runs" / study
        return folder, parse_json((folder / "metrics.json").read_text()), said

    def test_denoise(self) -> None:
        out, metrics, said = self.run_study("denoise")
        images = ["denoised.npy", "noisy.npy", "originals.npy"]
        self.assertEqual(names_in(out), sorted([*TRAINED, *images]))
        clean, noisy = (read_npy(out / name).values for name in ("originals.npy", "noisy.npy"))
        self.assertEqual(read_npy(out / "denoised.npy").shape, (8, 28, 28))
        self.assertTrue(0 <= min(noisy) <= max(noisy) <= 1)
        self.assertNotEqual(clean, noisy)
        found = metrics["denoise"]
        self.assertAlmostEqual(found["noise"], 0.3, places=6)
        # Half of the noise on black is cut off: between half the variance and all of it.
        self.assertTrue(0.035 < found["mse_noisy"] < 0.09)
        self.assertLess(found["ratio"], 0.95)
        self.assertIn("standard deviation 0.3:", said)

    def test_trained_weights_are_taken_as_they_are(self) -> None:
        out, trained, _ = self.run_study("denoise", "--out", "runs/denoise")
        weights = (out / "weights.safetensors").rename(self.folder / "w.safetensors")
        _, again, _ = self.run_study("denoise", "--weights", weights)
        self.assertEqual(again["denoise"], trained["denoise"])
        self.assertEqual(again["epochs"], [])
        self.assertEqual(again["options"]["weights"], str(weights))
        self.assertEqual((out / "weights.safetensors").read_bytes(), weights.read_bytes())

    def test_inpaint(self) -> None:
        out, metrics, said = self.run_study("inpaint", "--patch", 10)
        images = ["blanked.npy", "inpainted.npy", "originals.npy", "patches.npy"]
        self.assertEqual(names_in(out), sorted([*TRAINED, *images]))
        clean, blanked = read_npy(out / "originals.npy"), read_npy(out / "blanked.npy")
        corners = read_npy(out / "patches.npy").values
        for i, (before, after) in enumerate(zip(clean.values, blanked.values)):
            image, row, column = i // 784, i // 28 % 28, i % 28
            top, left = corners[2 * image], corners[2 * image + 1]
            inside = top <= row < top + 10 and left <= column < left + 10
            self.assertEqual(after, 0 if inside else before)
        found = metrics["inpaint"]
        self.assertEqual(found["patch"], 10)
        self.assertLess(found["mse_inpainted"], found["mse_blanked"])
        self.assertIn("10 x 10", said)

    def test_codes_that_are_all_the_same_have_no_map(self) -> None:
        said = self.run_well("run", "inpaint", "--patch", 28, "--data", "synthetic:60", "--steps", 1,
                             variables={"HOURGLASS_PYTHON": "true"})  # fmt: skip
        self.assertIn("the codes are all the same, so there is no map", said)
        self.assertIn("done in", said)
        out = self.folder / "runs" / "inpaint"
        images = ["blanked.npy", "inpainted.npy", "originals.npy", "patches.npy"]
        self.assertEqual(names_in(out), sorted([*TRAINED, *images]))

    def test_anomaly(self) -> None:
        out, metrics, said = self.run_study("anomaly")
        arrays = ["errors_anomalous.npy", "errors_normal.npy", "unusual.npy"]
        self.assertEqual(names_in(out), sorted([*TRAINED, *arrays]))
        normal = read_npy(out / "errors_normal.npy").values
        noise = read_npy(out / "errors_anomalous.npy").values
        self.assertEqual((len(normal), len(noise)), (200, 200))
        wins = sum((b > a) + (b == a) / 2 for a in normal for b in noise)
        self.assertAlmostEqual(metrics["anomaly"]["auc"], wins / 200 / 200, places=9)
        self.assertGreater(metrics["anomaly"]["auc"], 0.95)
        self.assertIn("area under the ROC curve", said)
        out, metrics, _ = self.run_study("anomaly", "--against", "synthetic:300")
        self.assertEqual(len(read_npy(out / "errors_anomalous.npy").values), 50)
        self.assertEqual(metrics["anomaly"]["against"], "synthetic:300")
        images = self.folder / "runs" / "anomaly" / "unusual.npy"
        images.rename(self.folder / "odd.npy")
        out, _, _ = self.run_study("anomaly", "--against", "odd.npy")
        self.assertEqual(len(read_npy(out / "errors_anomalous.npy").values), 8)

    def test_features(self) -> None:
        out, _, _ = self.run_study("features", "--image", 3)
        shapes = {
            "digit.npy": (28, 28),
            "filters1.npy": (16, 1, 3, 3),
            "maps1.npy": (16, 28, 28),
            "filters2.npy": (8, 16, 3, 3),
            "maps2.npy": (8, 14, 14),
        }
        self.assertEqual(names_in(out), sorted([*TRAINED, *shapes]))
        for name, shape in shapes.items():
            self.assertEqual(read_npy(out / name).shape, shape, name)
        self.assertGreaterEqual(min(read_npy(out / "maps1.npy").values), 0, "relu came before")

    def test_what_cannot_be(self) -> None:
        run = ("run", "anomaly", "--data", "synthetic:60", "--steps", 1, "--batch-size", 5)
        self.assert_fails(1, ["no/such/folder"], *run, "--against", "no/such/folder")
        run = ("run", "anomaly", "--data", "synthetic:60", "--weights", "none.safetensors")
        self.assert_fails(1, ["none.safetensors"], *run)


if __name__ == "__main__":
    unittest.main()
