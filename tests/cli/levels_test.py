"""The level of the CPU target: the best that the processor has, or the one that is asked for."""

import json
import math
import re
import unittest

from program import ProgramTest, parse_json, read_npy, read_safetensors

TRAIN = ("train", "dense", "--device", "cpu", "--epochs", 1, "--out", "run")
UNKNOWN = "expected one of those that this build has: "


def relative_error(values: "list[float]", expected: "list[float]") -> float:
    """The length of the difference by the length of what is expected."""
    difference = math.sqrt(sum((a - b) ** 2 for a, b in zip(values, expected)))
    return difference / math.sqrt(sum(b * b for b in expected))


class LevelsTest(ProgramTest):
    def of_level(self, level: str) -> "dict[str, dict[str, str]]":
        return {"variables": {"HOURGLASS_CPU_LEVEL": level}}

    def levels(self) -> "list[str]":
        """Those that this build has and this processor runs."""
        named = self.call(*TRAIN, **self.of_level("x86-64-v0")).stderr
        self.assert_one_line(named, "HOURGLASS_CPU_LEVEL is 'x86-64-v0'", UNKNOWN)
        every = named.strip().split(UNKNOWN)[1].split(", ")
        said = {level: self.run_well("info", **self.of_level(level)) for level in every}
        return [level for level in every if not re.search("cpu +not usable", said[level])]

    def test_unknown(self) -> None:
        self.assert_fails(
            1,
            ["HOURGLASS_CPU_LEVEL is 'fast'", UNKNOWN],
            *TRAIN,
            **self.of_level("fast"),
        )
        said = self.run_well("info", **self.of_level("fast"))
        self.assertRegex(said, r"cpu +not usable: HOURGLASS_CPU_LEVEL is 'fast'; ")

    def test_info(self) -> None:
        levels = self.levels()
        self.assertTrue(levels)
        for level in levels:
            said = self.run_well("info", **self.of_level(level))
            self.assertRegex(said, rf"cpu .* threads?.*, {level}\n")
        self.assertRegex(self.run_well("info"), rf"cpu .* threads?.*, {levels[-1]}\n")

    def array(self, name: str, level: str, *command: object) -> "list[float]":
        self.run_well(*command, "--out", f"{name}.npy", **self.of_level(level))
        return list(read_npy(self.folder / f"{name}.npy").values)

    def training(self, engine: str, level: str) -> "tuple[float, dict[str, list[float]]]":
        """Loss and weights after ten steps."""
        train = ("train", "conv", "--data", "synthetic:600", "--seed", 3, "--steps", 10)
        out = ("--device", "cpu", "--engine", engine, "--out", f"{engine}-{level}")
        self.run_well(*train, *out, **self.of_level(level))
        metrics = parse_json((self.folder / out[-1] / "metrics.json").read_text())
        self.assertIn(level, json.dumps(metrics["device"]))
        weights = read_safetensors(self.folder / out[-1] / "weights.safetensors")
        loss = metrics["epochs"][-1]["validation_loss"]
        return loss, {name: list(tensor.values) for name, tensor in weights.items()}

    def test_levels_agree(self) -> None:
        """As closely as a GPU and the CPU do (tests/targets); one level agrees with itself."""
        levels = self.levels()
        best = levels[-1]
        others = levels[:-1] or levels
        for engine in ("fused", "layered"):
            expected_loss, expected = self.training(engine, best)
            for level in others:
                loss, weights = self.training(engine, level)
                with self.subTest(engine=engine, level=level):
                    self.assertLess(abs(loss / expected_loss - 1), 1e-4)
                    for name, values in weights.items():
                        self.assertLess(relative_error(values, expected[name]), 4e-5, name)

        # Each from the same input. A map's second step already depends on the signs of its first.
        weights = ("--weights", f"fused-{best}/weights.safetensors", "--data", "synthetic:600")
        self.array("input", best, "encode", *weights, "--device", "cpu")
        work = {
            "codes": (1e-5, ("encode", *weights)),
            "decoded": (1e-5, ("decode", *weights[:2], "--input", "input.npy")),
            "pca": (1e-4, ("pca", "input.npy")),
            "tsne": (1e-5, ("tsne", "input.npy", "--iterations", 1)),
        }
        for name, (bound, command) in work.items():
            values = self.array(name, best, *command, "--device", "cpu")
            for level in others:
                with self.subTest(name, level=level):
                    found = self.array(name, level, *command, "--device", "cpu")
                    self.assertLess(relative_error(found, values), bound)


if __name__ == "__main__":
    unittest.main()
