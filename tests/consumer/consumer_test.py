"""An installed Hourglass: find_package finds it, a program builds with it and runs, and its headers
need nothing but the standard library.

$HOURGLASS_BUILD is a build folder, $CXX the compiler and $CMAKE the CMake that made it.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["HOURGLASS_BUILD"])
CMAKE = os.environ.get("CMAKE", "cmake")
CXX = os.environ.get("CXX", "c++")
SOURCE = pathlib.Path(__file__).resolve().parent
EXPECTED = "array autoencoder dataset device error loss model npy pca version".split()


class ConsumerTest(unittest.TestCase):
    folder: pathlib.Path
    prefix: pathlib.Path

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="hourglass-")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.prefix = cls.folder / "prefix"
        cls.run_well(CMAKE, "--install", BUILD, "--prefix", cls.prefix)

    @classmethod
    def run_well(cls, *command: object, cwd: "pathlib.Path | None" = None) -> str:
        result = subprocess.run(
            list(map(str, command)),
            cwd=cwd or cls.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert result.returncode == 0, f"{command} failed:\n{result.stdout}"
        return result.stdout

    def headers(self) -> list[pathlib.Path]:
        return sorted((self.prefix / "include" / "hourglass").glob("*"))

    def test_headers(self) -> None:
        self.assertLessEqual(set(EXPECTED), {header.stem for header in self.headers()})
        for header in self.headers():
            with self.subTest(header.name):
                for include in re.findall(r'#\s*include\s*([<"].*[>"])', header.read_text()):
                    self.assertRegex(include, r"^<(hourglass/[a-z_]+\.hpp|[a-z_]+)>$")
                alone = self.folder / "alone.cpp"  # twice, for the include guard
                alone.write_text(f"#include <hourglass/{header.name}>\n" * 2)
                flags = ["-std=c++20", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
                self.run_well(CXX, *flags, "-fsyntax-only", "-I", self.prefix / "include", alone)

    def test_consumer(self) -> None:
        build = self.folder / "consumer"
        configure = [CMAKE, "-S", SOURCE, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}"]
        configure += [f"-DCMAKE_CXX_COMPILER={CXX}", "-DCMAKE_BUILD_TYPE=Release"]
        # Where Hourglass was told to look for a library, its users are told too.
        cache = (BUILD / "CMakeCache.txt").read_text()
        configure += [
            f"-D{name}={value}"
            for name, value in re.findall(r"^(CUDNN_ROOT|CUDAToolkit_ROOT):\w+=(.+)$", cache, re.M)
        ]
        self.run_well(*configure)
        self.run_well(CMAKE, "--build", build)
        self.assertIn("hourglass ", self.run_well(build / "consumer"))

    def test_program(self) -> None:
        text = self.run_well(self.prefix / "bin" / "hourglass", "info")
        self.assertIn("devices", text)
        self.assertTrue((self.prefix / "share" / "hourglass" / "plot.py").exists())


if __name__ == "__main__":
    unittest.main()
