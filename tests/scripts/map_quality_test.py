"""scripts/map_quality.py against scikit-learn 1.9.1 and SciPy, whose figures are written down here.

The array is the one of tests/manifold/map_judgement_test.cpp; the map is its first two columns.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError as error:
    print(f"skipped: {sys.executable} cannot import {error.name}")
    sys.exit(77)

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "map_quality.py"


def lattice(rows, columns):
    i, f = np.arange(rows, dtype=np.int64)[:, None], np.arange(columns, dtype=np.int64)
    mixed = i * 7919 + f * 104729 + i * i * 31 + i * i * f * 97 + i * f * f * 13
    labels = ((i * i + i // 7) % 5)[:, 0]
    x = (mixed % 65537 / 65536).astype(np.float32)
    x[:, 0] += 0.25 * labels.astype(np.float32)
    return x, labels.astype(np.uint8)


class MapQualityTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hourglass-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def judge(self, *arguments):
        result = subprocess.run(
            [sys.executable, SCRIPT, "x.npy", "map.npy", "--labels", "l.npy", *arguments],
            cwd=self.folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(result.stdout)

    def test_agrees_with_scikit_learn(self):
        x, labels = lattice(301, 20)
        for name, values in (("x", x), ("map", x[:, :2]), ("l", labels)):
            np.save(self.folder / f"{name}.npy", values)
        verdict = self.judge("--per-row", "rows.npz")
        # With 12 neighbours, as the script has them.
        for name, value in KNOWN.items():
            self.assertAlmostEqual(verdict[name], value, places=10, msg=name)
        rows = np.load(self.folder / "rows.npz")
        self.assertEqual(sorted(rows), sorted(PER_ROW))
        for name in PER_ROW:
            self.assertEqual(rows[name].shape, (301,))
            self.assertAlmostEqual(rows[name].mean(), verdict[name], places=10)
        self.assertAlmostEqual(rows["silhouette"][7], -0.14543649038650525, places=10)


PER_ROW = ("trustworthiness", "continuity", "neighbor_recall", "silhouette")
KNOWN = {
    "trustworthiness": 0.678689520673468,
    "continuity": 0.7539107596115211,
    "neighbor_recall": 0.10492801771871539,
    "distance_correlation": 0.4624769518168563,
    "silhouette": -0.04272030894465437,
}

if __name__ == "__main__":
    unittest.main()
