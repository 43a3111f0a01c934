"""The page of a map."""

import json
import re
import zlib

import numpy as np
import pytest

import hourglass


def described(file) -> dict:
    """What the page says of itself."""
    text = file.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data-page">([^<]*)<', text).group(1))


def array_of(file, name: str) -> bytes:
    """An array's bytes: out of base 85, then out of zlib."""
    text = file.read_text(encoding="utf-8")
    digits = re.search(f'id="data-{name}">([^<]*)<', text).group(1).replace("}", "<")
    count = len(digits)
    digits += "|" * (-count % 5)
    packed = bytearray()
    for at in range(0, len(digits), 5):
        word = 0
        for digit in digits[at : at + 5]:
            word = word * 85 + ord(digit) - 40
        packed += (word & 0xFFFFFFFF).to_bytes(4, "big")
    return zlib.decompress(bytes(packed[: len(packed) - (len(digits) - count)]))


@pytest.fixture(scope="module")
def digits():
    (images, labels), _ = hourglass.synthetic_digits(60, random_state=1)
    draw = np.random.default_rng(2)
    return images, labels, draw.normal(size=(60, 2))


def test_maps_labels_images_and_a_network(digits, tmp_path) -> None:
    images, labels, points = digits
    network = hourglass.Autoencoder("conv", epochs=1, random_state=0).fit(images)
    network.save(tmp_path / "weights.safetensors")
    names = np.array([f"digit <{label}>" for label in labels])
    pages = []
    for weights in (network, tmp_path / "weights.safetensors"):
        out = tmp_path / "map.html"
        saved = hourglass.page(
            {"one": points, "two": -points},
            out,
            images=images,
            labels=names,
            weights=weights,
            snapshots=np.stack([points, 2 * points]),
            title="Mine",
        )
        assert saved == {"bytes": out.stat().st_size, "notes": []}
        pages.append(out.read_bytes())
    assert pages[0] == pages[1]
    page = described(out)
    assert (page["title"], page["points"]) == ("Mine", 60)
    assert [map_["name"] for map_ in page["maps"]] == ["one", "two"]
    assert page["labels"] == sorted(set(names))
    assert page["snapshots"]["of"] == 2
    rebuilt = network.reconstruct(images).reshape(60, -1)
    errors = ((rebuilt - images.reshape(60, -1) / 255.0) ** 2).mean(axis=1)
    assert page["errors"]["least"] == pytest.approx(errors.min(), rel=1e-4)
    assert page["errors"]["most"] == pytest.approx(errors.max(), rel=1e-4)


def test_rows_give_neighbours_and_quality(digits, tmp_path) -> None:
    images, _, points = digits
    out = tmp_path / "map.html"
    hourglass.page(points, out, rows=images)
    near = hourglass.nearest_neighbors(images, 15)[1]
    on_map = hourglass.nearest_neighbors(points, 15)[1]
    kept = [len(set(a) & set(b)) for a, b in zip(near, on_map)]
    levels = np.frombuffer(array_of(out, "quality-0"), np.uint8)
    np.testing.assert_allclose(levels / 255, np.array(kept) / 15, atol=1 / 255)
    assert described(out)["neighbors"] == 8
    with pytest.raises(ValueError, match="59 rows"):
        hourglass.page(points, out, rows=images[:-1])


def test_the_file_holds_the_points(digits, tmp_path) -> None:
    _, labels, points = digits
    out = tmp_path / "map.html"
    hourglass.page(points, str(out), labels=labels)
    bytes_ = np.frombuffer(array_of(out, "map-0"), np.uint8).astype(int)
    levels = bytes_[:120] + 256 * bytes_[120:]
    description = described(out)["maps"][0]
    for axis in (0, 1):
        least, most = description["least"][axis], description["most"][axis]
        found = least + (most - least) * levels[60 * axis : 60 * (axis + 1)] / 65535
        np.testing.assert_allclose(found, points[:, axis], atol=(most - least) / 65535)
    assert described(out)["labels"] == [str(label) for label in np.unique(labels)]


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([0.3, 0.1, 0.2, 0.1], ["0.1", "0.2", "0.3"]),
        (np.float32([0.3, 0.1, 0.2, 0.1]), ["0.1", "0.2", "0.3"]),
        ([20230104, 20230101, 20230102, 20230103],
         ["20230101", "20230102", "20230103", "20230104"]),
        ([True, False, True, True], ["0", "1"]),
        (["10", "7", "0.1", "7"], ["0.1", "10", "7"]),
    ],
)  # fmt: skip
def test_labels_are_named_as_they_are(digits, tmp_path, labels, names) -> None:
    out = tmp_path / "map.html"
    hourglass.page(digits[2][:4], out, labels=labels)
    assert described(out)["labels"] == names


def test_what_does_not_belong_together(digits, tmp_path) -> None:
    images, labels, points = digits
    out = tmp_path / "map.html"

    def refused(match: str, embedding=points, error=ValueError, **others) -> None:
        with pytest.raises(error, match=match):
            hourglass.page(embedding, out, **others)
        assert not out.exists()

    refused("labels: 59", labels=labels[:-1])
    refused("images: 59", images=images[:-1])
    refused(r"expected \(frames, 60, 2\)", snapshots=np.zeros((3, 59, 2)))
    refused(r"expected \(N, 2\)", np.zeros((60, 3)))
    refused("NaN", np.full((60, 2), np.nan))
    refused("empty", {})
    refused("weights are run on images", weights="w.safetensors")
    refused("no-weights", images=images, weights=tmp_path / "no-weights.safetensors")
    refused("no number", [["a", "b"]])
    refused(r"row 0 holds 200; images must be in \[0, 1\]", images=np.full((60, 8, 8), 200))
    refused("labels has shape", labels=labels[:, None])
    refused(r"beyond 2\^53", labels=np.full(60, 2**53 + 1))
    refused("NaN", labels=np.full(60, np.nan))
