"""Deal photos into train, validation and test, so that the test is honest and stays the same.

    honest    photos that belong together, by content or by the user's word, never stand on both sides
    the same  a hash of the seed and of a group's content decides its part, not a shuffled order: photos that are added
              later, renamed or moved to another folder leave every other photo where it was

Fractions are therefore met within sampling error (10% of 1,000 photos: 100 ± 9), alike in every class.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Int

from tellapart.photos.duplicates import group_by_links
from tellapart.photos.table import PhotoTable
from tellapart.settings import SplitSettings


def split(
    table: PhotoTable,
    sha256: Sequence[str],
    duplicate_groups: Int[np.ndarray, " photos"],
    settings: SplitSettings,
    set_apart: Collection[str] = (),
) -> tuple[str, ...]:
    """The part of each photo: "train", "validation" or "test".

    Parts that the user made are kept. Of validation and test only what the user did not make is cut, from the photos
    that are "train" or undecided. An undecided photo follows a twin whose part the user decided. Parts named in
    `set_apart` exist outside this table and are not made either.

    So that small classes can be graded, a class of three groups or more has one in each part that is made: where the
    hash dealt none, the group with the lowest hash among those that can be spared is moved. Only this can move a photo
    when others are added, and only in classes so small that a part was empty (about 40 photos at 10%).
    """
    groups = group_photos(table, duplicate_groups)
    members = _members(groups)
    made = [part for part in ("test", "validation") if part not in table.parts and part not in set_apart]
    parts = list(table.parts)
    pool: dict[int, float] = {}  # group -> its hash as a fraction
    for group, rows in members.items():
        decided = [parts[row] for row in rows if parts[row] and not (made and parts[row] == "train")]
        free = [row for row in rows if parts[row] == "" or (made and parts[row] == "train")]
        if decided and free:
            for row in free:  # the user's own split may separate twins; that is reported, not repaired
                parts[row] = parts[row] or decided[0]
        elif free:
            pool[group] = _fraction(settings.seed, min(sha256[row] for row in rows))
    shares = {"test": settings.test, "validation": settings.validation}
    dealt = {group: _deal(value, [(part, shares[part]) for part in made]) for group, value in pool.items()}
    _fill_empty_parts(dealt, pool, members, table.labels, made)
    for group, part in dealt.items():
        for row in members[group]:
            parts[row] = part
    return tuple(parts)


def group_photos(table: PhotoTable, duplicate_groups: Int[np.ndarray, " photos"]) -> Int[np.ndarray, " photos"]:
    """Twins and the user's groups together: for each photo the smallest row number of what must not be separated."""
    first_of: dict[str, int] = {}
    links = [(row, int(duplicate)) for row, duplicate in enumerate(duplicate_groups)]
    links += [(row, first_of.setdefault(key, row)) for row, key in enumerate(table.groups) if key]
    return group_by_links([one for one, _ in links], [other for _, other in links], len(table))


def _members(groups: Int[np.ndarray, " photos"]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups.tolist()):
        members[group].append(row)
    return members


def _fraction(seed: int, content: str) -> float:
    """A fraction in [0, 1) that depends on nothing but the seed and the content."""
    digest = hashlib.sha256(f"{seed}:{content}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _deal(value: float, shares: list[tuple[str, float]]) -> str:
    """The part whose stretch of [0, 1) holds the value; the rest is train.

    >>> [_deal(value, [("test", 0.1), ("validation", 0.1)]) for value in (0.05, 0.15, 0.2)]
    ['test', 'validation', 'train']
    """
    border = 0.0
    for part, share in shares:
        border += share
        if value < border:
            return part
    return "train"


def _fill_empty_parts(
    dealt: dict[int, str],
    pool: dict[int, float],
    members: dict[int, list[int]],
    labels: Int[np.ndarray, " photos"],
    made: list[str],
) -> None:
    """Give each class a group in each part, as far as its groups go: train first, then test, then validation."""
    classes_of = {group: sorted({int(labels[row]) for row in members[group]}) for group in pool}
    groups_of: dict[int, list[int]] = defaultdict(list)
    for group in sorted(pool, key=lambda group: pool[group]):  # lowest hash first
        for label in classes_of[group]:
            groups_of[label].append(group)
    count: dict[tuple[int, str], int] = defaultdict(int)  # groups of a class in a part
    for group, part in dealt.items():
        for label in classes_of[group]:
            count[label, part] += 1
    wanted = {label: ["train", *made][: len(own)] for label, own in groups_of.items()}

    def can_leave(group: int, source: str) -> bool:
        """Whether no class of the group loses its last group in a part that it needs."""
        return all(source not in wanted[label] or count[label, source] > 1 for label in classes_of[group])

    for label in sorted(groups_of):
        for part in wanted[label]:
            if count[label, part]:
                continue
            group = next((group for group in groups_of[label] if can_leave(group, dealt[group])), None)
            if group is None:  # its groups hold other classes too, which need them where they are
                continue
            for other in classes_of[group]:
                count[other, dealt[group]] -= 1
                count[other, part] += 1
            dealt[group] = part
