"""The autoencoder as an estimator."""

import json

import numpy as np
import pytest

import hourglass


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return hourglass.synthetic_digits(256)[0][0]


@pytest.fixture(scope="module")
def trained(digits) -> hourglass.Autoencoder:
    return hourglass.Autoencoder("conv", epochs=2, random_state=1).fit(
        digits, validation_data=digits[:32]
    )


def test_learns_the_digit_of_the_article() -> None:
    four = hourglass.digit_four()
    dense = hourglass.Autoencoder("dense", random_state=1).fit(four)
    assert dense.transform(four).shape == (1, 4)
    assert dense.score(four) > -1e-3
    assert len(dense.history_["loss"]) == 1000
    assert dense.history_["loss"][-1] < 1e-2 * dense.history_["loss"][0]


def test_shapes_go_out_as_they_came_in(digits, trained) -> None:
    flat = digits.reshape(-1, 784)
    codes = trained.transform(digits)
    assert codes.shape == (256, 392)
    np.testing.assert_array_equal(trained.transform(flat), codes)
    np.testing.assert_array_equal(trained.transform(flat / np.float32(255)), codes)
    assert trained.reconstruct(digits).shape == (256, 28, 28)
    assert trained.reconstruct(flat).shape == (256, 784)
    assert trained.inverse_transform(codes).shape == (256, 28, 28)
    np.testing.assert_array_equal(trained.inverse_transform(codes), trained.reconstruct(digits))
    assert list(trained.get_feature_names_out()[[0, -1]]) == ["autoencoder0", "autoencoder391"]


