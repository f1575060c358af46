"""Where on a photo is what speaks for each class? Exact where the network allows it, by covering parts elsewhere.

A network that is linear after pooling scores every place of the photo for every class, and the score of a class is the
mean of its map (Zhou et al. 2016, arXiv 1512.04150). Such a model file has the output `class_maps`, and nothing is
estimated. Where dense layers follow, as in `classic`, a part of the photo is covered and the fall of each score is
measured, part by part (Zeiler and Fergus 2014, arXiv 1311.2901, section 4.2).

The exact map is coarse, a seventh of the photo to a place, and the edges of things excite the places beside them. So
the photo is also seen a little shifted, which shows what lies within a place, and what is shown at a place is the mean
over a window around it.

Either way a map is relative: how much more a place speaks for a class than for the classes on average. What speaks for
all classes alike moves no answer, so it is taken away.

Reads pixels; runs the engine; writes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8
from numpy.lib.stride_tricks import sliding_window_view

from tellapart.engine.session import Engine
from tellapart.settings import EngineSettings, MapSettings
from tellapart.workers import in_order

# Of a place: convolutions of stride 2 pad photos of even size below and right only, so a place sees a little more of
# what is there. Measured on planted patches; half a place is the most it could be.
_LEAN = 1 / 8
_LEAST = 1e-12  # probability; softmax of float32 may give 0, which has no logarithm


@dataclass(frozen=True)
class Maps:
    """How much each place of one photo speaks for each class, in units of the scores before softmax."""

    values: Float32[np.ndarray, "rows columns classes"]  # of windows; 0: for no class more than for the others
    places: Float32[np.ndarray, "places_down places_across classes"] | None  # the exact map, where the file has one

    @property
    def exact(self) -> bool:
        """Whether the file itself tells of each place what it speaks for, so that nothing had to be covered."""
        return self.places is not None

    def of(self, number: int) -> Float32[np.ndarray, "rows columns"]:
        """The map of one class, as it is shown."""
        return self.values[:, :, number]


def maps_of(
    engine: Engine,
    pixels: UInt8[np.ndarray, "side side 3"],
    settings: MapSettings | None = None,
    engine_settings: EngineSettings | None = None,
) -> Maps:
    """The maps of a photo: exact where the file has them, by covering parts elsewhere.

    Args:
        engine: a classifier.
        pixels: the photo as the network takes it.
        settings: how parts are covered, or the photo shifted.
        engine_settings: how the engine uses the machine.
    """
    settings, engine_settings = settings or MapSettings(), engine_settings or EngineSettings()
    if "class_maps" not in engine.output_names:
        return Maps(_occlusion(engine, pixels, settings, engine_settings), places=None)
    places = _class_maps(engine, pixels[np.newaxis])[0]
    return Maps(_finer(engine, pixels, len(places), settings, engine_settings), places)


def _class_maps(
    engine: Engine, pixels: UInt8[np.ndarray, "photos side side 3"]
) -> Float32[np.ndarray, "photos places_down places_across classes"]:
    return _relative(engine.run(pixels, ("class_maps",))["class_maps"])


def _finer(
    engine: Engine, pixels: np.ndarray, num_places: int, settings: MapSettings, engine_settings: EngineSettings
) -> Float32[np.ndarray, "rows columns classes"]:
    """Maps of the photo shifted by parts of a place, put between each other, then the mean over windows.

    What lies beyond the photo speaks for nothing, so a window at its edge has less to say.
    """
    parts = settings.shifts
    place_px = len(pixels) / num_places
    # Moved down by so much, the photo shows in a place what lies above: the largest shift is of the first row.
    shifts = [round(place_px * (((parts - 1) / 2 - part) / parts + _LEAN)) for part in range(parts)]

    def seen(some: list[tuple[int, int]]) -> Float32[np.ndarray, "shifts places_down places_across classes"]:
        return _class_maps(engine, np.stack([_shifted(pixels, down, right) for down, right in some]))

    maps = np.concatenate(_by_batches(seen, list(itertools.product(shifts, shifts)), engine_settings))
    grid = maps.reshape(parts, parts, num_places, num_places, -1).transpose(2, 0, 3, 1, 4)
    fine = grid.reshape(num_places * parts, num_places * parts, -1)
    window = round(len(fine) * settings.window) // 2 * 2 + 1  # odd, so that it has a middle
    padded = np.pad(fine, ((window // 2, window // 2), (window // 2, window // 2), (0, 0)))
    return sliding_window_view(sliding_window_view(padded, window, 0).mean(axis=-1), window, 1).mean(axis=-1)


def _shifted(pixels: np.ndarray, down: int, right: int) -> np.ndarray:
    """The photo moved within its frame; what comes in is its own edge."""
    steps = np.arange(len(pixels))
    rows, columns = (np.clip(steps - by, 0, len(pixels) - 1) for by in (down, right))
    return pixels[rows[:, np.newaxis], columns]


def _relative(scores: Float[np.ndarray, "... classes"]) -> Float32[np.ndarray, "... classes"]:
    """Scores less the mean over classes, which softmax does not notice."""
    return (scores - scores.mean(axis=-1, keepdims=True)).astype(np.float32)


def _occlusion(
    engine: Engine, pixels: np.ndarray, settings: MapSettings, engine_settings: EngineSettings
) -> Float32[np.ndarray, "parts parts classes"]:
    """The mean fall of each score over all windows that cover a place.

    Places are cells of a grid, and a window is `window_cells` of them wide, so that windows overlap and the map is
    finer than they are.
    """
    num_cells, wide = settings.cells, settings.window_cells
    corners = [(row, column) for row in range(1 - wide, num_cells) for column in range(1 - wide, num_cells)]
    edges = np.linspace(0, len(pixels), num_cells + 1).round().astype(int)
    whole = _scores(engine, pixels[np.newaxis])[0]  # (classes,)

    def covered(some: list[tuple[int, int]]) -> Float32[np.ndarray, "windows classes"]:
        return _scores(engine, np.stack([_cover(pixels, edges, corner, wide) for corner in some]))

    falls = np.zeros((num_cells, num_cells, len(whole)), np.float32)
    times = np.zeros((num_cells, num_cells, 1), np.float32)
    scores = np.concatenate(_by_batches(covered, corners, engine_settings))
    for (row, column), score in zip(corners, scores, strict=True):
        window = slice(max(row, 0), row + wide), slice(max(column, 0), column + wide)
        falls[window] += whole - score
        times[window] += 1
    return falls / times


def _cover(pixels: np.ndarray, edges: np.ndarray, corner: tuple[int, int], wide: int) -> np.ndarray:
    """The photo with one window in the mean colour of the photo, which is less foreign to it than black or grey."""
    last = len(edges) - 1
    (top, bottom), (left, right) = ((edges[max(at, 0)], edges[min(at + wide, last)]) for at in corner)
    covered = pixels.copy()
    covered[top:bottom, left:right] = pixels.mean(axis=(0, 1)).round().astype(np.uint8)
    return covered


def _scores(engine: Engine, pixels: UInt8[np.ndarray, "photos side side 3"]) -> Float32[np.ndarray, "photos classes"]:
    """Scores before softmax, up to what is the same for all classes: the logarithms of the probabilities."""
    probabilities = engine.run(pixels, ("probabilities",))["probabilities"]
    return _relative(np.log(np.maximum(probabilities, _LEAST)))


def _by_batches(
    function: Callable[[list[tuple[int, int]]], np.ndarray], variants: list[tuple[int, int]], settings: EngineSettings
) -> list[np.ndarray]:
    """What a function says of variants of the photo, a batch at a time, in their order."""
    batches = [variants[start : start + settings.batch_size] for start in range(0, len(variants), settings.batch_size)]
    return list(in_order(function, batches, settings.workers))
