"""A model of one's own, from a description to its reconstructions, without touching C++."""

import array
import json
import os
import unittest

from program import Array, ProgramTest, floats, parse_json, read_npy, read_safetensors, write_npy

MINE = {
    "name": "mine",
    "input": [2, 6, 10],
    "encoder": [
        {"type": "convolution", "outputs": 4, "activation": "relu"},
        {"type": "max_pool"},
        {"type": "dense", "outputs": 3},
    ],
    "decoder": [
        {"type": "dense", "outputs": 45, "activation": "relu"},
        {"type": "reshape", "shape": [3, 3, 5]},
        {"type": "upsample"},
        {"type": "convolution", "outputs": 2, "activation": "sigmoid"},
    ],
    "training": {"epochs": 4, "batch_size": 5, "loss": "mse"},
}


class OwnModelTest(ProgramTest):
    def describe(self, **changes: object) -> None:
        (self.folder / "mine.json").write_text(json.dumps({**MINE, **changes}))

    def images(self, count: int, *shape: int) -> None:
        size = 1
        for extent in shape:
            size *= extent
        values = array.array("f", (((5 * i) % 13) / 13 for i in range(count * size)))
        write_npy(self.folder / "x.npy", Array("<f4", (count, *shape), values))

    def test_train_encode_decode_reconstruct(self) -> None:
        self.describe()
        self.images(17, 2, 6, 10)
        self.run_well("train", "--model", "mine.json", "--input", "x.npy", "--out", "run")
        metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
        self.assertEqual((metrics["study"], metrics["model"]), ("train", "mine"))
        self.assertEqual(len(metrics["epochs"]), 4)
        self.assertEqual((metrics["options"]["batch_size"], metrics["options"]["loss"]), (5, "mse"))
        self.assertLess(metrics["epochs"][-1]["train_loss"], metrics["epochs"][0]["train_loss"])
        tensors = read_safetensors(self.folder / "run" / "weights.safetensors")
        self.assertEqual(tensors["dense1.weight"].shape, (3, 60))
        self.assertEqual(tensors["conv2.weight"].shape, (2, 3, 3, 3))

        weights = ("--weights", "run/weights.safetensors")
        (self.folder / "mine.json").rename(self.folder / "later.json")  # the weights know
        self.run_well("encode", *weights, "--input", "x.npy", "--out", "z.npy")
        self.run_well("decode", *weights, "--input", "z.npy", "--out", "y.npy")
        self.run_well("reconstruct", *weights, "--input", "x.npy", "--out", "r.npy")
        self.assertEqual(read_npy(self.folder / "z.npy").shape, (17, 3))
        self.assertEqual(read_npy(self.folder / "y.npy").shape, (17, 2, 6, 10))
        self.assertEqual(read_npy(self.folder / "y.npy"), read_npy(self.folder / "r.npy"))
        # Named, it is the same; another does not fit.
        named = ("encode", *weights, "--input", "x.npy", "--out", "again.npy", "--model")
        self.run_well(*named, "later.json")
        self.assertEqual(read_npy(self.folder / "again.npy"), read_npy(self.folder / "z.npy"))
        self.assert_fails(1, ["weights.safetensors", "model 'conv'"], *named, "conv")

    def test_vectors(self) -> None:
        """Rows that are no images at all."""
        self.describe(input=[7], encoder=[{"type": "dense", "outputs": 2}],
                      decoder=[{"type": "dense", "outputs": 7, "activation": "sigmoid"}])  # fmt: skip
        self.images(30, 7)
        self.run_well("train", "--model", "mine.json", "--input", "x.npy", "--out", "run")
        weights = ("--weights", "run/weights.safetensors")
        self.run_well("reconstruct", *weights, "--input", "x.npy", "--out", "r.npy")
        self.assertEqual(read_npy(self.folder / "r.npy").shape, (30, 7))

    def test_tables_of_any_numbers(self) -> None:
        """Standardised ones, by a linear model; a sigmoid's are still in [0, 1]."""
        layers = {"encoder": [{"type": "dense", "outputs": 2}], "training": {"epochs": 30}}
        last = {"type": "dense", "outputs": 7}
        self.describe(**layers, input=[7], decoder=[{**last, "activation": "none"}])
        values = array.array("f", (float((5 * i) % 13) - 6 for i in range(30 * 7)))
        write_npy(self.folder / "x.npy", Array("<f4", (30, 7), values))
        train = ("train", "--model", "mine.json", "--out", "run", "--input")
        self.run_well(*train, "x.npy", "--validation", "x.npy")
        epochs = parse_json((self.folder / "run" / "metrics.json").read_text())["epochs"]
        self.assertLess(epochs[-1]["validation_loss"], epochs[0]["validation_loss"])
        weights = ("--weights", "run/weights.safetensors", "--input")
        self.run_well("encode", *weights, "x.npy", "--out", "z.npy")
        self.run_well("decode", *weights, "z.npy", "--out", "y.npy")
        self.run_well("reconstruct", *weights, "x.npy", "--out", "r.npy")
        rebuilt = read_npy(self.folder / "r.npy")
        self.assertEqual(rebuilt, read_npy(self.folder / "y.npy"))
        self.assertLess(min(rebuilt.values), 0)

        values[9] = float("nan")
        write_npy(self.folder / "nan.npy", Array("<f4", (30, 7), values))
        words = ["nan.npy", "row 1, column 2 is not finite"]
        self.assert_fails(1, words, *train, "nan.npy")
        self.assert_fails(1, words, *train, "x.npy", "--validation", "nan.npy")
        self.assert_fails(1, words, "encode", *weights, "nan.npy", "--out", "new.npy")
        self.describe(**layers, input=[7], decoder=[{**last, "activation": "sigmoid"}])
        self.assert_fails(1, ["x.npy", "row 0 holds -6", "[0, 1]"], *train, "x.npy")

    def test_the_shipped_ones_by_name(self) -> None:
        out = ("--steps", 2, "--out", "run")
        self.run_well("train", "--model", "conv", "--data", "synthetic:80", *out)
        self.run_well("train", "dense", *out)

    def test_replicas_of_any_model(self) -> None:
        self.describe()
        self.images(17, 2, 6, 10)
        said = self.run_well(
            "train", "--model", "mine.json", "--input", "x.npy", "--out", "run", "--replicas", 3
        )
        self.assertIn("3 replicas in ", said)

    def test_descriptions_that_are_wrong(self) -> None:
        train = ("train", "--model", "mine.json", "--input", "x.npy", "--out", "run")
        self.images(17, 2, 6, 10)
        encoder, decoder = MINE["encoder"], MINE["decoder"]
        for words, changes in (
            (["encoder layer 2", "unknown type 'pool'", "max_pool"],
             {"encoder": [encoder[0], {"type": "pool"}, encoder[2]]}),
            (["encoder layer 3 (dense)", "'outputs' holds 0"],
             {"encoder": [*encoder[:2], {"type": "dense", "outputs": 0}]}),
            (["decoder layer 2", "cannot reshape 45 values"],
             {"decoder": [decoder[0], {"type": "reshape", "shape": [3, 3, 4]}, *decoder[2:]]}),
            (["the decoder ends with 2 x 6 x 10", "input is 2 x 6 x 12"], {"input": [2, 6, 12]}),
            (["'encoder' is []"], {"encoder": []}),
            (["unknown member 'layers'"], {"layers": []}),
        ):  # fmt: skip
            self.describe(**changes)
            self.assert_fails(1, ["mine.json", *words], *train)
        (self.folder / "mine.json").write_text("{")
        self.assert_fails(1, ["mine.json", "not JSON"], *train)
        self.assert_fails(1, ["none.json"], "train", "--model", "none.json", "--out", "run")
        self.assertFalse((self.folder / "run").exists())

    def test_images_that_do_not_fit(self) -> None:
        self.describe()
        train = ("train", "--model", "mine.json", "--out", "run")
        self.assert_fails(2, ["model 'mine'", "2 x 6 x 10", "--input"], *train)
        self.images(17, 2, 6, 9)
        self.assert_fails(
            1, ["x.npy", "108 values", "120 (2 x 6 x 10)"], *train, "--input", "x.npy"
        )
        write_npy(self.folder / "x.npy", floats((17, 2, 6, 10), 200.0))
        self.assert_fails(1, ["x.npy", "holds 200", "[0, 1]"], *train, "--input", "x.npy")
        self.assert_fails(
            1, ["synthetic:60", "784 values", "120"], *train, "--data", "synthetic:60"
        )

    def test_few_images_need_no_batch_size(self) -> None:
        self.describe(training={})
        self.images(3, 2, 6, 10)
        self.run_well("train", "--model", "mine.json", "--input", "x.npy", "--out", "run")
        metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
        self.assertEqual(metrics["options"]["batch_size"], 3)

    def test_names_that_are_no_text(self) -> None:
        """Files may be called anything."""
        self.describe()
        self.images(17, 2, 6, 10)
        odd = self.folder / os.fsdecode(b"x\xff.npy")
        (self.folder / "x.npy").rename(odd)
        train = ("train", "--model", "mine.json", "--quiet", "--out", "run")
        self.run_well(*train, "--input", odd)
        metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
        self.assertIn("x\ufffd.npy", metrics["options"]["data"])


if __name__ == "__main__":
    unittest.main()
