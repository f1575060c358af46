"""From a table of photos to training material: look at every photo, find copies, deal parts. The same for every recipe.

Test photos that the user set apart are not looked at here: the finished model file itself is the first to see them,
which is both honest and one pass over them less.

Reads photos; writes nothing but the store of embeddings.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos, RefusedPhoto, embed_photos
from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.request_limits import decode_limits
from tellapart.engine.session import Engine
from tellapart.engine.stream import PhotoRunner
from tellapart.errors import DataError
from tellapart.model.manifest import MAX_CLASSES, name_fault
from tellapart.network.backbone_file import backbone_engine, embedding_space
from tellapart.network.family import find_backbone
from tellapart.photos.decode import decoding
from tellapart.photos.duplicates import Duplicates, find_duplicates
from tellapart.photos.scan import scan
from tellapart.photos.split import group_photos, split
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.runs.provenance import Stopwatch
from tellapart.runs.splits_file import read_splits
from tellapart.settings import (
    DecodeSettings,
    EngineSettings,
    ScanSettings,
    SplitSettings,
    TrainSettings,
    cache_folder,
)
from tellapart.temporary import clear_abandoned, temporary_folder

_PROBE_BYTES = 1_000_000  # written into the cache folder to see whether it takes anything
OWN_EMBEDDINGS = ("classic", "scratch")  # recipes whose file gives other embeddings than the backbone's


@dataclass(frozen=True, kw_only=True)
class Material:
    """Photos that were looked at and dealt into parts; arrays have one row per usable photo of `known`."""

    known: EmbeddedPhotos  # every usable photo but test photos that the user set apart
    apart: PhotoTable  # test photos that the user set apart; empty where there are none
    apart_seen: (
        EmbeddedPhotos | None
    )  # the same with the backbone's embeddings, where the recipe makes embeddings of its own
    duplicates: Duplicates  # among `known`
    parts: np.ndarray  # (photos,) "train", "validation" or "test"
    groups: np.ndarray  # (photos,) photos with equal numbers must not be separated

    def part(self, name: str) -> EmbeddedPhotos:
        """The known photos of one part."""
        return self.known.select(self.parts == name)

    def seen_test(self) -> EmbeddedPhotos:
        """The test photos, for recipes that look at them before the file does."""
        return self.apart_seen or self.part("test")

    @property
    def test_table(self) -> PhotoTable:
        """The test photos, wherever they come from."""
        if self.apart_seen is not None:
            return self.apart_seen.table
        return self.apart if len(self.apart) else self.known.table.select(self.parts == "test")

    @property
    def test_sha256(self) -> Sequence[str] | None:
        """The test photos as they were looked at; None where the finished file is the first to see them."""
        return None if len(self.apart) and self.apart_seen is None else self.seen_test().sha256

    def without(self, lost: Sequence[RefusedPhoto]) -> Material:
        """The same without photos that are gone or have changed since; all others keep their parts.

        Raises:
            DataError: a class is left without training photos.
        """
        paths = {photo.path for photo in lost}
        known = self.known.without(paths)
        known = dataclasses.replace(known, refused=(*known.refused, *lost))
        parts = self.parts[[path not in paths for path in self.known.table.paths]]
        require_all_classes(known.table, parts)
        duplicates = find_duplicates(known.sha256, known.hashes, known.embeddings)
        return Material(
            known=known,
            apart=self.apart.select(np.array([path not in paths for path in self.apart.paths], bool)),
            apart_seen=self.apart_seen and self.apart_seen.without(paths),
            duplicates=duplicates,
            parts=parts,
            groups=group_photos(known.table, duplicates.groups),
        )


def require_names(class_names: tuple[str, ...]) -> None:
    """Stop before the work where the finished file would be refused for the name of a class.

    Raises:
        DataError: a name is too long, climbs out of a folder, or there are too many.
    """
    for name in class_names:
        if fault := name_fault(name):
            raise DataError(
                f"A class cannot have this name: {fault}.", fix="Rename the folder, or the label in the table."
            )
    if len(class_names) > MAX_CLASSES:
        raise DataError(
            f"There are {len(class_names):,} classes; a model file holds at most {MAX_CLASSES:,}.",
            fix="Train on fewer classes; --exclude leaves some out.",
        )


def prepare(
    table: PhotoTable, viewer: PhotoRunner, settings: TrainSettings, progress: Progress, watch: Stopwatch
) -> Material:
    """Look at the photos, find copies and deal parts.

    Raises:
        DataError: too many photos are refused, a class is left without training photos, or has a name that a model
            file may not hold.
    """
    require_names(table.class_names)
    set_apart = np.array([part == "test" for part in table.parts])
    with watch.stage("embed"):
        limits = ScanSettings(strict=settings.strict)
        known = embed(table.select(~set_apart), viewer, settings, progress, limits)
        apart_seen = None
        if set_apart.any() and settings.recipe in OWN_EMBEDDINGS:
            # Copies are found by the backbone's embeddings, which the finished file will not give.
            anyhow = ScanSettings(strict=settings.strict, max_refused_share=1.0)
            apart_seen = embed(table.select(set_apart), viewer, settings, progress, anyhow)
    with watch.stage("twins"), progress.stage("Finding near-duplicates"):
        duplicates = find_duplicates(known.sha256, known.hashes, known.embeddings)
    with watch.stage("split"):
        dealing = SplitSettings(validation=settings.validation, test=settings.test, seed=settings.seed)
        elsewhere = ("test",) if set_apart.any() else ()
        parts = np.array(split(known.table, known.sha256, duplicates.groups, dealing, elsewhere))
        groups = group_photos(known.table, duplicates.groups)
        require_all_classes(known.table, parts)
    apart = table.select(set_apart)
    return Material(known=known, apart=apart, apart_seen=apart_seen, duplicates=duplicates, parts=parts, groups=groups)


def read_table(photos: Path, settings: TrainSettings) -> PhotoTable:
    """Scan the photos; parts come from `settings.splits` where it is given."""
    table = scan(photos, group_by=settings.group_by, source=settings.source)
    if settings.splits is None:
        return table
    return dataclasses.replace(table, parts=read_splits(Path(settings.splits), table))


def viewer_of(engine: Engine, settings: TrainSettings) -> PhotoRunner:
    """How photos are looked at under these settings, for all that the engine computes but class maps."""
    return PhotoRunner(
        engine=engine,
        outputs=tuple(name for name in ("probabilities", "embedding", "novelty") if name in engine.output_names),
        engine_settings=EngineSettings(workers=settings.threads),
        decode_settings=decode_limits(settings.source, engine.manifest),
    )


def backbone_viewer(settings: TrainSettings, progress: Progress | None = None) -> PhotoRunner:
    """How photos are embedded under these settings; makes the backbone's file the first time.

    Args:
        settings: which backbone.
        progress: if given, is told where the cache folder cannot be used, before the work and not after it.
    """
    reason = _why_no_cache() if settings.cache else None
    if reason is not None and progress is not None:
        progress.note(
            f"The cache folder {cache_folder()} cannot be used ({reason}): this run continues without it, and the next "
            "one will look at all photos again. Set TELLAPART_CACHE to a folder that you may write to."
        )
    return viewer_of(backbone_engine(find_backbone(settings.backbone)), settings)


def _why_no_cache() -> str | None:
    """Why nothing can be kept in the cache folder; None where it can."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        clear_abandoned(cache_folder())
        with temporary_folder(cache_folder()) as folder:
            (folder / "probe").write_bytes(bytes(_PROBE_BYTES))
    except OSError as error:
        return error.strerror or str(error)
    return None


