"""Ctrl-C, threads, forks, and a machine without scikit-learn."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import hourglass

LINEAR = {
    "encoder": [{"type": "dense", "outputs": 2}],
    "decoder": [{"type": "dense", "activation": "none"}],
}


def interrupted(call) -> float:
    """Seconds from Ctrl-C to the KeyboardInterrupt that call() raises."""
    pressed = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.5, press)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
        return time.monotonic() - pressed[0]
    finally:
        timer.cancel()
        timer.join()


def test_ctrl_c_stops_and_leaves_the_estimator_as_it_was(table) -> None:
    tsne = hourglass.TSNE(perplexity=5, max_iter=20).fit(table)
    before = tsne.embedding_
    tsne.set_params(max_iter=10**8)
    assert interrupted(lambda: tsne.fit(table)) < 1.0
    assert tsne.embedding_ is before
    tsne.set_params(callback=lambda *_: None)
    assert interrupted(lambda: tsne.fit(table[:, :3])) < 1.0
    assert tsne.embedding_ is before and tsne.n_features_in_ == 8

    network = hourglass.Autoencoder(LINEAR, epochs=2).fit(table)
    codes, history = network.transform(table), network.history_
    network.set_params(epochs=10**7)
    assert interrupted(lambda: network.fit(table)) < 1.0
    np.testing.assert_array_equal(network.transform(table), codes)
    assert network.history_ is history
    network.set_params(warm_start=True)
    assert interrupted(lambda: network.fit(table)) < 1.0
    np.testing.assert_array_equal(network.transform(table), codes)

    # Many wide layers and a narrow last one: long, and small.
    wide = {"type": "convolution", "outputs": 32, "activation": "relu"}
    last = {"type": "convolution", "outputs": 1, "activation": "sigmoid"}
    images = np.zeros((20_000, 28, 28), np.uint8)
    deep = hourglass.Autoencoder({"encoder": [wide] * 8, "decoder": [wide] * 7 + [last]}, epochs=1)
    deep.fit(images[:1])
    assert interrupted(lambda: deep.activations(images, 16)) < 1.0


def test_other_threads_run_meanwhile(table) -> None:
    done = threading.Event()
    steps = 0

    def work() -> None:
        hourglass.TSNE(perplexity=5, max_iter=3000).fit(table)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        steps += 1
    thread.join()
    assert steps > 10


def test_threads_share_an_autoencoder(table) -> None:
    network = hourglass.Autoencoder(LINEAR, epochs=2).fit(table)
    expected = network.transform(table)
    results = [None] * 8

    def work(i: int) -> None:
        for _ in range(20):
            results[i] = network.transform(table)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_a_forked_process_computes_too() -> None:
    program = """
import os, sys
import numpy as np
import hourglass
x = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
hourglass.set_threads(2)
expected = hourglass.TSNE(perplexity=5, max_iter=50, device="cpu").fit_transform(x)
child = os.fork()
if child == 0:
    mapped = hourglass.TSNE(perplexity=5, max_iter=50, device="cpu").fit_transform(x)
    os._exit(0 if (mapped == expected).all() else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, timeout=60)


def test_results_do_not_depend_on_the_number_of_threads(table) -> None:
    maps = []
    try:
        for threads in (1, 2):
            hourglass.set_threads(threads)
            maps.append(hourglass.TSNE(perplexity=5, max_iter=50).fit_transform(table))
    finally:
        hourglass.set_threads()
    np.testing.assert_array_equal(maps[0], maps[1])


# scikit-learn is not required: an import of it that fails, in a process of its own.
WITHOUT = """
import sys
sys.modules["sklearn"] = None
import numpy as np, pickle
import hourglass

x = np.random.default_rng(0).normal(size=(50, 20))
for estimator in (
    hourglass.PCA(2), hourglass.TSNE(perplexity=5, max_iter=20), hourglass.Autoencoder(epochs=1)
):
    again = type(estimator)(**estimator.get_params())
    assert repr(again) == repr(estimator)
    mapped = again.fit_transform(x)
    assert list(again.get_feature_names_out())[0] == type(estimator).__name__.lower() + "0"
    assert len(again.get_feature_names_out()) == mapped.shape[1]
    assert again.n_features_in_ == 20
    pickle.loads(pickle.dumps(again))
    for bad in (x[0], np.where(x > 1, np.nan, x), [["a"] * 20] * 3, x[:0]):
        try:
            again.fit(bad)
        except (ValueError, TypeError):
            pass
        else:
            raise AssertionError(bad)
    try:
        estimator.set_params(nonsense=1)
    except ValueError as error:
        assert "nonsense" in str(error)
pca = hourglass.PCA(2).fit(x)
try:
    pca.transform(x[:, :5])
    raise AssertionError("5 features")
except ValueError as error:
    assert "X has 5 features, but PCA is expecting 20 features" in str(error)
try:
    hourglass.PCA().transform(x)
    raise AssertionError("not fitted")
except ValueError as error:
    assert "not fitted" in str(error)
assert "sklearn.base" not in sys.modules
"""


def test_without_scikit_learn() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)


def test_the_import_alone_is_light() -> None:
    program = "import hourglass, sys; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


# ---- what the libraries read from the environment -----------------------------------------------

CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_CORETYPE")


def loaded_with(command: list, **chosen: str) -> dict:
    """What the libraries that a command loads say of themselves, the last time they do."""
    variables = {name: value for name, value in os.environ.items() if name not in CHOICES}
    variables |= {"OMP_DISPLAY_ENV": "verbose", "OPENBLAS_VERBOSE": "2", **chosen}
    said = subprocess.run(command, env=variables, check=True, capture_output=True, text=True)
    lines = re.findall(r"(OMP_WAIT_POLICY|GOMP_SPINCOUNT|Core)(?: =|:) '?(\w+)", said.stderr)
    return dict(lines)


IMPORTED = [
    sys.executable,
    "-c",
    "import os; before = dict(os.environ); import hourglass; assert dict(os.environ) == before",
]


def test_threads_that_wait_for_each_other_sleep() -> None:
    found = loaded_with(IMPORTED)
    assert (found["OMP_WAIT_POLICY"], found["GOMP_SPINCOUNT"]) == ("PASSIVE", "2000")
    chosen = loaded_with(IMPORTED, OMP_WAIT_POLICY="active")
    assert chosen["OMP_WAIT_POLICY"] == "ACTIVE" and chosen["GOMP_SPINCOUNT"] != "2000"
    assert loaded_with(IMPORTED, GOMP_SPINCOUNT="77")["GOMP_SPINCOUNT"] == "77"


def test_matrix_products_use_the_vectors_there_are() -> None:
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    if " avx2 " in flags:
        assert loaded_with(IMPORTED)["Core"] != "Prescott"
    assert loaded_with(IMPORTED, OPENBLAS_CORETYPE="Nehalem")["Core"] == "Nehalem"


def test_the_program_chooses_the_same() -> None:
    program = pathlib.Path(os.environ.get("HOURGLASS_BUILD", ".")) / "hourglass"
    if not program.exists():
        pytest.skip("the program is not built here")
    there, here = loaded_with([program, "info"]), loaded_with(IMPORTED)
    assert {**there, "Core": ""} == {**here, "Core": ""}
