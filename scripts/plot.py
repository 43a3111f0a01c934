#!/usr/bin/env python3
"""Draws the figures of a run folder from the files in it.

    scripts/plot.py RUN_FOLDER

conv:      reconstruction.png, latent_maps.png, loss.png
dense:     digit.png, reconstruction.png, latent.png, loss.png, replicas.png
denoise:   denoise.png, loss.png
inpaint:   inpaint.png, loss.png
anomaly:   anomaly.png, loss.png
features:  features.png, loss.png
train:     loss.png

metrics.json must be there. A figure whose files are all absent is left out (an interrupted run
has only some of them), and removed if it is of an earlier run; a figure with half of its files,
or with bad ones, is an error. Each figure is written under a temporary name and then renamed, so
none is ever half-written.
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
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, PercentFormatter
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
TRAINING, VALIDATION, PALE = "#4c72b0", "#dd6b20", "#a9bddd"
SMALLEST = 1e-12  # a log axis has no place for zero
DIGIT_COLOURS = ListedColormap(
    ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd",
     "#8c564b", "#f06fbe", "#7f7f7f", "#b5b51f", "#17becf"]
)  # fmt: skip
IMAGE_COLOURS = "gray"
CODE_COLOURS = "viridis"
FILTER_COLOURS = "RdBu_r"

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
    axes.set_title(title, weight="bold", pad=10 + 13 * len(subtitle.splitlines()))
    if subtitle:
        axes.annotate(subtitle, (0, 1), (0, 8), xycoords="axes fraction",
                      textcoords="offset points", color=MUTED, fontsize=9.5)  # fmt: skip


def bare(axes):
    """No ticks and no frame."""
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)


def show_tiles(axes, tiles, colours=IMAGE_COLOURS, low=0, high=1):
    """A table of images, (rows, columns, height, width); returns the steps between them."""
    rows, columns, height, width = tiles.shape
    gap = 0.06 * max(height, width)
    down, right = height + gap, width + gap
    for row, column in np.ndindex(rows, columns):
        x, y = column * right, row * down
        axes.imshow(tiles[row, column], cmap=colours, vmin=low, vmax=high, interpolation="nearest",
                    extent=(x, x + width, y + height, y))  # fmt: skip
    axes.set(xlim=(0, columns * right - gap), ylim=(rows * down - gap, 0), anchor="NW")
    bare(axes)
    return down, right


def image_rows(rows, labels, title, subtitle):
    """A figure of rows of images, each with its label; its axes, and the steps between them."""
    tiles = np.stack(rows)
    count, height, width = tiles.shape[1:]
    inches = min(9.2 / count, 4.2 / len(rows)) / max(height, width)  # of a pixel
    figure = plt.figure(figsize=(inches * width * count, inches * height * len(rows)))
    axes = figure.add_axes((0, 0, 1, 1))
    down, right = show_tiles(axes, tiles)
    heading(axes, title, subtitle)
    axes.set_yticks(down * np.arange(len(labels)) + height / 2, labels)
    axes.tick_params(length=0, labelsize=10)
    return figure, axes, (down, right)


def log_ticks(axis, span):
    """0.01, 0.02, 0.05, 0.1 on a log axis; beyond two decades the powers of ten alone."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if span < 100 else (1,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter("{x:g}")


def log_histogram(axes, groups, **options):
    """Stacked or overlaid histograms of (label, values, colour) on one log axis."""
    every = np.concatenate([values for _, values, _ in groups])
    low, high = every.min(), every.max()
    if high < 4 * low:
        low, high = low / 2, high * 2
    count = int(np.clip(2 * math.sqrt(len(every)), 13, 51)) | 1  # odd: one bin is in the middle
    labels, values, colours = zip(*groups)
    axes.hist(values, np.geomspace(low, high, count + 1), label=labels, color=colours, **options)
    axes.set_xscale("log")
    log_ticks(axes.xaxis, high / low)
    axes.grid(True, axis="y")
    axes.tick_params(length=0, pad=6)


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
        self.study = self.metrics.get("study") if isinstance(self.metrics, dict) else None
        if self.study not in STUDIES:
            *names, last = STUDIES
            expected = f"{', '.join(names)} or {last}"
            raise PlotError(f"{path}: study is {json.dumps(self.study)}; expected {expected}")

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

    def images(self, *names, size=None):
        """At most eight images of each file, as many and as large in all of them."""
        first = self.array(names[0], (None, size, size))
        if len(first) > 8:
            raise PlotError(f"{self.path(names[0])}: {len(first)} images; expected at most 8")
        return [first] + [self.array(name, first.shape) for name in names[1:]]

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
        """An object in metrics.json such as `pca`, {} where it is null."""
        value = self.metrics.get(name)
        return value if isinstance(value, dict) else {}


