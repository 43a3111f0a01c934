"""The fused engine's options, and the words where it cannot be had."""

import json
import unittest

from program import ProgramTest, parse_json

TRAIN = ("--data", "synthetic:600", "--epochs", 1, "--threads", 1, "--out", "run")
FAMILY = "the fused engine takes encoders of"


class FusedTest(ProgramTest):
    def metrics(self) -> dict:
        return parse_json((self.folder / "run" / "metrics.json").read_text())

    def describe_without_relu(self) -> None:
        model = {
            "name": "mine",
            "input": [1, 28, 28],
            "encoder": [{"type": "convolution", "outputs": 2}, {"type": "max_pool"}],
            "decoder": [
                {"type": "convolution", "outputs": 2, "activation": "relu"},
                {"type": "upsample"},
                {"type": "convolution", "outputs": 1, "activation": "sigmoid"},
            ],
        }
        (self.folder / "mine.json").write_text(json.dumps(model))

    def test_auto_says_why_it_is_not_the_fused_engine(self) -> None:
        self.describe_without_relu()
        said = self.run_well("train", "--model", "mine.json", *TRAIN)
        self.assertIn("engine layered, fp32\nnot the fused engine: layer 1 has no relu; ", said)
        self.assertEqual(self.metrics()["engine"], "layered")
        self.assertNotIn("not the fused engine", self.run_well("train", "conv", *TRAIN))
        layered = self.run_well("train", "--model", "mine.json", *TRAIN, "--engine", "layered")
        self.assertNotIn("not the fused engine", layered)
        self.assert_fails(
            1,
            ["engine 'fused': layer 1 has no relu", FAMILY, "use --engine layered"],
            *("train", "--model", "mine.json", *TRAIN, "--engine", "fused"),
        )

    def test_reduction(self) -> None:
        losses = []
        for reduction in ("ordered", "atomic"):
            self.run_well("train", "conv", *TRAIN, "--reduction", reduction)
            self.assertEqual(self.metrics()["options"]["reduction"], reduction)
            losses.append(self.metrics()["epochs"][0]["validation_loss"])
        self.assertAlmostEqual(*losses, delta=1e-5)
        self.assert_fails(
            2,
            ["--reduction: found 'fast'", "ordered, atomic"],
            *("train", "conv", *TRAIN, "--reduction", "fast"),
        )

    def test_phase_times(self) -> None:
        said = self.run_well("train", "conv", *TRAIN, "--phase-times")
        phases = self.metrics()["phases"]
        for phase in ("load", "last forward and loss", "upsampled backward", "update"):
            self.assertIn(phase, phases)
            self.assertRegex(said, rf"\n{phase} +\d+\.\d{{3}} +\d+\.\d +\d+\.\d %\n")
        self.assertLess(0.0, sum(phases.values()))
        self.assertLess(sum(phases.values()), self.metrics()["stages"]["train"])
        self.run_well("train", "conv", *TRAIN)
        self.assertNotIn("phases", self.metrics())

        said = self.run_well(
            *("train", "dense", "--epochs", 50, "--replicas", 3, "--phase-times", "--out", "run")
        )
        metrics = self.metrics()
        for phases in (metrics["phases"], metrics["replicas"]["phases"]):
            for phase in ("load", "forward", "last layer and loss", "backward", "update"):
                self.assertLess(0.0, phases[phase])
        self.assertLess(sum(metrics["phases"].values()), metrics["stages"]["train"])
        tables = said.split("\nphase, mean of all ")[1:]
        self.assertEqual([table.split()[0] for table in tables], ["blocks", "replicas"])
        for table in tables:
            self.assertRegex(table, r"\nbackward +\d+\.\d{3} +\d+\.\d +\d+\.\d %\n")

        self.assert_fails(
            1,
            ["layered engine has no phases"],
            *("train", "conv", *TRAIN, "--engine", "layered", "--phase-times"),
        )

    def test_precisions(self) -> None:
        self.assert_fails(
            2,
            ["--precision: found 'bf16'", "fp32, tf32"],
            *("train", "conv", *TRAIN, "--precision", "bf16"),
        )


if __name__ == "__main__":
    unittest.main()
