"""The origin's network as a plain Keras script, with nothing of this package: what `classic` is timed against.

Run:     python -m benchmarks.plain_classic FOLDER [--epochs N] [--batch-size N]
         FOLDER holds train/CLASS and test/CLASS; prints one JSON line per epoch
Does:    reads all photos into memory, grey and stretched to 150 x 150; trains as Keras does by default; after each
         epoch answers for all training and test photos, as `classic` does
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE_PX = 150


def read(folder: Path, class_names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    files = [(file, label) for label, name in enumerate(class_names) for file in sorted((folder / name).glob("*.jpg"))]
    array = np.empty((len(files), SIDE_PX, SIDE_PX, 1), np.uint8)
    for row, (file, _) in enumerate(files):
        grey = Image.open(file).convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)
        array[row, ..., 0] = np.asarray(grey)
    return array, np.array([label for _, label in files])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--photos", type=int, default=None, help="train on this many photos only")
    options = parser.parse_args()
    import keras

    class_names = sorted(path.name for path in (options.folder / "train").iterdir() if path.is_dir())
    train, test = (read(options.folder / part, class_names) for part in ("train", "test"))
    order = np.random.default_rng(0).permutation(len(train[0]))[: options.photos]
    train = train[0][order], train[1][order]
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((SIDE_PX, SIDE_PX, 1)),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(64, 5, padding="same", activation="relu"),
            layers.MaxPooling2D(5),
            layers.Conv2D(64, 2, padding="same", activation="relu"),
            layers.MaxPooling2D(3),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(len(class_names), activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for epoch in range(options.epochs):
        begin = time.perf_counter()
        network.fit(*train, batch_size=options.batch, epochs=1, verbose=0)
        fitted = time.perf_counter() - begin
        accuracies = [network.evaluate(*part, batch_size=64, verbose=0)[1] for part in (train, test)]
        whole = time.perf_counter() - begin
        row = {"epoch": epoch + 1, "fit_seconds": fitted, "epoch_seconds": whole, "accuracies": accuracies}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
