#!/usr/bin/env python3
"""How large a page is, how long it takes to make, and how fast it is in a browser that draws in
software: headless Chromium with SwiftShader.

    python bench/page.py --hourglass build/hourglass --data data/mnist --run runs/conv

Pages of 10,000 digits (the run's own), of 60,000 (MNIST's training images through the run's
network, on two maps of random clusters), and of a million points without images. First picture: from the start of the navigation until two frames after the first.
Hover: from a pointer's move until its image, reconstruction and code are drawn, median and worst of
40 points. Frames: one map of two, panned and zoomed a little each frame, for two seconds. It wants
NumPy, selenium, chromium and chromedriver.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from common import cpu_name, read_images, usable_cpus

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "page"))
from browser import Page, start  # noqa: E402

HOVER = """
(async (view, indices) => {
  const box = view.surface.getBoundingClientRect();
  const panel = document.getElementById("inspector");
  const times = [];
  for (const index of indices) {
    const [x, y] = view.screen(index);
    if (x < 0 || y < 0 || x > box.width || y > box.height) continue;
    const start = performance.now();
    const place = {clientX: box.left + x, clientY: box.top + y, bubbles: true};
    view.surface.dispatchEvent(new PointerEvent("pointermove", place));
    while (panel.dataset.settled !== `${hourglass.state.hover}`) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
    times.push(performance.now() - start);
  }
  return times;
})(hourglass.views.at(-1), arguments[0])"""

FRAMES = """
(async (view) => {
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < 2000) {
    view.camera.pan(Math.sin(frames / 5) * 6, Math.cos(frames / 5) * 6);
    view.camera.zoomAt(200, 200, frames % 40 < 20 ? 1.02 : 1 / 1.02);
    view.redraw();
    await new Promise((resolve) => requestAnimationFrame(resolve));
    ++frames;
  }
  const {gl} = view.points;
  if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  return frames / ((performance.now() - start) / 1000);
})(hourglass.views.at(-1))"""


def clusters(labels: np.ndarray, seed: int) -> np.ndarray:
    chance = np.random.default_rng(seed)
    centres = chance.normal(0, 30, (10, 2))
    return (centres[labels] + chance.normal(0, 6, (len(labels), 2))).astype(np.float32)


def make(arguments: argparse.Namespace, folder: Path) -> dict[str, tuple[Path, float]]:
    """Pages, and the seconds that each took to make."""
    images = read_images(arguments.data, "train-images-idx3-ubyte")
    with gzip.open(arguments.data / "train-labels-idx1-ubyte.gz") as stream:
        labels = np.frombuffer(stream.read(), np.uint8, offset=8)
    many = np.tile(labels, 17)[:1_000_000]
    for name, array in {
        "images": images,
        "labels": labels,
        "map_1": clusters(labels, 1),
        "map_2": clusters(labels, 2),
        "many_1": clusters(many, 3),
        "many_2": clusters(many, 4),
        "many_labels": many,
    }.items():
        np.save(folder / f"{name}.npy", array)
    weights = arguments.run / "weights.safetensors"
    f = folder
    commands = {
        "10,000": [arguments.run],
        "60,000": ["--map", f / "map_1.npy", "--map", f / "map_2.npy", "--weights", weights]
        + ["--images", f / "images.npy", "--labels", f / "labels.npy"],
        "1,000,000": ["--map", f / "many_1.npy", "--map", f / "many_2.npy"]
        + ["--labels", f / "many_labels.npy"],
    }
    pages = {}
    for name, command in commands.items():
        page = folder / f"{len(pages)}.html"
        seconds = []
        for _ in range(3):
            begin = time.perf_counter()
            line = [arguments.hourglass, "page", *command, "--out", page, "--quiet"]
            subprocess.run(list(map(str, line)), check=True)
            seconds.append(time.perf_counter() - begin)
        pages[name] = (page, statistics.median(seconds))
    return pages


def in_browser(page_file: Path, webgl: bool, count: int) -> dict:
    browser = start(webgl)
    try:
        page = Page(browser, page_file, webgl)
        page.wait_for("performance.getEntriesByName('hourglass-shown').length > 0", 30)
        shown = page.ask("performance.getEntriesByName('hourglass-shown')[0].startTime")
        indices = [int(i) for i in np.random.default_rng(7).integers(0, count, 40)]
        browser.set_script_timeout(60)
        hover = page.ask_later(HOVER, indices)
        return {
            "first_picture_s": round(shown / 1000, 3),
            "hover_ms": round(statistics.median(hover), 1),
            "hover_worst_ms": round(max(hover), 1),
            "frames_a_second": round(page.ask_later(FRAMES), 1),
        }
    finally:
        browser.quit()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hourglass", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="a folder of run conv")
    parser.add_argument("--out", type=Path, help="JSON of the results")
    arguments = parser.parse_args()
    report: dict = {"cpu": cpu_name(), "cpus": usable_cpus(), "pages": {}}
    with tempfile.TemporaryDirectory() as temporary:
        pages = make(arguments, Path(temporary))
        for name, (page, seconds) in pages.items():
            count = int(name.replace(",", ""))
            entry = {"made_in_s": round(seconds, 2), "megabytes": round(os.stat(page).st_size / 1e6, 2)}
            for kind in ("webgl", "canvas"):
                if count > 100_000 and kind == "canvas":
                    continue
                entry[kind] = in_browser(page, kind == "webgl", count)
            report["pages"][name] = entry
            print(name, json.dumps(entry), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