def number(value):
    return float(value) if isinstance(value, (int, float)) else math.nan


def figures(value):
    """Three significant figures, as people write losses: 0.0718, 1.72, 3.1e-05."""
    return f"{value:#.3g}" if 1e-4 <= abs(value) < 1e3 else f"{value:.2g}"


def counted(count, noun):
    """'one epoch', '1,000 epochs'."""
    words = "no one two three four five six seven eight nine ten eleven twelve".split()
    word = words[count] if count < len(words) else f"{count:,}"
    return f"{word} {noun}" if count == 1 else f"{word} {noun}s"


def known(facts, templates):
    """'noise 0.3, ratio 0.25': each template with its figure, if there is one."""
    pairs = ((template, number(facts.get(key))) for key, template in templates.items())
    return ", ".join(words.format(value) for words, value in pairs if math.isfinite(value))


def one_line(error):
    return " ".join(str(getattr(error, "strerror", None) or error).split())


# ---------------------------------------------------------------------------------------------
# The figures.
# ---------------------------------------------------------------------------------------------

STUDIES = ("conv", "dense", "denoise", "inpaint", "anomaly", "features", "train")
FIGURES = {study: {} for study in STUDIES}  # file name: (what it is drawn from, how)


def figure(name, *studies, needs=()):
    """Registers a function from a run to its figure, called if the files it needs are there; it may
    return None where there is nothing to draw."""

    def register(draw):
        for study in studies:
            FIGURES[study][name] = (needs, draw)
        return draw

    return register


@figure("reconstruction.png", "conv", needs=("originals.npy", "reconstructions.npy"))
def conv_reconstruction(run):
    """The originals in the first row, their reconstructions in the second."""
    rows = run.images("originals.npy", "reconstructions.npy", size=28)
    labels, title = ("original", "reconstructed"), "Test digits through the bottleneck"
    return image_rows(rows, labels, title, run.outcome())[0]


@figure("latent_maps.png", "conv", needs=("pca.npy", "labels.npy"))
def conv_latent_maps(run):
    """The PCA map and the t-SNE map side by side; the first alone while there is no other."""
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
    return figure


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
    kl = number(facts.get("kl_divergence"))
    words = [f"KL divergence {figures(kl)}"] if math.isfinite(kl) else []
    heading(axes, "t-SNE", ", ".join(words + quality_words(run, "tsne")))
    # A t-SNE map's axes carry no meaning: what made it stands in their place.
    how = known(facts, {"perplexity": "perplexity {:g}", "iterations": "{:,.0f} iterations"})
    axes.set(xticks=[], yticks=[], xlabel=how)


@figure("digit.png", "dense", needs=("originals.npy",))
def dense_digit(run):
    (images,) = run.images("originals.npy")
    count, height, width = images.shape
    data = run.section("options").get("data")
    four = images.shape == (1, 8, 8) and data == "the digit four"
    size = f"{height} x {width} pixels"
    one = "The digit four" if four else "The image"
    title, words = (one, size) if count == 1 else (f"The {counted(count, 'image')}", f"{size} each")
    return image_rows([images], [], title, words)[0]


@figure("reconstruction.png", "dense", needs=("reconstructions.npy",))
def dense_reconstruction(run):
    _, images = run.images("originals.npy", "reconstructions.npy")
    title = "Its reconstruction" if len(images) == 1 else "Their reconstructions"
    return image_rows([images], [], title, run.outcome())[0]


