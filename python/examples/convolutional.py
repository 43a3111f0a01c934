"""The first article's study: MNIST through a convolutional autoencoder, and its latent space.

Run it as: pip install . matplotlib && python python/examples/convolutional.py
"""

import matplotlib.pyplot as plt

import hourglass

(X_train, _), (X_test, y_test) = hourglass.load_mnist("data/mnist")
network = hourglass.Autoencoder("conv", epochs=10, random_state=0, verbose=1)
network.fit(X_train, validation_data=X_test)

figure, axes = plt.subplots(2, 8, figsize=(12, 3), layout="constrained")
for pair, images in zip(axes, (X_test[:8], network.reconstruct(X_test[:8]))):
    for ax, image in zip(pair, images):
        ax.imshow(image, cmap="gray")
        ax.axis("off")
figure.savefig("reconstruction.png", dpi=150)

figure, ax = plt.subplots(layout="constrained")
for name, label in (("loss", "training"), ("val_loss", "validation")):
    ax.plot(range(1, 11), network.history_[name], label=label)
ax.set(xlabel="epoch", ylabel="loss")
ax.legend()
figure.savefig("loss.png", dpi=150)

codes = network.transform(X_test)
maps = {
    "PCA": hourglass.PCA(2).fit_transform(codes),
    "t-SNE": hourglass.TSNE(max_iter=300, verbose=1).fit_transform(codes),
}
figure, axes = plt.subplots(1, 2, figsize=(14, 6), layout="constrained")
for ax, (name, points) in zip(axes, maps.items()):
    dots = ax.scatter(*points.T, c=y_test, cmap="tab10", vmin=-0.5, vmax=9.5, s=3)
    ax.set_title(f"{name} of the latent space")
figure.colorbar(dots, ax=axes, ticks=range(10), label="digit")
figure.savefig("latent_maps.png", dpi=150)
