"""scripts/choose_cuda and scripts/fetch_cuda on stand-ins for nvidia-smi, nvcc, pip and wheels."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CMAKE = os.environ.get("CMAKE", "cmake")

NVIDIA_SMI = """
if "-L" in sys.argv:
    print("GPU 0: Stand-In 100 (UUID: GPU-0)")
elif "--query-gpu=compute_cap" in sys.argv:
    print("{gpus}".replace(" ", "\\n"))
else:
    print("| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: {cuda} |")
"""
NVCC = """
if "--list-gpu-arch" in sys.argv:
    print("\\n".join("compute_" + number for number in "{known}".split()))
elif "-E" in sys.argv:
    if "-ccbin" not in sys.argv and (message := "{refuses}"):
        sys.exit("host_config.h:137:2: error: #error -- " + message)
else:
    print("Cuda compilation tools, release {version}, V{version}.1")
"""
# A Python whose pip takes wheels from $SHOP and notes what it was asked for. PIP is its fault.
PYTHON = """
import os, pathlib, shutil, time
fault, shop = os.environ.get("PIP", ""), pathlib.Path(os.environ["SHOP"])
if sys.argv[1:3] == ["-m", "venv"]:
    if fault == "no venv":
        sys.exit("ensurepip is not available")
    (pathlib.Path(sys.argv[3]) / "bin").mkdir(parents=True)
    shutil.copy(__file__, pathlib.Path(sys.argv[3]) / "bin/python")
elif fault in ("no pip", "no venv") and "build/pip" not in __file__:
    sys.exit("No module named pip")
elif "download" in sys.argv:
    wanted, target = sys.argv[-1], pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
    with open(shop / "asked", "a") as asked:
        print(wanted, file=asked)
    if wanted.startswith("nvidia-cusolver") and fault == "slow":
        time.sleep(60)
    found = list(shop.glob(wanted.split("=")[0].replace("-", "_") + "-*.whl"))
    if not found:
        print("WARNING: no answer", file=sys.stderr)
        sys.exit("ERROR: No matching distribution found for " + wanted)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(found[0], target)
"""
REQUIRED = """Metadata-Version: 2.1
Name: cuda-toolkit
Requires-Dist: nvidia-cublas==13.1.*; sys_platform == 'linux' and extra == 'cublas'
Requires-Dist: nvidia-cublas==13.1.*; sys_platform == 'linux' and extra == 'cusolver'
Requires-Dist: nvidia-cusolver==12.0.*; (sys_platform == 'linux') and extra == 'cusolver'
Requires-Dist: nvidia-nvcc==13.0.*; (sys_platform == 'linux') and extra == "nvcc"
Requires-Dist: nvidia-npp==13.0.*; (sys_platform == 'linux') and extra == 'npp'
"""
CUDNN_HEADER = "#define CUDNN_MAJOR 9\n#define CUDNN_MINOR 28\n"


def built(wish, toolkit, cudnn):
    """CMake's options without a GPU."""
    roots = {"CUDAToolkit_ROOT": str(toolkit), "CUDNN_ROOT": str(cudnn)}
    return {"HOURGLASS_CUDA": wish, **roots}


class CudaSetupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.work = Path(folder.name).resolve()
        self.build, self.shop = self.work / "build", self.work / "shop"
        for name in ("bin", "shop", "scripts"):
            (self.work / name).mkdir()
        shutil.copy(ROOT / "scripts/fetch_cuda", self.work / "scripts")
        # What this machine has is hidden.
        text, hidden = re.subn(
            r"(?m)^(SYSTEM|PYTHON_PACKAGES) = .*$",
            lambda match: match[1] + (" = []" if match[1] == "SYSTEM" else " = ROOT / 'none'"),
            (ROOT / "scripts/choose_cuda").read_text(),
        )
        self.assertEqual(hidden, 2)
        (self.work / "scripts/choose_cuda").write_text(text)
        self.python = self.program("bin/python", PYTHON)
        self.environment = {
            "PATH": str(self.work / "bin"),
            "CUDA_HOME": str(self.work / "none"),
            "HOURGLASS_PYTHON": str(self.python),
            "SHOP": str(self.shop),
        }
        self.wheel("cuda_toolkit", {"cuda_toolkit.dist-info/METADATA": REQUIRED})
        self.wheel("nvidia_cublas", {"nvidia/cu13/lib/libcublas.so.13": "cuBLAS"})
        self.wheel("nvidia_cusolver", {"nvidia/cu13/lib/libcusolver.so.12": "cuSOLVER"})
        self.wheel("nvidia_nvcc", {"nvidia/cu13/bin/nvcc": "#!/bin/sh\n"})
        for major in ("12", "13"):
            files = {"include/cudnn_version.h": CUDNN_HEADER, "lib/libcudnn.so.9": "cuDNN " + major}
            files = {f"nvidia/cudnn/{name}": text for name, text in files.items()}
            self.wheel(f"nvidia_cudnn_cu{major}", files)

    def program(self, name, text):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable}\nimport sys\n{text}")
        path.chmod(0o755)
        return path

    def driver(self, cuda, gpus="9.0"):
        self.program("bin/nvidia-smi", NVIDIA_SMI.format(cuda=cuda, gpus=gpus))

    def toolkit(self, version, known="75 80 90", cudnn=False, refuses=""):
        """A toolkit of the machine's own."""
        text = NVCC.format(version=version, known=known, refuses=refuses)
        nvcc = self.program("own/bin/nvcc", text)
        self.environment["CUDA_HOME"] = str(self.work / "own")
        self.program("own/include/cuda_runtime.h", "")
        if cudnn:
            (self.work / "own/include/cudnn_version.h").write_text(CUDNN_HEADER)
        return nvcc

    def wheel(self, name, files):
        with zipfile.ZipFile(self.shop / f"{name}-1-py3-none-any.whl", "w") as archive:
            for path, text in files.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = (0o100755 if "/bin/" in path else 0o100644) << 16
                archive.writestr(entry, text)

    def command(self, mode, changes):
        script = self.work / "scripts/choose_cuda"
        return [sys.executable, str(script), mode], {**self.environment, **changes}

    def choose(self, mode="run", **changes):
        command, environment = self.command(mode, changes)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        self.said, self.status = done.stderr, done.returncode
        self.assertNotIn("Traceback", self.said)
        return dict(line.removeprefix("-D").split("=", 1) for line in done.stdout.splitlines())

    def asked(self):
        """What pip was asked for since the last time."""
        path = self.shop / "asked"
        wanted = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return wanted

    def check_left_out(self, options, *words):
        self.assertEqual((self.status, options), (0, {"HOURGLASS_CUDA": "OFF"}), self.said)
        self.assertIn("CUDA: left out", self.said.splitlines()[-1])
        for word in words:
            self.assertIn(word, self.said)
        self.assertEqual(list(self.build.glob("cu*-*[0-9]")), [])

    def check_fetched(self, options, release):
        root = self.build / f"cuda-{release}"
        wanted = built("AUTO", root, root) | {"CMAKE_CUDA_ARCHITECTURES": "native"}
        self.assertEqual(options, wanted, self.said)
        self.assertEqual([path.name for path in self.build.iterdir()], [root.name])

    # --- A driver, and no toolkit ----------------------------------------------------------------

    def test_a_toolkit_is_laid_out_from_wheels(self):
        self.driver("13.2")
        self.check_fetched(self.choose(), "13.2")
        self.assertEqual(
            self.asked(),
            ["cuda-toolkit==13.2.*", "nvidia-cublas==13.1.*", "nvidia-cusolver==12.0.*"]
            + ["nvidia-nvcc==13.0.*", "nvidia-cudnn-cu13==9.28.*"],
        )
        self.assertRegex(self.said, r"about 1\.8 GB to download, 2\.9 GB on disk")
        self.assertIn("[2/4] nvidia-cusolver", self.said)
        root = self.build / "cuda-13.2"
        self.assertTrue(os.access(root / "bin/nvcc", os.X_OK))
        self.assertEqual((root / "lib64/libcublas.so").read_text(), "cuBLAS")
        self.assertEqual((root / "lib/libcudnn.so").read_text(), "cuDNN 13")
        self.assertEqual((root / "include/cudnn_version.h").read_text(), CUDNN_HEADER)

        self.check_fetched(self.choose("test"), "13.2")
        self.assertEqual(self.asked(), [], "what is there is kept")
        self.driver("13.4")
        self.check_fetched(self.choose(), "13.2")

    def test_the_release_is_not_newer_than_the_driver_nor_than_what_is_known(self):
        for cuda, release in (("13.0", "13.0"), ("13.9", "13.5"), ("14.1", "13.5")):
            self.driver(cuda)
            self.check_fetched(self.choose(), release)
            shutil.rmtree(self.build)

    def test_without_a_gpu_nothing_is_fetched_unless_asked_for(self):
        self.check_left_out(self.choose("run"), "no GPU answers")
        self.check_left_out(self.choose("test"), "no GPU answers", "no CUDA toolkit")
        self.assertEqual(self.asked(), [])
        root = self.build / "cuda-13.0"
        self.assertEqual(self.choose(HOURGLASS_CUDA="ON"), built("ON", root, root), self.said)

    def test_a_driver_for_cuda_12_finds_no_compiler_in_wheels(self):
        self.driver("12.4")
        self.check_left_out(self.choose(), "supports CUDA 12.4", "update the driver")
        self.driver("11.4")
        self.check_left_out(self.choose(), "supports CUDA 11.4", "update the driver")
        self.driver("N/A")
        self.check_left_out(self.choose(), "does not say which CUDA")
        self.assertEqual(self.asked(), [])

    def test_a_gpu_that_cuda_13_does_not_know_is_not_downloaded_for(self):
        self.driver("13.0", gpus="6.1")
        self.check_left_out(self.choose(), "not for 6.1")
        self.assertEqual(self.asked(), [])
        self.driver("13.0", gpus="6.1 9.0")
        self.check_fetched(self.choose(), "13.0")

    # --- A toolkit of one's own ------------------------------------------------------------------

    def test_a_script_that_calls_nvcc_is_not_a_toolkit(self):
        self.driver("13.0")
        self.toolkit("13.0", cudnn=True)
        self.program("bin/nvcc", NVCC.format(version="13.0", known="75 80 90", refuses=""))
        self.assertEqual(self.choose()["CUDAToolkit_ROOT"], str(self.work / "own"))

    def test_cudnn_alone_is_fetched_for_the_toolkit_that_is_there(self):
        self.driver("13.0")
        self.toolkit("12.8")
        options, cudnn = self.choose(), self.build / "cudnn-cu12"
        self.assertEqual(self.asked(), ["nvidia-cudnn-cu12==9.28.*"])
        wanted = built("AUTO", self.work / "own", cudnn)
        self.assertEqual(options, wanted | {"CMAKE_CUDA_ARCHITECTURES": "native"}, self.said)
        self.assertEqual((cudnn / "lib/libcudnn.so").read_text(), "cuDNN 12")

    def test_a_whole_toolkit_is_used_as_it_is(self):
        own = self.toolkit("13.0", cudnn=True).parents[1]
        self.assertEqual(self.choose("run"), {"HOURGLASS_CUDA": "OFF"})
        self.assertEqual(self.choose("test"), built("AUTO", own, own), self.said)
        self.driver("13.0")
        self.assertEqual(self.choose("run")["CMAKE_CUDA_ARCHITECTURES"], "native")
        self.assertEqual(self.asked(), [])

    def test_without_a_gpu_a_toolkit_without_cudnn_is_left_alone(self):
        self.toolkit("13.0")
        self.check_left_out(self.choose("test"), "no cuDNN 9")
        self.assertEqual(self.asked(), [])

    def test_a_toolkit_that_does_not_suit_is_replaced(self):
        for version, known, gpu, words in (
            ("11.8", "75 80 90", "9.0", "is CUDA 11.8, older than 12.3"),
            ("12.4", "75 80 90", "12.0", "compiles for no GPU here (12.0)"),
            ("14.0", "75 80 90", "9.0", "too new for the driver, which supports 13.0"),
        ):
            self.driver("13.0", gpus=gpu)
            shutil.rmtree(self.work / "own", ignore_errors=True)
            self.toolkit(version, known, cudnn=True)
            self.check_fetched(self.choose(), "13.0")
            self.assertIn(words, self.said)
            shutil.rmtree(self.build)

    def test_a_toolkit_too_new_for_a_driver_that_wheels_do_not_suit(self):
        self.driver("12.4")
        self.toolkit("13.0", cudnn=True)
        self.check_left_out(self.choose(), "is CUDA 13.0, too new for the driver")

    def test_the_first_toolkit_that_suits_is_taken(self):
        self.driver("13.0")
        self.program("bin/nvcc", NVCC.format(version="11.5", known="75 80", refuses=""))
        own = self.toolkit("12.8", cudnn=True).parents[1]
        self.assertEqual(self.choose()["CUDAToolkit_ROOT"], str(own), self.said)

    def test_a_toolkit_that_does_not_take_the_compiler_is_replaced_or_left_out(self):
        self.toolkit("13.0", cudnn=True, refuses="unsupported GNU version!")
        self.check_left_out(
            self.choose("test"), "does not work with the C++ compiler here", "unsupported GNU"
        )
        self.assertEqual(self.choose("test", CUDAHOSTCXX="g++-14")["HOURGLASS_CUDA"], "AUTO")
        self.driver("13.0")
        self.check_fetched(self.choose(), "13.0")

    def test_wheels_that_do_not_take_the_compiler_are_left_out(self):
        self.driver("13.0")
        refusal = "#!/bin/sh\necho 'error: unsupported GNU version' >&2\nexit 1\n"
        self.wheel("nvidia_nvcc", {"nvidia/cu13/bin/nvcc": refusal})
        options = self.choose()
        self.assertEqual((self.status, options), (0, {"HOURGLASS_CUDA": "OFF"}), self.said)
        self.assertIn("unsupported GNU version", self.said.splitlines()[-1])

    # --- What the user says ----------------------------------------------------------------------

    def test_off_asks_nobody(self):
        self.driver("13.0")
        self.check_left_out(self.choose(HOURGLASS_CUDA="OFF"), "HOURGLASS_CUDA=OFF")
        self.assertEqual(self.asked(), [])

    def test_on_fails_where_cuda_cannot_be_had(self):
        self.driver("12.4")
        self.assertEqual((self.choose(HOURGLASS_CUDA="ON"), self.status), ({}, 1))
        self.assertIn("error: HOURGLASS_CUDA=ON: there is no CUDA toolkit", self.said)
        self.assertEqual((self.choose(HOURGLASS_CUDA="maybe"), self.status), ({}, 1))
        self.assertIn("expected ON or OFF", self.said)

    # --- Downloads that fail ---------------------------------------------------------------------

    def test_no_pip(self):
        self.driver("13.0")
        self.check_left_out(self.choose(PIP="no venv"), "has no pip; install it: sudo apt-get")
        root = self.build / "cuda-13.0"
        self.assertEqual(self.choose(PIP="no pip")["CUDNN_ROOT"], str(root), self.said)

    def test_a_wheel_that_cannot_be_had(self):
        self.driver("13.0")
        wheel = self.shop / "nvidia_cusolver-1-py3-none-any.whl"
        wheel.rename(self.work / "aside")
        self.check_left_out(
            self.choose(),
            "could not get nvidia-cusolver==12.0.* (No matching distribution found",
            "install the CUDA toolkit and cuDNN 9",
        )
        (self.work / "aside").rename(wheel)
        self.check_fetched(self.choose(), "13.0")

    def test_a_torn_wheel(self):
        self.driver("13.0")
        wheel = self.shop / "nvidia_cusolver-1-py3-none-any.whl"
        whole = wheel.read_bytes()
        wheel.write_bytes(whole[:100])
        self.check_left_out(self.choose(), "nvidia_cusolver-1-py3-none-any.whl is torn")
        wheel.write_bytes(whole)
        self.check_fetched(self.choose(), "13.0")

    def test_a_full_disk(self):
        self.driver("13.0")
        script = self.work / "scripts/fetch_cuda"
        larger = r"(?m)^TOOLKIT_SIZE = .*$", "TOOLKIT_SIZE = (1e9, 0)"
        text, found = re.subn(*larger, script.read_text())
        self.assertEqual(found, 1)
        script.write_text(text)
        self.check_left_out(self.choose(), "GB of disk")
        self.assertEqual(self.asked(), [])

    def test_an_interrupt_stops_and_leaves_nothing_under_the_name(self):
        self.driver("13.0")
        command, environment = self.command("run", {"PIP": "slow"})
        running = subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        deadline, asked = time.monotonic() + 60, []
        while not any("cusolver" in wanted for wanted in asked):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
            asked += self.asked()
        os.killpg(running.pid, signal.SIGINT)  # as Ctrl+C does
        options, said = running.communicate(timeout=30)
        self.assertEqual((running.returncode, options), (130, ""), said)
        self.assertEqual([path.name for path in self.build.iterdir()], ["cuda-13.0.part"])
        self.check_fetched(self.choose(), "13.0")

    # --- CMake -----------------------------------------------------------------------------------

    def architectures(self, gpus, known):
        """What cmake/CudaArchitectures.cmake makes of these GPUs."""
        self.driver("13.0", gpus)
        nvcc = self.program("nvcc", NVCC.format(version="13.0", known=known, refuses=""))
        script = self.work / "script.cmake"
        script.write_text(
            f'set(CUDAToolkit_NVCC_EXECUTABLE "{nvcc}")\n'
            f'include("{ROOT}/cmake/CudaArchitectures.cmake")\n'
            'message("${HOURGLASS_CUDA_ARCHITECTURES}|${HOURGLASS_ARCHITECTURES_FROM}")\n'
        )
        done = subprocess.run(
            [shutil.which(CMAKE), "-DCMAKE_CUDA_ARCHITECTURES=native", "-P", str(script)],
            env=self.environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr.strip().split("|")

    def test_native_is_the_gpus_that_nvcc_compiles_for(self):
        known = "75 80 90 100 120"
        self.assertEqual(
            self.architectures("9.0 8.0 9.0", known), ["90-real;80-real", "the GPUs that answer"]
        )
        targets, reason = self.architectures("9.0 6.1", known)
        self.assertEqual(targets, "90-real")
        self.assertIn("not 61, too old for this nvcc", reason)
        targets, reason = self.architectures("13.1 9.0", known)
        self.assertEqual(targets, "120-virtual;90-real")
        self.assertIn("131 by PTX", reason)
        self.assertEqual(self.architectures("6.1", known)[0], "")

    def test_without_a_gpu_one_ptx_becomes_every_generations_code(self):
        self.assertEqual(
            self.architectures("", "80 90"),
            ["80-virtual;80-real;86-real;90-real", "no GPU answers: every generation"],
        )


if __name__ == "__main__":
    unittest.main()