@figure("latent.png", "dense", needs=("latent.npy",))
def dense_latent(run):
    """The first image's code as a small image."""
    code = run.array("latent.npy", (None, None))[0]
    rows, columns = grid_of(len(code))
    cells = np.full(rows * columns, np.nan)
    cells[: len(code)] = code
    inches = min(1.9, 6.4 / columns)  # of a cell
    figure, axes = plt.subplots(figsize=(inches * columns + 1, inches * rows + 0.4),
                                layout="constrained")  # fmt: skip
    image = axes.imshow(cells.reshape(rows, columns), cmap=CODE_COLOURS, interpolation="nearest")
    bare(axes)
    for place, value in enumerate(code if len(code) <= 64 else []):
        red, green, blue, _ = image.cmap(image.norm(value))
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
        axes.text(place % columns, place // columns, f"{value:.3f}", ha="center", va="center",
                  fontsize=min(15, 14 * inches), color=INK if light else "white")  # fmt: skip
    size = counted(len(code), "number")
    if run.has("originals.npy"):
        pixels = run.images("originals.npy")[0][0].size
        size = f"{pixels:,} pixels in {size}"
    heading(axes, "The code", size)
    bar = figure.colorbar(image, ax=axes, fraction=0.046, pad=0.04)
    bar.ax.tick_params(length=0)
    bar.outline.set_visible(False)
    return figure


