#!/usr/bin/env python3
"""Draws the figures of a run folder from the files in it.

    scripts/plot.py RUN_FOLDER

conv:   reconstruction.png, latent_maps.png, loss.png
dense:  digit.png, reconstruction.png, latent.png

metrics.json must be there. A figure whose files are all absent is left out (an interrupted run
has only some of them); a figure with half of its files, or with bad ones, is an error. Each
figure is written under a temporary name and then renamed, so none is ever half-written.
"""

import argparse
import json
import math
import os
import sys

try:
    import numpy as np
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    print(
        f"plot.py: error: {sys.executable} cannot import {error.name}; "
        "install the packages python3-numpy and python3-matplotlib, or start plot.py with a Python "
        "that has both, such as /usr/bin/python3",
        file=sys.stderr,
    )
    sys.exit(3)  # tells callers to try another Python


class PlotError(Exception):
    """Something about the run folder; the message is one line for the user."""


# ---------------------------------------------------------------------------------------------
# Style: everything the figures share.
# ---------------------------------------------------------------------------------------------

INK = "#22272e"
MUTED = "#6b7480"
FAINT = "#d9dde2"
TRAINING, VALIDATION = "#4c72b0", "#dd6b20"
DIGIT_COLOURS = ListedColormap(
    ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
     "#8c564b", "#f06fbe", "#7f7f7f", "#b5b51f", "#17becf"]
)  # fmt: skip
IMAGE_COLOURS = "gray"
CODE_COLOURS = "viridis"

STYLE = {
    "figure.dpi": 150,
    "savefig.dpi": 150,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": "#aab1ba",
    "axes.labelcolor": MUTED,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "grid.color": FAINT,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 10,
}


def heading(axes, title, subtitle=""):
    """A title flush left, and under it, small and grey, the figures that belong to it."""
    axes.set_title(title, weight="bold", pad=24 if subtitle else 10)
    if subtitle:
        axes.annotate(subtitle, (0, 1), (0, 8), xycoords="axes fraction",
                      textcoords="offset points", color=MUTED, fontsize=9.5)  # fmt: skip


def bare(axes):
    """No ticks and no frame."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def show_image(axes, image):
    axes.imshow(image, cmap=IMAGE_COLOURS, vmin=0, vmax=1, interpolation="nearest")
    bare(axes)


def save(figure, path):
    """Writes a PNG under a temporary name and renames it."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        figure.savefig(temporary, format="png", bbox_inches="tight", pad_inches=0.18)
        os.replace(temporary, path)
    except OSError as error:
        raise PlotError(f"{path}: cannot write: {error.strerror or error}") from None
    finally:
        plt.close(figure)
        if os.path.exists(temporary):
            os.remove(temporary)


# ---------------------------------------------------------------------------------------------
# The run folder.
# ---------------------------------------------------------------------------------------------


class Run:
    """The files of a run folder, checked as they are read."""

    def __init__(self, folder):
        if not os.path.isdir(folder):
            raise PlotError(f"{folder}: no such folder; expected a run folder")
        self.folder = folder
        path = self.path("metrics.json")
        if not os.path.exists(path):
            raise PlotError(f"{path}: no such file; expected what `hourglass run` writes")
        try:
            with open(path, encoding="utf-8") as file:
                self.metrics = json.load(file)
        except (OSError, ValueError) as error:
            raise PlotError(f"{path}: cannot read: {one_line(error)}") from None
        self.model = self.metrics.get("model") if isinstance(self.metrics, dict) else None
        if self.model not in list(FIGURES):
            raise PlotError(f"{path}: model is {json.dumps(self.model)}; expected conv or dense")

    def path(self, name):
        return os.path.join(self.folder, name)

    def has(self, *names):
        """True if all are there, False if none is; an error in between."""
        missing = [name for name in names if not os.path.exists(self.path(name))]
        if missing and len(missing) < len(names):
            there = next(name for name in names if name not in missing)
            raise PlotError(
                f"{self.path(missing[0])}: no such file, yet {there} is there; run the study again"
            )
        return not missing

    def array(self, name, shape):
        """An array of finite numbers; None in `shape` stands for any length."""
        path = self.path(name)
        try:
            with open(path, "rb") as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise PlotError(f"{path}: cannot read: {one_line(error)}") from None
        pairs = zip(shape, array.shape)
        fits = array.ndim == len(shape) and all(want in (None, got) for want, got in pairs)
        if not fits or array.size == 0:
            expected = ", ".join("N" if length is None else str(length) for length in shape)
            expected += "," if len(shape) == 1 else ""
            raise PlotError(f"{path}: shape is {array.shape}; expected ({expected})")
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise PlotError(f"{path}: has entries that are not finite numbers")
        return array

    def images(self, name, size):
        return self.array(name, (None, size, size))

    def epochs(self):
        """Epoch numbers, training losses, validation losses; a loss that was not taken is NaN."""
        rows = self.metrics.get("epochs") or []
        keys = ("epoch", "train_loss", "validation_loss")
        try:
            table = [[number(row.get(key)) for key in keys] for row in rows]
        except (AttributeError, TypeError):
            path = self.path("metrics.json")
            raise PlotError(f"{path}: epochs is not the expected list") from None
        return np.array(table, dtype=float).reshape(-1, 3).T

    def outcome(self):
        """For titles: 'validation loss 0.0718 after 10 epochs'."""
        epoch, training, validation = self.epochs()
        for name, losses in (("validation loss", validation), ("training loss", training)):
            if len(losses) and math.isfinite(losses[-1]):
                count = int(epoch[-1]) if math.isfinite(epoch[-1]) else len(losses)
                plural = "" if count == 1 else "s"
                return f"{name} {figures(losses[-1])} after {count:,} epoch{plural}"
        return ""

    def section(self, name):
        """`pca`, `tsne` or `quality` of metrics.json, {} where it is null."""
        value = self.metrics.get(name)
        return value if isinstance(value, dict) else {}


