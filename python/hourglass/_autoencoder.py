"""Autoencoders."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from hourglass import _core
from hourglass._arrays import flat_rows, like, numbers, on_gpu, on_host
from hourglass._base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    as_it_was,
    require_fitted,
    validated,
)
from hourglass._checks import device_name, number, one_of, seed_of, whole
from hourglass._progress import Progress

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_IMAGE_SIDE = 28  # of the images that the shipped convolutional model is for


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A network that squeezes rows through a bottleneck and rebuilds them.

    Rows are images (n_samples, height, width), (n_samples, channels, height, width), or any table
    (n_samples, n_features). Bytes stand for their 255th part; other values must be in [0, 1] unless
    the model's output is linear.

    Parameters
    ----------
    model : str, dict or path
        ``"conv"`` and ``"dense"``: the two that ship, for 28 x 28 and 8 x 8 images. A dict, or a
        JSON file of one: layers (docs/models.md); a dict may leave out ``name``, ``input`` and a
        last dense layer's ``outputs``, which then are those of the data. ``"auto"``: conv for
        28 x 28 images; for others two dense layers each way, with a linear output unless all values
        are in [0, 1].
    epochs, batch_size : int, optional
        Without them, what the model says. A batch is no larger than the data.
    learning_rate : float, optional
        Of Adam.
    loss : "bce" or "mse", optional
        Mean binary cross-entropy, or mean squared error.
    noise : float
        Standard deviation of normal noise, which the network learns to take away.
    patch : int
        Side of a square that is blanked, which the network learns to fill in.
    engine : "auto", "layered" or "fused"
    precision : "fp32" or "tf32"
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
    random_state : int, RandomState, Generator or None
        Of the first weights and the order of the rows. The same seed gives the same bytes on the
        same device.
    warm_start : bool
        ``fit`` goes on from the weights there are.
    callbacks : list, optional
        Called after each epoch with its number, from 0, and a dict of its losses; or objects with
        ``on_epoch_end``, as Keras has them. One that returns what is true ends the training. The
        estimator itself cannot be used in them: it is learning.
    verbose : int
        1 shows progress.

    Attributes
    ----------
    history_ : dict of lists
        ``loss``, ``val_loss`` where there is validation data, and ``seconds``, by epoch.
    model_ : dict
        The model, complete.
    n_features_in_ : int
        Values in a row.
    feature_names_in_ : ndarray of str
        Where X was a frame whose columns have names.
    engine_ : str
        The engine that ``"auto"`` took.

    Raises
    ------
    ValueError
        Rows of another size than the model's, values out of range or not finite, a model that makes
        no sense.
    RuntimeError
        A device that is not there or fails, a training that diverges.

    References
    ----------
    G. E. Hinton, R. R. Salakhutdinov, "Reducing the dimensionality of data with neural networks",
    Science 313, 2006.

    Examples
    --------
    >>> import hourglass
    >>> four = hourglass.digit_four()
    >>> autoencoder = hourglass.Autoencoder("dense", random_state=1).fit(four)
    >>> autoencoder.transform(four).shape
    (1, 4)
    >>> autoencoder.reconstruct(four).round().astype(int)[0, 4]
    array([1, 1, 1, 1, 1, 0, 0, 0])
    """

    def __init__(
        self,
        model: Any = "auto",
        *,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        loss: str | None = None,
        noise: float = 0.0,
        patch: int = 0,
        engine: str = "auto",
        precision: str = "fp32",
        device: str = "auto",
        random_state: Any = None,
        warm_start: bool = False,
        callbacks: Any = None,
        verbose: int = 0,
    ) -> None:
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.loss = loss
        self.noise = noise
        self.patch = patch
        self.engine = engine
        self.precision = precision
        self.device = device
        self.random_state = random_state
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose

    history_: dict[str, list[float]]

    # ---- learning ------------------------------------------------------------------------------

    def fit(self, X: ArrayLike, y: Any = None, *, validation_data: Any = None) -> Autoencoder:
        """Train on X.

        If it is interrupted or fails, the estimator is as it was.

        Parameters
        ----------
        X : array-like, a row or image each
        y : ignored
        validation_data : array-like, or a pair of array and what is ignored, optional
            Rows of the same size; their loss is worked out after each epoch.

        Returns
        -------
        self
        """
        go_on = bool(self.warm_start) and hasattr(self, "_network")
        return self._learn(X, validation_data, go_on, None)

    def partial_fit(
        self, X: ArrayLike, y: Any = None, *, validation_data: Any = None
    ) -> Autoencoder:
        """Train on X for one epoch more, from the weights there are. Adam begins afresh.

        Parameters
        ----------
        X : array-like, a row or image each
        y : ignored
        validation_data : array-like, optional

        Returns
        -------
        self
        """
        return self._learn(X, validation_data, hasattr(self, "_network"), 1)

    def _learn(self, X: Any, validation_data: Any, go_on: bool, epochs: int | None) -> Autoencoder:
        with as_it_was(self):
            rows, shape = self._rows(X, reset=not go_on)
            held_out = None
            if validation_data is not None:
                held_out, _ = self._rows(_rows_alone(validation_data), reset=False)
            if not go_on:
                self._row_shape = shape
                self._start(rows)
            self._train(rows, held_out, epochs, None if go_on else {})
        return self

    def _start(self, rows: NDArray[Any]) -> None:
        """A network with fresh weights for such rows."""
        self._network = self._new_network(json.dumps(self._description(rows)))
        self._adopt()
        self._network.initialize(seed_of(self.random_state))

    def _new_network(self, description: str) -> Any:
        engine = one_of(self.engine, "engine", ("auto", "layered", "fused"))
        precision = one_of(self.precision, "precision", ("fp32", "tf32"))
        return _core.Network(description, device_name(self.device), engine, precision)

    def _adopt(self) -> None:
        self.model_ = json.loads(self._network.model)
        self.engine_ = self._network.engine

    def _train(self, rows: Any, held_out: Any, epochs: int | None, history: Any) -> None:
        network = self._network
        usual = self.model_["training"]
        if epochs is None:
            epochs = usual["epochs"] if self.epochs is None else whole(self.epochs, "epochs")
        batch = (
            usual["batch_size"] if self.batch_size is None else whole(self.batch_size, "batch_size")
        )
        options: dict[str, Any] = {
            "epochs": epochs,
            "batch_size": min(batch, len(rows)),
            "learning_rate": usual["learning_rate"]
            if self.learning_rate is None
            else number(self.learning_rate, "learning_rate", above=0.0),
            "loss": usual["loss"]
            if self.loss is None
            else one_of(self.loss, "loss", ("bce", "mse")),
            "seed": seed_of(self.random_state),
            "noise": number(self.noise, "noise", least=0.0),
            "patch": whole(self.patch, "patch", least=0),
        }
        if history is None:
            history = {name: list(values) for name, values in self.history_.items()}
            weights = list(network.parameters().values())
            # The network there is stays as it is until this one has learnt.
            network = self._new_network(network.model)
            network.set_parameters(weights)
            options["seed"] += len(history.get("loss", []))  # another order of the rows
        callbacks = self._callables()

        note = ""
        with Progress("training", epochs * len(rows), self.verbose) as bar:

            def on_step(epoch: int, seen: int, of: int) -> None:
                bar.show((epoch - 1) * of + seen, note)

            def on_epoch(epoch: int, loss: float, validation_loss: float, seconds: float) -> bool:
                nonlocal note
                logs = {"loss": loss}
                if held_out is not None:
                    logs["val_loss"] = validation_loss
                logs["seconds"] = seconds
                for name, value in logs.items():
                    history.setdefault(name, []).append(value)
                note = ", ".join(f"{name} {value:.4g}" for name, value in logs.items())
                answers = [callback(epoch - 1, logs) for callback in callbacks]
                return any(map(bool, answers))

            # A training validates; without data for it, on as little as there is.
            network.train(
                rows,
                _first(rows) if held_out is None else held_out,
                options,
                on_step if self.verbose else None,
                on_epoch,
            )
        self._network = network
        self._adopt()
        self.history_ = history

    def _callables(self) -> list[Any]:
        if self.callbacks is None:
            return []
        called = None
        if isinstance(self.callbacks, (list, tuple)):
            called = [getattr(callback, "on_epoch_end", callback) for callback in self.callbacks]
        if called is None or not all(map(callable, called)):
            raise TypeError(
                f"callbacks is {self.callbacks!r}; expected a list of functions or None"
            )
        return called

    def _description(self, rows: NDArray[Any]) -> dict[str, Any]:
        """The model for such rows, complete."""
        features = rows.shape[1]
        if isinstance(self.model, dict):
            return self._completed(self.model, features)
        if not isinstance(self.model, (str, os.PathLike)):
            raise TypeError(f"model is {self.model!r}; expected a name, a dict or a path")
        if isinstance(self.model, os.PathLike) or str(self.model).endswith(".json"):
            os.stat(self.model)
            return json.loads(_core.read_model(os.fspath(self.model)))
        if self.model != "auto":
            one_of(self.model, "model", ("auto", "conv", "dense"))
            return json.loads(_core.shipped_model(self.model))
        if features == _IMAGE_SIDE**2 and _in_unit_range(rows):
            return json.loads(_core.shipped_model("conv"))
        return self._dense(features, _in_unit_range(rows))

    def _dense(self, features: int, in_unit_range: bool) -> dict[str, Any]:
        """Layers in the proportions of the shipped dense model."""
        codes = max(features // 16, min(features, 2))
        end = "sigmoid" if in_unit_range else "none"
        return {
            "name": "auto",
            "input": list(self._row_shape),
            "encoder": [
                {"type": "dense", "outputs": 4 * codes, "activation": "relu"},
                {"type": "dense", "outputs": codes},
            ],
            "decoder": [
                {"type": "dense", "outputs": 4 * codes, "activation": "relu"},
                {"type": "dense", "outputs": features, "activation": end},
            ],
            "training": {"epochs": 50, "batch_size": 32, "loss": "mse"},
        }

    def _completed(self, model: dict[str, Any], features: int) -> dict[str, Any]:
        model = {"name": "own", "input": list(self._row_shape), **model}
        decoder = model.get("decoder")
        if isinstance(decoder, (list, tuple)) and decoder and isinstance(decoder[-1], dict):
            last = decoder[-1]
            if last.get("type") == "dense" and "outputs" not in last:
                model["decoder"] = [*decoder[:-1], {**last, "outputs": features}]
        return model

    # ---- using it ------------------------------------------------------------------------------

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """The codes of X.

        Parameters
        ----------
        X : array-like, a row or image each

        Returns
        -------
        ndarray of shape (n_samples, n_codes), float32
            A row in channel, row, column order.
        """
        require_fitted(self)
        return like(self._network.encode(self._rows(X)[0]), X)

    encode = transform

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """What the network draws from codes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_codes)

        Returns
        -------
        ndarray, float32
            Rows or images, in the shape of those that were fitted.
        """
        require_fitted(self)
        return like(self._shaped(self._network.decode(flat_rows(X)), self._row_shape), X)

    decode = inverse_transform

    def reconstruct(self, X: ArrayLike) -> NDArray[np.float32]:
        """X through both halves.

        Parameters
        ----------
        X : array-like, a row or image each

        Returns
        -------
        ndarray of the shape of X, float32
        """
        require_fitted(self)
        rows, shape = self._rows(X)
        return like(self._shaped(self._network.reconstruct(rows), shape), X)

    def score_samples(self, X: ArrayLike) -> NDArray[np.float32]:
        """How well each row is rebuilt: minus its mean squared error.

        Parameters
        ----------
        X : array-like, a row or image each
            On the host: of rows in a GPU's memory it is a ``ValueError``.

        Returns
        -------
        ndarray of shape (n_samples,), float32
        """
        require_fitted(self)
        return -self._network.errors(self._rows(X)[0])

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """The mean of ``score_samples``.

        Parameters
        ----------
        X : array-like, a row or image each
            On the host.
        y : ignored

        Returns
        -------
        float
        """
        return float(np.mean(self.score_samples(X), dtype=np.float64))

    def activations(self, X: ArrayLike, layer: int | str) -> NDArray[np.float32]:
        """What comes out of a layer.

        Parameters
        ----------
        X : array-like, a row or image each
        layer : int or str
            How many layers X goes through, from 1; or a layer with weights by its name, as in
            ``state_dict``: ``"conv1"``.

        Returns
        -------
        ndarray of shape (n_samples, channels, height, width), float32
            After its relu, if it has one. A NumPy array wherever X is.
        """
        require_fitted(self)
        return self._network.activations(self._rows(X)[0], self._place_of(layer))

    # ---- weights -------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name, as PyTorch has them in shape and order.

        Returns
        -------
        dict of ndarray
            ``conv1.weight`` (out, in, 3, 3), ``conv1.bias`` (out,), ``dense1.weight`` (out, in),
            and so on. ``{name: torch.from_numpy(w) for name, w in ...items()}`` is what ``load_state_dict``
            takes.
        """
        require_fitted(self)
        return dict(self._network.parameters())

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write weights and model as safetensors, which :meth:`load` and the program read.

        Parameters
        ----------
        file : path

        Raises
        ------
        OSError
            The folder is not there.
        """
        require_fitted(self)
        name = os.fspath(file)
        os.stat(os.path.join(os.path.dirname(name) or ".", ""))  # OSError where it is no folder
        self._network.save(name)

    @classmethod
    def load(cls, file: str | os.PathLike[str], **params: Any) -> Autoencoder:
        """An autoencoder from a file of weights.

        Parameters
        ----------
        file : path
            Of :meth:`save`, of the program's runs, or of PyTorch for the models that ship.
        **params
            As of the constructor; the model, unless it is given and not ``"auto"``, is the file's.

        Returns
        -------
        Autoencoder
        """
        os.stat(file)
        model = params.get("model", "auto")
        if isinstance(model, str) and model == "auto":  # there are no rows to choose one by
            params["model"] = json.loads(_core.model_of_weights(os.fspath(file)))
        loaded = cls(**params)
        if isinstance(loaded.model, dict):
            description = loaded.model
        else:
            description = loaded._description(np.zeros((1, 0), np.float32))
        loaded._network = loaded._new_network(json.dumps(description))
        loaded._network.load(os.fspath(file))
        loaded._adopt()
        channels, height, width = loaded.model_["input"]
        loaded.n_features_in_ = channels * height * width
        loaded._row_shape = _short_shape(channels, height, width)
        loaded.history_ = {}
        return loaded

    def __getstate__(self) -> dict[str, Any]:
        parent = getattr(super(), "__getstate__", None)
        state = dict(parent() or vars(self)) if parent is not None else dict(self.__dict__)
        network = state.pop("_network", None)
        if network is not None:
            state["_weights"] = (network.model, list(network.parameters().values()))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        kept = state.pop("_weights", None)
        parent = getattr(super(), "__setstate__", None)
        if parent is not None:
            parent(state)
        else:
            self.__dict__.update(state)
        if kept is not None:
            model, weights = kept
            self._network = self._new_network(model)
            self._network.set_parameters(weights)

    # ---- what the above share ------------------------------------------------------------------

    def _rows(self, X: Any, reset: bool = False) -> tuple[NDArray[Any], tuple[int, ...]]:
        """X as flat rows of bytes or floats, and the shape of one row."""
        there = on_gpu(X)
        if there is not None:
            shape = there.shape
            X = there.flat() if len(shape) > 2 else there
            return validated(self, X, reset=reset, dtypes=[np.float32, np.uint8]), shape[1:]
        X = on_host(X)
        shape = getattr(X, "shape", None)
        if shape is None:
            X = numbers(X)
            shape = X.shape
        if len(shape) > 2:
            X = np.asarray(X)
            X = X.reshape(len(X), int(np.prod(shape[1:])))
        rows = validated(self, X, reset=reset, dtypes=[np.float32, np.uint8])
        return rows, tuple(int(side) for side in shape[1:])

    @property
    def _n_features_out(self) -> int:
        return int(np.prod(self._layers()[len(self.model_["encoder"]) - 1]))

    def _layers(self) -> list[tuple[int, int, int]]:
        """What comes out of each layer: channels, height, width."""
        channels, height, width = self.model_["input"]
        shapes = []
        for layer in [*self.model_["encoder"], *self.model_["decoder"]]:
            kind = layer["type"]
            if kind == "convolution":
                channels = layer["outputs"]
            elif kind == "dense":
                channels, height, width = layer["outputs"], 1, 1
            elif kind == "reshape":
                channels, height, width = layer["shape"]
            elif kind == "max_pool":
                height, width = height // 2, width // 2
            else:
                height, width = 2 * height, 2 * width
            shapes.append((channels, height, width))
        return shapes

    def _place_of(self, layer: int | str) -> int:
        if not isinstance(layer, str):
            return whole(layer, "layer")
        places = {}
        counts = {"conv": 0, "dense": 0}
        for place, one in enumerate([*self.model_["encoder"], *self.model_["decoder"]], 1):
            kind = {"convolution": "conv", "dense": "dense"}.get(one["type"])
            if kind is not None:
                counts[kind] += 1
                places[f"{kind}{counts[kind]}"] = place
        return places[one_of(layer, "layer", tuple(places))]

    @staticmethod
    def _shaped(rows: Any, shape: tuple[int, ...]) -> Any:
        whole_shape = (len(rows), *shape)
        if isinstance(rows, _core.GpuArray):
            return rows.shaped(whole_shape)
        return rows.reshape(whole_shape)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _more_tags(self) -> dict[str, Any]:  # before 1.6
        return {"preserves_dtype": [np.float32]}


def _rows_alone(validation_data: Any) -> Any:
    """Keras has pairs of rows and what is wanted of them, which here are the rows again."""
    if isinstance(validation_data, tuple) and validation_data:
        first = validation_data[0]
        if len(getattr(first, "shape", ())) > 1:
            return first
    return validation_data


def _first(rows: Any) -> Any:
    return rows.first(1) if isinstance(rows, _core.GpuArray) else rows[:1]


def _in_unit_range(rows: Any) -> bool:
    if isinstance(rows, _core.GpuArray) and rows.dtype != np.uint8:
        rows = rows.numpy()
    return rows.dtype == np.uint8 or bool(rows.min() >= 0.0 and rows.max() <= 1.0)


def _short_shape(channels: int, height: int, width: int) -> tuple[int, ...]:
    """As the library shapes arrays of such images."""
    if channels > 1:
        return channels, height, width
    return (height, width) if height > 1 else (width,)
