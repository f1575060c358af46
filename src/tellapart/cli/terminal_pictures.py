"""Pictures in a terminal: two pixels a character, or real ones where the terminal and an extra library can.

A character `▀` has a colour above and one below. The extra `pictures` brings textual-image, which speaks to terminals
that draw real pixels (Kitty's protocol and sixel).

Writes to a console; knows nothing of photos.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8
from rich.color import Color
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style

from tellapart.photos.picture import as_image, resized

MOST_COLUMNS = 96  # characters: more take a screen of a terminal that is not tall
_ENOUGH_COLOURS = ("256", "truecolor", "windows")


def can_draw(console: Console) -> bool:
    """Whether a picture makes sense there: a terminal with colours that nobody turned off."""
    return console.is_terminal and not console.no_color and console.color_system in _ENOUGH_COLOURS


def draw(console: Console, pixels: UInt8[np.ndarray, "rows columns 3"]) -> None:
    """Print a picture, as wide as fits."""
    columns = min(console.width - 1, MOST_COLUMNS)
    # A character is about twice as high as wide, so a picture has half as many rows as its shape says.
    most_rows = max(4, console.height - 6)
    columns = max(2, min(columns, round(2 * most_rows * pixels.shape[1] / pixels.shape[0])))
    console.print(_real_pixels(pixels, columns) or half_blocks(pixels, columns))


def half_blocks(pixels: UInt8[np.ndarray, "rows columns 3"], columns: int) -> Segments:
    """A picture as characters, `columns` of them wide."""
    lines = max(1, round(columns * pixels.shape[0] / pixels.shape[1] / 2))
    small = resized(pixels, columns, 2 * lines)  # (2 lines, columns, 3)
    return Segments(_segments(small.tolist()))


def _segments(rows: list[list[list[int]]]) -> Iterator[Segment]:
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield from (
            Segment("▀", Style(color=_colour(up), bgcolor=_colour(down))) for up, down in zip(upper, lower, strict=True)
        )
        yield Segment.line()


def _colour(levels: Iterable[int]) -> Color:
    return Color.from_rgb(*levels)


def _real_pixels(pixels: np.ndarray, columns: int) -> Any:
    """The picture for a terminal that draws pixels; None where it does not, or the extra is not installed."""
    try:
        from textual_image import renderable  # pyright: ignore[reportMissingImports]
    except Exception:  # it asks the terminal what it can when it is imported, and a terminal may answer anything
        return None
    if renderable.Image not in (renderable.TGPImage, renderable.SixelImage):
        return None
    return renderable.Image(as_image(pixels), width=columns, height="auto")
