from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tellapart.photos.split import group_photos, split
from tellapart.photos.table import PhotoTable
from tellapart.settings import SplitSettings

DEFAULT = SplitSettings()


def make_table(class_sizes, parts=None, groups=None) -> PhotoTable:
    labels = np.repeat(np.arange(len(class_sizes)), class_sizes)
    paths = tuple(f"class{label}/{row:06d}.jpg" for row, label in enumerate(labels))
    return PhotoTable(
        root=Path("photos"),
        paths=paths,
        labels=labels,
        class_names=tuple(f"class{label}" for label in range(len(class_sizes))),
        parts=tuple(parts) if parts is not None else ("",) * len(labels),
        groups=tuple(groups) if groups is not None else ("",) * len(labels),
    )


def digests(count: int, salt: str = "") -> list[str]:
    return [hashlib.sha256(f"{salt}{row}".encode()).hexdigest() for row in range(count)]


def alone(table: PhotoTable) -> np.ndarray:
    return np.arange(len(table))


def test_fractions_are_met_within_sampling_error_in_every_class():
    table = make_table([3000, 1000, 6000])
    parts = np.array(split(table, digests(10_000), alone(table), DEFAULT))
    for label, size in enumerate([3000, 1000, 6000]):
        own = parts[table.labels == label]
        for part in ("test", "validation"):
            assert abs(np.mean(own == part) - 0.1) < 4 * np.sqrt(0.1 * 0.9 / size)


def test_added_photos_move_none_of_the_old_ones():
    before, after = make_table([500, 500]), make_table([700, 900])
    old, new = digests(1000), digests(600, "new")
    content = old[:500] + new[:200] + old[500:] + new[200:]
    parts_before = dict(zip(old, split(before, old, alone(before), DEFAULT), strict=True))
    parts_after = dict(zip(content, split(after, content, alone(after), DEFAULT), strict=True))
    assert {digest: parts_after[digest] for digest in old} == parts_before


def test_renamed_photos_keep_their_part():
    table = make_table([300, 300])
    renamed = replace(table, paths=tuple(f"x{path}" for path in table.paths), root=Path("elsewhere"))
    sha256 = digests(600)
    assert split(table, sha256, alone(table), DEFAULT) == split(renamed, sha256, alone(table), DEFAULT)


def test_another_seed_deals_anew():
    table = make_table([500, 500])
    assert split(table, digests(1000), alone(table), DEFAULT) != split(
        table, digests(1000), alone(table), SplitSettings(seed=1)
    )


def test_a_group_never_straddles_parts():
    table = make_table([600, 600], groups=[f"user{row % 90}" if row % 3 else "" for row in range(1200)])
    duplicate_groups = np.arange(1200) // 2 * 2
    parts = np.array(split(table, digests(1200), duplicate_groups, DEFAULT))
    groups = group_photos(table, duplicate_groups)
    assert len(set(groups)) < 600
    for group in set(groups):
        assert len(set(parts[groups == group])) == 1


def test_twins_and_the_users_groups_join_into_one():
    table = make_table([3, 2], groups=["x", "", "y", "x", "y"])
    assert group_photos(table, np.array([0, 0, 2, 3, 4])).tolist() == [0, 0, 2, 0, 2]


@pytest.mark.parametrize("seed", range(20))
def test_a_class_of_five_has_a_photo_in_every_part(seed):
    table = make_table([5, 5, 5, 400])
    parts = np.array(split(table, digests(415), alone(table), SplitSettings(seed=seed)))
    for label in range(4):
        assert set(parts[table.labels == label]) == {"train", "validation", "test"}


def test_two_groups_serve_train_and_test():
    table = make_table([6, 100], groups=["a"] * 3 + ["b"] * 3 + [""] * 100)
    for seed in range(10):
        parts = split(table, digests(106), alone(table), SplitSettings(seed=seed))
        assert {"train", "test"} == set(parts[:6])


def test_the_users_parts_are_kept_when_all_are_made():
    made = ["train", "validation", "test", "train"] * 25
    table = make_table([50, 50], parts=made)
    assert split(table, digests(100), alone(table), DEFAULT) == tuple(made)


def test_a_missing_validation_is_cut_from_the_users_train():
    made = (["train"] * 800 + ["test"] * 200) * 2
    table = make_table([1000, 1000], parts=made)
    parts = np.array(split(table, digests(2000), alone(table), DEFAULT))
    was_train = np.array(made) == "train"
    assert set(parts[~was_train]) == {"test"}
    assert set(parts[was_train]) == {"train", "validation"}
    assert abs(np.mean(parts[was_train] == "validation") - 0.1) < 0.03


def test_an_undecided_photo_follows_its_twin():
    table = make_table([2, 2], parts=["train", "", "test", "validation"])
    assert split(table, digests(4), np.array([0, 1, 1, 3]), DEFAULT)[1] == "test"


def test_twins_that_the_user_separated_stay_where_the_user_put_them():
    table = make_table([20, 20], parts=["train"] * 39 + ["test"])
    duplicate_groups = np.arange(40)
    duplicate_groups[39] = 0
    parts = split(table, digests(40), duplicate_groups, DEFAULT)
    assert (parts[0], parts[39]) == ("train", "test")
