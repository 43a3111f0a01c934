"""scripts/gpu_check on stand-ins for a GPU, the program, its tests and compute-sanitizer."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

import gpu_pack  # noqa: E402

PROGRAMS = ("hourglass", "hourglass_tests", "hourglass_tests_cuda", "hourglass_tests_targets")
TOOLS = ["memcheck", "racecheck", "synccheck", "initcheck"]
SUITES = ["targets", "networks", "libraries", "kernels", "neighbors", "replays"]

# What a stand-in does wrong is said by $FAULT.
NVIDIA_SMI = """
[[ $FAULT == "no gpu" ]] && { echo "NVIDIA-SMI has failed"; exit 9; }
case "$1" in
  -L) echo "GPU 0: Stand-In 100 (UUID: GPU-0)" ;;
  --query-gpu=*) printf 'name, driver_version\\nStand-In 100, 580.1\\n' ;;
  *) printf 'pid, process_name\\n' ;;
esac
"""
HOURGLASS = """
[[ $FAULT == crash && $* == *"--device cuda"* ]] && { echo "error: the GPU is on fire"; exit 1; }
while (($# > 1)) && [[ $1 != --out ]]; do shift; done
[[ $1 == --out ]] || exit 0
mkdir "$2"
epoch='{"seconds": 0.1, "validation_loss": 0.07}'
echo "{\\"epochs\\": [{\\"seconds\\": 9}, $epoch, $epoch], \\"stages\\": {}, \\"phases\\": {\\"load\\": 0.2}}" \\
  >"$2/metrics.json"
"""
TESTS = """
name="${0##*/}"
echo "$name $*" >>"$CALLS"
echo "[ RUN      ] Suite.First"
echo "[       OK ] Suite.First (0 ms)"
echo "[ RUN      ] Suite.Second"
if [[ $FAULT == hang && $name == *cuda ]]; then
  sleep 600 & echo "$!" >"$CHILD"
  wait
fi
second='<properties><property name="error" value="1e-6"/></properties>'
case "$FAULT" in
  "test fails") second='<failure message="file.cpp:1&#x0A;Expected equality"/>' ;;
  "test skips") second='<skipped message="a.cpp:7&#x0A;no GPU for this test: none"/>' ;;
  "no data") second='<skipped message="a.cpp:7&#x0A;no codes: set HOURGLASS_CODES"/>' ;;
  *) echo "[       OK ] Suite.Second (0 ms)" ;;
esac
[[ $second == *skipped* ]] && result=skipped || result=completed
file="${GTEST_OUTPUT#xml:}/$name"
[[ -e $file.xml ]] && file+=_1 # as GoogleTest does
cat >"$file.xml" <<XML
<testsuites><testsuite name="Suite">
<testcase name="First" result="completed" classname="Suite"/>
<testcase name="Second" result="$result" classname="Suite">$second</testcase>
</testsuite></testsuites>
XML
[[ $second != *failure* ]]
"""
SANITIZER = """
tool="$2"
[[ $FAULT == "sanitizer refuses" ]] && { echo "========= Error: Device not supported"; exit 1; }
while [[ $1 != */hourglass_tests_cuda ]]; do shift; done
"$@"
status=$?
case "$FAULT" in
  "our finding") where="hourglass::cuda::loss_kernel(int)" ;;
  "library finding") where="cudnn::kernel(int)" ;;
esac
if [[ -n ${where:-} && $tool == initcheck ]]; then
  echo "========= Uninitialized __global__ memory read of size 4 bytes"
  echo "=========     at $where+0x70"
  echo "========= ERROR SUMMARY: 1 error"
elif [[ $FAULT == race && $tool == racecheck ]]; then
  echo "========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)"
elif [[ $tool == racecheck ]]; then
  echo "========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)"
else
  echo "========= ERROR SUMMARY: 0 errors"
