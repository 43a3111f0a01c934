"""The program on GPUs that the fused engine cannot have: one line, or the layered engine."""

import os
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from program import ProgramTest, parse_json  # noqa: E402

TRAIN = ("train", "conv", "--data", "synthetic:64", "--steps", 1, "--device", "cuda", "--out", "run")
PROBLEMS = {
    "7.5": "an image takes 98 KB of shared memory, more than the 64 KB that this GPU gives a block",
    "not cooperative": "this GPU has no cooperative launches, whose blocks may wait for each other",
    "few registers": "no block of 256 threads and 98 KB of shared memory can be resident on this GPU",
}


class RefusalsTest(ProgramTest):
    def test_fused_fails_and_auto_is_layered_and_both_say_why(self) -> None:
        for architecture, problem in PROBLEMS.items():
            with mock.patch.dict(os.environ, REHEARSAL_ARCHITECTURE=architecture):
                line = f"engine 'fused': {problem}; use --engine layered (or auto)"
                self.assert_fails(1, [line], *TRAIN, "--engine", "fused")
                said = self.run_well(*TRAIN)
            self.assertIn(f"engine layered, fp32\nnot the fused engine: {problem}\n", said)
            metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
            self.assertEqual(metrics["engine"], "layered")


if __name__ == "__main__":
    unittest.main()
