"""The study on real MNIST: how well one epoch learns, and how much memory the whole takes.

MNIST is in $HOURGLASS_DATA or data/mnist; elsewhere these tests are skipped.
"""

import os
import pathlib
import subprocess
import sys
import unittest

from program import PROGRAM, ProgramTest, environment, parse_json, read_npy

ROOT = pathlib.Path(__file__).resolve().parents[2]
MNIST = pathlib.Path(os.environ.get("HOURGLASS_DATA") or ROOT / "data" / "mnist").resolve()
MOST_MEMORY = 1.5e9  # bytes


class MnistTest(ProgramTest):
    def test_one_epoch(self) -> None:
        process = subprocess.Popen(
            [
                PROGRAM,
                "run",
                "conv",
                "--no-figures",
                "--epochs",
                "1",
                "--data",
                MNIST,
                "--out",
                "run",
            ],
            cwd=self.folder,
            env=environment(),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)

        out = self.folder / "run"
        metrics = parse_json((out / "metrics.json").read_text())
        loss = metrics["epochs"][0]["validation_loss"]
        print(f"validation loss {loss:.4f}; peak memory {usage.ru_maxrss / 1024:.0f} MiB")
        self.assertLessEqual(loss, 0.090)
        if metrics["device"]["kind"] == "cpu":  # CUDA's libraries alone map more
            self.assertLess(usage.ru_maxrss * 1024, MOST_MEMORY)
        latent = read_npy(out / "latent.npy")
        self.assertEqual(latent.shape, (10000, 392))
        labels = read_npy(out / "labels.npy").values
        self.assertEqual(list(labels[:8]), [7, 2, 1, 0, 4, 1, 4, 9])

    def test_denoising(self) -> None:
        """One epoch already takes two thirds of the noise away; ten do better."""
        run = ("run", "denoise", "--no-figures", "--epochs", 1, "--data", MNIST, "--out", "run")
        self.run_well(*run)
        found = parse_json((self.folder / "run" / "metrics.json").read_text())["denoise"]
        print(f"squared error {found['mse_noisy']:.4f} noisy, {found['mse_denoised']:.4f} denoised")
        self.assertLess(found["mse_denoised"], found["mse_noisy"] / 3)


if __name__ == "__main__":
    if not any((MNIST / f"train-images-idx3-ubyte{end}").exists() for end in ("", ".gz")):
        print(f"skipped: {MNIST} does not hold MNIST; name it in HOURGLASS_DATA")
        sys.exit(77)
    unittest.main()
