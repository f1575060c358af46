"""Fixtures that every layer's tests share: seeded chance, photos drawn in code, and real photos where there are any."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from support.drawing import draw_photo

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    """The same chance in every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C and a closed terminal reach the tests and what they start, also where a shell ignores them (nohup, &)."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this test session's own, so that no test reads or fills the user's."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TELLAPART_CACHE", str(folder))
        yield folder


@pytest.fixture
def real_photos() -> Callable[[str], Path]:
    """A function from the name of a set of real photos to its folder; skips the test where there is none."""
    base = Path(os.environ.get("TELLAPART_PHOTOS") or REPOSITORY.parent / "shared" / "data")

    def find(name: str) -> Path:
        folder = base / name
        if not folder.is_dir():
            pytest.skip(f"no real photos '{name}'; set TELLAPART_PHOTOS to the folder that holds it")
        return folder

    return find


@pytest.fixture
def photo_folder(tmp_path: Path, rng: np.random.Generator) -> Callable[..., Path]:
    """A function that draws a folder of photos, one sub-folder per class, each class with a hue of its own."""

    def make(num_classes: int = 2, num_photos: int = 6, side_px: int = 32, name: str = "photos") -> Path:
        root = tmp_path / name
        for label in range(num_classes):
            folder = root / f"class{label}"
            folder.mkdir(parents=True)
            for number in range(num_photos):
                draw_photo(rng, hue=label * 256 // num_classes, side_px=side_px).save(folder / f"{number:04d}.png")
        return root

    return make


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory):
    """A run on class folders with an odd file, a copy and a photo under two labels."""
    from support.trained_runs import draw_plain, train

    folder = tmp_path_factory.mktemp("plain")
    return train(draw_plain(folder), folder / "first.run")


@pytest.fixture(scope="session")
def parted_run(tmp_path_factory: pytest.TempPathFactory):
    """A run on parts that the user made, with copies across them."""
    from support.trained_runs import draw_parts, train

    folder = tmp_path_factory.mktemp("parted")
    return train(draw_parts(folder), folder / "parted.run")
