"""scripts/gpu_check on stand-ins for a GPU, the program, its tests and compute-sanitizer."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))

from gpu_check import arrays, gtest, machine, pack, report, sanitizer  # noqa: E402
from gpu_check.outcome import Outcome  # noqa: E402
from gpu_check.steps import STEPS, program, pytorch, study, tests  # noqa: E402

# What a stand-in does wrong is said by FAULT.
NVIDIA_SMI = """
query = next((word for word in sys.argv if word.startswith("--query-gpu=")), None)
if fault == "no gpu":
    sys.exit("NVIDIA-SMI has failed")
if "-L" in sys.argv:
    print("GPU 0: Stand-In 100 (UUID: GPU-0)")
elif query:
    print(", ".join(f"{name} of it" for name in query.split("=")[1].split(",")))
elif len(sys.argv) == 1:
    print("| Driver Version: 580.1    CUDA Version: 13.0 |")
"""

HOURGLASS = """
sys.path.insert(0, os.environ["FAKE_BENCH"])
from pathlib import Path
from gpu_check import arrays
import json, struct

def option(name, default=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default

def npy(file, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({len(values)}, 1), }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\\n"
    Path(file).write_bytes(b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(header)) + header
                           + struct.pack(f"<{len(values)}f", *values))

command, device = sys.argv[1], option("--device")
if command == "--version":
    print("hourglass 9.9.9")
elif command == "info":
    cuda = "cuda  not usable: too old" if fault == "unusable" else "cuda:0  Stand-In 100, 1 SM"
    print("hourglass 9\\n\\ndevices\\n  cpu  A CPU\\n  " + cuda + "\\n\\nlibraries\\n  zlib  1.3")
elif command in ("train", "run"):
    if fault == "crash":
        print("hourglass: error: the GPU is on fire", file=sys.stderr)
        sys.exit(1)
    out = Path(option("--out"))
    out.mkdir()
    steps = option("--steps")
    weights = {"w": [1.0, 2.0]}
    if steps in ("10", "50"):
        file = Path(os.environ["HOURGLASS_GOLDEN_DIR"]) / "mnist_steps.safetensors"
        golden = arrays.read_safetensors(file)
        off = 1.5 if fault == "disagree" and device == "cuda" else 1.0
        moves = zip(golden["initial.w"], golden[f"step{steps}.delta.w"])
        weights = {"w": [start + off * delta for start, delta in moves]}
    elif fault == "unrepeatable":
        weights = {"w": [float(os.getpid()), 0.0]}
    arrays.write_safetensors(out / "weights.safetensors", weights, {"w": [2]})
    for name in ("latent", "reconstructions", "pca"):
        npy(out / f"{name}.npy", [1.0, 2.0])
    loss = 1e-5 if sys.argv[2] == "dense" else 0.2 if fault == "loss" else 0.07
    epoch = {"train_loss": 0.5, "validation_loss": loss, "images_per_second": 1e5}
    count = 1 if steps else int(option("--epochs", 10))
    epochs = [{**epoch, "epoch": i + 1, "seconds": 0.1 + i / 100} for i in range(count)]
    stages = {"train": 1.0, "total": 2.0}
    (out / "metrics.json").write_text(json.dumps({"epochs": epochs, "stages": stages}))
elif command in ("encode", "decode", "reconstruct", "pca"):
    npy(option("--out"), [1.0, float("nan") if fault == "nan" and device == "cuda" else 2.0])
    Path(option("--out")).with_suffix(".json").write_text('{"explained_variance": [2.0, 1.0]}')
"""

TESTS = """
import json, time
report = next(word for word in sys.argv if word.startswith("--gtest_output=json:")).split(":", 1)[1]
print("[ RUN      ] Suite.Slow")
if fault == "hang":
    sys.stdout.flush()
    time.sleep(600)
print("[       OK ] Suite.Slow (0 ms)")
print("[ RUN      ] Suite.Second")
entry = {"name": "Second", "status": "RUN", "result": "COMPLETED"}
failures = fault == "test fails" and "cuda" in sys.argv[0]
if failures:
    entry["failures"] = [{"failure": "file.cpp:1\\nExpected equality"}]
elif fault in ("test skips", "root skips"):
    entry["result"] = "SKIPPED"
    print("file.cpp:7: Skipped")
    print("no GPU for this test: none" if fault == "test skips" else "root may write anywhere")
