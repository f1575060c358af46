"""Keep what a run has learnt, so that a kill costs a minute and not the run.

A checkpoint is one file of plain arrays and one JSON text, written whole or not at all. Two are kept: should the disk
have damaged the newer, the older is taken. Nothing in it is a program, and it is never unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.atomic import replacing
from tellapart.errors import UsageError
from tellapart.reading import open_file
from tellapart.runs.ownership import CHECKPOINTS, checkpoint_folder
from tellapart.runs.provenance import data_fingerprint, versions
from tellapart.settings import TrainSettings
from tellapart.training.loop.schedule import Clock
from tellapart.training.prepare import Material

_KEPT = 2
Row = dict[str, int | float]  # of history.csv
_GROUPS = ("weights", "optimizer", "average", "best")


def run_key(settings: TrainSettings, material: Material) -> str:
    """A text that two runs share if and only if one may go on where the other stopped: settings, photos and parts."""
    known, names = material.known, material.known.table.class_names
    places = [f"{part} {names[label]}" for part, label in zip(material.parts, known.table.labels, strict=True)]
    facts = [dataclasses.asdict(settings), data_fingerprint(known.sha256, places), versions()]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def has_checkpoint(run_folder: Path) -> bool:
    """Whether a run has learnt something that it could go on from."""
    return any((run_folder / CHECKPOINTS).glob("step*.npz"))


@dataclass(kw_only=True)
class TrainState:
    """Everything that training needs to go on as if nothing had happened. Chance needs no state: see augment.py."""

    step: int = 0  # steps done since the beginning
    seconds: float = 0.0  # of the whole run so far, but not those in which nothing ran
    begun: float = 0.0  # seconds of the run before training began
    loss_sum: float = 0.0  # of the epoch that is under way
    epoch_seconds: float = 0.0
    best_loss: float | None = None  # of validation; None: no epoch has ended
    best_epoch: int = 0
    history: list[Row] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)
    average: list[np.ndarray] = field(default_factory=list)  # of the trained weights; empty before it begins
    best: list[np.ndarray] = field(default_factory=list)  # weights at `best_epoch`


class Checkpoints:
    """The checkpoints of one run, in a folder of the run folder."""

    def __init__(self, run_folder: Path, key: str, clock: Clock = time.monotonic):
        """Keep checkpoints below `run_folder`.

        Args:
            run_folder: folder of the run.
            key: a text that is equal for two runs if and only if one may go on where the other stopped.
            clock: seconds of this process's part of the run.
        """
        self._folder, self._key, self._clock = run_folder / CHECKPOINTS, key, clock
        self._before = 0.0  # seconds of the run in earlier processes

    def seconds(self) -> float:
        """Seconds of the whole run, those before it was stopped included."""
        return self._before + self._clock()

    def save(self, saved: TrainState) -> None:
        """Write a checkpoint and forget all but the newest two.

        Raises:
            ResourceError: the disk is full; the checkpoints before are untouched.
        """
        checkpoint_folder(self._folder.parent)
        saved.seconds = self.seconds()
        arrays = {
            f"{group}{number:04d}": array for group in _GROUPS for number, array in enumerate(getattr(saved, group))
        }
        facts = {name: value for name, value in vars(saved).items() if name not in _GROUPS} | {"key": self._key}
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        with replacing(self._folder / f"step{saved.step:09d}.npz") as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        for old in self._files()[_KEPT:]:
            old.unlink(missing_ok=True)

    def load(self) -> TrainState | None:
        """The newest whole checkpoint; None where there is none.

        Raises:
            UsageError: it is of other photos or other settings.
        """
        for file in self._files():
            values = _read(file)
            if values is not None:
                if values.pop("key") != self._key:
                    raise UsageError(
                        f"The unfinished run in {self._folder.parent} was begun with other photos or settings.",
                        fix=f"Choose another --out, or delete {self._folder.parent}.",
                    )
                self._before = values["seconds"]
                return TrainState(**values)
        return None

    def _files(self) -> Sequence[Path]:
        return sorted(self._folder.glob("step*.npz"), reverse=True)


def _read(file: Path) -> dict[str, Any] | None:
    try:
        # Opened here, because NumPy forgets to close a file that it cannot read.
        with open_file(file) as stream, np.load(stream, allow_pickle=False) as arrays:
            values = json.loads(arrays["facts"].tobytes())
            names = sorted(arrays.files)
            values |= {group: [arrays[name] for name in names if name.startswith(group)] for group in _GROUPS}
        return values
    except (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile):
        return None  # cut short or damaged: the one before it will do
