"""Every colour of the page's palettes and scales is at least 3:1 against the map it lies on."""

from __future__ import annotations

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


class PaletteTest(unittest.TestCase):
    def test_contrast(self) -> None:
        for name in ("PALETTES", "SCALES"):
            for theme, colours in colours_of(name).items():
                self.assertGreaterEqual(len(colours), 6)
                for colour in colours:
                    with self.subTest(name, theme=theme, colour=colour):
                        self.assertGreaterEqual(contrast(colour, grounds()[theme]), 3)


if __name__ == "__main__":
    unittest.main()
