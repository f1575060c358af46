from __future__ import annotations

import time

import pytest

from tellapart.errors import DataError, UsageError
from tellapart.photos.scan import list_photos, scan
from tellapart.settings import ScanSettings, SourceSettings

FEW = ScanSettings(min_photos_per_class=1)


def touch(root, *paths):
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def problem_of(source, **options) -> str:
    with pytest.raises(DataError) as told:
        scan(source, **options)
    assert "\n" not in told.value.problem
    return told.value.problem


def test_each_sub_folder_is_a_class(photo_folder):
    table = scan(photo_folder(num_classes=3, num_photos=5))
    assert table.class_names == ("class0", "class1", "class2")
    assert table.labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert table.paths[5] == "class1/0000.png"
    assert (set(table.parts), set(table.groups), table.warnings, table.ignored) == ({""}, {""}, (), {})
    assert table.file(5).is_file()


def test_folders_below_a_class_belong_to_it(tmp_path):
    touch(tmp_path, "cat/x/y/1.jpg", "cat/2.jpg", "dog/1.jpg")
    assert scan(tmp_path, settings=FEW).labels.tolist() == [0, 0, 1]


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Validation"])
def test_folders_named_as_parts_are_the_users_parts(tmp_path, validation):
    touch(tmp_path, "train/a/1.jpg", "train/b/1.jpg", f"{validation}/a/2.jpg", "test/b/2.jpg")
    table = scan(tmp_path, settings=FEW)
    by_path = dict(zip(table.paths, table.parts, strict=True))
    assert by_path == {
        "train/a/1.jpg": "train",
        "train/b/1.jpg": "train",
        f"{validation}/a/2.jpg": "validation",
        "test/b/2.jpg": "test",
    }
    assert table.class_names == ("a", "b")


def test_train_beside_other_vehicles_is_a_class(tmp_path):
    touch(tmp_path, "train/1.jpg", "bus/1.jpg")
    assert scan(tmp_path, settings=FEW).class_names == ("bus", "train")


def test_parts_beside_other_folders_are_warned_of(tmp_path):
    touch(tmp_path, "train/1.jpg", "test/1.jpg", "extra/1.jpg")
    assert "taken as classes" in scan(tmp_path, settings=FEW).warnings[0]


def test_all_faults_of_a_folder_are_told_at_once(tmp_path):
    touch(tmp_path, "stray.jpg", "Elm/1.jpg", "elm/1.jpg", *(f"oak/{number}.jpg" for number in range(5)))
    problem = problem_of(tmp_path)
    for part in (
        "1 photo lies directly",
        "equal but for case: 'Elm', 'elm'",
        "fewer than 5 photos: 'Elm' (1), 'elm' (1)",
    ):
        assert part in problem


def test_names_that_differ_in_how_an_accent_is_stored_clash(tmp_path):
    touch(tmp_path, "\u00e9rable/1.jpg", "e\u0301rable/1.jpg")
    assert "equal but for case" in problem_of(tmp_path, settings=FEW)


def test_one_class_is_a_fault_for_training_only(photo_folder):
    folder = photo_folder(num_classes=1)
    assert "one class only, 'class0'" in problem_of(folder)
    assert len(scan(folder, for_training=False)) == 6


def test_a_class_that_is_only_in_test_is_a_fault(tmp_path):
    touch(tmp_path, "train/a/1.jpg", "train/b/1.jpg", "test/c/1.jpg")
    assert "without a photo to train on: 'c'" in problem_of(tmp_path, settings=FEW)


def test_photos_without_class_folders_are_a_fault(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    assert "2 photos lie directly in the folder" in problem_of(tmp_path)


def test_an_empty_folder_is_a_fault(tmp_path):
    assert "there is no photo in it" in problem_of(tmp_path)


def test_a_folder_that_does_not_exist_is_a_fault(tmp_path):
    assert "There is no folder" in problem_of(tmp_path / "none")


def test_a_file_that_is_no_table_is_a_fault(tmp_path):
    touch(tmp_path, "photo.jpg")
    assert "neither a folder nor a CSV" in problem_of(tmp_path / "photo.jpg")


def test_an_empty_class_folder_is_a_warning(photo_folder):
    folder = photo_folder()
    (folder / "elm").mkdir()
    table = scan(folder)
    assert table.warnings == ("The class folder 'elm' holds no photo; it is left out.",)
    assert "elm" not in table.class_names


def test_a_file_of_unknown_kind_beside_the_classes_is_merely_left_out(photo_folder):
    folder = photo_folder()
    (folder / "CITATION").touch()
    assert scan(folder).ignored == {"not in a class folder": 1}


def test_classes_and_paths_can_be_excluded(tmp_path):
    touch(tmp_path, "a/1.jpg", "a/blurred/2.jpg", "b/1.jpg", "c/1.jpg")
    table = scan(tmp_path, source=SourceSettings(exclude=("c", "*/blurred/*")), settings=FEW)
    assert table.paths == ("a/1.jpg", "b/1.jpg")
    assert table.warnings == ()


def test_without_labels_every_photo_counts_wherever_it_lies(tmp_path):
    touch(tmp_path, "1.jpg", "x/y/2.jpg")
    table = scan(tmp_path, labelled=False)
    assert (table.paths, table.class_names) == (("1.jpg", "x/y/2.jpg"), ())


def test_photos_to_predict_are_listed_in_order(tmp_path):
    touch(tmp_path, "b.jpg", "a/1.jpg", "notes.txt")
    assert list_photos(tmp_path) == [tmp_path / "a/1.jpg", tmp_path / "b.jpg"]


def test_grouping_by_column_needs_a_table(photo_folder):
    with pytest.raises(UsageError, match="needs a table"):
        scan(photo_folder(), group_by="column")


def test_grouping_by_folder_reaches_the_table(tmp_path):
    touch(tmp_path, "a/anna/1.jpg", "a/2.jpg", "b/anna/1.jpg")
    table = scan(tmp_path, group_by="folder", settings=FEW)
    assert dict(zip(table.paths, table.groups, strict=True)) == {
        "a/2.jpg": "",
        "a/anna/1.jpg": "anna",
        "b/anna/1.jpg": "anna",
    }


def test_ten_thousand_photos_are_scanned_in_under_three_seconds(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(5000):
            (tmp_path / label / f"{number}.jpg").touch()
    start = time.perf_counter()
    assert len(scan(tmp_path)) == 10_000
    assert time.perf_counter() - start < 3
