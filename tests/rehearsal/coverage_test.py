"""How much of the code that only CUDA has was executed: what gcov counted since the last time.

Usage: coverage_test.py GCOV OBJECTS ROOT SOURCE...   (every test of the rehearsal comes before)
"""

import json
import pathlib
import subprocess
import sys

LEAST = 0.97


def executed(gcov: str, objects: pathlib.Path) -> dict[str, dict[int, int]]:
    """How often each line of each file was executed."""
    counts: dict[str, dict[int, int]] = {}
    data = sorted(objects.rglob("*.gcda"))
    command = [gcov, "--json-format", "--stdout", *map(str, data)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=objects).stdout
    for report in map(json.loads, text.splitlines()):
        for file in report["files"]:
            path = str((pathlib.Path(report["current_working_directory"]) / file["file"]).resolve())
            lines = counts.setdefault(path, {})
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]
    for path in data:
        path.unlink()
    return counts


def main() -> int:
    gcov, objects, root, *sources = sys.argv[1:]
    counts = executed(gcov, pathlib.Path(objects))
    all_lines = all_executed = 0
    for source in sorted({str(pathlib.Path(source).resolve()) for source in sources}):
        lines = counts.get(source, {})
        done = sum(count > 0 for count in lines.values())
        all_lines, all_executed = all_lines + len(lines), all_executed + done
        name = pathlib.Path(source).relative_to(pathlib.Path(root).resolve())
        print(f"{done:4} of {len(lines):3} lines  {name}")
        text = pathlib.Path(source).read_text().splitlines()
        for number in sorted(number for number, count in lines.items() if count == 0):
            print(f"       not executed: {number}: {text[number - 1].strip()}")
        if not lines:
            print("       nothing of it was executed")
            return 1
    print(f"{all_executed} of {all_lines} lines, {all_executed / all_lines:.1%}; at least {LEAST:.0%}")
    return 0 if all_executed >= LEAST * all_lines else 1


if __name__ == "__main__":
    sys.exit(main())
