"""Ctrl-C and SIGTERM: the program ends soon, in one line, keeps what is finished and no more."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import unittest
from collections.abc import Callable

from program import PROGRAM, ProgramTest, environment, names_in, npy_header, parse_json, read_npy, trained

SOON = 4.0  # seconds; it is one on a machine that is not busy

NextLine = Callable[[], str]
"""Waits for the program's next line."""


def after_line(text: str) -> Callable[[NextLine], None]:
    def wait(next_line: NextLine) -> None:
        while not (line := next_line()).startswith(text):
            assert line, "the program ended by itself"

    return wait


def after_line_and(text: str, seconds: float) -> Callable[[NextLine], None]:
    def wait(next_line: NextLine) -> None:
        after_line(text)(next_line)
        time.sleep(seconds)

    return wait


class InterruptTest(ProgramTest):
    def interrupt(
        self,
        wait: Callable[[NextLine], None],
        *arguments: object,
        signals: tuple[signal.Signals, ...] = (signal.SIGINT,),
    ) -> str:
        """Standard error of a program that got the signals when wait() returned."""
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments), "--threads", "1", "--device", "cpu"],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout and process.stderr
        with process.stdout, process.stderr:
            self.addCleanup(process.kill)
            wait(process.stdout.readline)
            start = time.monotonic()
            for number in signals:
                process.send_signal(number)
            status = process.wait(timeout=60)
            seconds = time.monotonic() - start
            error = process.stderr.read()
        self.assertEqual(status, 1, error)
        self.assert_one_line(error, "interrupted")
        self.assertLess(seconds, SOON)
        return error

    def test_training(self) -> None:
        run = ("run", "conv", "--data", "synthetic:600", "--epochs", 100_000, "--out", "run")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                error = self.interrupt(after_line("epoch  1/"), *run, signals=(number,))
                self.assertRegex(error, r"after \d+ steps.* run\n")
                out = self.folder / "run"
                self.assertEqual(names_in(out), ["metrics.json", "weights.safetensors"])
                metrics = parse_json((out / "metrics.json").read_text())
                self.assertGreaterEqual(len(metrics["epochs"]), 1)
                self.assertGreaterEqual(metrics["interrupted_at_step"], 10)
                encode = ("encode", "--weights", "run/weights.safetensors", "--out", "z.npy")
                self.run_well(*encode, "--data", "synthetic:60")

    def test_replicas(self) -> None:
        run = ("run", "dense", "--epochs", 200, "--replicas", 1_000_000, "--out", "run")
        self.interrupt(after_line_and("epoch 200/", 0.5), *run)
        metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
        self.assertEqual(len(metrics["epochs"]), 200)
        self.assertGreater(metrics["replicas"]["count"], 0, "what was finished is kept")

    def test_one_long_epoch(self) -> None:
        train = ("train", "conv", "--data", "synthetic:60000", "--batch-size", 1, "--out", "run")
        self.interrupt(after_line_and("data: ", 0.5), *train)
        metrics = parse_json((self.folder / "run" / "metrics.json").read_text())
        self.assertEqual(metrics["epochs"], [])

    def test_twice(self) -> None:
        train = ("train", "conv", "--data", "synthetic:600", "--epochs", 100_000, "--out", "run")
        self.interrupt(after_line("epoch  1/"), *train, signals=(signal.SIGINT, signal.SIGINT))
        self.assert_holds_epochs()

    def test_steps_longer_than_a_second(self) -> None:
        """They cannot be waited for, but the epochs before are there."""
        train = ("train", "conv", "--engine", "layered", "--data", "synthetic:15000",
                 "--batch-size", 15000, "--out", "run")  # fmt: skip
        self.interrupt(after_line("epoch  1/"), *train)
        self.assert_holds_epochs()

    def test_nohup(self) -> None:
        run = ("train", "conv", "--data", "synthetic:600", "--epochs", 100_000, "--out", "run")
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which a program inherits
        try:
            process = subprocess.Popen(
                [PROGRAM, *map(str, run), "--threads", "1", "--device", "cpu"],
                cwd=self.folder, env=environment(), stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        finally:
            signal.signal(signal.SIGHUP, before)
        assert process.stdout
        with process.stdout:
            self.addCleanup(process.kill)
            after_line("epoch  1/")(process.stdout.readline)
            process.send_signal(signal.SIGHUP)
            after_line("epoch ")(process.stdout.readline)
            time.sleep(0.3)
            self.assertIsNone(process.poll())
            process.kill()
            process.wait()

    def assert_holds_epochs(self) -> None:
        """Weights and metrics of the first epoch or a later one, however the program ended."""
        out = self.folder / "run"
        self.assertEqual(names_in(out), ["metrics.json", "weights.safetensors"])
        metrics = parse_json((out / "metrics.json").read_text())
        self.assertGreaterEqual(len(metrics["epochs"]), 1)
        if "interrupted_at_step" not in metrics:
            self.assertEqual(metrics["weights_of_epoch"], len(metrics["epochs"]))
        encode = ("encode", "--weights", "run/weights.safetensors", "--out", "z.npy")
        self.run_well(*encode, "--data", "synthetic:60")

    def test_stages_after_training(self) -> None:
        run = ("run", "conv", "--data", "synthetic:30000", "--steps", 1, "--out", "run")
        error = self.interrupt(after_line("epoch  1/"), *run)
        self.assertRegex(error, r"interrupted in '\w+'; what was finished is in run\n")

    def test_a_terminal_that_goes(self) -> None:
        run = ("train", "conv", "--data", "synthetic:600", "--epochs", 100_000, "--out", "run")
        error = self.interrupt(after_line("epoch  1/"), *run, signals=(signal.SIGHUP,))
        self.assertRegex(error, r"after \d+ steps.* run\n")
        self.assert_holds_epochs()

    def test_loading(self) -> None:
        """A pipe that nobody writes to stands for a slow disk."""
        (self.folder / "data").mkdir()
        os.mkfifo(self.folder / "data" / "train-images-idx3-ubyte")
        for name in ("train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            (self.folder / "data" / f"{name}-ubyte").write_bytes(b"")
        train = ("train", "conv", "--data", "data", "--out", "run")
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number.name):
                self.interrupt(after_line_and("hourglass ", 0.3), *train, signals=(number,))
                self.assertEqual(names_in(self.folder), ["data"])

    def test_drawing_synthetic_digits(self) -> None:
        train = ("train", "conv", "--data", "synthetic:1000000", "--out", "run")
        self.interrupt(after_line_and("hourglass ", 0.3), *train)
        self.assertEqual(names_in(self.folder), [])

    def zeros(self, rows: int, columns: int) -> None:
        """x.npy, a sparse file: no room on the disk, seconds of work."""
        header = npy_header("|u1", (rows, columns))
        with open(self.folder / "x.npy", "wb") as file:
            file.write(header)
            file.truncate(len(header) + rows * columns)

    def test_encoding(self) -> None:
        self.zeros(300_000, 784)
        weights = trained() / "weights.safetensors"
        for command in ("encode", "reconstruct"):
            with self.subTest(command):
                arguments = (command, "--weights", weights, "--input", "x.npy", "--out", "z.npy")
                self.interrupt(lambda _: time.sleep(0.5), *arguments)
                self.assertEqual(names_in(self.folder), ["x.npy"])

    def test_pca(self) -> None:
        self.zeros(60_000, 1500)
        self.interrupt(lambda _: time.sleep(1), "pca", "x.npy", "--out", "map.npy")
        self.assertEqual(names_in(self.folder), ["x.npy"])

    def test_tsne(self) -> None:
        (self.folder / "x.npy").write_bytes((trained() / "latent.npy").read_bytes())
        tsne = ("tsne", "x.npy", "--iterations", 10**9, "--out", "map.npy")
        self.interrupt(lambda _: time.sleep(1), *tsne)
        self.assertEqual(names_in(self.folder), ["x.npy"])
        error = self.interrupt(lambda _: time.sleep(1), *tsne, "--keep-interrupted")
        self.assertRegex(error, r"map.npy holds the map after \d+ iterations\n")
        self.assertEqual(names_in(self.folder), ["map.json", "map.npy", "x.npy"])
        self.assertEqual(read_npy(self.folder / "map.npy").shape, (100, 2))
        json = parse_json((self.folder / "map.json").read_text())
        self.assertEqual(json["stopped"], "interrupted")
        self.assertIn(f"after {json['iterations']} iterations", error)


if __name__ == "__main__":
    unittest.main()
