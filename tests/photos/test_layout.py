from __future__ import annotations

from pathlib import Path

import pytest

from tellapart.errors import DataError
from tellapart.photos.faults import Faults
from tellapart.photos.layout import rows_of_folder
from tellapart.photos.listing import Listing
from tellapart.settings import SourceSettings


def folders_of(paths):
    return sorted({path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"})


class Read:
    """Photos named by a text, such as "train/cat/1 train/dog/2", read as a folder."""

    def __init__(self, paths, empty="", groups_are_folders=False, **source):
        names = [f"{path}.jpg" if "." not in path else path for path in paths.split()]
        self.listing = Listing(Path("r"), sorted(names), sorted({*folders_of(names), *empty.split()}))
        self.faults, self.warnings = Faults("r"), []
        settings = SourceSettings(**source)
        self.rows = rows_of_folder(self.listing, settings, self.faults, self.warnings, groups_are_folders)

    @property
    def photos(self):
        """Name of the file -> class and part."""
        return {
            row.path.rpartition("/")[2].removesuffix(".jpg"): f"{row.label} {row.part}".strip() for row in self.rows
        }

    @property
    def problems(self):
        return "; ".join(self.faults._problems)


def doubt_about(paths, **source) -> str:
    with pytest.raises(DataError) as told:
        Read(paths, **source)
    problem, fix = told.value.problem, told.value.fix
    assert "two ways" in problem and "--layout classes" in fix
    return problem


SPLIT = {"1": "cat train", "2": "dog train", "3": "cat test", "4": "dog test"}


def test_labels_bind_by_name_in_whatever_order_files_come():
    assert Read("b/1 a/2").photos == {"1": "b", "2": "a"}


@pytest.mark.parametrize(
    "names",
    [
        *("train test", "Training Testing", "training_set test_set", "TRAIN TEST", "trainset testset"),
        *("seg_train seg_test", "images_train images_test", "01_train 02_test", "train2017 test2017"),
        *(
            "train-images test-images",
            "Train_Data Test_Data",
            "learn holdout",
            "fit testing",
            "my.train my.test",
            "X_train X_test",
        ),
        *("TrainSet TestSet", "set-train set-test", "trainval test", "train_v2 test_v2", "train2 test2"),
    ],
)
def test_folders_that_share_classes_and_are_called_like_parts_are_parts(names):
    one, two = names.split()
    assert Read(f"{one}/cat/1 {one}/dog/2 {two}/cat/3 {two}/dog/4").photos == SPLIT


@pytest.mark.parametrize(
    "name", ["val", "valid", "Validation", "dev", "eval", "val_set", "valset", "devset", "val2017"]
)
def test_validation_has_many_names(name):
    assert Read(f"train/cat/1 train/dog/2 {name}/cat/3").photos["3"] == "cat validation"


def test_unusual_names_are_told_as_they_are_read():
    assert "'Training' as train" in Read("Training/a/1 Training/b/2 Testing/a/3").warnings[0]
    assert Read("train/a/1 train/b/2 test/a/3").warnings == []


def test_two_folders_of_one_part_are_both_read_and_told():
    read = Read("train1/a/1 train1/b/2 train2/a/3 test/b/4")
    assert read.photos == {"1": "a train", "2": "b train", "3": "a train", "4": "b test"}
    assert "'train1', 'train2' as train" in read.warnings[0]


@pytest.mark.parametrize("beside", ["extra/cat/9", "set/train/cat/9 set/val/cat/8", "models/9", "x/y/z/9"])
def test_what_stands_beside_splits_is_left_out_by_name(beside):
    read = Read(f"train/cat/1 train/dog/2 val/cat/3 {beside}")
    assert set(read.photos) == {"1", "2", "3"}
    assert f"'{beside.split('/')[0]}'" in read.warnings[-1]
    assert read.listing.ignored["beside the splits"] == len(beside.split())


def test_folders_without_photos_beside_splits_are_named_too():
    read = Read("train/cat/1 train/dog/2 val/cat/3 models/best", empty="labels labels/train")
    assert set(read.photos) == {"1", "2", "3"}
    assert "'labels' (no photo), 'models' (1 file)" in read.warnings[-1]


@pytest.mark.parametrize("test", ["test", "test/images", "test/test", "testing/unknown"])
def test_a_split_without_classes_is_left_out_and_told_what_it_is_good_for(test):
    read = Read(f"train/cat/1 train/dog/2 {test}/3 {test}/4")
    assert read.photos == {"1": "cat train", "2": "dog train"}
    assert "2 photos in" in read.warnings[-1] and "tellapart predict" in read.warnings[-1]
    assert read.listing.ignored["in a split without classes"] == 2 and not read.faults


def test_doubled_folders_of_an_archive_are_entered():
    read = Read("seg_train/seg_train/cat/1 seg_train/seg_train/dog/2 seg_test/seg_test/cat/3 seg_test/seg_test/dog/4")
    assert read.photos == SPLIT
    read = Read("train/animals/cat/1 train/animals/dog/2 test/animals/cat/3 test/animals/dog/4")
    assert read.photos == SPLIT


def test_one_folder_around_everything_is_entered_and_told():
    read = Read("photos/photos/cat/1 photos/photos/dog/2")
    assert read.photos == {"1": "cat", "2": "dog"}
    assert "'photos/photos'" in read.warnings[0]
    assert Read("set/train/cat/1 set/train/dog/2 set/test/cat/3 set/test/dog/4").photos == SPLIT


@pytest.mark.parametrize("paths", ["cat/1", "cat/old/1", "cat/1 cat/old/2", "cat/old/1 cat/2"])
def test_a_single_class_is_no_folder_around_everything(paths):
    assert set(Read(paths).photos.values()) == {"cat"}


def test_train_beside_other_vehicles_is_a_class():
    read = Read("train/1 bus/2 car/3")
    assert read.photos == {"1": "train", "2": "bus", "3": "car"} and not read.warnings
    assert Read("valid/1 invalid/2").photos == {"1": "valid", "2": "invalid"}


def test_each_class_may_be_split_by_itself():
    read = Read("cat/train/1 dog/train/2 cat/test/3 dog/test/4", groups_are_folders=True)
    assert read.photos == SPLIT
    assert {row.group for row in read.rows} == {""}


@pytest.mark.parametrize(
    "paths",
    [
        "2019/cat/1 2019/dog/2 2020/cat/3 2020/dog/4",
        "siteA/cat/1 siteA/dog/2 siteB/cat/3 siteB/bird/4",
        "camera1/Cat/1 camera1/dog/2 camera2/cat/3 camera2/dog/4",
        "train/cat/1 train/dog/2 extra/cat/3 extra/dog/4",
        "train/cat/1 train/dog/2 new/3",
        "train/cat/1 train/dog/2 cat/3 dog/4",
        "train/1 test/2 extra/3",
        "train_cats/1 train_dogs/2 test_cats/3 test_dogs/4",
        "trainA/1 trainB/2 testA/3 testB/4",
        "cats-train/1 cats-val/2 dogs-train/3",
        "cat/1 dog/2 test/3",
        "train/steam/1 train/diesel/2 bus/red/3 bus/blue/4",
        "a/train/cat/1 a/test/cat/2 b/train/cat/3 b/test/cat/4",
        "pack/2019/cat/1 pack/2019/dog/2 pack/2020/cat/3 pack/2020/dog/4",
    ],
)
def test_what_can_be_read_in_two_ways_is_no_guess(paths):
    doubt_about(paths)


def test_a_doubt_names_both_readings():
    told = doubt_about("2019/cat/1 2019/dog/2 2020/cat/3 2020/dog/4")
    assert all(name in told for name in ("'2019', '2020' are classes", "'cat', 'dog'"))


@pytest.mark.parametrize("paths", ["cat/images/1 dog/images/2", "cat/1 cat/new/2 cat/old/3 dog/4 dog/new/5 dog/old/6"])
def test_sub_folders_that_cannot_be_classes_raise_no_doubt(paths):
    assert set(Read(paths).photos.values()) == {"cat", "dog"}


def test_a_user_who_groups_by_folder_has_said_what_the_folders_are():
    read = Read("a/anna/1 a/ben/2 b/anna/3 b/ben/4", groups_are_folders=True)
    assert read.photos == {"1": "a", "2": "a", "3": "b", "4": "b"}
    assert [row.group for row in read.rows] == ["anna", "ben", "anna", "ben"]


def test_the_user_has_the_last_word():
    years = "2019/cat/1 2019/dog/2 2020/cat/3 2020/dog/4"
    assert Read(years, layout="classes").photos == {"1": "2019", "2": "2019", "3": "2020", "4": "2020"}
    assert set(Read("train/a/1 train/b/2 test/a/3", layout="classes").photos.values()) == {"train", "test"}
    assert Read("train/a/1 train/b/2 train/3", layout="splits").photos == {"1": "a train", "2": "b train"}


def test_splits_whose_names_say_no_part_are_refused_with_the_names_that_do():
    with pytest.raises(DataError, match=r"no split can be read from '2019', '2020'; understood are train \(training"):
        Read("2019/cat/1 2020/cat/2", layout="splits")


def test_a_photo_directly_in_a_split_is_misplaced():
    read = Read("train/1 train/a/2")
    assert read.photos == {"2": "a train"}
    assert "directly in a split's folder" in read.problems
    assert "--exclude train/1.jpg" in read.faults._fixes[0]


@pytest.mark.parametrize("pattern", ["test", "test/", "test/*", "*test*"])
def test_what_is_excluded_is_not_there_when_folders_are_judged(pattern):
    read = Read("train/cat/1 train/dog/2 test/3 test/4", exclude=(pattern,))
    assert read.photos == {"1": "cat train", "2": "dog train"}
    assert read.listing.ignored == {"excluded": 2} and not read.warnings and not read.faults


def test_a_file_is_excluded_by_its_name():
    read = Read("cat/1 dog/2 cover.jpg cat/cover.jpg", exclude=("cover.jpg",))
    assert (set(read.photos), bool(read.faults)) == ({"1", "2"}, False)


def test_a_class_is_excluded_in_every_split():
    read = Read("train/cat/1 train/dog/2 train/new/3 test/cat/4 test/new/5", exclude=("new",))
    assert set(read.photos) == {"1", "2", "4"}


def test_excluding_settles_what_is_doubtful():
    assert Read("train/cat/1 train/dog/2 new/3", exclude=("new",)).photos == {"1": "cat train", "2": "dog train"}
    assert Read("cat/1 dog/2 test/3", exclude=("test",)).photos == {"1": "cat", "2": "dog"}
    assert Read("pack/a/1 pack/b/2 docs/3", exclude=("docs",)).photos == {"1": "a", "2": "b"}


def test_accents_are_one_class_however_they_are_stored():
    read = Read("train/k\u00e4fer/1 train/b/2 test/ka\u0308fer/3 test/b/4")
    assert read.photos["1"] == "k\u00e4fer train" and read.photos["3"] == "k\u00e4fer test"


def test_one_folder_of_folders_among_classes_is_told():
    assert "'photos' is taken as one class" in Read("photos/cat/1 photos/dog/2 docs/3").warnings[0]


def test_a_table_beside_loose_photos_is_named():
    listing = Listing(Path("r"), ["1.jpg", "2.jpg"], tables=["labels.csv"])
    faults = Faults("r")
    rows_of_folder(listing, SourceSettings(), faults, [])
    assert str(Path("r/labels.csv")) in faults._fixes[0]