fi
exit "$status"
"""


class GpuCheck(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.build, self.data = self.folder / "build", self.folder / "mnist"
        self.out = self.folder / "result.json"
        self.data.mkdir()
        for part in ("train", "t10k"):
            (self.data / f"{part}-images-idx3-ubyte.gz").touch()
            (self.data / f"{part}-labels-idx1-ubyte.gz").touch()
        self.stand_in("bin/nvidia-smi", NVIDIA_SMI)
        self.stand_in("bin/compute-sanitizer", SANITIZER)
        for name in PROGRAMS:
            self.stand_in(f"build/{name}", HOURGLASS if name == "hourglass" else TESTS)

    def stand_in(self, name, script):
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/bash\nFAULT=${{FAULT:-}}\n{script}")
        file.chmod(0o755)

    def call(self, script, *words, fault="", path="/usr/bin:/bin", **variables):
        """Exit status and output; the JSON in self.result."""
        self.out.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, script, "--out", self.out, *words],
            env={
                "PATH": f"{self.folder}/bin:{path}",
                "FAULT": fault,
                "CHILD": str(self.folder / "child"),
                "CALLS": str(self.folder / "calls"),
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        self.result = json.loads(self.out.read_text()) if self.out.exists() else None
        return done.returncode, done.stdout

    def check(self, *words, **more):
        script = ROOT / "scripts" / "gpu_check"
        data = str(self.data)
        return self.call(script, "--build", self.build, *words, HOURGLASS_DATA=data, **more)

    def passed(self):
        return [name for name, step in self.result["steps"].items() if step["passed"]]

    def expect_problem(self, step, words, *options, fault="", kind="problems"):
        status, said = self.check("--only", step, *options, fault=fault)
        self.assertEqual((status, self.passed()), (1, []), said)
        found = self.result["steps"][step]
        self.assertIn(words, " ".join([*found[kind], *map(str, found["output"].values())]))
        self.assertFalse(self.result["passed"])
        self.assertEqual(said.splitlines()[-1], f"gpu_check: FAILED: {step}")

    def test_all_is_well(self):
        status, said = self.check("--skip", "pytorch", "commands")
        self.assertEqual(status, 0, said)
        steps = self.result["steps"]
        self.assertEqual(
            list(steps),
            ["program", *SUITES, "study", "engines", "bench", *TOOLS, "host", "python"],
        )
        self.assertEqual(self.passed(), list(steps))
        self.assertEqual(steps["kernels"]["hourglass_tests_cuda"]["passed"], 2)
        self.assertEqual(steps["racecheck"]["hourglass_tests_cuda_1"]["passed"], 2)
        self.assertIn("has no module hourglass", steps["python"]["skipped"][0])  # not essential
        measured = steps["targets"]["hourglass_tests_targets"]["measured"]
        self.assertEqual(measured, {"Suite.Second.error": "1e-6"})
        self.assertEqual(len([name for name in steps["study"] if name.startswith("tf32.")]), 3)
        self.assertEqual(steps["study"]["fp32.0"]["epoch_seconds"], 0.1)
        self.assertEqual(steps["engines"]["phases"]["phases"], {"load": 0.2})
        self.assertIn("hourglass_bench_cuda", steps["bench"]["skipped"][0])  # not essential
        self.assertEqual(self.result["gpus"], [{"name": "Stand-In 100", "driver_version": "580.1"}])
        self.assertEqual((self.result["passed"], self.result["kind"]), (True, "partial"))
        self.assertEqual(said.splitlines()[-1], "gpu_check: passed")

    def test_quick_is_what_matters_most(self):
        status, said = self.check("--quick")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.passed(), ["program", *SUITES, "memcheck"])

    def test_no_gpu_ends_at_once(self):
        for options in ({"fault": "no gpu"}, {"path": "/nowhere"}):
            if "path" in options:
                (self.folder / "bin" / "nvidia-smi").unlink()
            status, said = self.check(**options)
            self.assertEqual((status, len(said.splitlines()), self.result), (2, 1, None), said)
            self.assertIn("no GPU here", said)

    def test_a_folder_without_programs(self):
        (self.build / "hourglass_tests_cuda").unlink()
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("does not hold hourglass and hourglass_tests_cuda", said)

    def test_a_program_that_does_not_start(self):
        self.stand_in("build/hourglass", "echo libcublas.so.13: not found; exit 127")
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("does not start: libcublas.so.13: not found", said)

    def test_the_deadline_ends_a_step_and_what_it_started(self):
        start = time.monotonic()
        self.expect_problem("memcheck", "[ RUN      ] Suite.Second", "--limit", "5", fault="hang")
        self.assertLess(time.monotonic() - start, 60)
        self.assertIn("no time left for", " ".join(self.result["steps"]["memcheck"]["skipped"]))
        (found,) = self.result["steps"]["memcheck"]["unfinished"]  # though there is no XML
        self.assertEqual((found["passed"], found["ended_in"]), (1, "Suite.Second"))
        child = Path("/proc") / (self.folder / "child").read_text().strip() / "stat"
        self.assertTrue(not child.exists() or ") Z " in child.read_text(), "it still runs")

    def test_one_failure_does_not_hide_the_next(self):
        status, said = self.check("--skip", "pytorch", "commands", "bench", fault="crash")
        self.assertEqual(status, 1)
        self.assertEqual(self.passed(), [*SUITES, *TOOLS, "host", "python"], said)
        self.assertIn("the GPU is on fire", " ".join(self.result["steps"]["study"]["problems"]))
        self.assertEqual(said.splitlines()[-1], "gpu_check: FAILED: program, study, engines")

    def test_the_json_is_there_after_each_step(self):
        so_far = self.folder / "so_far.json"
        self.stand_in("build/hourglass_tests_targets", f"cp {self.out} {so_far}")
        self.check("--only", "program", "targets")
        self.assertEqual(list(json.loads(so_far.read_text())["steps"]), ["program"])

    def test_a_test_fails(self):
        words = "Suite.Second: file.cpp:1 Expected equality"
        self.expect_problem("networks", words, fault="test fails")

    def test_a_test_that_failed_before_the_end_came(self):
        self.stand_in(
            "build/hourglass_tests_cuda",
            """
            echo "[ RUN      ] Suite.First"; echo "file.cpp:1: Failure"; echo "  the values differ"
            echo "[  FAILED  ] Suite.First, where GetParam() = 3 (1 ms)"
            echo "[ RUN      ] Suite.Second"
            kill -SEGV $$
            """,
        )
        words = "Suite.First: file.cpp:1: Failure   the values differ"
        self.expect_problem("kernels", words)
        self.assertEqual(self.result["steps"]["kernels"]["unfinished"][0]["ended_in"], "Suite.Second")

    def test_every_test_is_in_a_step(self):
        self.check("--only", *SUITES)
        calls = (self.folder / "calls").read_text().splitlines()
        filters = [call.split("=")[1] for call in calls if "cuda" in call]
        taken = [patterns.split("-")[0] for patterns in filters]
        self.assertIn("-" + ":".join(filter(None, taken)), filters)

    def test_the_program_is_tried_as_a_whole(self):
        self.expect_problem("commands", "test_info_names_the_libraries")  # which a stand-in fails

    def test_skips(self):
        self.expect_problem("kernels", "no GPU for this test", fault="test skips", kind="skipped")
        status, said = self.check("--only", "kernels", fault="no data")  # no GPU could change that
        self.assertEqual(status, 0, said)

    def test_compute_sanitizer(self):
        self.expect_problem("initcheck", "ERROR SUMMARY: 1 error", fault="our finding")
        self.expect_problem("racecheck", "1 hazard", fault="race")
        self.expect_problem("memcheck", "Expected equality", fault="test fails")
        words = "does not support this machine"
        self.expect_problem("synccheck", words, fault="sanitizer refuses", kind="skipped")
        status, said = self.check("--only", "initcheck", fault="library finding")
        self.assertEqual(status, 0, said)

    def test_pack(self):
        for name in PROGRAMS:
            shutil.copy("/bin/true", self.build / name)  # strip and ldd want real ones
        pack, unpacked = self.folder / "pack", self.folder / "unpacked"
        status, said = self.check("--pack", pack)
        self.assertEqual(status, 0, said)
        files = sorted(str(file.relative_to(pack)) for file in pack.rglob("*") if file.is_file())
        scripts = ["scripts/deadline.py", "scripts/gpu_check", "scripts/gpu_pack.py"]
        bench = ["bench/common.py", "bench/pytorch_gpu.py"]
        python = ["python/tests/conftest.py", "python/tests/gpu_test.py"]
        tests = ["tests/cli/program.py", "tests/sanitize", "tests/targets/program_test.py"]
        self.assertEqual(files, [*bench, "hourglass.tar.xz", *python, *scripts, *tests])
        with tarfile.open(pack / "hourglass.tar.xz") as archive:
            names = {name.removeprefix("./") for name in archive.getnames()}
        wanted = {*PROGRAMS, "build.json", "golden/conv.safetensors"}
        self.assertLessEqual({*wanted, "mnist/t10k-labels-idx1-ubyte.gz"}, names)

        self.stand_in("bin/git", "exit 1")  # the pack knows its commit
        status, said = self.call(pack / "scripts" / "gpu_check", "--only", "host")
        self.assertEqual((status, self.result["data"]), (0, "MNIST"), said)
        self.assertEqual(self.result["commit"], gpu_pack.commit_of(ROOT))

        status, said = self.check("--build", pack, "--unpack", unpacked)
        self.assertEqual(status, 0, said)
        self.assertIn(f"HOURGLASS_GOLDEN_DIR={unpacked}/golden", said)

    def test_libraries_that_travel(self):
        names = ("libc.so.6", "libstdc++.so.6", "libdnnl.so.2", "libcusolver.so.12")
        stay = [name for name in names if gpu_pack.SYSTEM.match(name) or gpu_pack.CUDA.match(name)]
        self.assertEqual([name for name in names if name not in stay], ["libdnnl.so.2"])

    def test_the_peer_says_when_it_cannot(self):
        command = [sys.executable, ROOT / "bench" / "pytorch_gpu.py"]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        done = subprocess.run(command, capture_output=True, env=environment)
        self.assertEqual(done.returncode, 77, done.stderr)


if __name__ == "__main__":
    unittest.main()
