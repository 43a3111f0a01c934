"""CTest's way to the package's tests: an environment of its own, the extension module built against
an installed library, pytest.

$HOURGLASS_BUILD is a build folder, $CXX the compiler and $CMAKE the CMake that made it. If it has
sanitizers, so has the module, and Python loads them first. $HOURGLASS_TEST_ENVIRONMENT is where the
environment is, for builds that share one; else each has its own. Exits with 77 where the machine has
no Python to build for, or no packages can be had.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

BUILD = pathlib.Path(os.environ["HOURGLASS_BUILD"])
CMAKE = os.environ.get("CMAKE", "cmake")
PACKAGE = pathlib.Path(__file__).resolve().parent.parent
FOLDER = BUILD / "python-tests"
ENVIRONMENT = pathlib.Path(os.environ.get("HOURGLASS_TEST_ENVIRONMENT") or FOLDER / "environment")
PYTHON = ENVIRONMENT / "bin" / "python"
SANITIZED = "HOURGLASS_SANITIZE:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text().split()
WANTED = ["nanobind>=2.4", "numpy", "pytest", "scikit-learn", "pandas", "polars", "matplotlib"]


def skip(why: str) -> None:
    print(f"skipped: {why}")
    sys.exit(77)


def run(*command: object, **options: object) -> None:
    subprocess.run(list(map(str, command)), check=True, **options)


def environment() -> None:
    """A virtual environment with what the tests want, kept from one run to the next."""
    header = pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h"
    if not header.exists():
        skip(f"{header} is missing (Debian: python3-dev)")
    done = ENVIRONMENT / "done"
    made_of = "\n".join([sys.executable, *WANTED])
    if done.exists() and done.read_text() == made_of:
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    try:
        run(sys.executable, "-m", "venv", ENVIRONMENT)
    except subprocess.CalledProcessError:
        skip("this Python makes no virtual environments (Debian: python3-venv)")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        run(*pip, "--retries", 1, "--timeout", 15, *WANTED)
    except subprocess.CalledProcessError:
        skip("PyPI does not answer, or lacks a package for this Python")
    done.write_text(made_of)


def sanitizers() -> dict[str, str]:
    """What an interpreter without sanitizers needs, to load a module that has them."""
    if not SANITIZED:
        return {}

    def library(name: str) -> str:
        command = [os.environ["CXX"], f"-print-file-name={name}"]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()

    return {
        "LD_PRELOAD": f"{library('libasan.so')} {library('libstdc++.so.6')}",
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter's own
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",  # or the interpreter's pools would hide what is freed
    }


def package() -> pathlib.Path:
    """The package, its module built for this Python, ready to be imported from a folder."""
    run(CMAKE, "--install", BUILD, "--prefix", FOLDER / "prefix", stdout=subprocess.DEVNULL)
    build = FOLDER / "build"
    run(
        *[CMAKE, "-S", PACKAGE, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"],
        *[f"-DCMAKE_PREFIX_PATH={FOLDER / 'prefix'}", f"-DPython_EXECUTABLE={PYTHON}"],
        *(["-DHOURGLASS_SANITIZE=ON", "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG"] * SANITIZED),
    )
    run(CMAKE, "--build", build, "--target", "hourglass_python")
    # What is left imports the module. Compilers would take thrice as long with what that needs.
    run(CMAKE, "--build", build, env={**os.environ, **sanitizers()})
    site = FOLDER / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(PACKAGE / "hourglass", site / "hourglass")
    for module in (build / "hourglass").iterdir():
        shutil.copy(module, site / "hourglass")
    return site


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    environment()
    variables = {
        **os.environ,
        **sanitizers(),
        "PYTHONPATH": str(package()),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    tests = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", PACKAGE / "tests"]
    sys.exit(subprocess.run(list(map(str, tests)), env=variables, check=False).returncode)


if __name__ == "__main__":
    main()
