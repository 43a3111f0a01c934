"""Files that are wrong, missing or unwritable: exit 1, one line that names them, nothing lost."""

import ctypes
import gzip
import os
import pathlib
import resource
import struct
import unittest
from collections.abc import Callable

from program import (
    Array,
    ProgramTest,
    floats,
    names_in,
    npy_header,
    parse_json,
    read_npy,
    read_safetensors,
    trained,
    write_npy,
    write_safetensors,
)

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def idx(*shape: int, kind: int = 8, value: int = 7) -> bytes:
    size = 1
    for extent in shape:
        size *= extent
    return (
        bytes([0, 0, kind, len(shape)])
        + struct.pack(f">{len(shape)}I", *shape)
        + bytes([value]) * size
    )


class BadDataTest(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        self.data = self.folder / "data"
        self.data.mkdir()
        self.write(TRAIN_IMAGES, idx(70, 28, 28))
        self.write(TRAIN_LABELS, idx(70))
        self.write(TEST_IMAGES, idx(9, 28, 28))
        self.write(TEST_LABELS, idx(9))

    def write(self, name: str, contents: bytes) -> None:
        (self.data / name).write_bytes(contents)

    def refuse(self, *words: str) -> None:
        train = ("train", "conv", "--data", self.data, "--steps", 1, "--out", "run")
        self.assert_fails(1, words, *train)
        weights = trained() / "weights.safetensors"
        self.assert_fails(
            1, words, "encode", "--weights", weights, "--data", self.data, "--out", "z.npy"
        )

    def test_good(self) -> None:
        train = ("train", "conv", "--data", "data", "--steps", 1, "--quiet")
        self.run_well(*train, "--out", "plain")
        for name in (TRAIN_IMAGES, TEST_LABELS):
            (self.data / f"{name}.gz").write_bytes(gzip.compress((self.data / name).read_bytes()))
            (self.data / name).unlink()
        self.run_well(*train, "--out", "packed")
        plain, packed = (
            read_safetensors(self.folder / n / "weights.safetensors") for n in ("plain", "packed")
        )
        self.assertEqual(plain, packed)

    def test_no_folder(self) -> None:
        self.data = pathlib.Path("nowhere")
        self.refuse("nowhere does not exist", "synthetic")
        self.data = trained() / "latent.npy"
        self.refuse("latent.npy is not a folder")

    def test_default_folder_that_is_not_there(self) -> None:
        self.assert_fails(1, ["data/mnist does not exist", "synthetic"], "train", "conv")

    def test_half_the_files(self) -> None:
        (self.data / TEST_IMAGES).unlink()
        (self.data / TEST_LABELS).unlink()
        self.refuse(f"does not hold {TEST_IMAGES} or {TEST_IMAGES}.gz", TEST_LABELS)

    def test_truncated(self) -> None:
        whole = idx(70, 28, 28)
        for size in (len(whole) - 1, 1000, 16, 10, 3, 0):
            with self.subTest(size):
                self.write(TRAIN_IMAGES, whole[:size])
                self.refuse(TRAIN_IMAGES, "truncated" if size > 0 else "")

    def test_truncated_gzip(self) -> None:
        (self.data / TRAIN_LABELS).unlink()
        whole = gzip.compress(idx(70))
        for size in (len(whole) - 1, len(whole) - 8, 12, 2):
            with self.subTest(size):
                self.write(TRAIN_LABELS + ".gz", whole[:size])
                self.refuse(f"{TRAIN_LABELS}.gz", "truncated")

    def test_corrupt_gzip(self) -> None:
        (self.data / TRAIN_LABELS).unlink()
        whole = bytearray(gzip.compress(idx(70)))
        whole[-6] ^= 0xFF  # the checksum
        self.write(TRAIN_LABELS + ".gz", bytes(whole))
        self.refuse(f"{TRAIN_LABELS}.gz", "corrupt")
        self.write(TRAIN_LABELS + ".gz", gzip.compress(idx(70)) + b"more")
        self.refuse(f"{TRAIN_LABELS}.gz", "4 bytes of garbage")

    def test_wrong_magic_number(self) -> None:
        self.write(TRAIN_IMAGES, idx(70, 28, 28, kind=0x0D))
        self.refuse(TRAIN_IMAGES, "magic number 0x00000d03, expected 0x00000803")
        self.write(TRAIN_IMAGES, idx(70))
        self.refuse(TRAIN_IMAGES, "magic number 0x00000801, expected 0x00000803")

    def test_counts_that_disagree(self) -> None:
        self.write(TRAIN_LABELS, idx(69))
        self.refuse(TRAIN_LABELS, "69 labels, expected 70", TRAIN_IMAGES)

    def test_no_images(self) -> None:
        self.write(TEST_IMAGES, idx(0, 28, 28))
        self.write(TEST_LABELS, idx(0))
        self.refuse(TEST_IMAGES, "no images")

    def test_other_sizes(self) -> None:
        self.write(TEST_IMAGES, idx(9, 32, 32))
        self.refuse(TEST_IMAGES, "32 x 32", "expected 28 x 28")
        self.write(TEST_IMAGES, bytes([0, 0, 8, 3]) + struct.pack(">3I", *[2**32 - 1] * 3))
        self.refuse(TEST_IMAGES)

    def test_labels_that_are_no_digits(self) -> None:
        self.write(TEST_LABELS, idx(9, value=10))
        self.refuse(TEST_LABELS, "label 10", "from 0 to 9")

    def test_a_file_that_is_a_folder(self) -> None:
        (self.data / TEST_LABELS).unlink()
        (self.data / TEST_LABELS).mkdir()
        self.refuse(TEST_LABELS, "it is a folder")


class BadWeightsTest(ProgramTest):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.folder / "w.safetensors"
        self.tensors = read_safetensors(trained() / "weights.safetensors")

    def refuse(self, *words: str) -> None:
        words = ("w.safetensors", *words)
        train = ("train", "conv", "--data", "synthetic:600", "--out", "run")
        self.assert_fails(1, words, *train, "--initial-weights", "w.safetensors")
        latent = trained() / "latent.npy"
        self.assert_fails(
            1, words, "decode", "--weights", "w.safetensors", "--input", latent, "--out", "x.npy"
        )

    def test_good(self) -> None:
        write_safetensors(self.file, dict(reversed(list(self.tensors.items()))))
        decode = ("decode", "--input", trained() / "latent.npy", "--quiet", "--weights")
        self.run_well(*decode, self.file, "--out", "1.npy")
        self.run_well(*decode, trained() / "weights.safetensors", "--out", "2.npy")
        self.assertEqual(read_npy(self.folder / "1.npy"), read_npy(self.folder / "2.npy"))

    def test_tensors(self) -> None:
        def lacks(tensors: dict[str, Array]) -> None:
            del tensors["conv3.bias"]

        def has_more(tensors: dict[str, Array]) -> None:
            tensors["conv6.weight"] = floats((2, 2))

        def has_another_shape(tensors: dict[str, Array]) -> None:
            tensors["conv2.weight"] = floats((8, 16, 5, 5))

        def is_transposed(tensors: dict[str, Array]) -> None:
            tensors["conv2.weight"] = floats((16, 8, 3, 3))

        def is_not_finite(tensors: dict[str, Array]) -> None:
            tensors["conv1.bias"].values[4] = float("nan")

        def is_infinite(tensors: dict[str, Array]) -> None:
            tensors["conv5.bias"].values[0] = float("-inf")

        cases: dict[Callable[[dict[str, Array]], None], tuple[str, ...]] = {
            lacks: ("'conv3.bias'", "missing"),
            has_more: ("'conv6.weight'", "does not belong"),
            has_another_shape: ("'conv2.weight'", "(8, 16, 5, 5)", "(8, 16, 3, 3)"),
            is_transposed: ("'conv2.weight'", "(16, 8, 3, 3)", "(8, 16, 3, 3)"),
            is_not_finite: ("'conv1.bias'", "row 4", "not finite"),
            is_infinite: ("'conv5.bias'", "row 0", "not finite"),
        }
        for spoil, words in cases.items():
            with self.subTest(spoil.__name__):
                tensors = read_safetensors(trained() / "weights.safetensors")
                spoil(tensors)
                write_safetensors(self.file, tensors)
                self.refuse(*words)

    def test_files(self) -> None:
        whole = (trained() / "weights.safetensors").read_bytes()
        for contents in (
            b"",
            whole[:5],
            whole[:300],
            whole[:-1],
            whole + b"x",
            b"\x93NUMPY" + whole,
        ):
            with self.subTest(len(contents)):
                self.file.write_bytes(contents)
                self.refuse()
        self.file.write_bytes(whole.replace(b'"F32"', b'"F16"', 1))
        self.refuse("F16", "expected F32")

    def test_missing(self) -> None:
        self.refuse("No such file")


class BadArraysTest(ProgramTest):
    def refuse(self, contents: bytes, *words: str, command: str = "encode") -> None:
        file = self.folder / "x.npy"
        file.write_bytes(contents)
        arguments: list[object] = ["pca", "x.npy", "--out", "new.npy"]
        if command != "pca":
            weights = trained() / "weights.safetensors"
            arguments = [command, "--weights", weights, "--input", "x.npy", "--out", "new.npy"]
        self.assert_fails(1, ["x.npy", *words], *arguments)

    def npy(self, array: Array) -> bytes:
        return npy_header(array.dtype, array.shape) + array.values.tobytes()

    def test_shapes(self) -> None:
        for shape in ((2, 27, 28), (2, 783), (784,), (2, 3, 28, 28)):
            with self.subTest(shape):
                self.refuse(self.npy(floats(shape)), "784")
                self.refuse(self.npy(floats(shape)), "784", command="reconstruct")
                self.refuse(self.npy(floats(shape)), "392", command="decode")

    def test_empty(self) -> None:
        for command, shape in (("encode", (0, 28, 28)), ("decode", (0, 392)), ("pca", (0, 5))):
            self.refuse(self.npy(floats(shape)), command=command)
        self.refuse(self.npy(floats(())))

    def test_values(self) -> None:
        for value in (255.0, -0.01, float("nan"), float("inf")):
            with self.subTest(value):
                images = floats((3, 28, 28))
                images.values[800] = value
                self.refuse(self.npy(images), "row 1", "must be in [0, 1]")
                self.refuse(self.npy(images), "row 1", "must be in [0, 1]", command="reconstruct")
        codes = floats((3, 392))
        codes.values[400] = float("nan")
        self.refuse(self.npy(codes), "row 1", "not finite", command="decode")
        self.refuse(self.npy(codes), "not finite", command="pca")

    def test_files(self) -> None:
        whole = self.npy(floats((2, 28, 28)))
        self.refuse(b"", "npy")
        self.refuse(b"PK\x03\x04 a zip file", "npy")
        self.refuse(whole[:-1], "truncated")
        self.refuse(whole[:40], "truncated")
        self.refuse(npy_header("|O", (2,)) + b"pickle", "O")
        self.refuse(npy_header("<c8", (2, 784)), "c8")
        self.refuse(npy_header("<f4", (2**40, 784)))

    def test_missing(self) -> None:
        self.assert_fails(1, ["nix.npy", "No such file"], "pca", "nix.npy", "--out", "m.npy")

    def test_too_little_for_pca(self) -> None:
        self.refuse(self.npy(floats((1, 5))), command="pca")
        self.refuse(self.npy(floats((4, 1))), "2 components", command="pca")


class UnwritableTest(ProgramTest):
    def decode(self, out: object) -> list[object]:
        weights, latent = trained() / "weights.safetensors", trained() / "latent.npy"
        return ["decode", "--weights", weights, "--input", latent, "--out", out]

    def train(self, out: object) -> list[object]:
        return ["train", "conv", "--data", "synthetic:600", "--steps", 1, "--out", out]

    def test_where_no_file_can_be(self) -> None:
        (self.folder / "file").write_text("mine")
        (self.folder / "folder").mkdir()
        for out, words in {
            "nowhere/x.npy": "nowhere does not exist",
            "file/x.npy": "file is not a folder",
            "folder": "is a folder",
            "/proc/x.npy": "/proc/x.npy",
            "/dev/null": "not a regular file",
            "x" * 300 + ".npy": "too long",
        }.items():
            with self.subTest(out):
                self.assert_fails(1, [words], *self.decode(out))
                self.assert_fails(1, [words], "pca", trained() / "latent.npy", "--out", out)
        self.assertEqual((self.folder / "file").read_text(), "mine")

    def test_where_no_folder_can_be(self) -> None:
        (self.folder / "file").write_text("mine")
        for out in ("file", "file/run", "/proc/run", "a/" + "x" * 300):
            with self.subTest(out):
                self.assert_fails(1, ["--out", out, "cannot"], *self.train(out))

    def test_read_only(self) -> None:
        def obey() -> None:
            """Root without the capability to write everywhere; others have none to lose."""
            if os.geteuid() == 0:
                drop_from_bounding_set, override_permissions = 24, 1  # <linux/prctl.h>
                prctl = ctypes.CDLL(None, use_errno=True).prctl
                if prctl(drop_from_bounding_set, override_permissions, 0, 0, 0) != 0:
                    raise OSError(ctypes.get_errno(), "prctl")

        (self.folder / "locked").mkdir(mode=0o555)
        decode, train = self.decode("locked/x.npy"), self.train("locked")
        self.assert_fails(1, ["locked/x.npy", "ermission"], *decode, preexec_fn=obey)
        self.assert_fails(1, ["locked", "cannot"], *train, preexec_fn=obey)

    def test_folder_is_taken_back_when_nothing_came_into_it(self) -> None:
        self.assert_fails(1, ["batch size"], *self.train("a/b"), "--batch-size", 1000)

    def test_no_room(self) -> None:
        """A limit on the size of files stands for a full disk."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

        write_npy(self.folder / "x.npy", floats((1,)))
        before = (self.folder / "x.npy").read_bytes()
        self.assert_fails(1, ["x.npy", "too large"], *self.decode("x.npy"), preexec_fn=limit)
        self.assertEqual((self.folder / "x.npy").read_bytes(), before, "the old file is untouched")

        run = (
            "run",
            "conv",
            "--no-figures",
            "--data",
            "synthetic:600",
            "--epochs",
            1,
            "--out",
            "run",
        )
        result = self.call(*run, preexec_fn=limit)
        self.assertEqual(result.returncode, 1)
        self.assert_one_line(result.stderr, "originals.npy", "too large")
        self.assertEqual(names_in(self.folder / "run"), ["metrics.json", "weights.safetensors"])
        parse_json((self.folder / "run" / "metrics.json").read_text())


if __name__ == "__main__":
    unittest.main()
