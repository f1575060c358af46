"""What the folders mean, judged by what they hold before what they are called.

    root/class/…               the folders at the top are classes
    root/split/class/…         they are splits: they say so, and share the names of their sub-folders
    root/class/split/…         every class is split by itself
    root/anything/…            one folder around everything, as archives have it: the same one folder further down

Where two readings are possible there is no guess but an error that names both, and the option that chooses.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tellapart.photos.excluding import Exclusion
from tellapart.photos.faults import name_some
from tellapart.photos.part_names import (
    UNDERSTOOD,
    confusable,
    is_plain_part,
    may_be_class,
    part_and_class,
    part_of_name,
    says_nothing,
)


class AmbiguousLayout(Exception):
    """The folders can be read in two ways; `problem` names both, `fix` the option that chooses."""

    def __init__(self, problem: str, fix: str):
        """Keep both halves, without a full stop."""
        super().__init__(problem)
        self.problem, self.fix = problem, fix


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What the folders mean. Folders are written with a slash behind them; the root is ""."""

    base: str = ""  # the folder that was entered because everything lies in it
    splits: dict[str, str] = field(default_factory=dict)  # folder whose sub-folders are classes -> part
    unlabelled: tuple[str, ...] = ()  # splits without classes
    below_class: bool = False  # the folder below the class is the part
    warnings: tuple[str, ...] = ()

    @property
    def class_folders_in(self) -> tuple[str, ...]:
        """The folders whose sub-folders are classes."""
        return tuple(self.splits) or (self.base,)


class Tree:
    """The folders that hold photos, themselves or further down, but those that are left out."""

    def __init__(self, with_photos: Iterable[str], exclusion: Exclusion):
        """Take the folders that hold photos themselves, and what is left out by the names of classes."""
        self._own: set[str] = set()
        self._children: dict[str, set[str]] = defaultdict(set)
        for folder in with_photos:
            self._own.add(folder)
            inner = folder
            while inner:
                above, name = _above(inner)
                if not exclusion.names(name):
                    self._children[above].add(name)
                inner = above

    def has_photos(self, folder: str) -> bool:
        """Whether photos lie directly in the folder."""
        return folder in self._own

    def children(self, folder: str) -> list[str]:
        """Names of its sub-folders that hold photos, sorted."""
        return sorted(self._children.get(folder, ()))

    def alike(self, folder: str) -> set[str]:
        """The same, so that names that a person takes for one are equal."""
        return {confusable(name) for name in self.children(folder)}


def _above(folder: str) -> tuple[str, str]:
    """The folder around a folder, and its own name.

    >>> _above("train/cat/")
    ('train/', 'cat')
    """
    head, _, name = folder[:-1].rpartition("/")
    return (f"{head}/" if head else ""), name


def read_structure(tree: Tree, layout: str, groups_are_folders: bool = False) -> Structure:
    """What the folders of a tree mean.

    Args:
        tree: the folders that hold photos.
        layout: "auto", or "classes" or "splits" where the user says what the folders at the top are.
        groups_are_folders: the user says that sub-folders of classes are groups, so they cannot be classes.

    Raises:
        Doubtful: nobody can tell, or splits have names that say no part.
    """
    if layout == "classes":
        return Structure()
    base = _entered(tree)
    tops = tree.children(base)
    entered = _entered_warning(base)
    if layout == "splits":
        return _as_splits(tree, base, tops, _require_parts(tops), entered)
    named = {top: part for top in tops if (part := part_of_name(top))}
    if named and (found := _read_named(tree, base, tops, named, entered)):
        return found
    if not named and _is_split_below(tree, base, tops):
        return Structure(base=base, below_class=True, warnings=entered)
    _require_no_double_names(tops)
    if not groups_are_folders:
        _require_no_sharing(tree, base, tops)
    return Structure(base=base, warnings=(*entered, *_uneven_warnings(tree, base, tops)))


def _entered(tree: Tree) -> str:
    """The folder that everything lies in, "" where that is the root itself.

    A folder that holds photos directly is a class, and so is one with a single sub-folder: entering it would turn one
    class into another.
    """
    at = ""
    while len(only := tree.children(at)) == 1:
        inner = f"{at}{only[0]}/"
        if part_of_name(only[0]):
            return at
        if tree.has_photos(inner):
            return ""
        at = inner
    return at


def _entered_warning(base: str) -> tuple[str, ...]:
    if not base:
        return ()
    return (f"All photos lie in the folder '{base[:-1]}', so the folders in that one are read.",)


