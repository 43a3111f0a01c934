"""What the tests of the program share: running it, and reading and writing its files by hand.

Only the standard library: the tests read what the program wrote with no code of its own, and run on
any Python 3.9 or newer. The program is $HOURGLASS_PROGRAM.
"""

from __future__ import annotations

import array
import ast
import dataclasses
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import unittest
from collections.abc import Sequence
from typing import Any, Optional

PROGRAM = os.environ.get("HOURGLASS_PROGRAM", "hourglass")
TIMEOUT = 120  # seconds; nothing here takes long, but a machine may be busy


@dataclasses.dataclass
class Array:
    """A dense array: dtype as in .npy headers ('<f4', '|u1'), values flat in C order."""

    dtype: str
    shape: tuple[int, ...]
    values: array.array[Any]

    def rows(self, first: int, count: int) -> Array:
        size = len(self.values) // self.shape[0]
        values = self.values[first * size : (first + count) * size]
        return Array(self.dtype, (count, *self.shape[1:]), values)


def floats(shape: Sequence[int], value: float = 0.5) -> Array:
    size = 1
    for extent in shape:
        size *= extent
    return Array("<f4", tuple(shape), array.array("f", [value]) * size)


def read_npy(path: pathlib.Path) -> Array:
    data = path.read_bytes()
    assert data[:8] == b"\x93NUMPY\x01\x00", f"{path}: not version 1 of .npy"
    (length,) = struct.unpack("<H", data[8:10])
    header = ast.literal_eval(data[10 : 10 + length].decode("latin1"))
    assert not header["fortran_order"], path
    values: array.array[Any] = array.array({"<f4": "f", "|u1": "B"}[header["descr"]])
    values.frombytes(data[10 + length :])
    size = 1
    for extent in header["shape"]:
        size *= extent
    assert len(values) == size, f"{path}: {len(values)} values, but shape {header['shape']}"
    return Array(header["descr"], header["shape"], values)


def npy_header(dtype: str, shape: Sequence[int]) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()


def write_npy(path: pathlib.Path, contents: Array) -> pathlib.Path:
    path.write_bytes(npy_header(contents.dtype, contents.shape) + contents.values.tobytes())
    return path


def read_safetensors(path: pathlib.Path) -> dict[str, Array]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", (path, name)
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = Array("<f4", tuple(entry["shape"]), array.array("f", data[begin:end]))
    return tensors


def write_safetensors(path: pathlib.Path, tensors: dict[str, Array]) -> pathlib.Path:
    header, data = {}, b""
    for name, tensor in tensors.items():
        end = len(data) + 4 * len(tensor.values)
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(data), end]}
        data += tensor.values.tobytes()
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def parse_json(text: str) -> Any:
    """Strict: NaN and Infinity are no JSON."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} in JSON")

    return json.loads(text, parse_constant=refuse)


def environment(**variables: str) -> dict[str, str]:
    """Ours, without what would change the program's choices."""
    kept = {name: text for name, text in os.environ.items() if name != "HOURGLASS_DATA"}
    return {**kept, **variables}


def names_in(folder: pathlib.Path) -> list[str]:
    """Everything in it, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


class ProgramTest(unittest.TestCase):
    """A scratch folder, which is also where the program runs."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="hourglass-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def call(
        self,
        *arguments: object,
        cwd: Optional[pathlib.Path] = None,
        variables: Optional[dict[str, str]] = None,
        **more: Any,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *map(str, arguments)],
            cwd=cwd or self.folder,
            env=environment(**(variables or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            **more,
        )

    def run_well(self, *arguments: object, **more: Any) -> str:
        """Standard output of a call that must succeed without a word on standard error."""
        result = self.call(*arguments, **more)
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def assert_one_line(self, stderr: str, *words: str) -> None:
        self.assertRegex(stderr, r"\Ahourglass: error: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, stderr)

    def assert_fails(
        self, status: int, words: Sequence[str], *arguments: object, **more: Any
    ) -> None:
        """Fails with this status and one line that holds these words, and leaves nothing new."""
        before = names_in(self.folder)
        result = self.call(*arguments, **more)
        self.assert_one_line(result.stderr, *words)
        self.assertEqual(result.returncode, status, (arguments, result.stderr))
        self.assertEqual(names_in(self.folder), before, f"{arguments} left something behind")


_trained: Optional[pathlib.Path] = None


def trained() -> pathlib.Path:
    """A small finished `run conv`, made once for all tests of a file. Not to be changed."""
    global _trained
    if _trained is None:
        temporary = tempfile.TemporaryDirectory(prefix="hourglass-trained-")
        unittest.addModuleCleanup(temporary.cleanup)
        _trained = pathlib.Path(temporary.name) / "run"
        subprocess.run(
            [PROGRAM, "run", "conv", "--no-figures", "--quiet", "--data", "synthetic:600"]
            + ["--epochs", "1", "--device", "cpu", "--threads", "1", "--out", str(_trained)],
            check=True,
            env=environment(),
            timeout=TIMEOUT,
        )
    return _trained
