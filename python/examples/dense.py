"""The second article's study: an 8 x 8 digit four in four numbers.

Run it as: pip install . matplotlib && python python/examples/dense.py
"""

import matplotlib.pyplot as plt

import hourglass

four = hourglass.digit_four()
network = hourglass.Autoencoder("dense", epochs=1000, random_state=0).fit(four)
print(f"mean squared error {-network.score(four):.1e}")

pictures = {
    "digit": four[0],
    "dense_reconstruction": network.reconstruct(four)[0],
    "latent": network.transform(four).reshape(2, 2),
}
for name, picture in pictures.items():
    figure, ax = plt.subplots(figsize=(4, 4), layout="constrained")
    shown = ax.imshow(picture, cmap="viridis" if name == "latent" else "gray")
    ax.set_title(name.replace("_", " "))
    ax.axis("off")
    if name == "latent":
        figure.colorbar(shown)
    figure.savefig(f"{name}.png", dpi=150)
