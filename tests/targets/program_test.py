"""The program's studies and maps, whole, on a GPU: the CPU's numbers, to rounding."""

import math
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from program import Array, ProgramTest, parse_json, read_npy, read_safetensors  # noqa: E402


def error(found: Array, expected: Array) -> float:
    """Relative, in the Euclidean norm."""
    assert found.shape == expected.shape
    difference = math.dist(found.values, expected.values)
    return difference / math.hypot(*expected.values)


class AgreementTest(ProgramTest):
    def on_both(self, *arguments: object) -> tuple[pathlib.Path, pathlib.Path]:
        for device in ("cpu", "cuda"):
            self.run_well(*arguments, "--engine", "layered", "--out", device, "--device", device)
        return self.folder / "cpu", self.folder / "cuda"

    def arrays_on_both(self, *arguments: object) -> tuple[Array, Array]:
        for device in ("cpu", "cuda"):
            self.run_well(*arguments, "--out", f"{device}.npy", "--device", device)
        return read_npy(self.folder / "cpu.npy"), read_npy(self.folder / "cuda.npy")

    def assert_close(self, name: str, found: Array, expected: Array, bound: float) -> None:
        self.assertLessEqual(error(found, expected), bound, name)

    def test_info_names_the_libraries(self) -> None:
        said = self.run_well("info")
        for name in ("cuda:0", "CUDA runtime", "cuDNN", "cuBLAS", "cuSOLVER"):
            self.assertIn(name, said)

    def test_conv_and_maps_of_its_codes(self) -> None:
        cpu, cuda = self.on_both(
            *("run", "conv", "--no-figures", "--data", "synthetic:600", "--steps", 10)
        )
        for name in ("originals", "reconstructions", "latent", "labels"):
            array = f"{name}.npy"
            self.assert_close(name, read_npy(cuda / array), read_npy(cpu / array), 1e-4)
        weights = read_safetensors(cpu / "weights.safetensors")
        for name, tensor in read_safetensors(cuda / "weights.safetensors").items():
            self.assert_close(name, tensor, weights[name], 4e-5)
        metrics = [parse_json((folder / "metrics.json").read_text()) for folder in (cpu, cuda)]
        self.assertEqual([m["device"]["kind"] for m in metrics], ["cpu", "cuda"])
        latent = cpu / "latent.npy"
        self.assert_close("PCA", *reversed(self.arrays_on_both("pca", latent)), 1e-4)
        # Later the weak half of the affinities lags, and which half that is depends on how many a
        # target takes at a time; then rounding doubles with each step, and maps are alike in
        # quality alone.
        maps = self.arrays_on_both("tsne", latent, "--iterations", 1)
        self.assert_close("t-SNE", *reversed(maps), 1e-4)

    def test_dense(self) -> None:
        cpu, cuda = self.on_both("run", "dense", "--no-figures", "--epochs", 50)
        weights = read_safetensors(cpu / "weights.safetensors")
        for name, tensor in read_safetensors(cuda / "weights.safetensors").items():
            self.assert_close(name, tensor, weights[name], 4e-3)


if __name__ == "__main__":
    unittest.main()
