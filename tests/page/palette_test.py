"""Colours of the page: at least 3:1 against the map they lie on, and those of labels apart for people
too who lack one kind of cones."""

from __future__ import annotations

import itertools
import math
import pathlib
import re
import unittest

WEB = pathlib.Path(__file__).resolve().parents[2] / "src" / "page" / "web"


def colours_of(name: str) -> dict[str, list[str]]:
    """{"light": [...], "dark": [...]} of a table in colours.js."""
    text = (WEB / "colours.js").read_text(encoding="utf-8")
    table = re.search(rf"const {name} = {{(.*?)}};", text, re.DOTALL).group(1)
    return {
        theme: re.findall(r"#[0-9a-f]{6}", re.search(rf"{theme}: \[(.*?)\]", table, re.DOTALL)[1])
        for theme in ("light", "dark")
    }


def grounds() -> dict[str, str]:
    text = (WEB / "page.css").read_text(encoding="utf-8")
    light, dark = re.search(r"--map: light-dark\((#\w{6}), (#\w{6})\)", text).groups()
    return {"light": light, "dark": dark}


def linear(colour: str) -> list[float]:
    """Red, green and blue as light, from 0 to 1."""
    values = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def contrast(a: str, b: str) -> float:
    """As WCAG 2 defines it."""
    red, green, blue = (0.2126, 0.7152, 0.0722)
    light = [red * r + green * g + blue * bl for r, g, bl in (linear(a), linear(b))]
    return (max(light) + 0.05) / (min(light) + 0.05)


# What is seen without the cones for long, middle or short waves, of linear red, green and blue:
# G. M. Machado and others, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 15 (2009), severity 1.
SEEN = {
    "by most": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without long": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "without middle": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "without short": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def product(matrix: tuple, values: list[float]) -> list[float]:
    return [sum(m * v for m, v in zip(row, values)) for row in matrix]


def oklab(light: list[float]) -> list[float]:
    """B. Ottosson's space, in which 0.02 is a difference that is just seen."""
    cones = product(
        (
            (0.4122214708, 0.5363325363, 0.0514459929),
            (0.2119034982, 0.6806995451, 0.1073969566),
            (0.0883024619, 0.2817188376, 0.6299787005),
        ),
        [min(1, max(0, value)) for value in light],
    )
    return product(
        (
            (0.2104542553, 0.7936177850, -0.0040720468),
            (1.9779984951, -2.4285922050, 0.4505937099),
            (0.0259040371, 0.7827717662, -0.8086757660),
        ),
        [cone ** (1 / 3) for cone in cones],
    )


class PaletteTest(unittest.TestCase):
    def test_contrast(self) -> None:
        for name in ("PALETTES", "SCALES"):
            for theme, colours in colours_of(name).items():
                self.assertGreaterEqual(len(colours), 6)
                for colour in colours:
                    with self.subTest(name, theme=theme, colour=colour):
                        self.assertGreaterEqual(contrast(colour, grounds()[theme]), 3)

    def test_labels_differ_for_everybody(self) -> None:
        for theme, colours in colours_of("PALETTES").items():
            self.assertEqual(len(colours), 10)
            for who, matrix in SEEN.items():
                seen = {c: oklab(product(matrix, linear(c))) for c in colours}
                for a, b in itertools.combinations(colours, 2):
                    with self.subTest(theme=theme, seen=who, colours=(a, b)):
                        self.assertGreater(math.dist(seen[a], seen[b]), 0.04)


if __name__ == "__main__":
    unittest.main()