slow = {"name": "Slow", "status": "RUN", "result": "COMPLETED"}
suites = [{"name": "Suite", "testsuite": [slow, entry]}]
open(report, "w").write(json.dumps({"testsuites": suites}))
sys.exit(1 if failures else 0)
"""

SANITIZER = """
import subprocess
tool = sys.argv[sys.argv.index("--tool") + 1]
start = next(i for i, word in enumerate(sys.argv) if os.path.exists(word) and i > 0)
print("========= COMPUTE-SANITIZER")
if fault == "sanitizer refuses":
    sys.exit("========= Error: Device not supported")
status = subprocess.call(sys.argv[start:])
where = "hourglass::cuda::loss_kernel(int)" if fault == "our race" else "cudnn::kernel(int)"
if fault in ("our race", "library race") and tool == "initcheck":
    print("========= Uninitialized __global__ memory read of size 4 bytes")
    print("=========     at " + where + "+0x70")
    print("=========     by thread (31,0,0) in block (1,0,0)")
    print("========= ")
    print("========= ERROR SUMMARY: 1 error")
elif tool == "racecheck":
    print("========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)")
else:
    print("========= ERROR SUMMARY: 0 errors")
sys.exit(status)
"""

MNIST = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


class WholeRun(unittest.TestCase):
    """The command itself, with everything around it made up."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.bin = self.folder / "bin"
        self.build = self.folder / "build"
        self.data = self.folder / "mnist"
        for folder in (self.bin, self.build / "golden", self.data):
            folder.mkdir(parents=True)
        self.stand_in(self.bin / "nvidia-smi", NVIDIA_SMI)
        self.stand_in(self.bin / "compute-sanitizer", SANITIZER)
        self.stand_in(self.build / "hourglass", HOURGLASS)
        for name in ("hourglass_tests", "hourglass_tests_cpu", "hourglass_tests_cuda"):
            self.stand_in(self.build / name, TESTS)
        for name in MNIST:
            (self.data / f"{name}-ubyte.gz").touch()
        golden = {
            "initial.w": [1.0, -1.0],
            "step10.delta.w": [0.25, 0.5],
            "step50.delta.w": [0.5, 0.75],
            "losses": [0.5] * 50,
        }
        shapes = {name: [len(values)] for name, values in golden.items()}
        arrays.write_safetensors(self.build / "golden" / "mnist_steps.safetensors", golden, shapes)

    def stand_in(self, file, body):
        text = "import os, sys\nfault = os.environ.get('FAULT')\n" + textwrap.dedent(body)
        file.write_text(f"#!{sys.executable}\n{text}")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def check(self, *words, fault=None, root=ROOT, path="/usr/bin:/bin"):
        """Exit status, output, and the JSON's steps."""
        out = self.folder / "result.json"
        out.unlink(missing_ok=True)
        environment = {
            "PATH": f"{self.bin}:{path}",
            "FAKE_BENCH": str(ROOT / "bench"),
            "HOURGLASS_DATA": str(self.data),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        if fault:
            environment["FAULT"] = fault
        done = subprocess.run(
            [sys.executable, str(root / "scripts" / "gpu_check"), "--build", str(self.build)]
            + ["--out", str(out), *words],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.result = json.loads(out.read_text()) if out.exists() else None
        return done.returncode, done.stdout + done.stderr

    def step(self, name):
        return self.result["steps"][name]

    def expect_problem(self, step, words, *options, fault):
        status, said = self.check("--only", step, *options, fault=fault)
        self.assertEqual(status, 1, said)
        self.assertEqual(self.step(step)["status"], "FAILED", said)
        self.assertIn(words, " ".join(self.step(step)["problems"]))
        self.assertFalse(self.result["passed"])
        self.assertIn("FAILED", said.splitlines()[-1])

    def test_all_is_well(self):
        status, said = self.check("--skip", "pytorch")
        self.assertEqual(status, 0, said)
        self.assertTrue(self.result["passed"])
        for name in ("program", "tests", "agreement", "repeat", "study", "sanitizer"):
            self.assertEqual(self.step(name)["status"], "passed", said)
        self.assertEqual(self.step("bench")["status"], "skipped")  # not built, not essential
        self.assertEqual(self.step("pytorch")["status"], "left out")
        self.assertEqual(self.step("tests")["totals"], {"passed": 6, "failed": 0, "skipped": 0})
        self.assertEqual(len(self.step("study")["fp32"]["turns"]), 5)
        self.assertIn("training", self.step("sanitizer"))
        self.assertEqual(self.result["machine"]["gpus"][0]["name"], "name of it")
        self.assertEqual(self.result["machine"]["cuda_of_driver"], "13.0")
        self.assertIn("skipped in bench (not essential): hourglass_bench_cuda was not built", said)
        self.assertTrue(said.splitlines()[-1].startswith("gpu_check: passed"), said)

    def test_quick_leaves_out_what_is_not_essential(self):
        status, said = self.check("--quick")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.result["kind"], "quick")
        self.assertEqual(self.step("pytorch")["status"], "left out")
        self.assertEqual(len(self.step("study")["fp32"]["turns"]), 1)

    def test_no_gpu_ends_at_once(self):
        status, said = self.check(fault="no gpu")
        self.assertEqual(status, 2)
        self.assertEqual(len(said.splitlines()), 1)
        self.assertIn("no GPU here", said)
        self.assertIsNone(self.result)

    def test_no_driver_ends_at_once(self):
        (self.bin / "nvidia-smi").unlink()
        status, said = self.check(path="")  # nor one of this machine's
        self.assertEqual(status, 2)
        self.assertIn("no NVIDIA driver", said)

    def test_a_folder_without_programs(self):
        (self.build / "hourglass_tests_cuda").unlink()
        status, said = self.check()
        self.assertEqual(status, 1)
        self.assertIn("does not hold hourglass and hourglass_tests_cuda", said)

    def test_the_program_cannot_use_the_gpu(self):
        self.expect_problem("program", "not usable: too old", fault="unusable")

    def test_a_test_fails(self):
        self.expect_problem("tests", "Suite.Second: file.cpp:1 Expected", fault="test fails")

    def test_a_test_skips_for_want_of_a_gpu(self):
        self.expect_problem("tests", "skipped on a machine with a GPU", fault="test skips")

    def test_a_test_may_skip_for_another_reason(self):
        status, said = self.check("--only", "tests", fault="root skips")
        self.assertEqual(status, 0, said)
        self.assertIn(
            "note from tests: hourglass_tests: skipped Suite.Second: root may write anywhere", said
        )

    def test_a_test_hangs(self):
        self.expect_problem("tests", "(in Suite.Slow)", "--limit", "2", fault="hang")

    def test_cpu_and_cuda_disagree(self):
        self.expect_problem("agreement", "10 steps: CUDA from CPU is 0.5", fault="disagree")
        self.assertIn("50 steps: cuda from double", " ".join(self.step("agreement")["problems"]))

    def test_a_result_is_not_finite(self):
        self.expect_problem("agreement", "latent: CUDA from CPU is nan", fault="nan")

    def test_runs_differ(self):
        self.expect_problem("repeat", "fp32: weights.safetensors differs", fault="unrepeatable")

    def test_a_loss_above_its_bound(self):
        self.expect_problem("study", "after epoch 10 is 0.2, above 0.0735", fault="loss")

    def test_the_program_crashes(self):
        self.expect_problem("study", "the GPU is on fire", fault="crash")

    def test_one_failure_does_not_hide_the_next(self):
        status, said = self.check("--skip", "pytorch", "bench", fault="crash")
        self.assertEqual(status, 1)
        self.assertEqual(self.step("tests")["status"], "passed", said)
        self.assertEqual(self.step("repeat")["status"], "FAILED")
        self.assertEqual(self.step("study")["status"], "FAILED")
        self.assertIn("failed: agreement, repeat, study, sanitizer", said)

    def test_a_finding_in_a_kernel_of_ours(self):
        self.expect_problem("sanitizer", "initcheck: Uninitialized", fault="our race")

    def test_a_false_alarm_in_a_library(self):
        status, said = self.check("--only", "sanitizer", fault="library race")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.step("sanitizer")["initcheck"]["libraries"], 1)

    def test_a_machine_the_sanitizer_does_not_know(self):
        status, said = self.check("--only", "sanitizer", fault="sanitizer refuses")
        self.assertEqual(status, 1, said)
        self.assertIn("essential but skipped: sanitizer", said)

    def test_without_mnist_essential_things_are_missing(self):
        for file in self.data.iterdir():
            file.unlink()
        root = self.folder / "root"  # this checkout may have data/mnist
        for part in ("scripts/gpu_check", "bench/gpu_check", "bench/peers"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy2
            (root / part).parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / part, root / part)
        status, said = self.check("--only", "study", root=root)
        self.assertEqual(status, 1, said)
        self.assertIn("no MNIST here", said)

    def test_no_time_left(self):
        status, said = self.check("--limit", "-1", "--skip", "pytorch", "bench")
        self.assertEqual(status, 1)
        self.assertIn("skipped in study: no time left", said)


