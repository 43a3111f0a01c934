"""What the program says: help, version, info, progress, and nothing at all with --quiet."""

import os
import pty
import subprocess
import unittest

from program import PROGRAM, ProgramTest, environment, trained

COMMANDS = ("run", "train", "encode", "decode", "reconstruct", "pca", "info")
TRAIN = ("train", "conv", "--data", "synthetic:600", "--epochs", "2", "--threads", "1")


class ScreenTest(ProgramTest):
    def test_help(self) -> None:
        text = self.run_well("--help")
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", text)
            own = self.run_well(command, "--help")
            self.assertIn(f"Usage: hourglass {command}", own)
            self.assertEqual(own, self.run_well(command, "-h"))
            self.assertNotIn("ENUM", own)

    def test_help_names_every_option(self) -> None:
        common = ["--device", "--threads", "--quiet"]
        model = ["--engine", "--precision"]
        training = ["--epochs", "--steps", "--batch-size", "--learning-rate", "--loss", "--seed"]
        training += ["--no-shuffle", "--initial-weights", "--out", *common, *model]
        study = ["--data", *training]
        images = ["--weights", "--model", "--input", "--out", *common, *model]
        expected = {
            "run conv": [*study, "--no-figures"],
            "run dense": [*training, "--input", "--validation", "--replicas"],
            "run denoise": [*study, "--noise", "--weights"],
            "run inpaint": [*study, "--patch", "--weights"],
            "run anomaly": [*study, "--against", "--weights"],
            "run features": [*study, "--image", "--weights"],
            "train": [*study, "--model", "--input", "--validation", "--replicas"],
            "encode": [*images, "--data", "--split", "--first"],
            "decode": images,
            "reconstruct": [*images, "--data", "--split", "--first"],
            "pca": ["--components", "--whiten", "--out", *common],
        }
        for command, options in expected.items():
            text = self.run_well(*command.split(), "--help")
            for option in options:
                self.assertIn(f"\n  {option} ", text, command)

    def test_version(self) -> None:
        self.assertRegex(self.run_well("--version"), r"\Ahourglass \d+\.\d+\.\d+\n\Z")

    def test_info(self) -> None:
        text = self.run_well("info")
        for words in (
            "devices\n",
            "engines\n",
            "libraries\n",
            "\n  cpu ",
            "\n  cuda",
            "  layered ",
        ):
            self.assertIn(words, text)
        self.assertRegex(text, r"\n  fused +fp32; ")
        self.assertRegex(text, r"\n  zlib +\d+\.")
        self.assertRegex(text, r"\n  (oneDNN|cuDNN) +\d+\.")

    def test_plain_lines_where_there_is_no_terminal(self) -> None:
        text = self.run_well(*TRAIN, "--out", "run")
        self.assertTrue(text.isprintable() or text.replace("\n", "").isprintable(), repr(text))
        lines = text.splitlines()
        self.assertEqual(len(lines), 5, text)
        self.assertRegex(lines[0], r"^hourglass \d.*(engine fused, fp32)")
        self.assertRegex(lines[1], r"^data: synthetic:600, 600 \+ 100 images; .*3,217 parameters")
        losses = r"training loss 0\.\d{4}  validation loss 0\.\d{4}  .* images/s$"
        self.assertRegex(lines[2], "^epoch  1/2  " + losses)
        self.assertRegex(lines[3], "^epoch  2/2  " + losses)
        self.assertRegex(lines[4], rf"^done in .*{self.folder.name}/run$")

    def test_a_bar_on_a_terminal(self) -> None:
        ours, its = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, *TRAIN, "--batch-size", "1", "--out", "run"],
            stdout=its,
            cwd=self.folder,
            env=environment(),
        )
        os.close(its)
        text = b""
        try:
            while piece := os.read(ours, 4096):
                text += piece
        except OSError:  # how a terminal that was closed reads
            pass
        os.close(ours)
        self.assertEqual(process.wait(), 0)
        self.assertRegex(
            text.decode(), r"\repoch  1/2  [━─]{24} +\d+%  [\d,]+ images/s.* left\x1b\[K"
        )
        self.assertIn(b"\r\x1b[Kdone in ", text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\x1b[K"))

    def test_quiet(self) -> None:
        self.assertEqual(self.run_well(*TRAIN, "--out", "run", "--quiet"), "")
        weights, latent = trained() / "weights.safetensors", trained() / "latent.npy"
        self.assertEqual(
            self.run_well(
                "decode", "--weights", weights, "--input", latent, "--out", "x.npy", "--quiet"
            ),
            "",
        )
        self.assertEqual(self.run_well("pca", latent, "--out", "map.npy", "--quiet"), "")

    def test_one_line_for_arrays(self) -> None:
        weights, latent = trained() / "weights.safetensors", trained() / "latent.npy"
        text = self.run_well("decode", "--weights", weights, "--input", latent, "--out", "x.npy")
        self.assertRegex(text, r"\A100 rows of 784 in x\.npy \(.+\)\n\Z")
        text = self.run_well("pca", latent, "--out", "map.npy")
        self.assertRegex(text, r"\A2 components of 100 x 392 explain [\d.]+ % .*map\.npy.*\n\Z")

    def test_a_full_standard_output(self) -> None:
        for words in (["info"], ["--help"], ["--version"], ["run", "conv", "--help"]):
            with self.subTest(words), open("/dev/full", "w", encoding="utf-8") as full:
                result = subprocess.run(
                    [PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
                )
                self.assertEqual(result.returncode, 1)
                self.assert_one_line(result.stderr, "standard output")


if __name__ == "__main__":
    unittest.main()
