"""A page in a real browser, for the tests of it: headless Chromium, drawing in software.

Exit status 77, which CTest takes for a skipped test, where there is no browser to drive.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import sys
import time
from typing import Any, Optional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("skipped: no selenium (Debian's python3-selenium)")
    sys.exit(77)
if CHROMIUM is None or DRIVER is None:
    print("skipped: no chromium or no chromedriver (Debian's chromium, chromium-driver)")
    sys.exit(77)

OPENED = 20  # seconds that a page may take on a busy machine
SETTLED = 10


def start(webgl: bool = True, downloads: Optional[pathlib.Path] = None) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    arguments = ["--headless=new", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"]
    arguments += ["--disable-background-networking", "--disable-component-update"]
    if webgl:
        arguments += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    else:
        arguments += ["--disable-gpu", "--disable-3d-apis"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    for argument in arguments:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(service=Service(DRIVER), options=options)
    if downloads is not None:
        behaviour = {"behavior": "allow", "downloadPath": str(downloads)}
        browser.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
    browser.set_window_size(1400, 1100)
    still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": still})
    return browser


class Page:
    """A page that is open, as one who uses it sees it."""

    def __init__(self, browser: webdriver.Chrome, path: pathlib.Path, webgl: bool = False) -> None:
        self.browser = browser
        for kind in ("browser", "performance"):
            browser.get_log(kind)  # of what was open before
        browser.get(path.as_uri() + ("#webgl" if webgl else ""))  # though it is slow here
        opened = "globalThis.hourglass !== undefined"
        gave_up = "document.getElementById('opening')?.textContent.startsWith('This page')"
        self.wait_for(f"{opened} || {gave_up}", OPENED)
        if not self.ask(opened):
            raise AssertionError(f"the page did not open: {self.complaints()}")

    def ask(self, expression: str, *arguments: Any) -> Any:
        return self.browser.execute_script(f"return {expression}", *arguments)

    def ask_later(self, expression: str, *arguments: Any) -> Any:
        """What a promise gives."""
        script = f"const answer = arguments[arguments.length - 1]; ({expression}).then(answer)"
        return self.browser.execute_async_script(script, *arguments)

    def wait_for(self, expression: str, seconds: float = SETTLED) -> None:
        end = time.monotonic() + seconds
        while not self.ask(expression):
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s still not: {expression}")
            time.sleep(0.02)

    def text(self, identity: str) -> str:
        return self.ask("document.getElementById(arguments[0]).textContent", identity)

    def pixels(self, identity: str) -> list[int]:
        """Of a canvas: its red, row by row."""
        return self.ask(
            "(canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width,"
            " canvas.height).data).filter((_, i) => i % 4 === 0))"
            "(document.getElementById(arguments[0]))",
            identity,
        )

    # ---- on a map ----

    def surface(self, view: int) -> Any:
        return self.browser.find_elements(By.CSS_SELECTOR, ".surface")[view]

    def screen(self, view: int) -> list[list[float]]:
        """Where all points of a map are."""
        return self.ask(
            "Array.from({length: hourglass.data.count}, (_, i) =>"
            " hourglass.views[arguments[0]].screen(i))",
            view,
        )

    def move_to(self, view: int, x: float, y: float) -> ActionChains:
        surface = self.surface(view)
        size = surface.size
        chain = ActionChains(self.browser, duration=0)
        return chain.move_to_element_with_offset(
            surface, round(x - size["width"] / 2), round(y - size["height"] / 2)
        )

    def hover(self, view: int, index: int) -> None:
        self.move_to(view, *self.screen(view)[index]).perform()

    def wait_settled(self, what: object) -> None:
        """Until the panel shows point `what`, or "place"."""
        self.wait_for(f"document.getElementById('inspector').dataset.settled === '{what}'")

    def clear(self) -> None:
        """Nothing pinned or selected, and whole maps."""
        self.surface(0).send_keys(Keys.ESCAPE)
        for view in range(len(self.browser.find_elements(By.CSS_SELECTOR, ".surface"))):
            self.surface(view).send_keys("0")

    # ---- what must not be ----

    def complaints(self) -> list[str]:
        """Errors in the console."""
        log = self.browser.get_log("browser")
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def requests(self) -> list[str]:
        """What was asked of the network."""
        asked = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.append(message["params"]["request"]["url"])
        return [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
