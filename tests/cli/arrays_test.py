"""encode, decode, reconstruct and pca: arrays in, arrays out, consistent with each other."""

import array
import math
import random
import unittest
from typing import Any

from program import (
    Array,
    ProgramTest,
    floats,
    names_in,
    npy_header,
    parse_json,
    read_npy,
    trained,
    write_npy,
)

ON_CPU = ("--device", "cpu", "--threads", 1)


def bytes_of(unit: Array) -> Array:
    pixels = array.array("B", (round(255 * value) for value in unit.values))
    return Array("|u1", unit.shape, pixels)


class ArraysTest(ProgramTest):
    def through(self, command: str, out: str, *options: object) -> Array:
        weights = trained() / "weights.safetensors"
        self.run_well(command, "--weights", weights, "--out", out, *ON_CPU, *options)
        return read_npy(self.folder / out)

    def test_encode_gives_the_latent_codes_of_the_run(self) -> None:
        codes = self.through("encode", "codes.npy", "--data", "synthetic:600")
        self.assertEqual(codes, read_npy(trained() / "latent.npy"))

    def test_an_array_and_a_data_set_are_the_same(self) -> None:
        latent = read_npy(trained() / "latent.npy")
        codes = self.through("encode", "codes.npy", "--input", trained() / "originals.npy")
        self.assertEqual(codes, latent.rows(0, 8))

    def test_splits(self) -> None:
        data = ("--data", "synthetic:600", "--split")
        test = self.through("encode", "test.npy", *data, "test", "--first", 5)
        train = self.through("encode", "train.npy", *data, "train")
        self.assertEqual((test.shape, train.shape), ((5, 392), (600, 392)))
        self.assertNotEqual(test, train.rows(0, 5))

    def test_first_beyond_the_end_takes_all(self) -> None:
        codes = self.through("encode", "codes.npy", "--data", "synthetic:600", "--first", 10**6)
        self.assertEqual(codes.shape, (100, 392))

    def test_reconstruct_gives_the_images_of_the_run(self) -> None:
        images = self.through("reconstruct", "r.npy", "--data", "synthetic:600", "--first", 8)
        self.assertEqual(images, read_npy(trained() / "reconstructions.npy"))

    def test_decode_of_encode_is_reconstruct(self) -> None:
        self.through("encode", "z.npy", "--data", "synthetic:600")
        decoded = self.through("decode", "x.npy", "--input", "z.npy")
        images = self.through("reconstruct", "r.npy", "--data", "synthetic:600")
        self.assertEqual(decoded.shape, (100, 28, 28))
        self.assertEqual(decoded, images)

    def test_shapes_of_images(self) -> None:
        originals = read_npy(trained() / "originals.npy")
        codes = []
        for shape in ((8, 28, 28), (8, 1, 28, 28), (8, 784)):
            write_npy(self.folder / "x.npy", Array("<f4", shape, originals.values))
            codes.append(self.through("encode", "z.npy", "--input", "x.npy"))
        self.assertEqual(codes[0], codes[1])
        self.assertEqual(codes[0], codes[2])

    def test_bytes_are_images_of_which_255_is_one(self) -> None:
        originals = read_npy(trained() / "originals.npy")
        write_npy(self.folder / "x.npy", bytes_of(originals))
        self.assertEqual(
            self.through("reconstruct", "r.npy", "--input", "x.npy"),
            read_npy(trained() / "reconstructions.npy"),
        )
        codes = self.through("encode", "z.npy", "--input", "x.npy", "--first", 3)
        self.assertEqual(codes, read_npy(trained() / "latent.npy").rows(0, 3))

    def test_half_precision(self) -> None:
        (self.folder / "x.npy").write_bytes(npy_header("<f2", (1, 784)) + b"\x00\x38" * 784)
        write_npy(self.folder / "y.npy", Array("<f4", (1, 784), array.array("f", [0.5] * 784)))
        codes = [self.through("encode", "z.npy", "--input", name) for name in ("x.npy", "y.npy")]
        self.assertEqual(codes[0], codes[1])

    def test_bytes_that_are_not_images_of_the_model(self) -> None:
        for shape in ((2, 64), (28, 28), (7,), ()):
            count = math.prod(shape)
            write_npy(self.folder / "x.npy", Array("|u1", shape, array.array("B", [7] * count)))
            encode = ("encode", "--weights", trained() / "weights.safetensors", "--out", "z.npy")
            self.assert_fails(1, ["x.npy"], *encode, "--input", "x.npy")

    def test_output_is_not_the_input(self) -> None:
        x = write_npy(self.folder / "x.npy", read_npy(trained() / "originals.npy"))
        write_npy(self.folder / "m.npy", floats((8, 2)))
        (self.folder / "x.json").write_bytes(x.read_bytes())
        (self.folder / "link.npy").symlink_to("x.npy")
        weights = self.folder / "w.safetensors"
        weights.write_bytes((trained() / "weights.safetensors").read_bytes())
        model = ("--weights", weights, "--input", x)
        before = {path: path.read_bytes() for path in self.folder.iterdir()}
        for file, *command in (
            (weights, "encode", *model),
            (x, "encode", *model),
            ("link.npy", "decode", *model),
            ("./x.npy", "reconstruct", *model),
            (x, "pca", "x.npy"),
            (x, "pca", "x.json"),  # which is to lie beside x.npy
            ("../" + self.folder.name + "/x.npy", "tsne", x),
            (x, "tsne", "--distances", x),
            ("m.npy", "tsne", x, "--init", "m.npy"),
            ("m.npy", "tsne", "--transform", x, "--map", "m.npy", "--data", x),
            ("m.npy", "page", "--map", "m.npy"),
            (x, "page", "--map", "m.npy", "--images", x),
        ):
            with self.subTest(f"{command[0]} --out {file}"):
                self.assert_fails(2, ["--out would write", "over the input"], *command, "--out",
                                  file)  # fmt: skip
        self.assertEqual({path: path.read_bytes() for path in self.folder.iterdir()}, before)

    def test_pca_gives_the_map_of_the_run(self) -> None:
        latent = trained() / "latent.npy"
        self.run_well("pca", latent, "--out", "map.npy", *ON_CPU)
        self.assertEqual(read_npy(self.folder / "map.npy"), read_npy(trained() / "pca.npy"))
        metrics = parse_json((trained() / "metrics.json").read_text())["pca"]
        sidecar = parse_json((self.folder / "map.json").read_text())
        self.assertEqual({**sidecar, **metrics}, sidecar)

    def test_pca_sidecar(self) -> None:
        latent = trained() / "latent.npy"
        self.run_well("pca", latent, "--components", 5, "--out", "map.npy", *ON_CPU)
        self.assertEqual(names_in(self.folder), ["map.json", "map.npy"])
        sidecar = parse_json((self.folder / "map.json").read_text())
        self.assertEqual(len(sidecar["mean"]), 392)
        self.assertEqual([len(row) for row in sidecar["components"]], [392] * 5)
        for row in sidecar["components"]:
            self.assertAlmostEqual(math.fsum(value * value for value in row), 1, places=5)
            self.assertGreater(max(row, key=abs), 0)
        variance = sidecar["explained_variance"]
        self.assertEqual(variance, sorted(variance, reverse=True))
        self.assertEqual(len(sidecar["explained_variance_ratio"]), 5)
        self.assertGreater(sidecar["noise_variance"], 0)
        for value, singular in zip(variance, sidecar["singular_values"]):
            self.assertAlmostEqual(singular, math.sqrt(value * 99), places=5)
        column = read_npy(self.folder / "map.npy").values[0::5]
        self.assertAlmostEqual(math.fsum(v * v for v in column) / 99, variance[0], places=5)

    def test_pca_whitened(self) -> None:
        latent = trained() / "latent.npy"
        self.run_well("pca", latent, "--whiten", "--out", "map.npy", *ON_CPU)
        for k in range(2):
            column = read_npy(self.folder / "map.npy").values[k::2]
            self.assertAlmostEqual(math.fsum(v * v for v in column) / 99, 1, places=4)

    def test_an_offset_costs_no_digits(self) -> None:
        """64 rows of multiples of 2^-30: their means, and they plus 2^20, are exact in float64."""
        draw = random.Random(2)
        steps = [draw.randrange(-(2**33), 2**33) for _ in range(64 * 5)]
        kinds = {
            "plain": ("<f8", "d", [step / 2**30 for step in steps]),
            "moved": ("<f8", "d", [step / 2**30 + 2**20 for step in steps]),
            "whole": ("<i8", "q", [step + 2**50 for step in steps]),
        }
        made = {}
        for name, (dtype, code, values) in kinds.items():
            write_npy(self.folder / f"{name}.npy", Array(dtype, (64, 5), array.array(code, values)))
            for command, *more in (("pca",), ("tsne", "--perplexity", 5, "--iterations", 20)):
                out = f"{name}-{command}.npy"
                self.run_well(command, f"{name}.npy", *more, "--out", out, *ON_CPU)
                made[name, command] = read_npy(self.folder / out)
        for command in ("pca", "tsne"):
            self.assertEqual(made["moved", command], made["plain", command])
        for found, expected in zip(made["whole", "pca"].values, made["plain", "pca"].values):
            self.assertAlmostEqual(found / 2**30, expected, places=5)
        columns = [[kinds["moved"][2][5 * i + k] for i in range(64)] for k in range(5)]
        sidecar = parse_json((self.folder / "moved-pca.json").read_text())
        for found, column in zip(sidecar["mean"], columns):
            self.assertAlmostEqual(found, math.fsum(column) / 64, places=6)
        # New rows, which are the old ones, go where these are.
        places = []
        for name in ("plain", "moved"):
            self.run_well("tsne", "--transform", f"{name}.npy", "--data", f"{name}.npy", "--map",
                          "plain-tsne.npy", "--out", "placed.npy", *ON_CPU)  # fmt: skip
            places.append(read_npy(self.folder / "placed.npy"))
        self.assertEqual(*places)
        # Later, what is a rounding apart drifts apart.
        correlated = ("--metric", "correlation", "--perplexity", 5, "--iterations", 1)
        for name in ("plain", "moved"):
            self.run_well("tsne", f"{name}.npy", *correlated, "--out", f"{name}-c.npy", *ON_CPU)
        plain, moved = (read_npy(self.folder / f"{name}-c.npy") for name in ("plain", "moved"))
        size = max(map(abs, plain.values))
        for found, expected in zip(moved.values, plain.values):
            self.assertAlmostEqual(found, expected, delta=1e-3 * size)

    def test_what_single_precision_cannot_hold(self) -> None:
        for value, words in ((1e300, "too large for float32"), (math.nan, "row 1, column 1")):
            values = array.array("d", [0, 1, 0, value, 1, 1])
            write_npy(self.folder / "x.npy", Array("<f8", (3, 2), values))
            for command in ("pca", "tsne"):
                self.assert_fails(1, ["x.npy", words], command, "x.npy", "--out", "m.npy")

    def test_pca_takes_any_rank_and_type(self) -> None:
        pixels = bytes_of(read_npy(trained() / "originals.npy"))
        write_npy(self.folder / "x.npy", pixels)
        self.run_well("pca", "x.npy", "--out", "map.npy", *ON_CPU)
        self.assertEqual(read_npy(self.folder / "map.npy").shape, (8, 2))


