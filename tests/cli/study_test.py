"""run and train: their files, the numbers in them, and that one seed gives the same bytes."""

import pathlib
import re
import unittest

from program import (
    ProgramTest,
    floats,
    names_in,
    parse_json,
    read_npy,
    read_safetensors,
    write_npy,
)

SHAPES = {
    "conv1.weight": (16, 1, 3, 3),
    "conv1.bias": (16,),
    "conv2.weight": (8, 16, 3, 3),
    "conv2.bias": (8,),
    "conv3.weight": (8, 8, 3, 3),
    "conv3.bias": (8,),
    "conv4.weight": (16, 8, 3, 3),
    "conv4.bias": (16,),
    "conv5.weight": (1, 16, 3, 3),
    "conv5.bias": (1,),
}
TRAIN_FILES = ["metrics.json", "weights.safetensors"]
ARRAYS = {
    "originals.npy": ("<f4", (8, 28, 28)),
    "reconstructions.npy": ("<f4", (8, 28, 28)),
    "latent.npy": ("<f4", (100, 392)),
    "labels.npy": ("|u1", (100,)),
    "pca.npy": ("<f4", (100, 2)),
    "tsne.npy": ("<f4", (100, 2)),
    "tsne_snapshots.npy": ("<f4", (31, 100, 2)),
}


def plot_names(study: str) -> list[str]:
    """The figures that scripts/plot.py draws of a study."""
    script = pathlib.Path(__file__).parents[2] / "scripts" / "plot.py"
    found = re.findall(r'^@figure\("(.+?)", (.+)', script.read_text(), re.MULTILINE)
    return [name for name, studies in found if f'"{study}"' in studies or "STUDIES" in studies]


