"""Source lines fit within 100 columns."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = re.compile(r"\.(hpp|cpp|cu|cuh)$")
LIMIT = 100


class ColumnsTest(unittest.TestCase):
    def test_lines_are_short_enough(self) -> None:
        folders = ("include", "src", "kernels", "tests", "bench", "python")
        files = [p for folder in folders for p in (ROOT / folder).rglob("*") if SOURCE.search(p.name)]
        self.assertGreater(len(files), 200)
        for path in files:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                place = f"{path.relative_to(ROOT)}:{number}"
                self.assertLessEqual(len(line), LIMIT, place)


if __name__ == "__main__":
    unittest.main()
