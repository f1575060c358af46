"""What the columns of a table of photos mean, by their names; where that is not certain, an error that says so.

    path    path, filename, image and the like; an `id` only where no other column could be meant
    label   label, class, category, target and the like
    split   split, part, subset; a flag such as is_valid; or any column that holds nothing but names of splits
    group   group

Names are compared without case, blanks and signs. `path`, `label` and `group`, the names in our own files, are always
meant; of other names only one may be there. A table without names is understood if just one cell of its first line is
the name of a photo, and no more than the label stands beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tellapart.errors import DataError
from tellapart.photos.faults import name_some
from tellapart.photos.kinds import PHOTO_SUFFIXES, suffix_of
from tellapart.photos.part_names import part_of_name

_PATHS = {
    *("path", "paths", "file", "files", "filename", "filenames", "filepath", "filepaths", "fname", "relpath"),
    *("image", "images", "imagepath", "imagefile", "imagename", "imagefilename", "imagefilepath", "relativepath"),
    *("img", "imgs", "imgpath", "imgfile", "imgname", "imgfilename", "photo", "photos", "photopath", "photofile"),
    *("photoname", "picture", "pictures", "picturepath", "fullpath", "imagepaths"),
}
_IDS = {"id", "imageid", "imgid", "photoid", "fileid", "name"}  # often the number of a row, so only if nothing else is
_LABELS = {
    *("label", "labels", "class", "classes", "classname", "classlabel", "labelname", "category", "categories"),
    *("categoryname", "target", "targets", "targetname", "species", "truth", "groundtruth", "y"),
}
_NUMBERS = {"classid", "labelid", "categoryid", "targetid", "classindex", "classidx", "labelidx", "labelindex"}
_SPLITS = {"split", "part", "subset", "partition", "splits"}
# Flag -> the splits of photos that have it and that have it not; "": not decided.
_FLAGS = {
    **dict.fromkeys(("istest", "testset", "isholdout"), ("test", "")),
    **dict.fromkeys(("isvalid", "isval", "isvalidation", "isdev"), ("validation", "train")),
    **dict.fromkeys(("istrain", "istraining", "istrainingimage"), ("train", "test")),
}
_YES_NO = {
    **dict.fromkeys(("true", "1", "1.0", "yes", "t", "y"), 0),
    **dict.fromkeys(("false", "0", "0.0", "no", "f", "n"), 1),
}
_USAGES = {"publictest": "validation", "privatetest": "test"}  # of competitions
_OWN = {"sha256"}  # of splits.csv, which is a table too
_OF_PREDICTIONS = {"probability", "decision"}  # beside `label`: our own predictions, whose labels are answers


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where in a row things stand; None for what the table does not have."""

    path: int
    label: int | None = None
    split: int | None = None
    group: int | None = None
    flag: tuple[str, str] | None = None  # where the split is a flag: the splits for yes and no
    named: bool = True  # the first line holds names and no photo
    unused: tuple[tuple[int, str], ...] = ()  # place and name

    def split_of(self, word: str) -> str | None:
        """The split that a cell means, "" for undecided, None where nobody can tell."""
        if self.flag is None or not word:
            return split_word(word)
        answer = _YES_NO.get(word.lower())
        return None if answer is None else self.flag[answer]


@lru_cache(1024)
def split_word(text: str) -> str | None:
    """The split that a word means, "" for an empty one, None for any other word.

    >>> split_word("Training_Set"), split_word("val2017"), split_word("hold-out"), split_word(""), split_word("oak")
    ('train', 'validation', 'test', '', None)
    """
    word = re.sub(r"[\W\d_]+", "", text).lower()
    if not word:
        return None if text else ""
    return part_of_name(text) or _USAGES.get(word)


def makes_sense(first: Sequence[str]) -> bool:
    """Whether a first line, split into cells, names a column of paths or a photo."""
    keys = {_key(name) for name in first}
    return bool(keys & (_PATHS | _IDS)) or (len(first) > 1 and sum(map(_is_photo, first)) == 1)


def is_known(name: str) -> bool:
    """Whether a column of this name could be needed."""
    return _key(name) in _PATHS | _IDS | _LABELS | _NUMBERS | _SPLITS | set(_FLAGS) | {"group"}


def find_columns(file: Path, first: Sequence[str], labelled: bool) -> Columns:
    """The columns of a table with this first line.

    Raises:
        DataError: one that is needed is not there, or two could be meant.
    """
    keys = [_key(name) for name in first]
    path = _one(file, first, keys, "path", _PATHS, _IDS)
    if path is None:
        return _without_names(file, first, labelled)
    label = _one(file, first, keys, "label", _LABELS, _NUMBERS)
    if label is None and labelled:
        raise DataError(
            f"{file} has no column 'label'; its columns are {name_some(first, most=8)}.",
            fix="Rename the column that holds the classes to label, as in path,label and, where wanted, split,group.",
        )
    if labelled and set(keys) >= _OF_PREDICTIONS and keys[label or 0] == "label":
        raise DataError(
            f"{file} holds predictions: its labels are what a model answered, not what is on the photos.",
            fix="Give a table of true labels. Answers that were checked may serve as such: remove the column decision.",
        )
    split = _one(file, first, keys, "", _SPLITS, _FLAGS)
    group = keys.index("group") if "group" in keys else None
    used = {path, label, split, group}
    unused = ((at, name) for at, name in enumerate(first) if name and at not in used and keys[at] not in _OWN)
    flag = None if split is None else _FLAGS.get(keys[split])
    return Columns(path=path, label=label, split=split, group=group, flag=flag, unused=tuple(unused))


def with_hidden_split(columns: Columns, rows: Sequence[Sequence[str]]) -> Columns:
    """The same with a column whose cells, in these rows, are all names of splits, if one column alone is like that."""
    if columns.split is not None:
        return columns
    found = []
    for at, _ in columns.unused:
        words = {row[at] if at < len(row) else "" for row in rows} - {""}
        if words and all(split_word(word) for word in words):
            found.append(at)
    if len(found) != 1:
        return columns
    return replace(columns, split=found[0], unused=tuple(pair for pair in columns.unused if pair[0] != found[0]))


def _without_names(file: Path, first: Sequence[str], labelled: bool) -> Columns:
    photos = [at for at, cell in enumerate(first) if _is_photo(cell)]
    width = len([cell for cell in first if cell])
    if len(photos) == 1 and not labelled:
        return Columns(path=photos[0], named=False)
    if len(photos) == 1 and width == 2:
        return Columns(
            path=photos[0], label=next(at for at in range(len(first)) if first[at] and at != photos[0]), named=False
        )
    what = "no line with the names of its columns" if photos else "no column 'path'"
    raise DataError(
        f"{file} has {what}; its first line is {name_some(first, most=8)}.",
        fix="Write the names of the columns into the first line: path,label and, where wanted, split,group.",
    )


def _one(
    file: Path, first: Sequence[str], keys: list[str], own: str, names: Collection[str], weaker: Collection[str]
) -> int | None:
    """The place of the column that is meant: our own name for it, else the only one of these, else of the weaker."""
    if own and own in keys:
        names = (own,)
    for candidates in (names, weaker):
        found = [at for at, key in enumerate(keys) if key in candidates]
        if len(found) == 1:
            return found[0]
        if found:
            raise DataError(
                f"{file} has several columns of one meaning: {name_some([first[at] for at in found], most=8)}.",
                fix=f"Name the one that is meant {own or 'split'}, and the others differently.",
            )
    return None


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def _is_photo(cell: str) -> bool:
    return suffix_of(cell) in PHOTO_SUFFIXES
