"""The examples that need no data of others run, and leave their figures."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"


def test_the_digit_four(tmp_path) -> None:
    pytest.importorskip("matplotlib")
    variables = {**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path / "settings")}
    command = [sys.executable, EXAMPLES / "dense.py"]
    said = subprocess.run(
        command, cwd=tmp_path, env=variables, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    (error,) = re.findall(r"mean squared error (\S+)", said)
    assert float(error) < 1e-3
    figures = [tmp_path / f"{name}.png" for name in ("digit", "dense_reconstruction", "latent")]
    assert all(figure.read_bytes().startswith(b"\x89PNG") for figure in figures)
