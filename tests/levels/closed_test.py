"""The levels of the CPU target are closed: nothing that was compiled for one processor runs on
another, whatever names it shares with what was compiled for all.

$HOURGLASS_PROGRAM is the program, $HOURGLASS_LEVEL_OBJECTS the objects of its levels, separated by
colons, in ascending order.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["HOURGLASS_PROGRAM"]
OBJECTS = [pathlib.Path(name) for name in os.environ["HOURGLASS_LEVEL_OBJECTS"].split(":")]
LEVEL = re.compile(r"3cpu(?:6x86_64|9x86_64_v[234])")
TRAIN = ("train", "dense", "--epochs", 1, "--out", "run")
# What the program would set for its libraries; it then starts itself anew, but not under QEMU.
STAYS = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_CORETYPE": "Nehalem", "OMP_NUM_THREADS": "1"}
EMULATED = {"x86-64-v2": "Nehalem", "x86-64-v3": "Haswell"}  # QEMU's processors


def output(*command: object, **more: object) -> str:
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True,
                          **more).stdout  # fmt: skip


def space_of(path: pathlib.Path) -> str:
    return path.stem[len("hourglass_cpu_") :]


def level_of(path: pathlib.Path) -> str:
    return space_of(path).replace("_", "-")


class ClosedTest(unittest.TestCase):
    def test_an_object_offers_its_namespace_alone(self) -> None:
        for path in OBJECTS:
            inside = f"3cpu{len(space_of(path))}{space_of(path)}"
            names = [line.split() for line in output("nm", "--defined-only", path).splitlines()]
            offered = [words[-1] for words in names if words[-2].isupper() or words[-2] in "uvw"]
            with self.subTest(path.name):
                self.assertTrue(any("kTarget" in name for name in offered))
                self.assertEqual([name for name in offered if inside not in name], [])

    def test_an_object_runs_nothing_before_it_is_picked(self) -> None:
        """No variable of it is set up when the program starts, on whatever processor."""
        for path in OBJECTS:
            sections = output("objdump", "--section-headers", path)
            with self.subTest(path.name):
                self.assertIn(".text", sections)
                self.assertNotRegex(sections, r"\.(init_array|preinit_array|ctors|init)\b")
                self.assertNotRegex(sections, r"\.group\b")  # which a linker takes one of

    def test_what_the_program_shares_is_for_any_processor(self) -> None:
        """Functions that a linker may have taken from any object have no vectors wider than SSE's.

        Those of one file alone cannot be mixed up, nor can a level's.
        """
        shared = set()
        for line in output("nm", "--defined-only", PROGRAM).splitlines():
            address, kind, name = line.split(maxsplit=2)
            if kind in "TWu" and not LEVEL.search(name):
                shared.add(int(address, 16))
        self.assertGreater(len(shared), 100)
        address, name, wide, seen = 0, "", [], 0
        listing = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", PROGRAM],
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
        assert listing.stdout
        with listing, listing.stdout:
            for line in listing.stdout:
                if line.endswith(">:\n"):
                    address, name = int(line[: line.index(" ")], 16), line[line.index("<") + 1 : -3]
                elif "%ymm" in line or "%zmm" in line or "\tv" in line:
                    seen += 1
                    if address in shared:
                        wide.append(name)
        if level_of(OBJECTS[-1]) in ("x86-64-v3", "x86-64-v4"):
            self.assertGreater(seen, 10000)
        self.assertEqual(wide, [])


@unittest.skipUnless(shutil.which("qemu-x86_64"), "no QEMU of user mode (Debian: qemu-user)")
class EmulatedTest(unittest.TestCase):
    """On processors that lack instructions."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def on(self, processor: str, *arguments: object, level: str = "") -> "tuple[int, str]":
        result = subprocess.run(
            ["qemu-x86_64", "-cpu", processor, PROGRAM, *map(str, arguments)],
            env={**os.environ, "HOURGLASS_CPU_LEVEL": level, **STAYS},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=500,
            cwd=self.folder,
        )
        said = [line for line in result.stderr.splitlines() if not line.startswith("qemu-x86_64: w")]
        return result.returncode, result.stdout + "\n".join(said)

    def test_the_best_it_has(self) -> None:
        levels = [level_of(path) for path in OBJECTS]
        for level, processor in EMULATED.items():
            if level not in levels:
                continue
            with self.subTest(processor):
                status, said = self.on(processor, "info")
                self.assertEqual(status, 0, said)
                self.assertRegex(said, rf"cpu .*, {level}\n")
                for higher in levels[levels.index(level) + 1 :]:
                    status, said = self.on(processor, *TRAIN, level=higher)
                    self.assertEqual(status, 1, said)
                    self.assertIn(f"'{higher}', but this processor runs no more than {level}", said)

    def test_too_old(self) -> None:
        """Unless the build has code for every processor."""
        status, said = self.on("core2duo", *TRAIN)
        if level_of(OBJECTS[0]) == "x86-64":
            self.assertEqual(status, 0, said)
        else:
            self.assertEqual(status, 1, said)
            self.assertRegex(said, "hourglass: error: .*this processor runs none of the levels")

    def test_it_works(self) -> None:
        """Training, a map, and all the libraries."""
        for level, processor in EMULATED.items():
            if level not in map(level_of, OBJECTS):
                continue
            with self.subTest(processor):
                folder = self.folder / processor
                folder.mkdir()
                status, said = self.on(processor, "train", "conv", "--data", "synthetic:600",
                                       "--steps", 2, "--out", folder / "run")  # fmt: skip
                self.assertEqual(status, 0, said)
                status, said = self.on(processor, "encode", "--data", "synthetic:600", "--weights",
                                       folder / "run" / "weights.safetensors", "--out",
                                       folder / "codes.npy")  # fmt: skip
                self.assertEqual(status, 0, said)
                status, said = self.on(processor, "tsne", folder / "codes.npy", "--iterations", 20,
                                       "--out", folder / "map.npy")  # fmt: skip
                self.assertEqual(status, 0, said)


if __name__ == "__main__":
    unittest.main()
