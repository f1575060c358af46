"""Whether a run has the memory and the disk that training will take, asked before it begins.

A process that takes more memory than there is gets killed without a word, minutes later. So the need is estimated from
the shapes of the network; where it does not fit, fewer photos are learnt from at once, and only where that does not
help either the run stops, with both numbers. Photos themselves take no memory: they are mapped from the disk, and
decoded again each time where the disk has no room for them (pixels.py).

The estimate is meant to be above the truth. Measured on two cores with TensorFlow, against it, per photo of a step:
16.6 MB against 16.7 (classic, 150 px), 3.0 against 3.0 (scratch, 128 px), 10.4 against 11.9 (scratch, 256 px), 7.7
against 14.2 (the last blocks of lite2, where much that is computed need not be kept).
"""

from __future__ import annotations

import dataclasses
import math
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tellapart.errors import ResourceError
from tellapart.fit_settings import FitSettings
from tellapart.network.keras_setup import keras
from tellapart.progress import Progress
from tellapart.reading import read_json
from tellapart.runs.ownership import CHECKPOINTS, checkpoint_folder, write_json
from tellapart.runs.provenance import available_memory_bytes

_KEPT = 0.7  # of what all layers put out, until a step goes back through them; the rest is overwritten on the way
_LARGEST = 2.0  # times the largest output of a layer: its gradient, and the space in which that is computed
_COMPILED = 3.0  # times as much where XLA compiles for a processor: it unrolls convolutions (classic 50 MB, scratch 5)
_COMPILER_BYTES = 900_000_000  # and what XLA itself holds then, for the few sizes of a run
_COPIES = 9  # of all weights: gradients, optimiser (2), average, best, and once more each while a checkpoint is written
_OTHERS_BYTES = 300_000_000  # compiled steps, batches that wait, export, grading and report
_LEAST_BATCH = 8  # photos; with fewer, batch normalisation knows too little of a batch
_CHECKPOINTS = 3  # on the disk: two, and one being written
_RESULTS_BYTES = 50_000_000  # on the disk: report, tables, and the model files beside their weights


@dataclass(frozen=True, kw_only=True)
class Need:
    """What training a network takes, beyond what the process holds already."""

    fixed_bytes: int  # of memory
    photo_bytes: int  # of memory, for each photo of a step
    disk_bytes: int  # in the run folder

    def bytes_at(self, batch: int) -> int:
        """Memory at a number of photos a step.

        >>> Need(fixed_bytes=100, photo_bytes=10, disk_bytes=0).bytes_at(8)
        180
        """
        return self.fixed_bytes + batch * self.photo_bytes


def need_of(network: keras.Model) -> Need:
    """What it takes to train a network whose input has a known size."""
    outputs = [_bytes(each) for layer in network.layers for each in keras.tree.flatten(layer.output)]
    weights = sum(math.prod(variable.shape) * 4 for variable in network.variables)
    xla = keras.backend.backend() != "tensorflow"
    return Need(
        fixed_bytes=_OTHERS_BYTES + xla * _COMPILER_BYTES + _COPIES * weights,
        photo_bytes=round((_COMPILED if xla else 1.0) * (_KEPT * sum(outputs) + _LARGEST * max(outputs))),
        disk_bytes=_RESULTS_BYTES + (5 * _CHECKPOINTS + 3) * weights,  # a checkpoint has five copies, two files three
    )


def _bytes(output: keras.KerasTensor) -> int:
    """What one photo's answer of a layer takes."""
    return math.prod(output.shape[1:]) * np.dtype(output.dtype).itemsize


def make_room(network: keras.Model, fit: FitSettings, folder: Path, progress: Progress) -> FitSettings:
    """The settings with as many photos a step as memory has room for, at a rate that suits them.

    A run that goes on keeps the number it began with, or its steps would be others.

    Args:
        network: is to be trained; its input has the largest size of the run.
        fit: what is asked for.
        folder: the run folder.
        progress: is told if fewer photos fit.

    Raises:
        ResourceError: not even a few photos fit, or the disk has no room for the results.
    """
    need, begun = need_of(network), _begun_with(folder, fit)
    _require_disk(need, folder)
    free = available_memory_bytes()
    batch = choose_batch(need, begun or fit.batch_size, free, least=begun or _LEAST_BATCH)
    if batch == fit.batch_size:
        return fit
    smaller = with_batch(fit, batch)
    if begun is None:
        write_json(checkpoint_folder(folder) / "room.json", {"batch": batch})
        progress.note(
            f"Memory is short: {fit.batch_size} photos per step would take {_size(need.bytes_at(fit.batch_size))}, and "
            f"{_size(free or 0)} are free. Training uses a batch size of {batch} instead, at a learning "
            f"rate of {smaller.learning_rate:.2g}."
        )
    return smaller


def _begun_with(folder: Path, fit: FitSettings) -> int | None:
    """Photos a step of a run that goes on; None where it has not begun."""
    try:
        return int(read_json(folder / CHECKPOINTS / "room.json")["batch"])
    except (OSError, ValueError, LookupError, TypeError):
        return fit.batch_size if any((folder / CHECKPOINTS).glob("step*.npz")) else None


def choose_batch(need: Need, batch: int, free: int | None, least: int = _LEAST_BATCH) -> int:
    """The asked number of photos a step, halved until they fit.

    >>> need = Need(fixed_bytes=100, photo_bytes=10, disk_bytes=0)
    >>> choose_batch(need, 64, 1000), choose_batch(need, 64, 500), choose_batch(need, 64, None)
    (64, 32, 64)

    Raises:
        ResourceError: not even `least` fit.
    """
    chosen = batch
    while free is not None and need.bytes_at(chosen) > free:
        if chosen // 2 < least:
            raise ResourceError(
                f"Training needs about {_size(need.bytes_at(chosen))} of memory, even with a batch size of {chosen}; "
                f"{_size(free)} are free.",
                fix="Close other programs, choose a smaller --image-size, or use --recipe quick, which needs least.",
            )
        chosen //= 2
    return chosen


def with_batch(fit: FitSettings, batch: int) -> FitSettings:
    """The same settings at another number of photos a step, whose gradient is as much less certain.

    The rate falls with the number for SGD (Goyal et al. 2017, arXiv 1706.02677, section 2.1) and with its square root
    for Adam (Malladi et al. 2022, arXiv 2205.10287, section 5).
    """
    share = batch / fit.batch_size
    rate = fit.learning_rate * (math.sqrt(share) if fit.optimizer == "adam" else share)
    return dataclasses.replace(fit, batch_size=batch, learning_rate=rate, answered=min(fit.answered, batch))


def _require_disk(need: Need, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < need.disk_bytes:
        raise ResourceError(
            f"The run needs about {_size(need.disk_bytes)} on the disk of {folder}; {_size(free)} are free.",
            fix="Free some space, or choose a folder on another disk with --out FOLDER.",
        )


def _size(num_bytes: int) -> str:
    """A number of bytes for people.

    >>> _size(1_340_000_000), _size(250_000_000)
    ('1.3 GB', '250 MB')
    """
    return f"{num_bytes / 1e9:.1f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:.0f} MB"
