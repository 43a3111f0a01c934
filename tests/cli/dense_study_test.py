"""run dense: the digit, images of the user's own, and many starts."""

import pathlib
import statistics
import unittest

from program import Array, ProgramTest, names_in, parse_json, read_npy, read_safetensors, write_npy
import array

FILES = ["latent.npy", "metrics.json", "originals.npy", "reconstructions.npy",
         "weights.safetensors"]  # fmt: skip


# Rows from the top; the contract's.
DIGIT = "0001000000110000010100001001000011111000000100000001000000010000"


class DenseStudyTest(ProgramTest):
    def run_dense(self, name: str, *options: object) -> tuple[pathlib.Path, dict, str]:
        run = ("run", "dense", "--no-figures", "--threads", 2, "--out", name)
        said = self.run_well(*run, *options)
        folder = self.folder / name
        return folder, parse_json((folder / "metrics.json").read_text()), said

    def own_images(self, count: int, *size: int) -> Array:
        values = array.array("f", (((7 * i) % 11) / 11 for i in range(count * 64)))
        return Array("<f4", (count, *size), values)

    def test_the_digit(self) -> None:
        out, metrics, said = self.run_dense("run")
        self.assertEqual(names_in(out), FILES)
        digit = read_npy(out / "originals.npy")
        self.assertEqual(digit.shape, (1, 8, 8))
        self.assertEqual("".join(str(int(value)) for value in digit.values), DIGIT)
        self.assertEqual(read_npy(out / "reconstructions.npy").shape, (1, 8, 8))
        self.assertEqual(read_npy(out / "latent.npy").shape, (1, 4))
        self.assertEqual(metrics["parameters"], 2276)
        self.assertEqual((metrics["study"], metrics["model"]), ("dense", "dense"))
        wanted = {"epochs": 1000, "batch_size": 1, "loss": "mse", "data": "the digit four"}
        self.assertEqual(wanted, {key: metrics["options"][key] for key in wanted})
        self.assertEqual(len(metrics["epochs"]), 1000)
        self.assertIsNone(metrics["tsne"])
        error = statistics.fmean(
            (a - b) ** 2
            for a, b in zip(
                read_npy(out / "originals.npy").values,
                read_npy(out / "reconstructions.npy").values,
            )
        )
        self.assertLess(error, 1e-3)
        self.assertAlmostEqual(error, metrics["epochs"][-1]["validation_loss"], delta=1e-8)
        self.assertIn("64 values in 4 (", said)
        shapes = {
            name: tensor.shape
            for name, tensor in read_safetensors(out / "weights.safetensors").items()
        }
        self.assertEqual(shapes["dense1.weight"], (16, 64))
        self.assertEqual(shapes["dense4.bias"], (64,))

    def test_the_same_seed_gives_the_same_bytes(self) -> None:
        folders = [self.run_dense(name, "--seed", 7)[0] for name in ("a", "b")]
        for name in FILES:
            if name != "metrics.json":
                one, other = ((folder / name).read_bytes() for folder in folders)
                self.assertEqual(one, other, name)

    def test_images_of_ones_own(self) -> None:
        for size in ((8, 8), (64,), (1, 8, 8)):
            write_npy(self.folder / "mine.npy", self.own_images(12, *size))
            out, metrics, said = self.run_dense(
                "mine", "--input", "mine.npy", "--epochs", 3, "--batch-size", 5
            )
            self.assertEqual(read_npy(out / "originals.npy").shape, (8, 8, 8))
            self.assertEqual(read_npy(out / "latent.npy").shape, (12, 4))
            self.assertEqual(metrics["options"]["data"], "mine.npy")
            self.assertIn("12 images", said)

    def test_validation_images(self) -> None:
        write_npy(self.folder / "mine.npy", self.own_images(12, 8, 8))
        write_npy(self.folder / "held.npy", self.own_images(3, 8, 8))
        out, _, said = self.run_dense(
            "mine", "--input", "mine.npy", "--validation", "held.npy", "--epochs", 2
        )
        self.assertEqual(read_npy(out / "latent.npy").shape, (3, 4))
        self.assertIn("12 + 3 images", said)

    def test_replicas(self) -> None:
        _, metrics, said = self.run_dense("run", "--replicas", 20)
        replicas = metrics["replicas"]
        self.assertEqual(replicas["count"], 20)
        self.assertEqual(replicas["seeds"], list(range(20)))
        self.assertEqual(replicas["latent"], 4)
        self.assertEqual(replicas["final_losses"][0], metrics["epochs"][-1]["validation_loss"])
        learnt = sum(loss < 1e-3 for loss in replicas["final_losses"])
        self.assertGreaterEqual(learnt, 17)
        self.assertEqual(replicas["below_0.001"], learnt)
        dead = [s for s, units in zip(replicas["seeds"], replicas["dead_units"]) if units == 4]
        self.assertEqual(replicas["all_units_dead"], dead)
        median = replicas["quantiles"]["median"]
        self.assertLessEqual(sum(loss < median for loss in replicas["final_losses"]), 10)
        self.assertIn("20 replicas in ", said)
        for seed in dead:  # and its own run says so
            self.assertIn("every latent unit is dead", self.run_dense("d", "--seed", seed)[2])

    def test_replicas_from_another_seed(self) -> None:
        all_of_them = self.run_dense("a", "--replicas", 5)[1]["replicas"]
        later = self.run_dense("b", "--replicas", 3, "--seed", 2)[1]["replicas"]
        self.assertEqual(later["seeds"], [2, 3, 4])
        self.assertEqual(later["final_losses"], all_of_them["final_losses"][2:])

    def test_a_training_that_diverges(self) -> None:
        run = ("run", "dense", "--no-figures", "--learning-rate", "1e30")
        self.run_well("train", "dense", "--epochs", 1, "--out", "here")
        self.assert_fails(1, ["not finite", "smaller learning rate"], *run, "--out", "here")
        self.assertNotIn("latent.npy", names_in(self.folder / "here"))

    def test_fewer_images_than_a_batch(self) -> None:
        write_npy(self.folder / "mine.npy", self.own_images(5, 8, 8))
        out = ("--input", "mine.npy", "--epochs", 2, "--out", "run")
        self.run_well("train", "dense", "--batch-size", 5, *out)
        self.assert_fails(1, ["batch size is 6", "5 training images"],
                          "train", "dense", "--batch-size", 6, *out)  # fmt: skip

    def test_bad_images(self) -> None:
        run = ("run", "dense", "--out", "run", "--input", "mine.npy")
        bad = self.own_images(2, 8, 8)
        write_npy(self.folder / "mine.npy", Array("<f4", (4, 32), bad.values))
        self.assert_fails(1, ["mine.npy", "of 32 values", "wants 64"], *run)
        for value, words in ((1.5, "row 1 holds 1.5"), (float("nan"), "row 1 holds nan")):
            values = array.array("f", bad.values)
            values[70] = value
            write_npy(self.folder / "mine.npy", Array("<f4", (2, 8, 8), values))
            self.assert_fails(1, ["mine.npy", words, "[0, 1]"], *run)
        write_npy(self.folder / "mine.npy", Array("|u1", (4, 5, 5), array.array("B", [9] * 100)))
        self.assert_fails(1, ["mine.npy", "of 25 values", "wants 64"], *run)
        write_npy(self.folder / "mine.npy", Array("<f4", (0, 8, 8), array.array("f")))
        self.assert_fails(1, ["mine.npy"], *run)
        self.assertFalse((self.folder / "run").exists())


if __name__ == "__main__":
    unittest.main()