def embed(
    table: PhotoTable, viewer: PhotoRunner, settings: TrainSettings, progress: Progress, limits: ScanSettings
) -> EmbeddedPhotos:
    """Embed every photo of a table, recalling those that were embedded before unless `settings.cache` is off."""
    space = store_space(settings.backbone, settings.max_megapixels)
    with EmbeddingCache(space) if settings.cache else nullcontext() as store:
        remembering = dataclasses.replace(viewer, memory=store)
        seen = embed_photos(table, remembering, "Embedding the photos", progress, limits)
        if store is not None:
            store.touch(list(seen.sha256))
    return seen


def store_space(backbone: str, max_megapixels: float) -> str:
    """The space of the store of embeddings: what makes them, decoding included."""
    limits = DecodeSettings(max_megapixels=max_megapixels)
    return f"{embedding_space(find_backbone(backbone))}-{decoding(limits)}"


def require_all_classes(table: PhotoTable, parts: np.ndarray) -> None:
    """Check that every class has photos to train on.

    Raises:
        DataError: a class has none, or one part is empty.
    """
    missing = [
        name for number, name in enumerate(table.class_names) if not (parts[table.labels == number] == "train").any()
    ]
    if missing:
        raise DataError(
            f"After the split, no training photo is left of: {', '.join(missing)}.",
            fix="Add photos of these classes to the training split, or leave them out with --exclude.",
        )


def note_warnings(notes: dict[str, int]) -> list[str]:
    """What happened while photos were decoded, one sentence each."""
    return [f"{count:,} photo{'' if count == 1 else 's'}: {note}." for note, count in sorted(notes.items())]