def _read_named(
    tree: Tree, base: str, tops: list[str], named: dict[str, str], warnings: tuple[str, ...]
) -> Structure | None:
    """Splits where names say so and nothing speaks against it; None: classes of which one is called like a part."""
    others = [top for top in tops if top not in named]
    nested = [top for top in named if tree.children(f"{base}{top}/")]
    parts = set(named.values())
    if not others:
        return _as_splits(tree, base, tops, named, warnings)
    if nested and "train" in parts and len(parts) > 1 and _train_has_classes(tree, base, named):
        return _as_splits(tree, base, tops, named, warnings)
    shares = _sharing(tree, base, tops)
    only_folders = [top for top in nested if not tree.has_photos(f"{base}{top}/")]
    if shares or only_folders or len(parts) > 1 or not all(may_be_class(top) for top in named):
        raise _doubt_about_names(base, sorted(named), others, nested)
    return None


def _train_has_classes(tree: Tree, base: str, named: dict[str, str]) -> bool:
    return any(part == "train" and tree.children(f"{base}{top}/") for top, part in named.items())


def _doubt_about_names(base: str, named: list[str], others: list[str], nested: list[str]) -> AmbiguousLayout:
    are, stands = "is a split" if len(named) == 1 else "are splits", "stands" if len(others) == 1 else "stand"
    beside = others if nested else named  # photos without classes are no split that could be used
    return AmbiguousLayout(
        f"the folders can be read in two ways: all are classes, {name_some([*named, *others], most=5)}, or "
        f"{name_some(named)} {are}, and {name_some(others)} {stands} beside",
        f"give --layout classes for the first{_where(base)}; for the second leave out {name_some(beside)} with "
        f"{' '.join(f'--exclude {shlex.quote(name)}' for name in beside[:3])}",
    )


def _where(base: str) -> str:
    """What to give with --layout, which is about the folders at the top."""
    return f" (and '{base[:-1]}' in place of the folder around it)" if base else ""


def _as_splits(tree: Tree, base: str, tops: list[str], named: dict[str, str], warnings: tuple[str, ...]) -> Structure:
    """Splits with their classes; those without are left out, and so is what stands beside."""
    inner = _without_doubled_folders(tree, {f"{base}{top}/": part for top, part in named.items()})
    classes = {folder: tree.alike(folder) for folder in inner}
    known = set().union(*(names for folder, names in classes.items() if inner[folder] == "train"))
    bare = [folder for folder in inner if inner[folder] != "train" and _is_bare(tree, folder, known)]
    # Without any class nothing would be left: then it is a fault that photos lie directly in a split.
    unlabelled = tuple(bare) if len(bare) < len(inner) and known else ()
    return Structure(
        base=base,
        splits={folder: part for folder, part in inner.items() if folder not in unlabelled},
        unlabelled=unlabelled,
        warnings=(*warnings, *_naming_warnings(named)),
    )


def _without_doubled_folders(tree: Tree, splits: dict[str, str]) -> dict[str, str]:
    """Go on into the one folder of a split that is no class: `seg_train/seg_train/…`, `test/images/…`."""
    while True:
        only = {folder: names[0] for folder in splits if len(names := tree.children(folder)) == 1}
        # The same one folder in all of them, and more than one below it.
        same = len(only) == len(splits) > 1 and len({confusable(name) for name in only.values()}) == 1
        deeper = {
            folder: f"{folder}{name}/"
            for folder, name in only.items()
            if not tree.has_photos(folder)
            and not tree.has_photos(f"{folder}{name}/")
            and (_repeats(folder, name, splits[folder]) or (same and len(tree.children(f"{folder}{name}/")) > 1))
        }
        if not deeper:
            return splits
        splits = {deeper.get(folder, folder): part for folder, part in splits.items()}


def _repeats(folder: str, name: str, part: str) -> bool:
    """Whether a folder says no more than the split that it lies in."""
    return says_nothing(name) or part_of_name(name) == part or confusable(name) == confusable(_above(folder)[1])


def _is_bare(tree: Tree, folder: str, known: set[str]) -> bool:
    """Whether a split has no classes: photos directly in it, or in one folder whose name says nothing."""
    names = tree.children(folder)
    if not names:
        return True
    if len(names) > 1 or confusable(names[0]) in known or tree.has_photos(folder):
        return False
    return says_nothing(names[0]) or bool(part_of_name(names[0]))


def _naming_warnings(named: dict[str, str]) -> list[str]:
    """How unusual names are read, and where two folders are one part."""
    of_part: dict[str, list[str]] = defaultdict(list)
    for top, part in sorted(named.items()):
        of_part[part].append(top)
    if all(len(tops) == 1 and is_plain_part(tops[0]) for tops in of_part.values()):
        return []
    read = "; ".join(f"{name_some(tops)} as {part}" for part, tops in of_part.items())
    return [f"Folders are read as splits: {read}. If they are classes, give --layout classes."]


