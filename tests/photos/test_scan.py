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


def test_parts_beside_other_folders_are_a_doubt(tmp_path):
    touch(tmp_path, "train/1.jpg", "test/1.jpg", "extra/1.jpg")
    assert "'train', 'test' are splits" in problem_of(tmp_path).replace("'test', 'train'", "'train', 'test'")


def test_all_faults_of_a_folder_are_told_at_once(tmp_path):
    touch(tmp_path, "stray.jpg", "Elm/1.jpg", "elm/1.jpg", *(f"oak/{number}.jpg" for number in range(5)))
    problem = problem_of(tmp_path)
    for part in (
        "1 photo lies directly",
        "differ only in case or spaces: 'Elm', 'elm'",
        "fewer than 5 photos: 'Elm' (1), 'elm' (1)",
    ):
        assert part in problem


def test_names_that_differ_in_how_an_accent_is_stored_are_one_class(tmp_path):
    touch(tmp_path, "\u00e9rable/1.jpg", "e\u0301rable/2.jpg", "oak/3.jpg")
    assert scan(tmp_path, settings=FEW).class_names == ("oak", "\u00e9rable")


@pytest.mark.parametrize("other", ["Rust", "rust ", " rust", "ru\u200bst", "RUST"])
def test_names_that_a_person_takes_for_one_clash(tmp_path, other):
    touch(tmp_path, "rust/1.jpg", f"{other}/2.jpg", "ok/3.jpg")
    assert "differ only in case or spaces" in problem_of(tmp_path, settings=FEW)


def test_numbers_are_ordered_as_numbers_in_folders_and_tables(tmp_path):
    names = ("-1", "0", "1", "1.5", "2", "10", "11", "Elm", "oak")
    touch(tmp_path, *(f"{name}/1.jpg" for name in names))
    assert scan(tmp_path, settings=FEW).class_names == names
    rows = "".join(f"{name}/1.jpg,{name}\n" for name in reversed(names))
    (tmp_path / "labels.csv").write_text(f"path,label\n{rows}")
    assert scan(tmp_path / "labels.csv", settings=FEW).class_names == names


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
    assert table.ignored == {"excluded": 2} and table.warnings == ("Left out: 2 files that --exclude names.",)


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("for_training", [False, True])
def test_a_slip_in_what_is_excluded_is_told_with_the_nearest_class(tmp_path, table, for_training):
    touch(tmp_path, "rust/1.jpg", "ok/1.jpg")
    (tmp_path / "labels.csv").write_text("path,label\nrust/1.jpg,rust\nok/1.jpg,ok\n")
    with pytest.raises(UsageError, match="--exclude rsut matches nothing") as caught:
        scan(tmp_path / "labels.csv" if table else tmp_path, source=slip("rsut"), for_training=for_training)
    assert caught.value.fix == "Did you mean --exclude rust?"


def slip(*patterns):
    return SourceSettings(exclude=patterns)


def test_what_is_excluded_for_predicting_must_be_there_too(tmp_path):
    touch(tmp_path, "new/1.jpg", "old/2.jpg")
    assert list_photos(tmp_path, slip("old")) == [tmp_path / "new/1.jpg"]
    with pytest.raises(UsageError, match="Did you mean --exclude old"):
        list_photos(tmp_path, slip("odl"))


def test_a_folder_below_a_class_is_excluded_by_a_pattern_only(tmp_path):
    touch(tmp_path, "a/1.jpg", "a/new/2.jpg", "b/1.jpg")
    with pytest.raises(UsageError, match=r"fix: For a folder below a class give a pattern: --exclude '\*/new/\*'"):
        scan(tmp_path, source=slip("new"), settings=FEW)
    assert len(scan(tmp_path, source=slip("*/new/*"), settings=FEW)) == 2


def test_what_was_left_out_by_name_is_told_with_what_to_do(tmp_path):
    touch(tmp_path, *(f"a/{number}.CR2" for number in range(12)), "a/1.jpg", "b/1.jpg", "b/1.mov", "b/notes.txt")
    raw, rest = "12 raw camera files (.cr2): export as JPEG", "1 video (.mov); 1 file that is no photo by its name"
    told = f"Left out: {raw}; {rest}."
    assert scan(tmp_path, settings=FEW).warnings == (told,)
    warnings: list[str] = []
    list_photos(tmp_path, warnings=warnings)
    assert warnings == [f"{tmp_path}: {told}"]


def test_a_folder_of_nothing_but_other_files_says_what_they_are(tmp_path):
    touch(tmp_path, "a/1.cr2", "b/1.cr2")
    assert "2 raw camera files (.cr2): export as JPEG" in problem_of(tmp_path)


def test_a_table_is_not_told_of_folders(tmp_path):
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "t.csv").write_text("path,label,part\n1.jpg,a,train\n2.jpg,a,test\ngone.jpg,b,test\n")
    with pytest.raises(DataError) as caught:
        scan(tmp_path / "t.csv")
    assert "folder" not in caught.value.fix


def test_a_root_is_for_tables(tmp_path):
    with pytest.raises(UsageError, match="--root says where the paths of a table start"):
        scan(tmp_path, source=SourceSettings(root="elsewhere"))


def test_links_that_hold_everything_are_named_with_the_option_that_follows_them(tmp_path):
    touch(tmp_path, *(f"store/{name}/{number}.jpg" for name in "ab" for number in range(6)))
    (tmp_path / "photos").mkdir()
    for name in "ab":
        (tmp_path / "photos" / name).symlink_to(tmp_path / "store" / name)
    with pytest.raises(DataError, match="2 links lead out of the folder and were not followed") as caught:
        scan(tmp_path / "photos")
    assert "--follow-links" in caught.value.fix
    table = scan(tmp_path / "photos", source=SourceSettings(follow_links=True))
    assert (len(table), table.class_names, table.warnings) == (12, ("a", "b"), ())
    with pytest.raises(DataError, match="2 links"):
        list_photos(tmp_path / "photos")
    assert len(list_photos(tmp_path / "photos", SourceSettings(follow_links=True))) == 12


def test_a_class_of_links_is_named_where_it_is_missed(tmp_path):
    touch(tmp_path, *(f"store/{number}.jpg" for number in range(6)), *(f"photos/a/{number}.jpg" for number in range(6)))
    (tmp_path / "photos" / "b").symlink_to(tmp_path / "store")
    assert "1 link leads out of the folder and was not followed" in problem_of(tmp_path / "photos")


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
