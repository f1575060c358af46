"""Is one model better than another? Both answer for the same photos, and only photos that change say anything.

Reads two model files and photos; writes a table of the changed photos where one is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from tellapart.atomic import replacing
from tellapart.cells import CellWriter
from tellapart.engine.embed import Before, EmbeddedPhotos, RefusedPhoto, embed_photos
from tellapart.engine.grade import bind_classes, trained_on
from tellapart.engine.request_limits import decode_limits
from tellapart.engine.session import Engine, open_classifier
from tellapart.engine.stream import PhotoRunner
from tellapart.errors import DataError, UsageError
from tellapart.evaluation.comparison import Comparison, compare
from tellapart.evaluation.metrics import check_probabilities
from tellapart.photos.places import named_csv, require_free, require_name
from tellapart.photos.scan import scan
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.reading import read_head
from tellapart.settings import EngineSettings, ScanSettings, SourceSettings
from tellapart.temporary import clear_abandoned
from tellapart.training.apart import require_apart


class ChangedPhoto(NamedTuple):
    """A photo for which the two models give different answers."""

    path: str  # relative to the folder of the photos
    label: str  # the truth
    a: str  # what A says
    b: str


@dataclass(frozen=True, kw_only=True)
class CompareResult:
    """What two models, A and B, make of the same photos."""

    a: Path  # the model files
    b: Path
    everything: Comparison  # on all usable photos
    unseen: Comparison | None  # on those that neither was trained on; None: all of them, or none
    changed: tuple[ChangedPhoto, ...]
    refused: tuple[RefusedPhoto, ...]  # set aside for both
    warnings: tuple[str, ...]

    @property
    def decisive(self) -> Comparison:
        """The comparison that answers the question: on photos that neither was trained on, where there are any."""
        return self.unseen or self.everything

    def to_dict(self) -> dict[str, Any]:
        """The same for other programs."""
        return {
            "a": str(self.a),
            "b": str(self.b),
            "better": self.decisive.better,
            "sentence": self.decisive.sentence,
            "everything": self.everything.to_dict(),
            "unseen": None if self.unseen is None else self.unseen.to_dict(),
            "changed": [photo._asdict() for photo in self.changed],
            "refused": [photo._asdict() for photo in self.refused],
            "warnings": list(self.warnings),
        }


def compare_models(
    a: Path,
    b: Path,
    photos: Path,
    progress: Progress,
    settings: EngineSettings,
    source: SourceSettings,
    out: Path | None = None,
) -> CompareResult:
    """Let both models answer for all photos of a labelled folder.

    Args:
        a: a model file, or a run folder that holds one.
        b: another.
        photos: a folder, or a CSV or Parquet file.
        progress: progress reporter (default: silent).
        settings: how the engine uses the machine.
        source: how the photos are read.
        out: what will be written afterwards.

    Raises:
        ModelError: a model file is refused.
        UsageError: both are the same file, or they know different classes; or `out` would lie among photos.
        DataError: the folder has a class that the models do not know, or no usable photo.
    """
    a, b = _model_file(a), _model_file(b)
    if a.resolve() == b.resolve():
        raise UsageError(f"A and B are the same file, {a}.", fix="Name two models, such as one.run and another.run.")
    engines = open_classifier(a), open_classifier(b)
    _require_same_classes(*engines)
    table = bind_classes(scan(photos, source=source, for_training=False), engines[0].manifest.class_names, a)
    if out is not None:
        for model in (a, b):
            files = map(table.file, range(len(table)))
            require_apart(out, model.parent, [photos] if photos.is_dir() else [], files)
    seen_a, seen_b = _see_both(engines, table, progress, settings, source)
    refused = sorted((*seen_a.refused, *seen_b.refused))
    if not len(seen_a.table):
        raise DataError(f"No photo in {photos} can be used.", fix=f"See why with: tellapart check {photos}")
    answers = _answers(seen_a, engines[0]), _answers(seen_b, engines[0], engines[1])
    labels = seen_a.table.labels
    right = answers[0] == labels, answers[1] == labels
    known = [np.logical_or(*trained_on(seen_a, engine.manifest.fingerprints)) for engine in engines]
    fair = ~(known[0] | known[1])
    return CompareResult(
        a=a,
        b=b,
        everything=compare(*right),
        unseen=compare(right[0][fair], right[1][fair]) if fair.any() and not fair.all() else None,
        changed=tuple(_changed(seen_a.table, *answers)),
        refused=tuple(refused),
        warnings=(*table.warnings, *_unfair_warnings(known), *_copy_warnings(seen_a)),
    )


def require_place_for_table(out: Path, *, force: bool = False) -> None:
    """Raise `UsageError` where no table can be written to `out`; to be asked before the work, not after it.

    Args:
        out: the file.
        force: whatever file is there may be replaced; else only such a table.
    """
    require_name(out)
    if out.suffix.lower() != ".csv":
        raise UsageError(
            f"Changed photos cannot be written to {out}: the ending must be .csv.",
            fix=f"Give --out {named_csv(out, 'changed.csv')}",
        )
    require_free(out, _is_such_a_table, force=force)


def _is_such_a_table(file: Path) -> bool:
    try:
        return read_head(file, 100).partition(b"\n")[0].strip() == ",".join(ChangedPhoto._fields).encode()
    except OSError:
        return False


def write_changed(changed: tuple[ChangedPhoto, ...], out: Path) -> None:
    """Write a CSV file with a row for each changed photo."""
    clear_abandoned(out.parent)
    with replacing(out) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        writer = CellWriter(stream)
        writer.writerow(ChangedPhoto._fields)
        writer.writerows(changed)


def _model_file(given: Path) -> Path:
    return given / "model.onnx" if given.is_dir() else given


def _require_same_classes(a: Engine, b: Engine) -> None:
    """Two models that know other classes answer other questions, even on photos of classes that both know."""
    names_a, names_b = a.manifest.class_names, b.manifest.class_names
    only_a, only_b = ([n for n in mine if n not in other] for mine, other in ((names_a, names_b), (names_b, names_a)))
    if only_a or only_b:
        differences = [
            f"{'A' if model is a else 'B'} ({model.path}) also knows {', '.join(names[:5])}"
            f"{' and more' if len(names) > 5 else ''}"
            for model, names in ((a, only_a), (b, only_b))
            if names
        ]
        raise UsageError(
            f"A and B know different classes: {'; '.join(differences)}.",
            fix="Compare models that were trained on the same classes; train one again with the folders of the other.",
        )


def _see_both(
    engines: tuple[Engine, Engine],
    table: PhotoTable,
    progress: Progress,
    settings: EngineSettings,
    source: SourceSettings,
) -> tuple[EmbeddedPhotos, EmbeddedPhotos]:
    """What both models make of the photos that both could use; one pass each, which keeps memory flat.

    The second looks at what the first could use, and at the same content: else they would answer different questions.
    """
    limits = ScanSettings(max_refused_share=1.0)
    viewers = [
        PhotoRunner(
            engine=engine,
            outputs=("probabilities", "embedding"),
            engine_settings=settings,
            decode_settings=decode_limits(source, engine.manifest),
        )
        for engine in engines
    ]
    a = embed_photos(table, viewers[0], "Asking A", progress, limits)
    then = Before(a.sha256, before="when A was asked", when="when B was asked")
    b = embed_photos(a.table, viewers[1], "Asking B", progress, limits, then)
    return a.among(b.table.paths), b


def _answers(seen: EmbeddedPhotos, naming: Engine, own: Engine | None = None) -> Int[np.ndarray, " photos"]:
    """The class that a model gives each photo, as a number among the classes of `naming`."""
    names, own_names = naming.manifest.class_names, (own or naming).manifest.class_names
    if seen.probabilities is None:
        raise ValueError("these photos were not seen by a classifier")
    check_probabilities(seen.probabilities, seen.table.labels, own_names)
    return np.array([names.index(name) for name in own_names])[seen.probabilities.argmax(axis=1)]


def _changed(table: PhotoTable, a: Int[np.ndarray, " photos"], b: Int[np.ndarray, " photos"]) -> Iterator[ChangedPhoto]:
    names = table.class_names
    for row in np.flatnonzero(a != b).tolist():
        yield ChangedPhoto(table.paths[row], names[table.labels[row]], names[a[row]], names[b[row]])


def _unfair_warnings(known: list[Bool[np.ndarray, " photos"]]) -> list[str]:
    """A model does better on photos that it was trained on, so those cannot tell which one is better."""
    num_known, num_photos = int((known[0] | known[1]).sum()), len(known[0])
    if not num_known:
        return []
    counts = ", ".join(f"{name} on {int(rows.sum()):,}" for name, rows in zip("AB", known, strict=True))
    trained = f"{num_known:,} of {num_photos:,} photos, or copies of them, were trained on ({counts})"
    if num_known == num_photos:
        return [f"{trained}: this comparison is unfair. Compare on photos that neither has seen."]
    return [f"{trained}: they do not count in the answer, because they would flatter the model that has seen them."]


def _copy_warnings(seen: EmbeddedPhotos) -> list[str]:
    num_copies = len(seen.sha256) - len(set(seen.sha256))
    if not num_copies:
        return []
    copies = "1 photo is an exact copy of another" if num_copies == 1 else f"{num_copies:,} photos are exact copies"
    return [f"{copies}: each counts as if it were new, so the doubt is larger than the interval says."]
