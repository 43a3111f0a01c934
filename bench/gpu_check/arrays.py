"""NumPy's .npy and safetensors without NumPy: what is needed to compare results."""

from __future__ import annotations

import array
import ast
import json
import math
import struct
import sys
from pathlib import Path
from typing import Sequence

Tensor = Sequence[float]
Tensors = dict[str, Tensor]

_NPY_TYPES = {"<f4": "f", "<f8": "d", "|u1": "B"}


def _values(code: str, data: bytes) -> Tensor:
    values = array.array(code)
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def read_npy(file: Path) -> tuple[tuple[int, ...], Tensor]:
    """Shape and values, row by row."""
    data = file.read_bytes()
    if data[:6] != b"\x93NUMPY":
        raise ValueError(f"{file}: not a .npy file")
    size, start = (
        (struct.unpack_from("<H", data, 8)[0], 10)
        if data[6] == 1
        else (
            struct.unpack_from("<I", data, 8)[0],
            12,
        )
    )
    header = ast.literal_eval(data[start : start + size].decode("latin-1"))
    if header["fortran_order"] or header["descr"] not in _NPY_TYPES:
        raise ValueError(f"{file}: unexpected header {header}")
    return header["shape"], _values(_NPY_TYPES[header["descr"]], data[start + size :])


def read_safetensors(file: Path) -> Tensors:
    data = file.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{file}: {name} is {entry['dtype']}, not F32")
        first, last = entry["data_offsets"]
        tensors[name] = _values("f", data[8 + size + first : 8 + size + last])
    return tensors


def tensor_shapes(file: Path) -> dict[str, list[int]]:
    data = file.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    return {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}


def write_safetensors(file: Path, tensors: Tensors, shapes: dict[str, list[int]]) -> None:
    header, data = {}, b""
    for name, values in tensors.items():
        part = struct.pack(f"<{len(values)}f", *values)
        header[name] = {
            "dtype": "F32",
            "shape": shapes[name],
            "data_offsets": [len(data), len(data) + len(part)],
        }
        data += part
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + data)


def distance(a: Tensor, b: Tensor) -> float:
    if len(a) != len(b):
        raise ValueError(f"{len(a)} values beside {len(b)}")
    return math.dist(a, b)


def norm(a: Tensor) -> float:
    return math.hypot(*a)


def relative_error(values: Tensor, reference: Tensor) -> float:
    """||values - reference|| / ||reference||; NaN where a value is none."""
    size = norm(reference)
    error = distance(values, reference)
    if size == 0.0:
        return 0.0 if error == 0.0 else math.inf
    return error / size if math.isfinite(error) else math.nan


def difference(a: Tensor, b: Tensor) -> Tensor:
    return [x - y for x, y in zip(a, b)]