def test_scores_are_minus_the_errors(digits, trained) -> None:
    errors = ((trained.reconstruct(digits) - digits / 255.0) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(trained.score_samples(digits), -errors, rtol=1e-4)
    assert trained.score(digits) == pytest.approx(-errors.mean(), rel=1e-4)


def test_history_is_keras_s(trained) -> None:
    assert sorted(trained.history_) == ["loss", "seconds", "val_loss"]
    assert [len(values) for values in trained.history_.values()] == [2, 2, 2]
    assert trained.history_["loss"][1] < trained.history_["loss"][0]


def test_validation_data_may_be_keras_s_pair(digits, trained) -> None:
    pair = hourglass.Autoencoder("conv", epochs=2, random_state=1).fit(
        digits, digits, validation_data=(digits[:32], digits[:32])
    )
    assert pair.history_["val_loss"] == trained.history_["val_loss"]


def test_learns_to_take_away_what_is_in_the_way(digits) -> None:
    draw = np.random.default_rng(0)
    images = digits / np.float32(255)
    noisy = np.clip(images + 0.5 * draw.normal(size=images.shape), 0, 1).astype(np.float32)
    blanked = images.copy()
    blanked[:, 9:19, 9:19] = 0
    plain, denoising, filling = (
        hourglass.Autoencoder("conv", epochs=20, batch_size=16, random_state=2, **options).fit(
            images
        )
        for options in ({}, {"noise": 0.5}, {"patch": 10})
    )
    for trained, seen in ((denoising, noisy), (filling, blanked)):
        error, without = (
            np.mean((network.reconstruct(seen) - images) ** 2) for network in (trained, plain)
        )
        assert error < 0.8 * without


def test_engines_agree(digits) -> None:
    layered, fused = (
        hourglass.Autoencoder("conv", epochs=2, random_state=1, engine=engine, device="cpu").fit(
            digits
        )
        for engine in ("layered", "fused")
    )
    assert (layered.engine_, fused.engine_) == ("layered", "fused")
    np.testing.assert_allclose(layered.transform(digits), fused.transform(digits), atol=1e-3)
    with pytest.raises(ValueError, match="tf32"):
        hourglass.Autoencoder("conv", precision="tf32", device="cpu").fit(digits)


def test_activations_are_those_of_numpy(digits, trained) -> None:
    images = digits[:2]
    weights = trained.state_dict()
    assert weights["conv1.weight"].shape == (16, 1, 3, 3)
    padded = np.pad(images / 255.0, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    kernel, bias = weights["conv1.weight"][:, 0], weights["conv1.bias"]
    maps = np.einsum("nyxij,oij->noyx", windows, kernel) + bias[:, None, None]
    for layer in (1, "conv1"):
        np.testing.assert_allclose(
            trained.activations(images, layer), np.maximum(maps, 0), atol=1e-6
        )
    with pytest.raises(ValueError, match="layer"):
        trained.activations(images, "conv9")
    with pytest.raises(ValueError, match="layers"):
        trained.activations(images, 99)


def test_files(tmp_path, digits, trained) -> None:
    file = tmp_path / "weights.safetensors"
    trained.save(file)
    again = hourglass.Autoencoder.load(file)
    np.testing.assert_array_equal(again.transform(digits), trained.transform(digits))
    assert again.n_features_in_ == 784
    again.partial_fit(digits)
    same = hourglass.Autoencoder.load(file, **hourglass.Autoencoder(epochs=3).get_params())
    assert same.model_ == trained.model_  # and not chosen by rows, of which there are none
    assert (same.model, same.epochs) == (trained.model_, 3)
    np.testing.assert_array_equal(same.transform(digits), trained.transform(digits))
    with pytest.raises(FileNotFoundError):
        hourglass.Autoencoder.load(tmp_path / "none")
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="weights.safetensors"):
        hourglass.Autoencoder.load(file)


def test_pytorch_loads_the_weights(trained) -> None:
    torch = pytest.importorskip("torch")
    layers = torch.nn.ModuleDict({"conv1": torch.nn.Conv2d(1, 16, 3)})
    weights = {name: torch.from_numpy(each) for name, each in trained.state_dict().items()}
    layers.load_state_dict({name: each for name, each in weights.items() if "conv1" in name})


LINEAR = {
    "encoder": [{"type": "dense", "outputs": 2}],
    "decoder": [{"type": "dense", "activation": "none"}],
}


def test_tables_of_any_numbers(table) -> None:
    # Two linear layers do as well as two principal components, and no better.
    pca = hourglass.PCA(2)
    best = np.mean((pca.inverse_transform(pca.fit_transform(table)) - table) ** 2)
    network = hourglass.Autoencoder(
        LINEAR, epochs=600, learning_rate=0.01, batch_size=20, random_state=0
    ).fit(table)
    assert 0.999 * best < -network.score(table) < 1.05 * best
    assert network.model_["input"] == [1, 1, 8]


def test_models_from_files(tmp_path, table) -> None:
    file = tmp_path / "mine.json"
    file.write_text(
        json.dumps(
            {
                "name": "mine",
                "input": [8],
                "encoder": [{"type": "dense", "outputs": 3}],
                "decoder": [{"type": "dense", "outputs": 8, "activation": "none"}],
            }
        )
    )
    for model in (file, str(file)):
        assert hourglass.Autoencoder(model, epochs=1).fit_transform(table).shape == (120, 3)


def test_training_goes_on(table) -> None:
    network = hourglass.Autoencoder(LINEAR, epochs=3, random_state=0, warm_start=True).fit(table)
    first = network.history_["loss"][:]
    network.fit(table)
    assert network.history_["loss"][:3] == first
    assert len(network.history_["loss"]) == 6
    assert network.history_["loss"][3] < first[0]
    network.partial_fit(table)
    assert len(network.history_["loss"]) == 7
    network.set_params(warm_start=False).fit(table)
    assert network.history_["loss"] == first


def test_training_goes_on_by_another_engine(digits) -> None:
    network = hourglass.Autoencoder("conv", epochs=1, engine="layered", warm_start=True)
    assert network.fit(digits).engine_ == "layered"
    assert network.set_params(engine="fused").fit(digits).engine_ == "fused"
    assert len(network.history_["loss"]) == 2


def test_callbacks(table) -> None:
    seen = []

    class Keras:
        def on_epoch_end(self, epoch, logs):
            seen.append((epoch, sorted(logs)))

    network = hourglass.Autoencoder(
        LINEAR, epochs=50, callbacks=[Keras(), lambda epoch, logs: epoch == 2]
    ).fit(table)
    assert seen == [(epoch, ["loss", "seconds"]) for epoch in range(3)]
    assert len(network.history_["loss"]) == 3

    def using(epoch, logs):
        network.transform(table)

    with pytest.raises(RuntimeError, match="learning"):
        network.set_params(callbacks=[using]).fit(table)

    def failing(epoch, logs):
        raise KeyError("mine")

    before = network.transform(table)
    with pytest.raises(KeyError, match="mine"):
        network.set_params(callbacks=[failing]).fit(table)
    np.testing.assert_array_equal(network.transform(table), before)
    with pytest.raises(KeyError, match="mine"):
        network.partial_fit(table)
    np.testing.assert_array_equal(network.transform(table), before)


@pytest.mark.parametrize("engine", ["layered", "fused"])
@pytest.mark.parametrize("model", ["conv", "dense"])
def test_a_callback_s_enough_keeps_the_weights_of_its_epoch(digits, model, engine) -> None:
    rows = digits if model == "conv" else hourglass.digit_four()
    limited, ended = (
        hourglass.Autoencoder(
            model, epochs=epochs, engine=engine, random_state=1, callbacks=callbacks
        ).fit(rows)
        for epochs, callbacks in ((3, None), (50, [lambda epoch, logs: epoch == 2]))
    )
    assert ended.history_["loss"] == limited.history_["loss"]
    for name, weights in limited.state_dict().items():
        np.testing.assert_array_equal(ended.state_dict()[name], weights, err_msg=name)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"model": "conv"}, ValueError),
        ({"model": "nonsense"}, ValueError),
        ({"model": {"encoder": []}}, ValueError),
        ({"model": "missing.json"}, FileNotFoundError),
        ({"epochs": 0}, ValueError),
        ({"epochs": 1.5}, TypeError),
        ({"batch_size": 0}, ValueError),
        ({"learning_rate": -1.0}, ValueError),
        ({"loss": "mae"}, ValueError),
        ({"loss": "bce"}, ValueError),  # of a linear output
        ({"engine": "warp"}, ValueError),
        ({"precision": "fp8"}, ValueError),
        ({"device": "tpu"}, ValueError),
        ({"device": 0}, TypeError),
        ({"model": 7}, TypeError),
        ({"patch": 2**70}, ValueError),
        ({"noise": 10**400}, ValueError),
        ({"callbacks": 3}, TypeError),
        ({"callbacks": "x"}, TypeError),
        ({"callbacks": [None]}, TypeError),
        ({"patch": 9}, ValueError),
        ({"learning_rate": 1e30}, RuntimeError),  # diverges
    ],
)
def test_bad_parameters(table, parameters, error) -> None:
    with pytest.raises(error) as told:
        hourglass.Autoencoder(**{"epochs": 3, **parameters}).fit(table)
    assert "\n" not in str(told.value)


def test_no_images(trained) -> None:
    for shape in ((0, 28, 28), (0, 784)):
        with pytest.raises(ValueError, match="0 sample"):
            hourglass.Autoencoder().fit(np.zeros(shape))
        with pytest.raises(ValueError, match="0 sample"):
            trained.transform(np.zeros(shape))


def test_a_folder_that_is_not_there(tmp_path, trained) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        trained.save(tmp_path / "nowhere" / "weights.safetensors")
    with pytest.raises(NotADirectoryError):
        trained.save(tmp_path / "file" / "weights.safetensors")


def test_bad_codes(trained) -> None:
    for bad in (
        np.zeros((3, 7)),
        np.zeros((0, 392)),
        np.zeros(392),
        3.0,
        np.full((2, 392), np.nan),
    ):
        with pytest.raises(ValueError) as told:
            trained.inverse_transform(bad)
        assert "\n" not in str(told.value)


def test_values_beyond_the_unit_range_are_for_linear_outputs(digits) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        hourglass.Autoencoder("conv").fit(digits.astype(np.float32))
