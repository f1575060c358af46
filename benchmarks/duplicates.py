"""Planted copies among real photos: how many `find_duplicates` finds, how many different photos it joins, how long.

Run:     python -m benchmarks.duplicates [--photos FOLDER] [--seed N] [--show OUT.png]
         FOLDER holds flowers, catsdogs/train and petphotos
Plants:  per set 200 copies of each kind (100 in petphotos), of different photos: exact; resized to 50-150% at JPEG
         quality 50; cropped by 2-10% of width and height; mirrored
Expect:  2 cores, lowest of seeds 0 to 2; the index gives the same shares as the exhaustive search
             set              exact   resized   cropped   mirrored   false groups     seconds (exhaustive, index)
             flowers          100%     100%    91.5%      100%         0.02%     0.13   0.36
             catsdogs/train   100%    97.5%    90.0%      100%         0.00%     0.30   0.53
             petphotos        100%     100%    91.0%      100%         0.00%     0.01   0.05
Noise:   2 points of a share found
False:   groups that join photos of which neither is a copy of the other, as a share of the photos. Among planted copies
         this is counted. Among the real photos themselves it was judged by eye from --show: 34 pairs in flowers, 4 in
         catsdogs/train and none in petphotos, all of them one picture (some recoloured) or two frames of one burst.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.photos.duplicates import Duplicates, find_duplicates
from tellapart.photos.scan import list_photos
from tellapart.settings import DuplicateSettings

SETS = ("flowers", "catsdogs/train", "petphotos")
KINDS = ("exact", "resized", "cropped", "mirrored")
NUM_PLANTED = 200
DEFAULT_PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "data"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--photos", type=Path, default=DEFAULT_PHOTOS)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--show", type=Path, help="draw the pairs found among the real photos")
    chosen = options.parse_args()
    print(f"{'set':<16}{'photos':>7}{'search':>12}" + "".join(f"{kind:>10}" for kind in KINDS) + "   false  seconds")
    for name in SETS:
        measure(name, chosen.photos / name, np.random.default_rng(chosen.seed), chosen.show)


def measure(name: str, folder: Path, rng: np.random.Generator, show: Path | None) -> None:
    files = list_photos(folder)
    originals = rng.permutation(len(files))[: NUM_PLANTED * len(KINDS) // (2 if len(files) < 800 else 1)]
    originals = originals.reshape(len(KINDS), -1)
    contents = [file.read_bytes() for file in files]
    copies = [plant(kind, contents[row], rng) for kind, rows in zip(KINDS, originals, strict=True) for row in rows]
    sha256, hashes, embeddings = embedded_from(contents + copies)
    real = len(files)
    natural = find_duplicates(sha256[:real], hashes[:real], embeddings[:real])
    if show:
        draw_pairs(show.with_stem(f"{show.stem}-{name.replace('/', '-')}"), files, natural)
    for search, settings in (("exhaustive", DuplicateSettings()), ("index", DuplicateSettings(exhaustive_photos=2))):
        start = time.perf_counter()
        duplicates = find_duplicates(sha256, hashes, embeddings, settings)
        seconds = time.perf_counter() - start
        found = duplicates.groups[originals.ravel()] == duplicates.groups[real:]
        shares = found.reshape(originals.shape).mean(axis=1)
        false = count_false(duplicates, natural, originals.ravel()) / len(duplicates.groups)
        print(
            f"{name:<16}{len(duplicates.groups):>7}{search:>12}"
            + "".join(f"{share:>10.1%}" for share in shares)
            + f"{false:>8.2%}{seconds:>9.2f}"
        )


def plant(kind: str, content: bytes, rng: np.random.Generator) -> bytes:
    """A copy of a photo as it may turn up in a folder."""
    if kind == "exact":
        return content
    image = Image.open(io.BytesIO(content)).convert("RGB")
    if kind == "resized":
        scale = rng.uniform(0.5, 1.5)
        size = (round(image.width * scale), round(image.height * scale))
        return as_jpeg(image.resize(size, Image.Resampling.BICUBIC), 50)
    if kind == "mirrored":
        return as_jpeg(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 90)
    cut = rng.uniform(0.02, 0.10, 2) * image.size
    left, top = rng.uniform(0, 1, 2) * cut
    box = (left, top, left + image.width - cut[0], top + image.height - cut[1])
    return as_jpeg(image.crop(tuple(round(edge) for edge in box)), 90)


def as_jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def embedded_from(contents: list[bytes]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """SHA-256, perceptual hashes and embeddings, as the package itself computes them."""
    from tellapart.engine.stream import PhotoRunner
    from tellapart.network.backbone_file import backbone_engine
    from tellapart.network.family import find_backbone

    viewer = PhotoRunner(engine=backbone_engine(find_backbone("lite0")), outputs=("embedding",))
    seen = list(viewer.see(contents))
    embeddings = np.stack([photo.outputs["embedding"] for photo in seen]).astype(np.float16)
    return [hashlib.sha256(content).hexdigest() for content in contents], np.stack([p.hashes for p in seen]), embeddings


def count_false(duplicates: Duplicates, natural: Duplicates, originals: np.ndarray) -> int:
    """Groups that hold photos of more than one natural group, where a copy counts as its original."""
    source = np.concatenate([natural.groups, natural.groups[originals]])  # (photos + copies,)
    joined = np.unique(np.stack([duplicates.groups, source], axis=1), axis=0)  # (group, natural group) pairs
    _, num_sources = np.unique(joined[:, 0], return_counts=True)
    return int((num_sources > 1).sum())


def draw_pairs(path: Path, files: list[Path], duplicates: Duplicates) -> None:
    """The pairs side by side, six to a row, to be judged by eye."""
    side, columns = 110, 6
    rows = -(-len(duplicates.pairs) // columns)
    page = Image.new("RGB", (columns * (2 * side + 20), max(1, rows) * (side + 10)), "white")
    for number, place in enumerate(_places(len(duplicates.pairs), columns, side)):
        pair = duplicates.pairs[number]
        for offset, row in ((0, pair.first), (side + 2, pair.second)):
            photo = Image.open(files[row]).convert("RGB").resize((side, side))
            page.paste(photo, (place[0] + offset, place[1]))
    page.save(path)


def _places(count: int, columns: int, side: int) -> Iterator[tuple[int, int]]:
    for number in range(count):
        yield (number % columns) * (2 * side + 20), number // columns * (side + 10)


if __name__ == "__main__":
    main()
