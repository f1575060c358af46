"""What does the network see of a photo? The photo beside its input: a small square, stretched, perhaps grey.

Reads photos; writes one PNG per photo, where asked to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from tellapart.errors import PhotoRefused
from tellapart.explanations.gallery import filling, picture_name
from tellapart.fit_settings import FITS, SCRATCH_PLANS
from tellapart.model.file import read_model
from tellapart.model.manifest import Manifest
from tellapart.network.family import find_backbone
from tellapart.photos.decode import Source, open_photo, read_photo
from tellapart.photos.picture import as_network_sees, beside, resized, shown, write_png
from tellapart.settings import DecodeSettings, TrainSettings

SHOWN_PX = 480  # longer side of the photo in a picture, and the side of its input


@dataclass(frozen=True)
class InputSpec:
    """How photos enter a network."""

    side_px: int
    grey: bool = False
    manifest: Manifest | None = field(default=None, repr=False, compare=False)  # None: no model says it, but a recipe

    def __str__(self) -> str:
        return f"{self.side_px} × {self.side_px} {'grey' if self.grey else 'colour'}"

    @classmethod
    def of_model_file(cls, path: Path) -> InputSpec:
        """As a model file says.

        Raises:
            ModelError: the file is refused.
        """
        manifest = read_model(path).manifest
        return cls(manifest.side_px, manifest.grey, manifest)

    @classmethod
    def of_recipe(cls, recipe: str) -> InputSpec:
        """As a recipe has it by default; `scratch` takes a smaller side where its time is short.

        Raises:
            UsageError: there is no such recipe.
        """
        settings = TrainSettings(recipe=recipe)
        if recipe == "classic":
            return cls(FITS[recipe].sides_px[-1][1], grey=True)
        if recipe == "scratch":
            return cls(SCRATCH_PLANS[0].side_px)
        return cls(find_backbone(settings.backbone).side_px)


@dataclass(frozen=True, kw_only=True)
class NetworkInput:
    """One photo and what a network sees of it; for a refused photo only why it was refused."""

    path: str
    entry: InputSpec
    refusal: str = ""
    width_px: int = 0  # of the photo in its file, upright
    height_px: int = 0
    photo: UInt8[np.ndarray, "rows columns 3"] | None = field(default=None, repr=False)  # in a size for people
    seen: UInt8[np.ndarray, "side side 3"] | None = field(default=None, repr=False)

    def picture(self, height_px: int = SHOWN_PX) -> UInt8[np.ndarray, "rows columns 3"]:
        """The photo beside its input, both `height_px` high; the pixels of the input are seen as squares.

        Raises:
            PhotoRefused: the photo could not be used.
        """
        if self.photo is None or self.seen is None:
            raise PhotoRefused("refused", self.refusal)
        rows, columns = self.photo.shape[:2]
        photo = resized(self.photo, max(1, round(columns * height_px / rows)), height_px)
        return beside([photo, resized(self.seen, height_px, height_px, smooth=False)])

    def to_dict(self) -> dict[str, Any]:
        """The same for other programs, without pixels."""
        return {
            "path": self.path,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "side_px": self.entry.side_px,
            "grey": self.entry.grey,
            "refusal": self.refusal,
        }


def network_inputs(
    sources: Iterable[Source], entry: InputSpec, limits: DecodeSettings | None = None
) -> Iterator[NetworkInput]:
    """One sight per photo, in the order of the photos; an unusable one says so."""
    limits = limits or DecodeSettings()
    for source in sources:
        path = str(source) if isinstance(source, str | Path) else ""
        try:
            content = read_photo(path, limits) if path else source
            opened = open_photo(content, min_side_px=entry.side_px, settings=limits)
            yield NetworkInput(
                path=path,
                entry=entry,
                width_px=opened.width_px,
                height_px=opened.height_px,
                photo=shown(content, SHOWN_PX, limits),
                seen=as_network_sees(content, entry.side_px, grey=entry.grey, settings=limits),
            )
        except PhotoRefused as refusal:
            yield NetworkInput(path=path, entry=entry, refusal=refusal.sentence)


def write_sights(found: Iterable[NetworkInput], out: Path) -> Iterator[NetworkInput]:
    """Write a picture of each sight as it comes, and hand it on."""
    with filling(out):
        for number, network_input in enumerate(found, start=1):
            if network_input.photo is not None:
                write_png(out / picture_name(number, network_input.path), network_input.picture())
            yield network_input