class Parts(unittest.TestCase):
    def test_info(self):
        text = "hourglass 1\n\ndevices\n  cpu             A B\n  cuda            not usable: no\n"
        self.assertEqual(program.parse_info(text)["devices"]["cuda"], "not usable: no")

    def test_gpu_query(self):
        gpus = machine.parse_query("NVIDIA H200, 580.1, 9.0\nNVIDIA H200, 580.1, 9.0\n")
        self.assertEqual(len(gpus), 2)
        self.assertEqual(gpus[0]["compute_cap"], "9.0")

    def test_skip_reasons_and_the_test_that_ran_last(self):
        output = "[ RUN      ] A.B/0\nx.cpp:1: Skipped\nwhy\n\n[  SKIPPED ] A.B/0 (0 ms)\n"
        output += "[ RUN      ] A.C\n"
        self.assertEqual(gtest.skip_reasons(output), {"A.B/0": "why"})
        self.assertEqual(gtest.last_started(output), "A.C")

    def test_reasons_for_want_of_a_gpu(self):
        self.assertTrue(tests.for_want_of_gpu("no GPU for this test: no NVIDIA driver answers"))
        self.assertFalse(tests.for_want_of_gpu("needs two GPUs"))

    def test_racecheck(self):
        found = sanitizer.read_findings(
            "========= COMPUTE-SANITIZER\n"
            "========= Error: Race reported between Write access at hourglass::k(float *)+0x50\n"
            "=========     and Read access at hourglass::k(float *)+0x90 [4 hazards]\n"
            "========= \n"
            "========= RACECHECK SUMMARY: 3 hazards displayed (3 errors, 0 warnings)\n"
        )
        self.assertEqual(found.total, 3)
        self.assertEqual(len(found.ours), 2)  # one printed, the others counted
        self.assertIsNone(sanitizer.read_findings("========= Error: it broke\n"))

    def test_libraries_that_travel(self):
        ldd = (
            "\tlinux-vdso.so.1 (0x0)\n\tlibdnnl.so.2 => /usr/lib/libdnnl.so.2 (0x0)\n"
            "\tlibc.so.6 => /lib/libc.so.6 (0x0)\n\tlibstdc++.so.6 => /lib/libstdc++.so.6 (0x0)\n"
            "\tlibcublas.so.13 => /usr/local/cuda/lib/libcublas.so.13 (0x0)\n"
            "\tlibcufft.so.12 => /usr/local/cuda/lib/libcufft.so.12 (0x0)\n"
        )
        self.assertEqual(list(pack.libraries_of(ldd, False)), ["libdnnl.so.2"])
        self.assertIn("libcublas.so.13", pack.libraries_of(ldd, True))

    def test_errors_are_relative_and_nan_is_told(self):
        self.assertAlmostEqual(arrays.relative_error([3.0, 4.0], [3.0, 5.0]), 1 / 34**0.5)
        self.assertEqual(arrays.relative_error([0.0], [0.0]), 0.0)
        outcome = Outcome("x")
        outcome.at_most("it", float("nan"), 1.0)
        self.assertEqual(outcome.status, "FAILED")

    def test_safetensors_there_and_back(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "a.safetensors"
            arrays.write_safetensors(file, {"a": [1.0, 2.0], "b": [3.0]}, {"a": [2], "b": [1]})
            found = arrays.read_safetensors(file)
        self.assertEqual(
            {name: list(values) for name, values in found.items()}, {"a": [1, 2], "b": [3]}
        )

    def test_the_golden_file_can_be_read(self):
        golden = arrays.read_safetensors(ROOT / "tests" / "golden" / "mnist_steps.safetensors")
        self.assertEqual(len(golden["losses"]), 50)
        self.assertEqual(len(golden["initial.conv1.weight"]), 144)

    def test_a_partial_run_does_not_replace_a_full_one(self):
        full = report.default_file(Path("/r"), "NVIDIA H200", "2026-11-21T10:00:00", "full")
        quick = report.default_file(Path("/r"), "NVIDIA H200", "2026-11-21T10:00:00", "quick")
        self.assertEqual(full, Path("/r/bench/results/NVIDIA-H200-2026-11-21.json"))
        self.assertNotEqual(full, quick)

    def test_times_leave_out_the_first_epoch(self):
        epoch = {"validation_loss": 1.0, "images_per_second": 1.0}
        turn = {
            "epochs": [{**epoch, "seconds": 9.0}, {**epoch, "seconds": 1.0}],
            "stages": {"a": 1.0},
        }
        self.assertEqual(study.summarize([turn])["epoch_seconds"]["median"], 1.0)

    def test_every_step_has_a_name_of_its_own(self):
        self.assertEqual(len({step.name for step in STEPS}), len(STEPS))

    def test_the_peer_says_when_it_cannot(self):
        script = ROOT / "bench" / "peers" / "pytorch_gpu.py"
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
        )
        self.assertEqual(done.returncode, pytorch.NOT_HERE, done.stderr)


if __name__ == "__main__":
    unittest.main()
