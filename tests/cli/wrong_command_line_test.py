"""Command lines that are wrong: exit 2, one line that names the option, and nothing written."""

import json
import unittest

from program import ProgramTest, trained

TRAIN = ("train", "conv", "--data", "synthetic:60")


class WrongCommandLineTest(ProgramTest):
    def refuse(self, words: list[str], *arguments: object) -> None:
        with self.subTest(" ".join(map(str, arguments))):
            self.assert_fails(2, words, *arguments)

    def test_commands(self) -> None:
        self.refuse(["no command", "hourglass --help"])
        self.refuse(["unknown command 'fly'", "hourglass --help"], "fly")
        self.refuse(["unknown option '--fly'"], "--fly")
        self.refuse(["unexpected argument 'dense'", "hourglass train --help"], *TRAIN, "dense")
        self.refuse(["unexpected argument 'x'"], "info", "x")

    def test_missing_arguments(self) -> None:
        self.refuse(["no study given", "hourglass run --help"], "run")
        self.refuse(["unknown study 'fly'", "hourglass run --help"], "run", "fly")
        self.refuse(["unknown option '--seed'", "hourglass run --help"], "run", "--seed", "1")
        self.refuse(["no model is named", "conv, dense or --model"], "train")
        self.refuse(["--weights is required"], "encode", "--out", "z.npy")
        self.refuse(["--out is required"], "encode", "--weights", "w")
        self.refuse(["--input is required"], "decode", "--weights", "w", "--out", "x.npy")
        self.refuse(["input is required"], "pca", "--out", "x.npy")

    def test_options(self) -> None:
        self.refuse(["unknown option '--epoch'", "hourglass train --help"], *TRAIN, "--epoch", "3")
        self.refuse(["--epochs needs a value"], *TRAIN, "--epochs")
        self.refuse(["--seed is given more than once"], *TRAIN, "--seed", "1", "--seed", "2")

    def test_unknown_names(self) -> None:
        self.refuse(["unknown model 'fancy'", "conv"], "train", "fancy")
        self.refuse(["unknown model 'fancy'", "conv"], "train", "--model", "fancy")
        self.refuse(["two models are named"], "train", "conv", "--model", "dense")
        self.refuse(["--loss", "'fancy'", "bce, mse"], *TRAIN, "--loss", "fancy")
        self.refuse(["unknown device 'gpu'", "auto, cpu, cuda, cuda:N"], *TRAIN, "--device", "gpu")
        for device in ("cuda:", "cuda:x", "cuda:-1", "CPU"):
            self.refuse([f"unknown device '{device}'"], *TRAIN, "--device", device)
        self.refuse(["--engine", "'fancy'", "fused"], *TRAIN, "--engine", "fancy")
        self.refuse(["--precision", "'fp64'", "fp32"], *TRAIN, "--precision", "fp64")
        encode = ("encode", "--weights", trained() / "weights.safetensors", "--out", "z.npy")
        self.refuse(["--split", "'half'", "train, test"], *encode, "--split", "half")

    def test_numbers(self) -> None:
        for option, bad in {
            "--epochs": ["0", "-1", "1.5", "many", "", "1e3", "0x10", "99999999999999999999"],
            "--steps": ["0", "-1", "x"],
            "--batch-size": ["0", "-64", "1.5", "x"],
            "--learning-rate": ["0", "-0.001", "nan", "inf", "x", "1e400"],
            "--seed": ["-1", "x", "1.5", "18446744073709551616"],
            "--threads": ["0", "-1", "5000", "x"],
        }.items():
            for value in bad:
                self.refuse([f"{option}: found '{value}', expected a "], *TRAIN, option, value)
        for study, option, bad in (
            ("dense", "--replicas", ["0", "-1", "x", "1000001"]),
            ("denoise", "--noise", ["0", "-1", "nan", "x", "1e39", "1e-46"]),
            ("inpaint", "--patch", ["0", "29", "x"]),
            ("features", "--image", ["-1", "x"]),
        ):
            for value in bad:
                words = [f"{option}: found '{value}', expected a "]
                self.refuse(words, "run", study, option, value)
        self.refuse(["--image 60", "only 10"], "run", "features", "--data", "synthetic:60",
                    "--image", "60", "--steps", "1", "--batch-size", "5")  # fmt: skip
        latent = trained() / "latent.npy"
        for value in ("0", "-1", "x"):
            self.refuse(
                ["--components: found "], "pca", latent, "--components", value, "--out", "m.npy"
            )
        encode = ("encode", "--weights", "w", "--out", "z.npy", "--data", "synthetic:60")
        for value in ("0", "-1", "x"):
            self.refuse(["--first: found "], *encode, "--first", value)

    def test_tsne(self) -> None:
        tsne = ("tsne", trained() / "latent.npy", "--out", "m.npy", "--device", "cpu")
        for option, bad in {
            "--components": ["0", "4", "-1", "x"],
            "--early-iterations": ["-1", "1.5", "x"],
            "--exaggeration": ["0", "-1", "nan", "x"],
            "--dof": ["0", "0.09", "1001", "nan", "x"],
            "--momentum": ["-0.1", "1", "nan", "x"],
            "--early-momentum": ["-0.1", "1", "x"],
            "--time-limit": ["0", "-1", "inf", "x"],
            "--snapshots": ["0", "-1", "x"],
        }.items():
            for value in bad:
                self.refuse([f"{option}: found '{value}', expected a "], *tsne, option, value)
        self.refuse(["snapshots every 50 of 20"], *tsne, "--iterations", 20, "--snapshots", 50)
        self.refuse(["flat", "150 iterations after the 250 early ones", "only 400"],
                    *tsne, "--iterations", 400, "--stop-when-flat")  # fmt: skip

    def test_numbers_are_decimal(self) -> None:
        self.run_well(*TRAIN, "--steps", "010", "--batch-size", "5", "--out", "run")
        self.assertIn('"steps": 10', (self.folder / "run" / "metrics.json").read_text())

    def test_data_sources(self) -> None:
        for source in ("synthetic:", "synthetic:0", "synthetic:-5", "synthetic:x", "synthetic:1e9"):
            self.refuse([f"'{source}'", "synthetic:N"], "train", "conv", "--data", source)
        self.refuse(["data source is empty"], "train", "conv", "--data", "")

    def test_two_inputs(self) -> None:
        weights, images = trained() / "weights.safetensors", trained() / "originals.npy"
        encode = ("encode", "--weights", weights, "--input", images, "--out", "z.npy")
        self.refuse(["--input", "--data"], *encode, "--data", "synthetic:60")
        self.refuse(["--input", "--split"], *encode, "--split", "test")
        self.refuse(["--input", "--data"], *TRAIN, "--input", images)
        self.refuse(["--validation", "--input"], *TRAIN, "--validation", images)
        for training in (("--initial-weights", weights), ("--epochs", "3"), ("--no-shuffle",)):
            self.refuse(
                ["--weights are trained"], "run", "denoise", "--weights", weights, *training
            )
        self.refuse(["--initial-weights"], "run", "dense", "--replicas", "2",
                    "--initial-weights", weights)  # fmt: skip

    def test_output_names(self) -> None:
        self.refuse(["--out is empty"], *TRAIN, "--out", "")
        self.refuse(["--out is empty"], "pca", trained() / "latent.npy", "--out", "")
        self.refuse(
            ["--out map.json", ".npy"], "pca", trained() / "latent.npy", "--out", "map.json"
        )

    def test_what_this_machine_or_version_cannot_do(self) -> None:
        # A right command line that asks for too much: exit 1.
        cpu = (*TRAIN, "--device", "cpu")
        mixed = {
            "name": "mixed",
            "input": [1, 2, 2],
            "encoder": [{"type": "max_pool"}, {"type": "dense", "outputs": 2}],
            "decoder": [{"type": "dense", "outputs": 4, "activation": "sigmoid"}],
        }
        (self.folder / "mixed.json").write_text(json.dumps(mixed))
        fused = ("train", "--model", "mixed.json", "--device", "cpu", "--engine", "fused")
        self.assert_fails(1, ["engine 'fused'", "layer 1 is not dense", "layered"], *fused)
        self.assert_fails(1, ["precision 'tf32' needs a GPU"], *cpu, "--precision", "tf32")
        self.assert_fails(1, ["device 'cuda:999'"], *TRAIN, "--device", "cuda:999")
        self.assert_fails(1, ["batch size is 61", "60 training images"], *cpu, "--batch-size", "61")

    def test_a_gpu_that_is_not_there(self) -> None:
        hidden = {"CUDA_VISIBLE_DEVICES": ""}  # where there is one
        result = self.call(*TRAIN, "--device", "cuda", variables=hidden)
        self.assertEqual(result.returncode, 1)
        self.assert_one_line(result.stderr, "device 'cuda': ")
        self.assertRegex(result.stderr, "driver|no CUDA target|finds no GPU|no code for")


if __name__ == "__main__":
    unittest.main()
