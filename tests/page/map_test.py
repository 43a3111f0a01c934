"""map.html in a browser: what is seen, pointed at, typed and drawn on it."""

from __future__ import annotations

import array
import math
import pathlib
import random
import subprocess
import tempfile
import time
import unittest
from typing import Optional

from browser import ActionChains, By, Keys, Page, start
from program import PROGRAM, Array, ProgramTest, environment, read_npy, trained, write_npy

POINTS = 200
LABELS = ["cat", "</script><script>window.executed = 1</script>", "\"quoted\" 'too'", "a\u2028b",
          "<img src=x onerror=window.executed=1>"]  # fmt: skip


def hourglass(*arguments: object) -> None:
    subprocess.run(
        [PROGRAM, *map(str, arguments), "--quiet"],
        check=True,
        env=environment(),
        timeout=120,
        stdout=subprocess.DEVNULL,
    )


def random_array(dtype: str, shape: tuple[int, ...], draw) -> Array:
    values = [draw() for _ in range(math.prod(shape))]
    return Array(dtype, shape, array.array({"<f4": "f", "|u1": "B"}[dtype], values))


class Files:
    """Two random maps, images and labels; made once."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        chance = random.Random(3)
        self.maps = []
        for name in ("first.npy", "second.npy"):
            values = random_array("<f4", (POINTS, 2), lambda: chance.gauss(0, 5))
            self.maps.append(write_npy(folder / name, values))
        self.images = random_array("|u1", (POINTS, 28, 28), lambda: chance.randrange(256))
        write_npy(folder / "images.npy", self.images)
        self.labels = [chance.randrange(len(LABELS)) for _ in range(POINTS)]
        text = "".join(LABELS[label] + "\n" for label in self.labels)
        (folder / "labels.txt").write_text(text, encoding="utf-8")
        self.frames = random_array("<f4", (3, POINTS, 2), lambda: chance.gauss(0, 1))
        write_npy(folder / "frames.npy", self.frames)
        self.weights = trained() / "weights.safetensors"
        self.page = folder / "map.html"
        hourglass(
            *("page", "--map", self.maps[0], "--map", self.maps[1]),
            *("--images", folder / "images.npy", "--labels", folder / "labels.txt"),
            *("--weights", self.weights, "--snapshots", folder / "frames.npy"),
            *("--title", "<b>bold</b> & \"more\"", "--out", self.page),
        )

    def image(self, index: int) -> list[int]:
        return list(self.images.rows(index, 1).values)


class BrowserTest(unittest.TestCase):
    webgl = True
    files: Files
    page: Page

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="hourglass-page-")
        cls.addClassCleanup(temporary.cleanup)
        folder = pathlib.Path(temporary.name)
        cls.files = Files(folder)
        cls.downloads = folder / "downloads"
        cls.downloads.mkdir()
        cls.browser = start(cls.webgl, cls.downloads)
        cls.addClassCleanup(cls.browser.quit)
        cls.page = Page(cls.browser, cls.files.page, cls.webgl)

    def setUp(self) -> None:
        self.page.clear()

    def hover_and_compare(self, view: int, index: int) -> None:
        self.page.hover(view, index)
        self.page.wait_settled(index)
        self.assertEqual(self.page.pixels("image"), self.files.image(index))
        self.assertEqual(self.page.text("what"), LABELS[self.files.labels[index]])

    def colour_at(self, view: int, index: int) -> list[int]:
        """Red, green, blue, opacity of the drawn points where a point is."""
        return self.page.ask(
            "((view, index) => {"
            "  view.dirty.points = true; view.draw();"
            "  const canvas = new OffscreenCanvas(view.pointCanvas.width, view.pointCanvas.height);"
            "  const context = canvas.getContext('2d'); context.drawImage(view.pointCanvas, 0, 0);"
            "  const [x, y] = view.screen(index).map((at) => Math.floor(at * view.ratio));"
            "  return Array.from(context.getImageData(x, y, 1, 1).data);"
            "})(hourglass.views[arguments[0]], arguments[1])",
            view,
            index,
        )

    def assert_points_are_drawn(self) -> None:
        alone = self.alone(0)
        palette = self.page.ask("Array.from(hourglass.views[0].points.look.colours)")
        for index in alone[:5]:
            red, green, blue, opacity = self.colour_at(0, index)
            self.assertGreater(opacity, 150)
            wanted = [palette[4 * index + c] for c in range(3)]
            for found, expected in zip((red, green, blue), wanted):
                self.assertAlmostEqual(found, expected, delta=6)

    def alone(self, view: int) -> list[int]:
        """Points that no other comes near to."""
        places = self.page.screen(view)
        return [
            i
            for i, a in enumerate(places)
            if all(i == j or math.dist(a, b) > 24 for j, b in enumerate(places))
        ]


class PageTest(BrowserTest):
    def test_points_are_drawn_by_webgl(self) -> None:
        self.assertEqual(self.page.ask("hourglass.views[0].points.constructor.name"), "WebglPoints")
        self.assert_points_are_drawn()

    def test_the_image_under_the_pointer_pixel_by_pixel(self) -> None:
        for view in (0, 1):
            for index in self.alone(view)[:4]:
                self.hover_and_compare(view, index)

    def test_what_is_pointed_at_in_one_map_is_seen_in_the_other(self) -> None:
        index = next(i for i in self.alone(1))
        self.page.hover(1, index)
        self.page.wait_settled(index)
        ring = self.page.ask(
            "((view, index) => {"
            "  view.draw(); const [x, y] = view.screen(index); const r = 7 + view.size / 2;"
            "  const context = view.overlay.getContext('2d');"
            "  const at = (dx, dy) => context.getImageData(Math.round((x + dx) * view.ratio),"
            "    Math.round((y + dy) * view.ratio), 1, 1).data[3];"
            "  return [at(r, 0), at(-r, 0), at(0, r), at(0, -r)];"
            "})(hourglass.views[0], arguments[0])",
            index,
        )
        self.assertTrue(all(opacity > 100 for opacity in ring), ring)

    def test_pointing_draws_no_point_again(self) -> None:
        self.page.ask_later(  # what setUp wanted drawn has been
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.ask(
            "hourglass.views.forEach((view) => { const {points} = view; view.drawings = 0;"
            " points.draw = (...all) => { ++view.drawings;"
            " points.constructor.prototype.draw.apply(points, all); }; })"
        )
        drawings = "hourglass.views.map((view) => view.drawings)"
        for index in self.alone(0)[:3]:
            self.hover_and_compare(0, index)
        self.assertEqual(self.page.ask(drawings), [0, 0])
        self.page.surface(0).send_keys("+")
        self.page.wait_for("hourglass.views[0].drawings > 0")
        self.assertEqual(self.page.ask(drawings)[1], 0)

    def test_the_neighbours_pictures_follow(self) -> None:
        index = self.alone(0)[0]
        self.page.hover(0, index)
        self.page.wait_settled(index)
        pictures = "document.querySelectorAll('#neighbors canvas')"
        self.page.wait_for(f"{pictures}.length === 8 && {pictures}[7].width === 28")
        places = self.page.screen(1)
        near = sorted((math.dist(places[index], place), i) for i, place in enumerate(places))[1:9]
        for k, (_, neighbour) in enumerate(near):
            red = self.page.ask(
                f"Array.from({pictures}[arguments[0]].getContext('2d').getImageData(0, 0, 28, 28)"
                ".data).filter((_, i) => i % 4 === 0)",
                k,
            )
            self.assertEqual(red, self.files.image(neighbour))

    def test_labels_are_texts_whatever_they_hold(self) -> None:
        entries = self.page.ask(
            "Array.from(document.querySelectorAll('#legend .entry'), (e) => e.textContent)"
        )
        self.assertEqual(sorted(entries), sorted(LABELS))
        self.assertIsNone(self.page.ask("globalThis.executed"))
        self.assertEqual(self.page.text("title"), "<b>bold</b> & \"more\"")
        self.assertEqual(self.browser.title, "<b>bold</b> & \"more\"")

    def test_lasso(self) -> None:
        places = self.page.screen(1)
        left, top, right, bottom = 90, 80, 330, 300
        inside = [i for i, (x, y) in enumerate(places) if left < x < right and top < y < bottom]
        self.assertGreater(len(inside), 10)
        chain = ActionChains(self.browser, duration=0).key_down(Keys.SHIFT)
        chain.perform()
        self.page.move_to(1, left, top).click_and_hold().perform()
        for corner in ((right, top), (right, bottom), (left, bottom)):
            self.page.move_to(1, *corner).perform()
        ActionChains(self.browser, duration=0).release().key_up(Keys.SHIFT).perform()
        self.page.wait_for("hourglass.state.selected !== null")
        self.assertEqual(self.page.ask("[...hourglass.state.selected]"), inside)
        self.assertEqual(self.page.text("selection-count"), f"{len(inside)} selected")
        self.browser.find_element(By.ID, "selection-save").click()
        self.assertEqual(self.downloaded("indices.txt").split(), [str(i) for i in inside])
        self.browser.find_element(By.ID, "selection-copy").click()
        self.page.wait_for("document.getElementById('said').textContent.includes('copied')")
        self.browser.execute_cdp_cmd(
            "Browser.grantPermissions", {"permissions": ["clipboardReadWrite"]}
        )
        copied = self.page.ask_later("navigator.clipboard.readText()")
        self.assertEqual(copied, ", ".join(str(i) for i in inside))
        self.browser.find_element(By.ID, "selection-clear").click()
        self.assertIsNone(self.page.ask("hourglass.state.selected"))

    def downloaded(self, name: str, binary: bool = False) -> str | bytes:
        path = self.downloads / name
        end = time.monotonic() + 10
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.05)
        return path.read_bytes() if binary else path.read_text()

    def test_a_picture_of_the_view(self) -> None:
        self.browser.find_element(By.ID, "save").click()
        picture = self.downloaded("map.png", binary=True)
        self.assertEqual(picture[:8], b"\x89PNG\r\n\x1a\n")
        width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
        self.assertGreater(width, 800)
        self.assertGreater(height, 300)

    def test_search(self) -> None:
        field = self.browser.find_element(By.ID, "search-text")
        field.send_keys("123", Keys.ENTER)
        self.page.wait_settled(123)
        self.assertEqual(self.page.pixels("image"), self.files.image(123))
        field.clear()
        field.send_keys("cat")
        results = self.browser.find_elements(By.CSS_SELECTOR, "#search-results button")
        self.assertEqual(results[0].text, f"Label cat: {self.files.labels.count(0)} points")
        results[0].click()
        label = self.page.ask("hourglass.data.names[hourglass.state.label]")
        self.assertEqual(label, "cat")
        field.clear()
        field.send_keys(str(POINTS))
        self.assertIn("from 0 to 199", self.page.text("search-results"))
        field.clear()

    def test_keyboard(self) -> None:
        surface = self.page.surface(0)
        surface.send_keys("0")
        surface.send_keys(Keys.ARROW_RIGHT)  # the first key lands on a point
        for key, dx, dy in (
            (Keys.ARROW_RIGHT, 1, 0),
            (Keys.ARROW_UP, 0, -1),
            (Keys.ARROW_LEFT, -1, 0),
            (Keys.ARROW_DOWN, 0, 1),
        ):
            before = self.page.ask("hourglass.state.hover")
            wanted = self.nearest_towards(before, dx, dy)
            surface.send_keys(key)
            self.assertEqual(self.page.ask("hourglass.state.hover"), wanted, (before, key))
        surface.send_keys(Keys.ENTER)
        self.assertEqual(self.page.ask("hourglass.state.pinned"), wanted)
        label = LABELS[self.files.labels[wanted]]
        said = f"Point {wanted}, label {label}"
        self.page.wait_for(
            f"document.getElementById('said').textContent.startsWith('Point {wanted}, label')"
        )
        self.assertIn(said, self.page.text("said"))
        surface.send_keys(Keys.ESCAPE)
        self.assertEqual(self.page.ask("hourglass.state.pinned"), -1)

    def nearest_towards(self, index: int, dx: int, dy: int) -> Optional[int]:
        places = self.page.screen(0)
        x, y = places[index]
        best, least = None, math.inf
        for other, (ox, oy) in enumerate(places):
            along, aside = (ox - x) * dx + (oy - y) * dy, abs((ox - x) * dy - (oy - y) * dx)
            if 0 < along < math.inf and aside <= along and math.hypot(ox - x, oy - y) < least:
                best, least = other, math.hypot(ox - x, oy - y)
        return best

    def test_zoom_keeps_what_is_pointed_at(self) -> None:
        under = "hourglass.views[0].camera.toMap(200, 150)"
        before = self.page.ask(under)
        self.page.ask(
            "((surface) => { const box = surface.getBoundingClientRect();"
            " surface.dispatchEvent(new WheelEvent('wheel', {deltaY: -700, cancelable: true,"
            " clientX: box.left + 200, clientY: box.top + 150})); })(hourglass.views[0].surface)"
        )
        self.assertGreater(self.page.ask("hourglass.views[0].camera.zoom"), 2)
        self.assertLess(math.dist(before, self.page.ask(under)), 0.01)
        self.page.surface(0).send_keys("0")
        self.page.wait_for("hourglass.views[0].camera.atHome")

    def test_between_the_points_the_decoder_draws(self) -> None:
        places = self.page.screen(0)
        size = self.page.surface(0).size
        free = max(
            ((x, y) for x in range(40, size["width"] - 40, 8)
             for y in range(40, size["height"] - 40, 8)),
            key=lambda p: min(min(math.dist(p, q) for q in places), 60),
        )  # fmt: skip
        self.page.move_to(0, *free).perform()
        self.page.wait_settled("place")
        # By the program: the codes of the eight nearest, weighted by inverse squares, decoded.
        distances = sorted((math.dist(free, place), i) for i, place in enumerate(places))[:8]
        folder = self.files.folder
        near = [self.files.images.rows(i, 1).values for _, i in distances]
        flat = array.array("B")
        for pixels in near:
            flat.extend(pixels)
        write_npy(folder / "near.npy", Array("|u1", (8, 28, 28), flat))
        weights = ("--weights", self.files.weights)
        hourglass("encode", *weights, "--input", folder / "near.npy", "--out", folder / "z.npy")
        codes = read_npy(folder / "z.npy")
        inverse = [1 / (distance * distance) for distance, _ in distances]
        mixed = array.array("f", [
            sum(w * codes.rows(k, 1).values[i] for k, w in enumerate(inverse)) / sum(inverse)
            for i in range(392)
        ])  # fmt: skip
        write_npy(folder / "mixed.npy", Array("<f4", (1, 392), mixed))
        hourglass("decode", *weights, "--input", folder / "mixed.npy", "--out", folder / "x.npy")
        drawn = self.page.pixels("rebuilt")
        for found, expected in zip(drawn, read_npy(folder / "x.npy").values):
            self.assertAlmostEqual(found, 255 * expected, delta=2)

    def test_a_path_from_one_image_to_another(self) -> None:
        start_at, end_at = self.alone(1)[:2]
        places = self.page.screen(1)
        ActionChains(self.browser, duration=0).key_down(Keys.ALT).perform()
        self.page.move_to(1, *places[start_at]).click_and_hold().perform()
        self.page.move_to(1, *places[end_at]).release().perform()
        ActionChains(self.browser, duration=0).key_up(Keys.ALT).perform()
        self.page.wait_for("document.querySelectorAll('#path-strip canvas').length === 9")
        self.assertIn(f"Point {start_at}, ", self.page.text("path-what"))
        self.assertIn(f"→ Point {end_at}, ", self.page.text("path-what"))
        first = self.page.ask(
            "Array.from(document.querySelector('#path-strip canvas').getContext('2d')"
            ".getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
        )
        rebuilt = self.program_reconstructs(start_at)
        for found, expected in zip(first, rebuilt):
            self.assertAlmostEqual(found, 255 * expected, delta=1)
        self.browser.find_element(By.ID, "path-close").click()

    def program_reconstructs(self, index: int) -> array.array:
        folder = self.files.folder
        write_npy(folder / "one.npy", self.files.images.rows(index, 1))
        weights = ("--weights", self.files.weights)
        files = ("--input", folder / "one.npy", "--out", folder / "rebuilt.npy")
        hourglass("reconstruct", *weights, *files)
        return read_npy(folder / "rebuilt.npy").values

    def test_snapshots_are_the_frames(self) -> None:
        extent = self.page.ask("hourglass.views[1].map.extent")
        for number in range(3):
            frame = self.files.frames.rows(number, 1).values
            shown = self.page.ask(
                "Array.from(hourglass.data.snapshots.frame(arguments[0]))", number
            )
            for axis in (0, 1):
                column, least, most = frame[axis::2], min(frame[axis::2]), max(frame[axis::2])
                for found, value in zip(shown[axis::2], column):
                    place = (value - least) / (most - least)
                    place = place if axis == 0 else 1 - place  # y grows downwards there
                    self.assertAlmostEqual(found / extent[axis], place, delta=0.6 / 4095)

    def test_snapshots_play(self) -> None:
        slider = self.browser.find_element(By.ID, "player-frame")
        finished = self.page.screen(1)
        slider.send_keys(Keys.HOME)
        self.assertEqual(self.page.text("player-what"), "snapshot 1 of 3")
        self.assertNotEqual(self.page.screen(1), finished)
        slider.send_keys(Keys.END)
        self.assertEqual(self.page.text("player-what"), "the finished map")
        self.assertEqual(self.page.screen(1), finished)
        self.browser.find_element(By.ID, "player-play").click()
        self.page.wait_for("document.getElementById('player-what').textContent.includes('of 3')")
        self.page.wait_for(
            "document.getElementById('player-what').textContent === 'the finished map'"
        )

    def test_dark_and_light(self) -> None:
        ground = "getComputedStyle(document.body).backgroundColor"
        before = self.page.ask(ground)
        self.browser.find_element(By.ID, "theme").click()
        self.assertNotEqual(self.page.ask(ground), before)
        self.browser.find_element(By.ID, "theme").click()
        self.assertEqual(self.page.ask(ground), before)

    def test_it_is_as_dark_as_the_system(self) -> None:
        ground = "getComputedStyle(document.body).backgroundColor"
        for scheme in ("dark", "light"):
            wanted = [
                {"name": "prefers-color-scheme", "value": scheme},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
            self.page.wait_for(f"hourglass.state.theme === '{scheme}'")
            red = int(self.page.ask(ground).split("(")[1].split(",")[0])
            self.assertEqual(red < 128, scheme == "dark")

    def test_a_phone_shows_it_all(self) -> None:
        metrics = {"width": 390, "height": 800, "deviceScaleFactor": 2, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.addCleanup(
            self.browser.execute_cdp_cmd, "Emulation.clearDeviceMetricsOverride", {}
        )
        self.page.wait_for("hourglass.views[0].camera.width < 390")
        self.assertLessEqual(self.page.ask("document.documentElement.scrollWidth"), 390)
        self.assertGreater(self.page.ask("hourglass.views[0].camera.width"), 300)

    @classmethod
    def tearDownClass(cls) -> None:
        """After all of this: nothing was fetched, and nothing went wrong in silence."""
        requests, complaints = cls.page.requests(), cls.page.complaints()
        assert requests == [], requests
        assert complaints == [], complaints


class WithoutWebglTest(BrowserTest):
    webgl = False

    def test_the_same_by_a_canvas(self) -> None:
        name = self.page.ask("hourglass.views[0].points.constructor.name")
        self.assertEqual(name, "CanvasPoints")
        self.assert_points_are_drawn()
        self.hover_and_compare(0, self.alone(0)[0])
        self.assertEqual(self.page.requests(), [])
        self.assertEqual(self.page.complaints(), [])


class RunTest(ProgramTest):
    """Pages of runs: the network in the page is the program's."""

    @classmethod
    def setUpClass(cls) -> None:
        cls.browser = start()
        cls.addClassCleanup(cls.browser.quit)

    def assert_agrees(self, page: Page, weights: pathlib.Path, code_size: int) -> None:
        chance = random.Random(5)
        codes = random_array("<f4", (4, code_size), lambda: max(0.0, chance.gauss(0.5, 1)))
        write_npy(self.folder / "codes.npy", codes)
        files = ("--input", self.folder / "codes.npy", "--out", self.folder / "drawn.npy")
        hourglass("decode", "--weights", weights, *files)
        drawn = read_npy(self.folder / "drawn.npy")
        for k in range(4):
            here = page.ask(
                "Array.from(hourglass.latent.decode(Float32Array.from(arguments[0])))",
                list(codes.rows(k, 1).values),
            )
            self.assertEqual(len(here), drawn.shape[1] * drawn.shape[2])
            for found, expected in zip(here, drawn.rows(k, 1).values):
                self.assertAlmostEqual(found, expected, delta=1e-4)

    def test_conv(self) -> None:
        hourglass("page", trained(), "--out", self.folder / "map.html")
        page = Page(self.browser, self.folder / "map.html")
        self.assert_agrees(page, trained() / "weights.safetensors", 392)
        latent = read_npy(trained() / "latent.npy")
        for index in (0, 17, 99):
            here = page.ask_later(
                "hourglass.latent.code(arguments[0]).then((code) => Array.from(code))", index
            )
            for found, expected in zip(here, latent.rows(index, 1).values):
                self.assertAlmostEqual(found, expected, delta=1e-4 * max(1, abs(expected)))
        # Its nearest neighbours, by brute force.
        rows = [latent.rows(i, 1).values for i in range(100)]
        near = sorted((math.dist(rows[17], row), i) for i, row in enumerate(rows) if i != 17)
        page.hover(1, 17)
        under = page.ask("hourglass.state.hover")
        page.wait_settled(under)
        shown = page.ask(
            "Array.from({length: 8}, (_, k) => hourglass.data.neighbors[k * 100 + 17])"
        )
        self.assertEqual(shown, [i for _, i in near[:8]])
        buttons = "document.querySelectorAll('#neighbors button').length"
        self.assertEqual(page.ask(buttons), 8)
        self.assertEqual(page.complaints(), [])

    def test_dense(self) -> None:
        hourglass("run", "dense", "--epochs", 30, "--no-figures", "--out", self.folder / "dense")
        chance = random.Random(8)
        images = random_array("|u1", (9, 8, 8), lambda: 255 * chance.randrange(2))
        write_npy(self.folder / "images.npy", images)
        points = random_array("<f4", (9, 2), chance.random)
        write_npy(self.folder / "map.npy", points)
        weights = self.folder / "dense" / "weights.safetensors"
        hourglass(
            *("page", "--map", self.folder / "map.npy", "--images", self.folder / "images.npy"),
            *("--weights", weights, "--out", self.folder / "map.html"),
        )
        page = Page(self.browser, self.folder / "map.html")
        self.assert_agrees(page, weights, 4)
        self.assertEqual(page.complaints(), [])

    def test_sixteen_shades_where_all_would_be_too_large(self) -> None:
        count = 5000
        pixels = array.array("B", random.Random(9).randbytes(count * 784))
        write_npy(self.folder / "images.npy", Array("|u1", (count, 28, 28), pixels))
        points = random_array("<f4", (count, 2), random.Random(10).random)
        write_npy(self.folder / "map.npy", points)
        hourglass(
            *("page", "--map", self.folder / "map.npy", "--images", self.folder / "images.npy"),
            *("--out", self.folder / "map.html"),
        )
        page = Page(self.browser, self.folder / "map.html")
        self.assertIn("16 shades", page.text("notes"))
        for index in (0, 127, 128, 4999):
            shown = page.ask_later(
                "hourglass.images.pixels(arguments[0]).then((pixels) => Array.from(pixels))", index
            )
            image = pixels[784 * index : 784 * (index + 1)]
            self.assertEqual(shown, [(pixel + 8) // 17 * 17 for pixel in image])

    def test_a_map_alone(self) -> None:
        write_npy(self.folder / "map.npy", Array("<f4", (1, 2), array.array("f", [3, 3])))
        hourglass("page", "--map", self.folder / "map.npy", "--out", self.folder / "map.html")
        page = Page(self.browser, self.folder / "map.html")
        page.hover(0, 0)
        page.wait_settled(0)
        self.assertEqual(page.text("what"), "Point 0")
        self.assertEqual(page.complaints(), [])


if __name__ == "__main__":
    unittest.main()
