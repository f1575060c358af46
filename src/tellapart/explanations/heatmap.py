"""Heat over a photo: orange where something speaks for a class, blue where it speaks against it, the photo in grey.

Orange and blue of Okabe and Ito (2008) are told apart by colour-blind eyes, and the grey photo leaves all colour to the
heat. Where nothing speaks either way the photo is seen as it is.
"""

from __future__ import annotations

import textwrap
from io import BytesIO

import numpy as np
from jaxtyping import Float, UInt8

from tellapart.drawing import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    Figure,
    LinearSegmentedColormap,
    Normalize,
    ScalarMappable,
    styled,
    to_rgb,
)
from tellapart.photos.picture import enlarged
from tellapart.wording import percent, short

_STRONGEST = 0.75  # how far the strongest heat hides the photo: it must still be recognised below
_LUMA = np.array([0.299, 0.587, 0.114])
_COLOURS = LinearSegmentedColormap.from_list("heat", [BLUE, "#f2f2f2", ORANGE])
_STYLE = {"font.size": 10, "text.color": INK, "text.parse_math": False}  # a class may be called "$100$"
_DPI = 110
_LINE_CHARACTERS = 105


def overlay(
    photo: UInt8[np.ndarray, "rows columns 3"], heat: Float[np.ndarray, "places_down places_across"], limit: float
) -> UInt8[np.ndarray, "rows columns 3"]:
    """The photo in grey under its heat.

    Args:
        photo: photo of any size.
        heat: how much each place speaks for a class; below 0, against it.
        limit: the value that is shown in full strength.
    """
    rows, columns = photo.shape[:2]
    strength = np.clip(enlarged(heat, columns, rows) / max(limit, 1e-12), -1, 1)[..., np.newaxis]
    grey = np.repeat((photo @ _LUMA)[..., np.newaxis], 3, axis=2)  # (rows, columns, 3)
    colour = np.where(strength > 0, 255 * np.array(to_rgb(ORANGE)), 255 * np.array(to_rgb(BLUE)))
    cover = _STRONGEST * np.abs(strength)
    return (grey * (1 - cover) + colour * cover).round().astype(np.uint8)


def heat_figure(
    photo: UInt8[np.ndarray, "rows columns 3"],
    heats: list[tuple[str, float, Float[np.ndarray, "places_down places_across"]]],
    sentence: str,
) -> Figure:
    """A photo, its heat for some classes, and a sentence below.

    Args:
        photo: photo as a person knows it.
        heats: name, probability and map of each class; drawn on one scale, so that they can be compared.
        sentence: what they say.
    """
    limit = max(float(np.abs(heat).max()) for _, _, heat in heats)
    with styled(_STYLE):
        figure = Figure(figsize=(3.1 * (1 + len(heats)), 4.1), layout="constrained", facecolor="white")
        every = figure.subplots(1, 1 + len(heats))
        titles = ["photo", *(f"for {short(name)} ({percent(share)})" for name, share, _ in heats)]
        pictures = [photo, *(overlay(photo, heat, limit) for _, _, heat in heats)]
        for axes, title, picture in zip(every, titles, pictures, strict=True):
            axes.imshow(picture, interpolation="nearest")
            axes.set_title(title, fontsize=10)
            axes.set_axis_off()
        scale = ScalarMappable(Normalize(-limit, limit), _COLOURS)
        bar = figure.colorbar(scale, ax=list(every), orientation="horizontal", shrink=0.6, aspect=50, pad=0.02)
        bar.set_ticks([-limit, 0, limit], labels=["speaks against it", "neither", "speaks for it"], color=MUTED)
        bar.outline.set_visible(False)
        figure.supxlabel("\n".join(textwrap.wrap(sentence, _LINE_CHARACTERS)), fontsize=10)
    return figure


def figure_png(figure: Figure) -> bytes:
    """The bytes of a PNG file, the same for the same figure."""
    written = BytesIO()
    with styled({}):
        figure.savefig(written, format="png", dpi=_DPI, metadata={"Software": None})
    return written.getvalue()
