"""Keep what a run has learnt, so that a kill costs a minute and not the run.

A checkpoint is one file of plain arrays and one JSON text, written whole or not at all. Two are kept: should the disk
have damaged the newer, the older is taken. Nothing in it is a program, and it is never unpickled.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.atomic import replacing
from tellapart.errors import UsageError

_KEPT = 2
_GROUPS = ("weights", "optimizer", "average", "best")
FOLDER = "checkpoint"


@dataclass(kw_only=True)
class Saved:
    """Everything that training needs to go on as if nothing had happened. Chance needs no state: see augment.py."""

    step: int = 0  # steps done since the beginning
    seconds: float = 0.0  # of the time that was given, used so far
    loss_sum: float = 0.0  # of the epoch that is under way
    epoch_seconds: float = 0.0
    best_loss: float | None = None  # of validation; None: no epoch has ended
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    weights: list[np.ndarray] = field(default_factory=list)
    optimizer: list[np.ndarray] = field(default_factory=list)
    average: list[np.ndarray] = field(default_factory=list)  # of the trained weights; empty before it begins
    best: list[np.ndarray] = field(default_factory=list)  # weights at `best_epoch`


class Checkpoints:
    """The checkpoints of one run, in a folder of the run folder."""

    def __init__(self, run_folder: Path, key: str):
        """Keep checkpoints below `run_folder`.

        Args:
            run_folder: of the run.
            key: a text that is equal for two runs if and only if one may go on where the other stopped.
        """
        self._folder, self._key = run_folder / FOLDER, key

    def save(self, saved: Saved) -> None:
        """Write a checkpoint and forget all but the newest two.

        Raises:
            ResourceError: the disk is full; the checkpoints before are untouched.
        """
        self._folder.mkdir(exist_ok=True)
        arrays = {
            f"{group}{number:04d}": array for group in _GROUPS for number, array in enumerate(getattr(saved, group))
        }
        facts = {name: value for name, value in vars(saved).items() if name not in _GROUPS} | {"key": self._key}
        arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        with replacing(self._folder / f"step{saved.step:09d}.npz") as temporary, open(temporary, "wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
        for old in self._files()[_KEPT:]:
            old.unlink(missing_ok=True)

    def load(self) -> Saved | None:
        """The newest whole checkpoint; None where there is none.

        Raises:
            UsageError: it is of other photos or other settings.
        """
        for file in self._files():
            saved = _read(file)
            if saved is not None:
                facts, groups = saved
                if facts.pop("key") != self._key:
                    raise UsageError(
                        f"The unfinished run in {self._folder.parent} was begun with other photos or settings.",
                        fix=f"Choose another --out, or delete {self._folder.parent}.",
                    )
                return Saved(**facts, **groups)
        return None

    def remove(self) -> None:
        """Forget them all: the run is finished."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _files(self) -> Sequence[Path]:
        return sorted(self._folder.glob("step*.npz"), reverse=True)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, list[np.ndarray]]] | None:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            facts = json.loads(arrays["facts"].tobytes())
            names = sorted(arrays.files)
            groups = {group: [arrays[name] for name in names if name.startswith(group)] for group in _GROUPS}
        return facts, groups
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # cut short or damaged: the one before it will do