def grid_of(count):
    """Rows and columns for so many cells: near-square, with cells left blank if need be."""
    rows = max(rows for rows in range(1, math.isqrt(count) + 1) if count % rows == 0)
    if count > 8 and count > 3 * rows * rows:
        rows = math.isqrt(count)
    return rows, -(-count // rows)


@figure("replicas.png", "dense")
def dense_replicas(run):
    """How the final losses of many trainings spread, by what became of their latent units."""
    facts = run.section("replicas")
    if not facts:
        return None
    try:
        seeds = [str(seed) for seed in facts["seeds"]]
        losses = np.array([number(loss) for loss in facts["final_losses"]])
        dead = np.array([int(units) for units in facts["dead_units"]])
        latent = int(facts["latent"])
        fits = len(seeds) == len(losses) == len(dead)
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        path = run.path("metrics.json")
        raise PlotError(f"{path}: replicas are not the expected lists, alike in length")
    kept = np.isfinite(losses)
    if not kept.any():
        return None
    all_dead = kept & (dead == latent)

    shown = np.maximum(losses, SMALLEST)
    groups = (
        ("no latent unit dead", kept & (dead == 0), TRAINING),
        ("some dead", kept & (dead > 0) & ~all_dead, PALE),
        ("all dead", all_dead, VALIDATION),
    )
    groups = [(f"{name} ({chosen.sum():,})", shown[chosen], colour)
              for name, chosen, colour in groups if chosen.any()]  # fmt: skip
    figure, axes = plt.subplots(figsize=(7.2, 4.6), layout="constrained")
    log_histogram(axes, groups, stacked=True, edgecolor="white", linewidth=0.6)
    median = np.median(shown[kept])
    axes.axvline(median, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate("median", (median, 1), (5, -4), xycoords=axes.get_xaxis_transform(),
                  textcoords="offset points", va="top", fontsize=9.5)  # fmt: skip
    axes.margins(y=0.16)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    axes.set(xlabel="final loss", ylabel="starts")
    axes.legend(loc="upper left", bbox_to_anchor=(-0.01, -0.13), ncol=3)
    words = replicas_words(losses, [seed for seed, chosen in zip(seeds, all_dead) if chosen])
    heading(axes, f"The final losses of {counted(len(losses), 'start')}", words)
    return figure


def replicas_words(losses, dead_seeds):
    """Two lines: the losses, and the starts that learned nothing from the code."""
    kept = losses[np.isfinite(losses)]
    words = f"median loss {figures(np.median(kept))}, {(kept < 1e-3).sum():,} below 0.001"
    if len(kept) < len(losses):
        words += f", {counted(len(losses) - len(kept), 'start')} without a loss left out"
    count = len(dead_seeds)
    words += f"\n{counted(count, 'start')} leave{'s' * (count == 1)} every latent unit dead"
    if 1 <= count <= 5:
        words += f" (seed{'s' * (count > 1)} {', '.join(dead_seeds)})"
    return words


@figure("denoise.png", "denoise", needs=("originals.npy", "noisy.npy", "denoised.npy"))
def denoise(run):
    words = known(run.section("denoise"), {
        "noise": "noise {:g}",
        "mse_noisy": "mean squared error {:.3g} before",
        "mse_denoised": "{:.3g} after",
        "ratio": "ratio {:.3g}",
    })  # fmt: skip
    rows = run.images("originals.npy", "noisy.npy", "denoised.npy")
    return image_rows(rows, ("original", "noisy", "denoised"), "Noise taken out", words)[0]


@figure("inpaint.png", "inpaint", needs=("originals.npy", "blanked.npy", "inpainted.npy"))
def inpaint(run):
    rows = run.images("originals.npy", "blanked.npy", "inpainted.npy")
    facts = run.section("inpaint")
    words = known(facts, {
        "patch": "patch of {0:.0f} x {0:.0f} pixels",
        "mse_blanked": "mean squared error inside it {:.3g} blank",
        "mse_inpainted": "{:.3g} inpainted",
    })  # fmt: skip
    labels = ("original", "blanked", "inpainted")
    figure, axes, (down, right) = image_rows(rows, labels, "Patches filled in", words)
    patch = number(facts.get("patch"))
    if run.has("patches.npy") and math.isfinite(patch):
        for column, (top, left) in enumerate(run.array("patches.npy", (len(rows[0]), 2))):
            for row in (1, 2):
                axes.add_patch(Rectangle((column * right + left, row * down + top), patch, patch,
                                         fill=False, edgecolor=VALIDATION, linewidth=0.9,
                                         clip_on=False))  # fmt: skip
    return figure


@figure("anomaly.png", "anomaly",
        needs=("errors_normal.npy", "errors_anomalous.npy", "unusual.npy"))  # fmt: skip
def anomaly(run):
    """How far the errors of normal and of anomalous images tell them apart."""
    normal = run.array("errors_normal.npy", (None,))
    anomalous = run.array("errors_anomalous.npy", (None,))
    (unusual,) = run.images("unusual.npy")
    facts = run.section("anomaly")
    against = str(facts.get("against") or "anomalous")
    groups = (("normal", normal, TRAINING), (against, anomalous, VALIDATION))

    figure, axes = plt.subplot_mosaic([["spread", "roc"], ["strip", "strip"]], figsize=(10.6, 6.4),
                                      layout="constrained",
                                      gridspec_kw={"height_ratios": [3.2, 1]})  # fmt: skip
    figure.get_layout_engine().set(wspace=0.05, hspace=0.06)
    anomaly_errors(axes["spread"], groups)
    anomaly_roc(axes["roc"], normal, anomalous, known(facts, {"auc": "area under it {:.4f}"}))
    show_tiles(axes["strip"], unusual[None])
    heading(axes["strip"], "The digits rebuilt worst", "of the normal ones")
    return figure


def anomaly_errors(axes, groups):
    """Each group's errors as shares of it, for groups may differ in size."""
    words = ", ".join(f"{len(errors):,} {name}" for name, errors, _ in groups)
    # Back to front: Matplotlib lists filled histograms from the last to the first.
    groups = [(name, np.maximum(errors, SMALLEST), colour) for name, errors, colour in groups[::-1]]
    weights = [np.full(len(errors), 1 / len(errors)) for _, errors, _ in groups]
    log_histogram(axes, groups, weights=weights, histtype="stepfilled", alpha=0.6)
    axes.set(xlabel="mean squared error of the reconstruction", ylabel="share of the images")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncol=2, borderaxespad=0)
    heading(axes, "Errors", words)


def anomaly_roc(axes, normal, anomalous, subtitle):
    """The shares of both above every threshold."""
    thresholds = np.unique(np.concatenate([normal, anomalous]))[::-1]

    def above(errors):
        return np.append(0, 1 - np.searchsorted(np.sort(errors), thresholds) / len(errors))

    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    axes.fill_between(above(normal), above(anomalous), color=TRAINING, alpha=0.1, linewidth=0)
    axes.plot(above(normal), above(anomalous), color=TRAINING, linewidth=1.8, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", anchor="W",
             xlabel="normal images taken for anomalies", ylabel="anomalies found")  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(True)
    axes.tick_params(length=0, pad=6)
    heading(axes, "ROC curve", subtitle)


@figure("features.png", "features",
        needs=("digit.npy", "filters1.npy", "maps1.npy", "filters2.npy", "maps2.npy"))  # fmt: skip
def features(run):
    """A digit, what two layers of filters find in it, and the filters."""
    digit = run.array("digit.npy", (None, None))
    filters1 = run.array("filters1.npy", (None, 1, 3, 3))
    first = len(filters1)
    maps1 = run.array("maps1.npy", (first, None, None))
    filters2 = run.array("filters2.npy", (None, first, 3, 3))
    second = len(filters2)
    maps2 = run.array("maps2.npy", (second, None, None))

    # In inches. A column is a map of layer 1, a row one of layer 2; short ones leave labels room.
    cell, gap = min(0.8, 9.2 / first, 4.6 / second), 0.38
    widths = (2 * cell + gap, max(2, first * cell), max(1, cell))
    heights = (cell, cell, second * cell)
    figure, axes = plt.subplot_mosaic(
        [["digit", "filters1", "."], ["digit", "maps1", "."], [".", "filters2", "maps2"]],
        figsize=(sum(widths) + 2 * gap, sum(heights) + 2 * gap),
        gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1,
                     "width_ratios": widths, "height_ratios": heights,
                     "wspace": 3 * gap / sum(widths), "hspace": 3 * gap / sum(heights)},
    )  # fmt: skip

    def panel(name, label, tiles, **colours):
        show_tiles(axes[name], tiles, **colours)
        axes[name].set_title(label, fontsize=9.5, color=MUTED, pad=5)

    def filters(name, label, weights):
        high = np.abs(weights).max()
        panel(name, f"{label} (±{high:.2g})", weights,
              colours=FILTER_COLOURS, low=-high, high=high)  # fmt: skip

    def maps(name, label, tiles):
        panel(name, label, tiles, colours=CODE_COLOURS, low=min(0, tiles.min()), high=tiles.max())

    panel("digit", "the digit", digit[None, None])
    filters("filters1", "filters of layer 1", filters1.swapaxes(0, 1))
    maps("maps1", "what they find", maps1[None])
    filters("filters2", "filters of layer 2", filters2)
    maps("maps2", "what they find", maps2[:, None])
    words = "positive weights red, negative blue; in layer 2 a row makes one map of all those above"
    inch = 1 / figure.get_figheight()
    figure.text(0, 1 + 0.72 * inch, "What the filters find in a digit", weight="bold", fontsize=12)
    figure.text(0, 1 + 0.49 * inch, words, color=MUTED, fontsize=9.5)
    return figure