def number(value):
    return float(value) if isinstance(value, (int, float)) else math.nan


def figures(value):
    """Three significant figures, as people write losses: 0.0718, 1.72, 3.1e-05."""
    return f"{value:#.3g}" if 1e-4 <= abs(value) < 1e3 else f"{value:.2g}"


def one_line(error):
    return " ".join(str(getattr(error, "strerror", None) or error).split())


# ---------------------------------------------------------------------------------------------
# The figures. Each draws if its files are there, and says whether it did.
# ---------------------------------------------------------------------------------------------


def conv_reconstruction(run, path):
    """The originals in the first row, their reconstructions in the second."""
    if not run.has("originals.npy", "reconstructions.npy"):
        return False
    originals = run.images("originals.npy", 28)
    reconstructions = run.array("reconstructions.npy", originals.shape)
    count = len(originals)
    figure, axes = plt.subplots(2, count, figsize=(1.15 * count, 2.9), squeeze=False,
                                gridspec_kw={"wspace": 0.07, "hspace": 0.28})  # fmt: skip
    for column in range(count):
        show_image(axes[0, column], originals[column])
        show_image(axes[1, column], reconstructions[column])
        axes[0, column].set_title("original", fontsize=8, color=MUTED, loc="center", pad=4)
        axes[1, column].set_title("reconstructed", fontsize=8, color=MUTED, loc="center", pad=4)
    left = axes[0, 0].get_position().x0
    title = "Test digits through the bottleneck"
    figure.text(left, 1.055, title, weight="bold", fontsize=12)
    figure.text(left, 0.985, run.outcome(), color=MUTED, fontsize=9.5)
    save(figure, path)
    return True


def conv_latent_maps(run, path):
    """The PCA map and the t-SNE map side by side; the first alone while there is no other."""
    if not run.has("pca.npy", "labels.npy"):
        return False
    labels = run.array("labels.npy", (None,))
    low, high = labels.min(), labels.max()
    if low < 0 or high > 9:
        path = run.path("labels.npy")
        raise PlotError(f"{path}: labels go from {low} to {high}; expected 0 to 9")
    maps = [("pca.npy", pca_words)]
    if run.has("tsne.npy"):
        maps.append(("tsne.npy", tsne_words))

    figure, axes = plt.subplots(1, len(maps), figsize=(6.9 * len(maps), 6.1), squeeze=False,
                                layout="constrained")  # fmt: skip
    figure.get_layout_engine().set(wspace=0.03)
    for panel, (name, words) in zip(axes[0], maps):
        points = run.array(name, (len(labels), 2))
        size = min(24.0, max(2.5, 40_000 / len(points)))
        dots = panel.scatter(points[:, 0], points[:, 1], s=size, c=labels, cmap=DIGIT_COLOURS,
                             norm=BoundaryNorm(np.arange(-0.5, 10), 10), alpha=0.75,
                             linewidths=0)  # fmt: skip
        panel.margins(0.03)
        panel.set_aspect("equal", adjustable="datalim")  # maps are about distances
        panel.spines[["top", "right"]].set_visible(True)
        words(panel, run)
        bar = figure.colorbar(dots, ax=panel, ticks=range(10), fraction=0.05, pad=0.02, aspect=34)
        bar.solids.set_alpha(1)
        bar.ax.tick_params(which="both", length=0, labelsize=10)
        bar.ax.set_title("digit", color=MUTED, fontsize=9.5, loc="left", pad=8)
        bar.outline.set_visible(False)
    save(figure, path)
    return True


def quality_words(run, name):
    """What a map keeps of the codes, as far as that was measured."""

    def measured(what, key):
        facts = run.section("quality").get(what)
        return number(facts.get(key)) if isinstance(facts, dict) else math.nan

    accuracy, ceiling = measured(name, "accuracy10"), measured("codes", "accuracy10")
    trust = measured(name, "trustworthiness")
    words = []
    if math.isfinite(accuracy):
        known = f" (codes {ceiling:.3f})" if math.isfinite(ceiling) else ""
        words.append(f"10-NN accuracy {accuracy:.3f}{known}")
    if math.isfinite(trust):
        words.append(f"trustworthiness {trust:.3f}")
    return words