class StudyTest(ProgramTest):
    def run_conv(self, name: str, *options: object, count: int = 600) -> pathlib.Path:
        """run conv on one epoch of synthetic digits; its run folder."""
        data = ("--data", f"synthetic:{count}", "--threads", 1)
        self.run_well(
            *("run", "conv", "--no-figures", "--epochs", 1, *data, "--out", name, *options)
        )
        return self.folder / name

    def train(self, name: str, *options: object, count: int = 600) -> pathlib.Path:
        data = ("--data", f"synthetic:{count}", "--threads", 1)
        self.run_well("train", "conv", *data, "--out", name, *options)
        return self.folder / name

    def metrics(self, folder: pathlib.Path) -> dict:
        return parse_json((folder / "metrics.json").read_text())

    def weights(self, folder: pathlib.Path) -> bytes:
        return (folder / "weights.safetensors").read_bytes()

    def test_files_of_a_run(self) -> None:
        out = self.run_conv("run")
        self.assertEqual(names_in(out), sorted([*TRAIN_FILES, *ARRAYS]))
        for name, expected in ARRAYS.items():
            found = read_npy(out / name)
            self.assertEqual((found.dtype, found.shape), expected, name)
        for name in ("originals.npy", "reconstructions.npy"):
            values = read_npy(out / name).values
            self.assertTrue(0 <= min(values) < max(values) <= 1, name)
        self.assertEqual(set(read_npy(out / "labels.npy").values), set(range(10)))
        self.assertGreaterEqual(min(read_npy(out / "latent.npy").values), 0, "relu came before")

    def test_weights(self) -> None:
        tensors = read_safetensors(self.run_conv("run") / "weights.safetensors")
        self.assertEqual({name: tensor.shape for name, tensor in tensors.items()}, SHAPES)
        self.assertEqual(sum(len(tensor.values) for tensor in tensors.values()), 3217)
        for name, tensor in tensors.items():
            self.assertTrue(all(-2 < value < 2 for value in tensor.values), name)

    def test_metrics(self) -> None:
        metrics = self.metrics(self.run_conv("run", "--seed", 5))
        self.assertRegex(metrics["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn("hourglass run conv --no-figures --epochs 1", metrics["command"])
        self.assertEqual(metrics["model"], "conv")
        self.assertEqual(metrics["parameters"], 3217)
        self.assertEqual((metrics["engine"], metrics["precision"]), ("fused", "fp32"))
        self.assertIn(metrics["device"]["kind"], ("cpu", "cuda"))
        wanted = {
            "epochs": 1,
            "steps": None,
            "batch_size": 64,
            "learning_rate": 0.001,
            "loss": "bce",
            "seed": 5,
            "shuffle": True,
            "initial_weights": None,
            "data": "synthetic:600",
            "threads": 1,
        }
        self.assertEqual({**metrics["options"], **wanted}, metrics["options"])
        (epoch,) = metrics["epochs"]
        self.assertEqual(epoch["epoch"], 1)
        self.assertTrue(0.5 < epoch["validation_loss"] < epoch["train_loss"] < 0.75, epoch)
        self.assertGreater(epoch["seconds"], 0)
        self.assertAlmostEqual(epoch["images_per_second"], 600 / epoch["seconds"], delta=1)
        stages = metrics["stages"]
        self.assertLessEqual(
            {"load", "train", "reconstruct", "encode", "pca", "tsne", "total"}, set(stages)
        )
        self.assertLessEqual(sum(stages.values()) - stages["total"], stages["total"])
        first, second = metrics["pca"]["explained_variance_ratio"]
        self.assertTrue(1 > first >= second > 0)
        self.assertEqual((metrics["tsne"]["perplexity"], metrics["tsne"]["iterations"]), (30, 300))
        self.assertGreater(metrics["tsne"]["kl_divergence"], 0)

    def test_the_map_is_made_as_asked(self) -> None:
        plain = self.run_conv("plain")
        asked = {
            "perplexity": 10,
            "iterations": 305,
            "early-exaggeration": 4,
            "init": "random",
            "accuracy": "high",
        }
        for option, value in asked.items():
            with self.subTest(option):
                out = self.run_conv("asked", f"--{option}", value)
                found = self.metrics(out)["tsne"]
                self.assertEqual(found["options"][option.replace("-", "_")], value)
                same = read_npy(out / "tsne.npy") == read_npy(plain / "tsne.npy")
                # 100 codes: all pairs are summed, on no grid that could be finer.
                self.assertEqual(same, option == "accuracy")
        self.assertEqual((found["grid_iterations"], found["grid_overflows"]), (0, 0))
        out = self.run_conv("asked", "--iterations", 305)
        self.assertEqual(self.metrics(out)["tsne"]["iterations"], 305)
        frames = read_npy(out / "tsne_snapshots.npy")
        self.assertEqual(frames.shape, (32, 100, 2), "every tenth, and the last")
        out = self.run_conv("asked", "--iterations", 5, "--perplexity", "5,10")
        self.assertEqual(self.metrics(out)["tsne"]["perplexity"], [5, 10])
        self.assertEqual(read_npy(out / "tsne_snapshots.npy").shape, (2, 100, 2))
        # The map goes on from one that is given, another than PCA's.
        init = ("--init", plain / "tsne.npy", "--iterations", 1)
        out = self.run_conv("asked", *init, "--early-exaggeration", 1)
        moved = zip(read_npy(out / "tsne.npy").values, read_npy(plain / "tsne.npy").values)
        self.assertLess(max(abs(a - b) for a, b in moved), 1)

    def test_a_map_that_cannot_be_is_refused_before_training(self) -> None:
        run = ("run", "conv", "--data", "synthetic:600", "--epochs", 10**6, "--no-figures")
        out = ("--out", "run")
        self.assert_fails(1, ["perplexity 100", "100 rows", "from 1 to 99"], *run, *out,
                          "--perplexity", "10,100")  # fmt: skip
        self.assert_fails(2, ["--init", "'fancy'"], *run, *out, "--init", "fancy")
        self.assert_fails(1, ["gone.npy"], *run, *out, "--init", "gone.npy")
        write_npy(self.folder / "small.npy", floats((99, 2)))
        self.assert_fails(1, ["small.npy", "(99, 2)", "(100, 2)"], *run, *out,
                          "--init", "small.npy")  # fmt: skip
        before = self.run_conv("mine") / "tsne.npy"
        bytes_before = before.read_bytes()
        self.assert_fails(2, ["--init", "tsne.npy"], *run, "--out", "mine", "--init", before)
        self.assertEqual(before.read_bytes(), bytes_before)

    def test_train_leaves_weights_and_metrics(self) -> None:
        out = self.train("a/new/folder", "--epochs", 2)
        self.assertEqual(names_in(out), TRAIN_FILES)
        self.assertEqual([epoch["epoch"] for epoch in self.metrics(out)["epochs"]], [1, 2])

    def test_default_folder(self) -> None:
        self.run_well("train", "conv", "--data", "synthetic:600", "--steps", 1)
        self.assertEqual(names_in(self.folder / "runs" / "train-conv"), TRAIN_FILES)

    def test_a_run_folder_can_be_used_again(self) -> None:
        out = self.run_conv("run")
        (out / "notes.txt").write_text("mine")
        before = self.weights(out)
        self.run_conv("run", "--seed", 1)
        self.assertNotEqual(self.weights(out), before)
        self.assertIn("notes.txt", names_in(out))

    def test_a_folder_is_of_one_run(self) -> None:
        """What an earlier run left goes when the first file of this one comes, and nothing else."""
        out = self.folder / "run"
        stay = ("notes.txt", "latent.png", "noisy.npy")
        diverging = ("--learning-rate", "1e30", "--out", "run")
        self.run_conv("run", count=60)
        drawn = plot_names("conv")
        self.assertIn("latent_maps.png", drawn)
        for name in (*drawn, *stay):
            (out / name).write_text("earlier")
        before = names_in(out)
        refused = ("train", "dense", "--batch-size", 2, "--out", "run")
        self.assertEqual(self.call(*refused).returncode, 1)
        self.assertEqual(names_in(out), before, "what is refused takes nothing away")
        self.assertEqual(self.call("train", "dense", *diverging).returncode, 1)
        self.assertEqual(names_in(out), sorted([*TRAIN_FILES, *stay]))
        metrics = self.metrics(out)
        self.assertTrue(1 <= metrics["weights_of_epoch"] <= len(metrics["epochs"]))

    def test_every_study_takes_away_what_it_left(self) -> None:
        data = ("--data", "synthetic:60", "--steps", 1, "--threads", 1)
        for study in ("conv", "dense", "denoise", "inpaint", "anomaly", "features"):
            with self.subTest(study):
                out = self.folder / study
                mine = ("--epochs", 1) if study == "dense" else data
                # The figures' script is another program: here one that draws nothing.
                self.run_well("run", study, *mine, "--out", study,
                              variables={"HOURGLASS_PYTHON": "true"})  # fmt: skip
                for name in plot_names(study):
                    (out / name).write_text("earlier")
                self.run_well("train", "dense", "--epochs", 1, "--out", study)
                self.assertEqual(names_in(out), TRAIN_FILES)

    def test_a_run_takes_nothing_away_that_it_reads(self) -> None:
        self.run_well("run", "dense", "--no-figures", "--epochs", 1, "--out", "run")
        out = self.folder / "run"
        images = (out / "originals.npy").read_bytes()
        for study in (("run", "dense", "--no-figures"), ("train", "dense")):
            own = (*study, "--input", "run/originals.npy", "--epochs", 1, "--out", "run")
            if study[0] == "run":
                self.assert_fails(2, ["--input run/originals.npy", "another folder"], *own)
            else:
                self.run_well(*own)
                self.assertEqual(names_in(out), sorted([*TRAIN_FILES, "originals.npy"]))
        self.assertEqual((out / "originals.npy").read_bytes(), images)
        before = self.weights(out)
        start = ("--initial-weights", "run/weights.safetensors", "--out", "run")
        self.assertEqual(self.call("train", "dense", "--batch-size", 2, *start).returncode, 1)
        self.assertEqual(self.weights(out), before)
        self.run_well("train", "dense", "--epochs", 1, *start)
        self.assertNotEqual(self.weights(out), before)

    def test_one_seed_gives_the_same_bytes(self) -> None:
        first, again, other = (
            self.run_conv(name, "--seed", seed) for name, seed in (("1", 3), ("2", 3), ("3", 4))
        )
        for name in (
            "weights.safetensors",
            "latent.npy",
            "reconstructions.npy",
            "pca.npy",
            "tsne.npy",
        ):
            with self.subTest(name):
                data = (first / name).read_bytes()
                self.assertEqual(data, (again / name).read_bytes())
                self.assertNotEqual(data, (other / name).read_bytes())

    def test_several_threads_give_the_same_bytes_too(self) -> None:
        train = ("train", "conv", "--data", "synthetic:600", "--steps", 10, "--threads", 2)
        for name in ("1", "2"):
            self.run_well(*train, "--out", name)
        self.assertEqual(self.weights(self.folder / "1"), self.weights(self.folder / "2"))

    def test_steps(self) -> None:
        # 600 images are ten steps an epoch.
        whole = self.train("whole", "--epochs", 1)
        ten = self.train("ten", "--steps", 10)
        self.assertEqual(self.weights(whole), self.weights(ten))
        fifteen = self.train("fifteen", "--steps", 15)
        self.assertNotEqual(self.weights(whole), self.weights(fifteen))
        self.assertEqual(len(self.metrics(fifteen)["epochs"]), 2)
        self.assertEqual(self.metrics(fifteen)["options"]["steps"], 15)

    def test_initial_weights(self) -> None:
        start = self.train("start", "--steps", 3)
        unmoved = self.train(
            "unmoved",
            *("--initial-weights", "start/weights.safetensors"),
            *("--steps", 1, "--learning-rate", 1e-30),
        )
        self.assertEqual(self.weights(start), self.weights(unmoved), "starts from the file")
        loss = [self.metrics(self.train("first", "--epochs", 2))["epochs"][1]["train_loss"]]
        options = ("--initial-weights", "first/weights.safetensors", "--epochs", 1)
        loss.append(self.metrics(self.train("second", *options))["epochs"][0]["train_loss"])
        self.assertLess(loss[1], loss[0], "goes on where the first one stopped")

    def test_no_shuffle(self) -> None:
        ordered = self.train("ordered", "--no-shuffle", "--steps", 5)
        again = self.train("again", "--no-shuffle", "--steps", 5)
        shuffled = self.train("shuffled", "--steps", 5)
        self.assertEqual(self.weights(ordered), self.weights(again))
        self.assertNotEqual(self.weights(ordered), self.weights(shuffled))
        self.assertFalse(self.metrics(ordered)["options"]["shuffle"])

    def test_loss_and_learning_rate_matter(self) -> None:
        plain = self.train("plain", "--steps", 2)
        squares = self.train("squares", "--loss", "mse", "--steps", 2)
        faster = self.train("faster", "--learning-rate", 0.01, "--steps", 2)
        self.assertEqual(len({self.weights(out) for out in (plain, squares, faster)}), 3)
        self.assertLess(self.metrics(squares)["epochs"][0]["train_loss"], 0.3)

    def test_batch_sizes_at_the_edges(self) -> None:
        """An epoch of 60 images is 60, 9 (the last of 4) and 1 step: one more begins another."""
        for size, steps in ((1, 60), (7, 9), (60, 1)):
            with self.subTest(size):
                options = ("--batch-size", size, "--steps", steps + 1)
                out = self.train(f"batch{size}", *options, count=60)
                metrics = self.metrics(out)
                self.assertEqual(metrics["options"]["batch_size"], size)
                self.assertEqual(len(metrics["epochs"]), 2)
                whole = self.train(f"whole{size}", *options[:2], "--epochs", 1, count=60)
                limited = self.train(f"limited{size}", *options[:3], steps, count=60)
                self.assertEqual(self.weights(whole), self.weights(limited))
                self.assertEqual(self.metrics(limited)["epochs"][0]["train_loss"],
                                 self.metrics(whole)["epochs"][0]["train_loss"])  # fmt: skip

    def test_the_smallest_data_set(self) -> None:
        out = self.run_conv("run", "--batch-size", 2, count=12)
        self.assertEqual(read_npy(out / "latent.npy").shape, (2, 392))
        self.train("one", "--batch-size", 1, "--epochs", 1, count=1)

    def test_data_from_the_environment(self) -> None:
        self.run_well(
            *("train", "conv", "--steps", 1, "--out", "run"),
            variables={"HOURGLASS_DATA": "synthetic:128"},
        )
        self.assertEqual(self.metrics(self.folder / "run")["options"]["data"], "synthetic:128")


if __name__ == "__main__":
    unittest.main()
