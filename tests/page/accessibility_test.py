"""axe-core finds nothing on the page: light and dark, at first, with a point pinned and points
selected, on a phone.

axe-core is not part of this repository: HOURGLASS_AXE names its axe.min.js, or a Python package
that brings it (axe-core-python, axe-selenium-python) is installed. Without either the test is
skipped.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import tempfile
import unittest
from typing import Optional


def find_axe() -> Optional[pathlib.Path]:
    if "HOURGLASS_AXE" in os.environ:
        return pathlib.Path(os.environ["HOURGLASS_AXE"])
    for package in ("axe_core_python", "axe_selenium_python"):
        found = importlib.util.find_spec(package)
        for folder in found.submodule_search_locations if found else []:
            for script in pathlib.Path(folder).rglob("axe.min.js"):
                return script
    return None


AXE = find_axe()
if AXE is None:
    print("skipped: no axe-core (HOURGLASS_AXE, or the Python package axe-core-python)")
    sys.exit(77)

from browser import Page, start  # noqa: E402
from map_test import Files  # noqa: E402


class AccessibilityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="hourglass-page-")
        cls.addClassCleanup(temporary.cleanup)
        files = Files(pathlib.Path(temporary.name))
        cls.browser = start()
        cls.addClassCleanup(cls.browser.quit)
        cls.page = Page(cls.browser, files.page)
        cls.browser.execute_cdp_cmd(
            "Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")}
        )

    def assert_nothing_found(self, when: str) -> None:
        result = self.page.ask_later("axe.run(document)")
        found = [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in result["violations"]]
        self.assertEqual(found, [], when)
        self.assertGreater(len(result["passes"]), 20)

    def test_in_every_state(self) -> None:
        change = "document.getElementById('theme').click()"
        self.assert_nothing_found("at first")
        self.page.ask("hourglass.state.set({pinned: 3, selected: new Set([1, 2, 3]), label: 0})")
        self.page.wait_settled(3)
        self.assert_nothing_found("pinned and selected")
        self.page.ask(change)
        self.assert_nothing_found("the other theme")
        self.page.ask("document.getElementById('colouring').selectedIndex = 1")
        self.page.ask("document.getElementById('colouring').dispatchEvent(new Event('change'))")
        self.assert_nothing_found("coloured by error")
        metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.assert_nothing_found("on a phone")


if __name__ == "__main__":
    unittest.main()