def pca_words(axes, run):
    ratios = run.section("pca").get("explained_variance_ratio") or []
    ratios = [number(ratio) for ratio in ratios[:2]] if isinstance(ratios, list) else []
    share = [f" ({100 * ratio:.1f} % of the variance)" for ratio in ratios] + ["", ""]
    words = [f"{100 * sum(ratios):.1f} % of the variance"] if len(ratios) == 2 else []
    heading(axes, "PCA", ", ".join(words + quality_words(run, "pca")))
    axes.set(xlabel=f"component 1{share[0]}", ylabel=f"component 2{share[1]}")
    axes.grid(True)
    axes.tick_params(length=0)


def tsne_words(axes, run):
    facts = run.section("tsne")
    kl, perplexity, iterations = (
        number(facts.get(key)) for key in ("kl_divergence", "perplexity", "iterations")
    )
    words = [f"KL divergence {figures(kl)}"] if math.isfinite(kl) else []
    heading(axes, "t-SNE", ", ".join(words + quality_words(run, "tsne")))
    how = []
    if math.isfinite(perplexity):
        how.append(f"perplexity {perplexity:g}")
    if math.isfinite(iterations):
        how.append(f"{iterations:,.0f} iterations")
    # A t-SNE map's axes carry no meaning: what made it stands in their place.
    axes.set(xticks=[], yticks=[], xlabel=", ".join(how))


def conv_loss(run, path):
    """Training and validation loss by epoch."""
    epoch, training, validation = run.epochs()
    if not np.isfinite([training, validation]).any():
        return False
    if not np.isfinite(epoch).all():
        raise PlotError(f"{run.path('metrics.json')}: an epoch has no number")
    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    size = 5.5 if len(epoch) <= 30 else 0  # beyond, the points would be a string of beads
    curves = (("training", training, TRAINING), ("validation", validation, VALIDATION))
    for name, losses, colour in curves:
        if np.isfinite(losses).any():
            axes.plot(epoch, losses, color=colour, linewidth=1.8, label=name, marker="o",
                      markersize=size, markeredgecolor="white", markeredgewidth=0.8,
                      clip_on=False, zorder=3)  # fmt: skip
    heading(axes, "Loss by epoch", run.outcome())
    axes.set(xlabel="epoch", ylabel=f"loss per pixel{loss_name(run)}")
    axes.set_xlim(epoch[0] - 0.5, epoch[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.margins(y=0.12)
    axes.grid(True, axis="y")
    axes.tick_params(length=0)
    axes.legend(loc="upper right")
    save(figure, path)
    return True


def loss_name(run):
    names = {"bce": " (binary cross-entropy)", "mse": " (squared error)"}
    options = run.metrics.get("options")
    return names.get(options.get("loss") if isinstance(options, dict) else None, "")


def dense_image(run, path, name, title, subtitle):
    if not run.has(name):
        return False
    figure, axes = plt.subplots(figsize=(4.2, 4.2))
    show_image(axes, run.images(name, 8)[0])
    heading(axes, title, subtitle)
    save(figure, path)
    return True


def dense_digit(run, path):
    return dense_image(run, path, "originals.npy", "The digit four", "8 x 8 pixels")


def dense_reconstruction(run, path):
    return dense_image(run, path, "reconstructions.npy", "Its reconstruction", run.outcome())


def dense_latent(run, path):
    """The code of four numbers as a 2 x 2 image."""
    if not run.has("latent.npy"):
        return False
    code = run.array("latent.npy", (None, 4))[0].reshape(2, 2)
    figure, axes = plt.subplots(figsize=(4.8, 4.2), layout="constrained")
    image = axes.imshow(code, cmap=CODE_COLOURS, interpolation="nearest")
    bare(axes)
    for (row, column), value in np.ndenumerate(code):
        red, green, blue, _ = image.cmap(image.norm(value))
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        axes.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=15,
                  color=INK if light else "white")  # fmt: skip
    heading(axes, "The code", "64 pixels in four numbers")
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.04)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    save(figure, path)
    return True


FIGURES = {
    "conv": {
        "reconstruction.png": conv_reconstruction,
        "latent_maps.png": conv_latent_maps,
        "loss.png": conv_loss,
    },
    "dense": {
        "digit.png": dense_digit,
        "reconstruction.png": dense_reconstruction,
        "latent.png": dense_latent,
    },
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="RUN_FOLDER", help="what `hourglass run --out` wrote")
    folder = parser.parse_args().folder

    drawn, errors = [], []
    try:
        run = Run(folder)
        with plt.rc_context(STYLE):
            for name, draw in FIGURES[run.model].items():
                try:
                    if draw(run, run.path(name)):
                        drawn.append(os.path.abspath(run.path(name)))
                except PlotError as error:
                    errors.append(error)
        if not drawn and not errors:
            raise PlotError(f"{folder}: nothing to draw; expected the files of a finished run")
    except PlotError as error:
        errors.append(error)

    for path in drawn:
        print(path)
    for error in errors:
        print(f"plot.py: error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
