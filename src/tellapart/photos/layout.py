"""From the paths below a folder to rows: every photo with its class and part, or counted as left out.

What the folders mean is judged in `structure.py`. Works on relative paths alone. Faults and warnings are added to the
lists of the caller.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tellapart.photos.excluding import Exclusion
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.kinds import BESIDE, CLASSLESS, EXCLUDED, PHOTO_SUFFIXES, UNLABELLED, suffix_of
from tellapart.photos.listing import Listing
from tellapart.photos.part_names import confusable, normal, part_of_name
from tellapart.photos.structure import AmbiguousLayout, Structure, Tree, read_structure
from tellapart.settings import SourceSettings


@dataclass(frozen=True)
class Row:
    """One photo as its source describes it."""

    path: str
    label: str
    part: str = ""
    group: str = ""


class _FolderMeaning(NamedTuple):
    """What lying in a folder says about a photo."""

    label: str = ""
    part: str = ""
    group: str = ""  # the folders below the class
    left_out: str = ""  # the kind of a photo that is not used, "" for one that is


def rows_of_folder(
    listing: Listing, source: SourceSettings, faults: Faults, warnings: list[str], groups_are_folders: bool = False
) -> list[Row]:
    """One row per photo; its group is the folder below its class where groups are folders.

    Raises:
        DataError: the folders can be read in two ways.
    """
    exclusion = Exclusion(source.exclude)
    files = list(kept(listing, exclusion))
    tree = Tree(_folders_with_photos(files), exclusion)
    try:
        structure = read_structure(tree, source.layout, groups_are_folders)
    except AmbiguousLayout as doubt:
        faults.add(doubt.problem, doubt.fix)
        faults.raise_if_any()
        raise
    places: dict[str, _FolderMeaning] = {}
    rows: list[Row] = []
    misplaced: list[str] = []
    for path in files:
        folder = path[: path.rfind("/") + 1]
        place = places.get(folder)
        if place is None:
            place = places[folder] = _place(folder, structure, exclusion)
        if not place.left_out:
            rows.append(Row(path, place.label, place.part, place.group if groups_are_folders else ""))
        elif place.left_out == CLASSLESS:
            misplaced.append(path)
        else:
            listing.ignore(place.left_out, path)
    warnings.extend(structure.warnings)
    _judge_misplaced(misplaced, structure, listing, faults)
    warnings.extend(_unlabelled_warnings(structure, files))
    warnings.extend(_beside_warnings(structure, listing, files, exclusion))
    warnings.extend(_empty_class_warnings(structure, listing, places, exclusion))
    if exclusion:
        tops = {folder for folder in listing.folders if "/" not in folder}
        deeper = {normal(step) for folder in listing.folders for step in folder.split("/")}
        exclusion.require_use({place.label for place in places.values()} | tops, listing.root, deeper)
    return rows


def kept(listing: Listing, exclusion: Exclusion) -> Iterator[str]:
    """Candidates that no pattern on paths leaves out; those that one does are counted."""
    for path in listing.files:
        if exclusion and exclusion.takes(path):
            listing.ignore(EXCLUDED, path)
        else:
            yield path


def _folders_with_photos(files: Iterable[str]) -> set[str]:
    """Folders that hold a file called like a photo; where no name tells, those that hold any candidate."""
    known: set[str] = set()
    everything: set[str] = set()
    for path in files:
        folder = path[: path.rfind("/") + 1]
        if folder not in known:
            everything.add(folder)
            if suffix_of(path) in PHOTO_SUFFIXES:
                known.add(folder)
    return known or everything


def _place(folder: str, structure: Structure, exclusion: Exclusion) -> _FolderMeaning:
    """What lying in a folder says, by the structure of the whole."""
    if any(folder.startswith(split) for split in structure.unlabelled):
        return _FolderMeaning(left_out=UNLABELLED)
    inside = next((above for above in structure.class_folders_in if folder.startswith(above)), None)
    if inside is None:
        if any(exclusion.takes_name(step) for step in folder.split("/")[:-1]):
            return _FolderMeaning(left_out=EXCLUDED)
        beside = structure.splits and folder.startswith(structure.base) and folder != structure.base
        return _FolderMeaning(left_out=BESIDE if beside else CLASSLESS)
    steps = folder[len(inside) :].split("/")[:-1]
    depth = 2 if structure.below_class else 1
    if len(steps) < depth:
        return _FolderMeaning(left_out=CLASSLESS)
    label = normal(steps[0])
    if exclusion.takes_name(label):
        return _FolderMeaning(left_out=EXCLUDED)
    part = part_of_name(steps[1]) if structure.below_class else structure.splits.get(inside, "")
    return _FolderMeaning(label, part, "/".join(steps[depth:]))


def _judge_misplaced(paths: list[str], structure: Structure, listing: Listing, faults: Faults) -> None:
    """A photo outside the class folders is a fault; a file of unknown kind there is merely left out."""
    photos = [path for path in paths if suffix_of(path) in PHOTO_SUFFIXES]
    for path in set(paths).difference(photos):
        listing.ignore(CLASSLESS, path)
    if not photos:
        return
    in_splits = [path for path in photos if any(path.startswith(split) for split in structure.splits)]
    where = "directly in a split's folder" if in_splits else "directly in the folder"
    count = "1 photo lies" if len(photos) == 1 else f"{len(photos)} photos lie"
    fixes = ["move each photo into a folder named as its class"]
    if listing.tables:
        fixes.append(f"give {listing.root / listing.tables[0]} in place of the folder if that says their classes")
    if in_splits and len(in_splits) == len(photos) and len(structure.splits) > 1:
        fixes.append("give --layout classes if these folders are the classes")
    if len(photos) <= 3:
        fixes.append(f"leave them out with {' '.join(f'--exclude {shlex.quote(path)}' for path in photos)}")
    elif in_splits and (bare := _first_split(in_splits, structure)):
        fixes.append(f"leave them out with --exclude {shlex.quote(f'{bare}*')}")
    faults.add(f"{count} {where} and not in a class ({name_some(photos)})", ", or ".join(fixes))


def _first_split(paths: list[str], structure: Structure) -> str:
    return next((split for split in structure.splits if paths[0].startswith(split)), "")


def _unlabelled_warnings(structure: Structure, files: Sequence[str]) -> Iterator[str]:
    """Splits without classes, by name and number of photos."""
    for split in structure.unlabelled:
        count = sum(path.startswith(split) for path in files)
        photos, are, they = ("photo", "is", "it") if count == 1 else ("photos", "are", "they")
        yield (
            f"The {count:,} {photos} in '{split[:-1]}' {are} in no class folder, so {they} {are} left out; to see "
            f"what is on them, give them to tellapart predict."
        )


def _beside_warnings(
    structure: Structure, listing: Listing, files: Sequence[str], exclusion: Exclusion
) -> Iterator[str]:
    """What stands beside splits, by name and number of photos."""
    if not structure.splits:
        return
    known, level = (*structure.splits, *structure.unlabelled), structure.base.count("/")
    others = [
        f"{folder}/"
        for folder in listing.folders
        if folder.count("/") == level
        and f"{folder}/".startswith(structure.base)
        and not any(split.startswith(f"{folder}/") for split in known)
        and not exclusion.takes(f"{folder}/")
        and not exclusion.takes_name(folder.rpartition("/")[2])
    ]
    counts = Counter("/".join(path.split("/")[: level + 1]) + "/" for path in files) if others else Counter[str]()
    told = [f"'{top[:-1]}' ({_files(counts[top])})" for top in others]
    if told:
        yield f"Left out, because next to split folders only splits are read: {', '.join(told)}."


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}" if count else "no photo"


def _empty_class_warnings(
    structure: Structure, listing: Listing, places: dict[str, _FolderMeaning], exclusion: Exclusion
) -> Iterator[str]:
    with_photos = {place.label for place in places.values() if not place.left_out}
    found = {
        normal(folder.rpartition("/")[2])
        for folder in listing.folders
        if folder[: folder.rfind("/") + 1] in structure.class_folders_in
    }
    for name in sorted(found - with_photos):
        if not exclusion.takes_name(name):
            yield f"The class folder '{name}' holds no photo; it is left out."


def judge_classes(rows: list[Row], min_photos: int, faults: Faults, *, is_table: bool = False) -> None:
    """Note the faults that make training impossible: one class only, too few photos, nothing to train a class on."""
    counts = Counter(row.label for row in rows)
    if len(counts) == 1:
        only = next(iter(counts))
        more = "add rows with photos of a second class" if is_table else "add a folder with photos of a second class"
        faults.add(f"there is one class only, '{only}'", more)
    small = [name for name in sorted(counts) if counts[name] < min_photos]
    if small:
        told = ", ".join(f"'{name}' ({counts[name]})" for name in small[:5])
        more = f" and {len(small) - 5} more" if len(small) > 5 else ""
        faults.add(
            f"classes with fewer than {min_photos} photos: {told}{more}",
            f"add photos, or leave classes out with --exclude {shlex.quote(small[0])}",
        )
    trained = {row.label for row in rows if row.part in ("", "train")}
    untrained = sorted(set(counts) - trained)
    if untrained:
        where = "give photos of them the split train" if is_table else "put photos of them into 'train'"
        faults.add(
            f"classes without a photo to train on: {name_some(untrained)}",
            f"{where}, or leave classes out with --exclude {shlex.quote(untrained[0])}",
        )


def judge_names(labels: Iterable[str], faults: Faults, *, is_table: bool = False) -> None:
    """Note class names that differ only in case, blanks or signs that nobody sees: a person takes them for one."""
    same: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        same.setdefault(confusable(label), []).append(label)
    for names in same.values():
        if len(names) > 1:
            fix = "write one of these names in all rows" if is_table else "merge or rename these classes"
            faults.add(f"class names that differ only in case or spaces: {name_some(names)}", fix)
