"""docs/fused-cost.md has the tables that bench/fused_cost.py computes."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "bench" / "fused_cost.py"


class FusedCostTest(unittest.TestCase):
    def run_script(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(SCRIPT), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    def test_the_document_is_up_to_date(self) -> None:
        table = self.run_script().stdout
        self.assertIn("| upsampled backward | 3 (12) | 112,896 |", table)
        self.assertIn(table, (ROOT / "docs" / "fused-cost.md").read_text(encoding="utf-8"))

    def test_a_build_folder_that_is_none(self) -> None:
        result = self.run_script("/nowhere")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)


if __name__ == "__main__":
    unittest.main()