class TsneTest(ProgramTest):
    def map(self, out: str, *options: object) -> tuple[Array, Any]:
        self.run_well("tsne", trained() / "latent.npy", "--out", out, *ON_CPU, *options)
        json = parse_json((self.folder / out).with_suffix(".json").read_text())
        return read_npy(self.folder / out), json

    def test_snapshots_are_of_the_map(self) -> None:
        self.map("m.npy", "--iterations", 50, "--snapshots", 20)
        self.map("m.npy", "--iterations", 40)
        self.assertEqual(names_in(self.folder), ["m.json", "m.npy"])

    def test_snapshots_lie_beside_the_map(self) -> None:
        map_, json = self.map("m.npy", "--iterations", 50, "--snapshots", 20)
        frames = read_npy(self.folder / "m.snapshots.npy")
        self.assertEqual(frames.shape, (4, 100, 2))
        self.assertEqual(frames.values[-200:], map_.values)
        self.assertEqual(json["stopped"], "iterations")
        self.assertEqual(
            json["snapshots"], {"file": "m.snapshots.npy", "iterations": [0, 20, 40, 50]}
        )
        plain, _ = self.map("p.npy", "--iterations", 50)
        self.assertEqual(plain, map_)

    def test_one_dimension(self) -> None:
        map_, json = self.map("m.npy", "--iterations", 50, "--components", 1)
        self.assertEqual((map_.shape, json["options"]["components"]), ((100, 1), 1))

    def test_three_dimensions(self) -> None:
        map_, json = self.map("m.npy", "--iterations", 50, "--components", 3, "--snapshots", 50)
        self.assertEqual((map_.shape, json["options"]["components"]), ((100, 3), 3))
        self.assertEqual(json["grid_iterations"], 0)
        self.assertEqual(read_npy(self.folder / "m.snapshots.npy").shape, (2, 100, 3))
        self.run_well("tsne", trained() / "latent.npy", "--out", "a.npy", "--device", "cpu",
                      "--threads", 3, "--iterations", 50, "--components", 3)  # fmt: skip
        self.assertEqual(read_npy(self.folder / "a.npy"), map_)
        self.map("i.npy", "--iterations", 5, "--components", 3, "--init", "m.npy")
        write_npy(self.folder / "flat.npy", floats((100, 2)))
        self.assert_fails(
            1, ["flat.npy", "(100, 3)"], "tsne", trained() / "latent.npy", *ON_CPU,
            "--components", 3, "--init", "flat.npy", "--out", "x.npy",
        )  # fmt: skip

    def test_it_says_why_it_stopped(self) -> None:
        _, json = self.map("f.npy", "--iterations", 3000, "--stop-when-flat")
        self.assertEqual(json["stopped"], "flat")
        self.assertLess(json["iterations"], 3000)
        _, json = self.map("t.npy", "--iterations", 10**9, "--time-limit", 0.2)
        self.assertEqual(json["stopped"], "time limit")
        self.assertLess(json["iterations"], 10**9)

    def test_every_option_changes_the_map_and_is_recorded(self) -> None:
        plain, _ = self.map("p.npy", "--iterations", 300)
        for option, value in (
            ("early-iterations", 100),
            ("exaggeration", 3),
            ("dof", 0.5),
            ("early-momentum", 0.8),
            ("momentum", 0.5),
        ):
            with self.subTest(option):
                map_, json = self.map("m.npy", "--iterations", 300, f"--{option}", value)
                self.assertNotEqual(map_, plain)
                self.assertEqual(json["options"][option.replace("-", "_")], value)


if __name__ == "__main__":
    unittest.main()
