"""Where on a photo is what speaks for each class? Exact where the network allows it, by covering parts elsewhere.

A network that is linear after pooling scores every place of the photo for every class, and the score of a class is the
mean of its map (Zhou et al. 2016, arXiv 1512.04150). Such a model file has the output `class_maps`, and nothing is
estimated. Where dense layers follow, as in `classic`, a part of the photo is covered and the fall of each score is
measured, part by part (Zeiler and Fergus 2014, arXiv 1311.2901, section 4.2).

Either way a map is relative: how much more a place speaks for a class than for the classes on average. What speaks for
all classes alike moves no answer, so it is taken away.

Reads pixels; runs the engine; writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, UInt8

from tellapart.engine.session import Engine
from tellapart.settings import EngineSettings, MapSettings

_LEAST = 1e-12  # probability; softmax of float32 may give 0, which has no logarithm


@dataclass(frozen=True)
class Maps:
    """How much each place of one photo speaks for each class, in units of the scores before softmax."""

    values: Float32[np.ndarray, "rows columns classes"]  # 0: for no class more than for the others
    exact: bool  # whether the mean of a class's map is its score; else each value is the fall of the score when covered

    def of(self, number: int) -> Float32[np.ndarray, "rows columns"]:
        """The map of one class."""
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
        settings: how parts are covered.
        engine_settings: how the engine uses the machine.
    """
    if "class_maps" in engine.output_names:
        return Maps(_relative(engine.run(pixels[np.newaxis], ("class_maps",))["class_maps"][0]), exact=True)
    return Maps(_occlusion(engine, pixels, settings or MapSettings(), engine_settings or EngineSettings()), exact=False)


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
    batches = list(_batches(corners, engine_settings.batch))
    with ThreadPoolExecutor(engine_settings.workers, thread_name_prefix="tellapart") as pool:
        for some, scores in zip(batches, pool.map(covered, batches), strict=True):
            for (row, column), score in zip(some, scores, strict=True):
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


def _batches(corners: list[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    return (corners[start : start + size] for start in range(0, len(corners), size))