def _require_parts(tops: Sequence[str]) -> dict[str, str]:
    """The part of each folder at the top, where the user says that they are splits."""
    unclear = [top for top in tops if not part_of_name(top)]
    if unclear:
        raise AmbiguousLayout(
            f"the folders at the top are said to be splits, and no split can be read from {name_some(unclear)}; "
            f"understood are {UNDERSTOOD}, with numbers or words such as 'set' and 'images' around them",
            "rename these folders, leave them out with --exclude, or give the split of each photo in a table with the "
            "columns path,label,part",
        )
    return {top: part_of_name(top) for top in tops}


def _is_split_below(tree: Tree, base: str, tops: list[str]) -> bool:
    """Whether every class holds nothing but folders that are splits: `root/class/train/…`.

    Raises:
        Doubtful: below these splits are folders again, which may be the classes.
    """
    inner = [f"{base}{top}/" for top in tops]
    names = [name for folder in inner for name in tree.children(folder)]
    if len(tops) < 2 or any(tree.has_photos(folder) or not tree.children(folder) for folder in inner):
        return False
    if not all(part_of_name(name) for name in names) or len({part_of_name(name) for name in names}) < 2:
        return False
    deep = [top for top in tops for name in tree.children(f"{base}{top}/") if tree.children(f"{base}{top}/{name}/")]
    if deep:
        raise AmbiguousLayout(
            f"the folders can be read in two ways: {name_some(tops)} are classes with splits of their own, or sets of "
            f"their own, each with splits and classes",
            f"give --layout classes for the first{_where(base)}; for the second name one of the sets, or give a table "
            "with the columns path,label,part",
        )
    return True


def _sharing(tree: Tree, base: str, tops: list[str]) -> list[str]:
    """Folders at the top that hold nothing but folders, and share names of these with another one."""
    names = {
        top: tree.alike(f"{base}{top}/")
        for top in tops
        if tree.children(f"{base}{top}/") and not tree.has_photos(f"{base}{top}/")
    }
    count: dict[str, int] = defaultdict(int)
    for name in (name for found in names.values() for name in found):
        count[name] += 1
    return [top for top, found in names.items() if any(count[name] > 1 for name in found)]


def _require_no_sharing(tree: Tree, base: str, tops: list[str]) -> None:
    """Check that sub-folders do not have the same names in several folders, as the classes of splits would."""
    sharing = _sharing(tree, base, tops)
    names = sorted({name for top in sharing for name in tree.children(f"{base}{top}/")})
    if not sharing or len({confusable(name) for name in names}) < 2:  # one only, such as `images`: no set of classes
        return
    raise AmbiguousLayout(
        f"the folders can be read in two ways: {name_some(sharing)} are classes, or they are splits of photos whose "
        f"classes are their sub-folders, such as {name_some(names)}",
        f"give --layout classes for the first{_where(base)}; for the second rename them so that they say "
        "train, validation or test, or name the one that holds the classes",
    )


def _require_no_double_names(tops: list[str]) -> None:
    """Check that no class is dealt over several folders at the top, as `train_cats` and `test_cats`."""
    of_class: dict[str, dict[str, str]] = defaultdict(dict)
    for top in tops:
        part, name = part_and_class(top)
        if part:
            of_class[name][part] = top
    dealt = [sorted(by_part.values()) for by_part in of_class.values() if len(by_part) > 1]
    if dealt:
        raise AmbiguousLayout(
            f"the folders can be read in two ways: {name_some(dealt[0])} are classes, or they are splits of one class",
            "give --layout classes for the first; for the second move them so that each split is a folder with its "
            "classes in it, or give a table with the columns path,label,split",
        )


def _uneven_warnings(tree: Tree, base: str, tops: list[str]) -> list[str]:
    """Among folders of photos one that holds nothing but folders may be what somebody meant to give."""
    flat = [top for top in tops if not tree.children(f"{base}{top}/")]
    deep = [top for top in tops if len(tree.children(f"{base}{top}/")) > 1 and not tree.has_photos(f"{base}{top}/")]
    if not flat or len(deep) != 1:
        return []
    inner = name_some(tree.children(f"{base}{deep[0]}/"))
    return [
        f"'{deep[0]}' is taken as one class, though its photos lie in folders ({inner}). If these are the classes, "
        f"leave out what stands beside with --exclude."
    ]