@figure("loss.png", *STUDIES)
def loss(run):
    """Training and validation loss by epoch."""
    epoch, training, validation = run.epochs()
    if not np.isfinite([training, validation]).any():
        return None
    if not np.isfinite(epoch).all():
        raise PlotError(f"{run.path('metrics.json')}: an epoch has no number")
    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    size = 5.5 if len(epoch) <= 30 else 0  # beyond, the points would be a string of beads
    # Where both are of the same images the curves coincide: the lower one is the wider.
    curves = (("training", training, TRAINING, 2.8), ("validation", validation, VALIDATION, 1.4))
    for name, losses, colour, width in curves:
        if np.isfinite(losses).any():
            axes.plot(epoch, losses, color=colour, linewidth=width, label=name, marker="o",
                      markersize=size, markeredgecolor="white", markeredgewidth=0.8,
                      clip_on=False, zorder=3)  # fmt: skip
    low, high = np.nanmin([training, validation]), np.nanmax([training, validation])
    if 0 < 20 * low < high:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, high / low)
    heading(axes, "Loss by epoch", run.outcome())
    axes.set(xlabel="epoch", ylabel=f"loss per pixel{loss_name(run)}")
    axes.set_xlim(epoch[0] - 0.5, epoch[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True, min_n_ticks=1))
    axes.margins(y=0.12)
    axes.grid(True, axis="y")
    axes.tick_params(length=0)
    axes.legend(loc="upper right")
    return figure


def loss_name(run):
    names = {"bce": " (binary cross-entropy)", "mse": " (squared error)"}
    return names.get(run.section("options").get("loss"), "")


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
            for name, (needs, draw) in FIGURES[run.study].items():
                path = run.path(name)
                try:
                    drawing = draw(run) if run.has(*needs) else None
                    if drawing is not None:
                        save(drawing, path)
                        drawn.append(os.path.abspath(path))
                    elif os.path.exists(path):
                        os.remove(path)  # of an earlier run in this folder
                except PlotError as error:
                    errors.append(error)
        if not drawn and not errors:
            raise PlotError(f"{folder}: nothing to draw; expected the files of a finished run")
    except PlotError as error:
        errors.append(error)

    for path in drawn:
        print(path)
    for error in dict.fromkeys(map(str, errors)):  # figures may share a bad file
        print(f"plot.py: error: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
