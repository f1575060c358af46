"""Where it looked: a patch that decides the class is planted, and the map must peak on it.

Every photo, cats and dogs alike, gets one of two patches at a place by chance; which one is its class, so that the
animal says nothing and the patch says everything. Patches are textures and not plain colours, a quarter of the photo
wide (`--patch`). A case counts where the highest place of the map of the right class lies on the patch; photos whose
class was not recognised count too. Recipes with exact maps, and `classic`, whose maps come from covering parts.

Run:     python -m benchmarks.explain [--recipes quick,scratch,classic] [--photos 600] [--explained 200] [--seed 0]
Expect:  at least 95% of cases with the peak on the patch
Noise:   of 200 test photos at 97%, one sigma is 1.2 points
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.common import Row, photo_set, print_table
from tellapart.evaluation.intervals import wilson_interval

SIDE_PX = 224  # of the photos that patches are planted on
MUST = 0.95
CLASSES = ("checks", "rings")
FITS = {"quick": {}, "best": {}, "scratch": {"epochs": 12, "image_size": 160}, "classic": {"epochs": 8}}


def main() -> None:
    """Plant, train, explain and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipes", default="quick,scratch,classic")
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--patch", type=float, default=0.25, help="side of the patch, as a fraction of the photo's")
    parser.add_argument("--explained", type=int, default=200, help="test photos that are looked at")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        places = plant(photos, options.photos, options.patch, options.seed)
        for recipe in options.recipes.split(","):
            rows += measured(recipe, photos, places, Path(scratch) / recipe, options)
    print_table("Peak of the map on the patch that decides", rows)


def plant(root: Path, num_photos: int, patch: float, seed: int) -> dict[str, tuple[int, int, int]]:
    """Write photos with patches into class folders; path -> top, left and side of its patch, in pixels."""
    rng = np.random.default_rng(seed)
    files = sorted((photo_set("catsdogs")).rglob("*.jpg"))
    side = round(patch * SIDE_PX)
    places = {}
    for number, index in enumerate(rng.choice(len(files), num_photos, replace=False).tolist()):
        name = CLASSES[number % 2]
        pixels = np.asarray(Image.open(files[index]).convert("RGB").resize((SIDE_PX, SIDE_PX))).copy()
        top, left = rng.integers(0, SIDE_PX - side + 1, 2).tolist()
        pixels[top : top + side, left : left + side] = texture(name, side)
        path = root / name / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, compress_level=1)
        places[f"{name}/{path.name}"] = (top, left, side)
    return places


def texture(name: str, side: int) -> np.ndarray:
    """A patch of black and white: squares, or rings around the middle."""
    rows, columns = np.indices((side, side))
    radius = np.hypot(rows - side / 2, columns - side / 2)
    dark = (rows // 7 + columns // 7) % 2 if name == "checks" else (radius // 5) % 2
    return np.repeat((255 * dark).astype(np.uint8)[..., None], 3, axis=2)


def measured(
    recipe: str, photos: Path, places: dict[str, tuple[int, int, int]], out: Path, options: argparse.Namespace
) -> list[Row]:
    """Train one recipe and look at the maps of its test photos."""
    from tellapart import verbs
    from tellapart.settings import TrainSettings

    run = verbs.train(
        photos, settings=TrainSettings(recipe=recipe, seed=options.seed, test=0.34, **FITS[recipe]), out=out
    )
    with open(out / "predictions.csv", encoding="utf-8", newline="") as file:
        names = [row["path"] for row in csv.DictReader(file)]  # the test photos
    names = names[:: max(1, len(names) // options.explained)][: options.explained]
    hits, near = [], []
    for name, explanation in zip(
        names, verbs.explain(out / "model.onnx", [str(photos / name) for name in names]), strict=True
    ):
        heat = explanation.heat(name.split("/")[0])
        peak = (np.array(np.unravel_index(int(heat.argmax()), heat.shape)) + 0.5) * SIDE_PX / len(heat)
        top, left, side = places[name]
        low, high = np.array([top, left]), np.array([top, left]) + side
        hits.append(bool((low <= peak).all() and (peak < high).all()))
        slack = SIDE_PX / len(heat) / 2
        near.append(bool((low - slack <= peak).all() and (peak < high + slack).all()))
    share = wilson_interval(sum(hits), len(hits))
    accuracy = run.metrics["test"]["accuracy"]["value"]
    return [
        Row(
            f"{recipe}, {len(hits)} photos, {100 * accuracy:.1f}% recognised",
            f"{100 * np.mean(hits):.1f}% ({100 * share.low:.1f} to {100 * share.high:.1f})",
            f"must {MUST:.0%}",
            float(np.mean(hits)) >= MUST,
        ),
        Row(f"{recipe}, with half a place of slack", f"{100 * np.mean(near):.1f}%", "no promise"),
    ]


if __name__ == "__main__":
    main()
