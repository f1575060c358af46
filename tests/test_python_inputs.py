"""What Python callers may pass: a table of inputs and outcomes. Each is right or a `TellapartError` in two halves."""

import dataclasses
import inspect
import io
import os
import subprocess
import sys
import textwrap
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pandas
import polars
import pytest
from PIL import Image
from support.drawing import draw_photo
from support.small_models import small_manifest, write_small_model
from support.trained_runs import environment

import tellapart
from tellapart import EngineSettings, ImageClassifier, TrainSettings
from tellapart.errors import TellapartError, UsageError
from tellapart.setting_types import settle

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # files, as callers leave them
NUM, HEIGHT, WIDTH = 6, 24, 32


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_small_model(tmp_path_factory.mktemp("model") / "model.onnx")


@pytest.fixture(scope="module")
def classifier(model):
    return ImageClassifier.load(model)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Photos as files; their names sort in this order."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("photos")
    for number in range(NUM):
        draw_photo(rng, hue=number * 40, side_px=40).resize((WIDTH, HEIGHT)).save(folder / f"{number}.png")
    return sorted(folder.glob("*.png"))


class Tensor:
    """Behaves as PyTorch's: no array until it is detached and on the processor."""

    def __init__(self, array, ready=0):
        self.array, self.ready, self.shape = array, ready, array.shape

    def detach(self):
        return Tensor(self.array, self.ready + 1)

    def cpu(self):
        return Tensor(self.array, self.ready + 1)

    def numpy(self):
        if self.ready < 2:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad")
        return self.array

    def __array__(self, dtype=None, copy=None):
        return self.numpy()

    def __len__(self):
        return len(self.array)


def unwrapped(function):
    """A function without the type checks that only the tests of this project run it with."""
    return inspect.unwrap(function)


def plain(classifier, method, *given):
    return unwrapped(getattr(ImageClassifier, method))(classifier, *given)


def arrays(files):
    return np.stack([np.asarray(Image.open(file)) for file in files])  # (photos, height, width, 3)


def archive(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for file in files:
            packed.write(file, file.name)
    return zipfile.ZipFile(content)


def tensorflow_tensor(files):
    return pytest.importorskip("tensorflow").constant(arrays(files))


# Photos that are taken: each gives the answers of the files.
SAME = {
    "a folder": lambda files: files[0].parent,
    "a folder as text": lambda files: str(files[0].parent),
    "a folder as bytes": lambda files: os.fsencode(files[0].parent),
    "paths": lambda files: files,
    "paths as text": lambda files: [str(file) for file in files],
    "paths as bytes": lambda files: [os.fsencode(file) for file in files],
    "paths in a tuple": tuple,
    "a generator of paths": iter,
    "entries of os.scandir": lambda files: sorted(os.scandir(files[0].parent), key=lambda entry: entry.name),
    "values of a dictionary": lambda files: {file.name: file for file in files}.values(),
    "an array of texts": lambda files: np.array([str(file) for file in files]),
    "an array of objects": lambda files: np.array(files, dtype=object),
    "a column of an array": lambda files: np.array([[str(file)] for file in files], dtype=object),
    "a series of pandas": lambda files: pandas.Series([str(file) for file in files], index=range(9, 9 + NUM)),
    "a series of Polars": lambda files: polars.Series([str(file) for file in files]),
    "a table with one column": lambda files: pandas.DataFrame({"x": [str(file) for file in files]}),
    "a table with a column path": lambda files: pandas.DataFrame({"n": range(NUM), "Path": map(str, files)}),
    "a table of Polars": lambda files: polars.DataFrame({"filename": [str(file) for file in files], "n": range(NUM)}),
    "bytes of files": lambda files: [file.read_bytes() for file in files],
    "bytearrays": lambda files: [bytearray(file.read_bytes()) for file in files],
    "memoryviews": lambda files: [memoryview(file.read_bytes()) for file in files],
    "open files": lambda files: [open(file, "rb") for file in files],  # noqa: SIM115
    "BytesIO": lambda files: [io.BytesIO(file.read_bytes()) for file in files],
    "files in an archive": lambda files: [archive(files).open(file.name) for file in files],
    "paths in an archive": lambda files: [zipfile.Path(archive(files), file.name) for file in files],
    "pictures": lambda files: [Image.open(file) for file in files],
    "arrays": lambda files: list(arrays(files)),
    "a batch": arrays,
    "a batch with transparency": lambda files: np.concatenate([arrays(files), np.full((NUM, 24, 32, 1), 255)], 3),
    "a batch of int64": lambda files: arrays(files).astype(np.int64),
    "a batch of float32, 0 to 255": lambda files: arrays(files).astype(np.float32),
    "a batch of float64, 0 to 1": lambda files: arrays(files) / 255,
    "a batch of float16, 0 to 1": lambda files: (arrays(files) / 255).astype(np.float16),
    "a batch of uint16, 0 to 65535": lambda files: arrays(files).astype(np.uint16) * 257,
    "a batch in PyTorch's order": lambda files: arrays(files).transpose(0, 3, 1, 2),
    "a list in PyTorch's order": lambda files: list(arrays(files).transpose(0, 3, 1, 2)),
    "a batch that is read only": lambda files: np.frombuffer(arrays(files).tobytes(), np.uint8).reshape(NUM, 24, 32, 3),
    "a batch that is not contiguous": lambda files: np.repeat(arrays(files), 2, axis=2)[:, :, ::2],
    "a masked batch without masks": lambda files: np.ma.masked_array(arrays(files)),
    "an array of arrays": lambda files: pandas.Series(list(arrays(files))).to_numpy(),
    "a tensor of PyTorch": lambda files: Tensor(arrays(files).transpose(0, 3, 1, 2) / np.float32(255)),
    "tensors of PyTorch": lambda files: [Tensor(photo.transpose(2, 0, 1) / np.float32(255)) for photo in arrays(files)],
    "a tensor of TensorFlow": tensorflow_tensor,
}  # fmt: skip


@pytest.mark.parametrize("kind", SAME)
def test_photos_get_the_same_answers_however_they_are_given(kind, classifier, files):
    wanted = classifier.predict_proba(files)
    got = plain(classifier, "predict_proba", SAME[kind](files))
    assert got.shape == (NUM, 2)
    np.testing.assert_allclose(got, wanted, atol=2e-3)  # float16 has three digits


ONE = {
    "a path": lambda file: file,
    "a path as text": str,
    "a path as bytes": os.fsencode,
    "bytes": lambda file: file.read_bytes(),
    "an open file": lambda file: open(file, "rb"),  # noqa: SIM115
    "BytesIO": lambda file: io.BytesIO(file.read_bytes()),
    "a file that was read up to the photo": lambda file: _after_a_header(file),
    "a picture": Image.open,
    "an array": lambda file: np.asarray(Image.open(file)),
    "a tensor": lambda file: Tensor(np.asarray(Image.open(file))),
    "a list of one": lambda file: [file],
    "a batch of one": lambda file: np.asarray(Image.open(file))[None],
    "an array of one text": lambda file: np.array(str(file)),
}


def _after_a_header(file):
    stream = io.BytesIO(b"header" + file.read_bytes())
    stream.read(len(b"header"))
    return stream


@pytest.mark.parametrize("kind", ONE)
def test_one_photo_is_one_row_however_it_is_given(kind, classifier, files):
    got = plain(classifier, "predict_proba", ONE[kind](files[1]))
    np.testing.assert_allclose(got, classifier.predict_proba([files[1]]), atol=1e-6)


GREY = {
    "(height, width)": lambda grey: grey[0],
    "(height, width, 1)": lambda grey: grey[0][..., None],
    "(1, height, width)": lambda grey: grey[:1],
    "(photos, height, width)": lambda grey: grey,
    "(photos, height, width, 1)": lambda grey: grey[..., None],
    "(photos, 1, height, width)": lambda grey: grey[:, None],
    "bool": lambda grey: grey > 127,
    "black": lambda grey: grey * 0.0,
}


@pytest.mark.parametrize("kind", GREY)
def test_grey_arrays_are_photos(kind, classifier, files):
    grey = arrays(files)[..., 0]
    given = GREY[kind](grey)
    wanted = 1 if kind.startswith(("(h", "(1")) else NUM
    assert classifier.predict(given).shape == (wanted,)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I", "F", "I;16"])
def test_pictures_of_every_mode_are_photos(mode, classifier):
    assert classifier.predict(Image.new(mode, (20, 20))).shape == (1,)


def closed(files):
    file = io.BytesIO(files[0].read_bytes())
    file.close()
    return file


def read_to_its_end(files):
    file = io.BytesIO(files[0].read_bytes())
    file.read()
    return file


PIXELS = np.full((8, 9, 3), 200, np.uint8)

# Photos that are refused, and words of the problem.
REFUSED = {
    "None": (None, "None"),
    "a number": (3, "3 (an int)"),
    "True": (True, "True"),
    "an object": (object(), "object holds no photo"),
    "a class": (Image.Image, "class (Image)"),
    "an empty text": ("", "empty"),
    "a missing path": ("no/such.jpg", "no/such.jpg cannot be used: There is no such file"),
    "a missing path as bytes": (b"no/such.jpg", "There is no such file"),
    "a set": ({"a.jpg", "b.jpg"}, "no order"),
    "a dictionary": ({"a.jpg": 1}, "no order"),
    "an ordered dictionary": (OrderedDict(a=1), "no order"),
    "numbers": ([1, 2, 3], "Photo 0 is 1 (an int)"),
    "a list in a list": ([["a.jpg"]], "Photo 0 is a list"),
    "pixels as lists": (PIXELS.tolist(), "Photo 0 is a list"),
    "None in a list": ([PIXELS, None], "Photo 1 is None"),
    "NaN in a list": ([float("nan")], "Photo 0 is nan"),
    "pairs of photo and label": ([(PIXELS, 0)], "Photo 0 is a tuple"),
    "a table of many columns": (pandas.DataFrame({"a": [1], "b": [2]}), "which of them names the photos"),
    "a table with two columns path": (pandas.DataFrame([["a", "b"]], columns=["path", "path"]), "not certain"),
    "a table of pixels": (pandas.DataFrame(np.zeros((5, 784))), "not certain"),
    "a series with a gap": (pandas.Series(["a.jpg", None]), "Photo 1"),
    "PyTorch's order": (np.zeros((3, 72, 96), np.uint8), "3 grey photos"),
    "PyTorch's order, a tensor": (Tensor(np.zeros((3, 72, 96), np.float32)), "3 grey photos"),
    "four channels first": (np.zeros((4, 72, 96), np.uint8), "4 grey photos"),
    "one dimension": (np.zeros(2352, np.uint8), "not a photo"),
    "five dimensions": (np.zeros((1, 2, 3, 4, 3), np.uint8), "not a batch"),
    "five channels": (np.zeros((2, 9, 9, 5), np.uint8), "not a batch"),
    "no pixels": (np.zeros((0, 9, 3), np.uint8), "no pixels"),
    "a batch without pixels": (np.zeros((4, 9, 0, 3), np.uint8), "no pixels"),
    "NaN pixels": (np.where(PIXELS > 0, np.nan, 0.0), "NaN"),
    "infinite pixels": (np.full((8, 9, 3), np.inf), "infinite"),
    "below zero": (PIXELS / 255 - 1.5, "below 0"),
    "int8": (PIXELS.astype(np.int8), "below 0"),
    "a little above 1": (PIXELS / 180, "no certain range"),
    "integers 0 and 1": (PIXELS.astype(int) // 200, "no certain range"),
    "above 255": (PIXELS.astype(float) * 2, "no certain range"),
    "12 bits in uint16": (PIXELS.astype(np.uint16) * 16, "no certain range"),
    "complex pixels": (PIXELS.astype(complex), "no pixels"),
    "dates": (np.zeros((8, 9, 3), "datetime64[s]"), "no pixels"),
    "pixels as objects": (PIXELS.astype(object), "array of objects"),
    "masked pixels": (np.ma.masked_array(PIXELS, mask=PIXELS > 0), "masked"),
    "one masked array of a list": ([np.ma.masked_array(PIXELS, mask=PIXELS > 0)], "Photo 0"),
    "a wrong array in a list": ([PIXELS, np.zeros((4, 4, 9))], "Photo 1"),
    "too many pixels": (np.broadcast_to(np.uint8(0), (200_000, 200_000, 3)), "megapixels"),
    "too many numbers": (np.broadcast_to(np.float64(0.5), (200_000, 200_000, 3)), "megapixels"),
    "a batch of too many pixels": (np.broadcast_to(np.uint8(0), (3, 99_000, 99_000, 3)), "megapixels"),
    "a closed file": (closed, "closed"),
    "a file read to its end": (read_to_its_end, "nothing left"),
    "an empty file object": (io.BytesIO(), "nothing left"),
    "a text file": (lambda files: open(files[0], encoding="latin-1"), "open as text"),  # noqa: SIM115
    "a text in memory": (io.StringIO("a.jpg\nb.jpg\n"), "open as text"),
    "bytes that are no photo": (b"no photo", "not a photo"),
    "no bytes": (b"", "empty"),
    "a closed picture": (lambda files: _closed_picture(files), "cannot be used"),
}  # fmt: skip


def _closed_picture(files):
    picture = Image.open(files[0])
    picture.close()
    return picture


def is_two_halves(error):
    return bool(error.problem) and bool(error.fix) and len(str(error).splitlines()) == 2


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decide", "explain"])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_photo_is_refused_in_two_halves(kind, method, classifier, files):
    value, words = REFUSED[kind]
    value = value(files) if inspect.isfunction(value) else value
    if method in ("decide", "explain"):  # these have a row for a photo that cannot be used
        try:
            rows = plain(classifier, method, value)
        except TellapartError as error:
            assert is_two_halves(error)
        else:
            assert "refused" in {getattr(row, "prediction", row).decision for row in rows}
        return
    with pytest.raises(TellapartError) as caught:
        plain(classifier, method, value)
    assert is_two_halves(caught.value)
    assert words in caught.value.problem
    assert isinstance(caught.value, ValueError)


def test_no_photos_give_no_rows(classifier):
    for empty in ([], (), iter(()), np.zeros((0, 8, 8, 3), np.uint8), pandas.Series([], dtype=object)):
        assert classifier.predict_proba(empty).shape == (0, 2)


def test_a_batch_is_read_on_one_scale_however_dark_some_of_its_photos_are(classifier):
    bright, dark = np.full((8, 9, 3), 200.0), np.full((8, 9, 3), 0.9)
    got = classifier.predict_proba(np.stack([bright, dark]))
    np.testing.assert_allclose(got, classifier.predict_proba([bright, np.ones((8, 9, 3), np.uint8)]), atol=1e-6)


def test_photos_from_a_generator_are_taken_as_they_are_needed(classifier, files):
    taken = []

    def photos():
        for number in range(400):
            taken.append(number)
            yield files[0]

    given = iter(classifier._predictor().predict(classifier._given(photos())))
    next(given)
    given.close()
    assert len(taken) < 400


# Labels, by way of `score`: they are read by the same rules as in `fit`.

GOOD_LABELS = {
    "a list": ["blue", "red"] * 3,
    "a tuple": ("blue", "red") * 3,
    "a generator": lambda: (label for label in ["blue", "red"] * 3),
    "an array": np.array(["blue", "red"] * 3),
    "an array of objects": np.array(["blue", "red"] * 3, dtype=object),
    "a column": np.array([["blue"], ["red"]] * 3),
    "a series": pandas.Series(["blue", "red"] * 3, index=range(5, 11)),
    "a categorical": pandas.Categorical(["blue", "red"] * 3),
    "a series of categories": pandas.Series(["blue", "red"] * 3, dtype="category"),
    "a table of one column": pandas.DataFrame({"label": ["blue", "red"] * 3}),
    "a series of Polars": polars.Series(["blue", "red"] * 3),
}


@pytest.mark.parametrize("kind", GOOD_LABELS)
def test_labels_are_compared_however_they_are_given(kind, classifier, files):
    y = GOOD_LABELS[kind]
    wanted = np.mean(classifier.predict(files) == np.array(["blue", "red"] * 3))
    assert classifier.score(files, y() if callable(y) else y) == wanted


BAD_LABELS = {
    "None": (["blue", None, "red", None, "red", "red"], "2 of 6 labels are missing; the first is None at position 1"),
    "NaN": (["blue", float("nan")] * 3, "3 of 6 labels are missing; the first is nan (a float) at position 1"),
    "NaN in a series": (pandas.Series([1.0, None] * 3), "position 1"),
    "pandas.NA": (pandas.Series([1, None] * 3, dtype="Int64"), "position 1"),
    "NaT": ([pandas.NaT] * 6, "6 of 6 labels are missing"),
    "a gap in categories": (pandas.Categorical(["blue", None] * 3), "position 1"),
    "a null of Polars": (polars.Series(["blue", None] * 3), "position 1"),
    "a masked label": (np.ma.masked_array([0, 1] * 3, mask=[0, 1] * 3), "position 1"),
    "two types": ([1, "1"] * 3, "two types: 1 (an int) at position 0, '1' (a str) at position 1"),
    "numbers and booleans": ([0, True] * 3, "two types"),
    "numbers where texts were learnt": ([0, 1] * 3, "type integer; those that it was trained on are of the type text"),
    "measurements": ([0.5, 1.25] * 3, "0.5 at position 0 is a measurement"),
    "infinity": ([float("inf")] * 6, "measurement"),
    "one-hot rows": (np.eye(6), "6 × 6"),
    "one-hot columns": (pandas.DataFrame(np.eye(6)), "6 columns"),
    "lists": ([["blue"]] * 6, "a list"),
    "bytes": ([b"blue"] * 6, "bytes"),
    "dates": (np.zeros(6, "datetime64[s]"), "datetime64"),
    "objects": ([object()] * 6, "an object"),
    "large numbers": ([10**19] * 6, "digits"),
    "an empty text": (["blue", " "] * 3, "is empty"),
    "blanks around a name": (["blue", "red "] * 3, "blanks"),
    "a line break": (["blue", "r\ned"] * 3, "printed"),
    "a text": ("blurry", "'blurry' (a str)"),
    "a number": (3, "3 (an int)"),
    "a set": ({"blue"}, "a set"),
    "a dictionary": ({"blue": 1}, "a dict"),
    "three dimensions": (np.zeros((6, 1, 1)), "3 dimensions"),
    "too few": (["blue"] * 5, "6 photos came with 5 labels"),
    "too many": (["blue"] * 7, "6 photos came with 7 labels"),
    "none": ([], "6 photos came with 0 labels"),
}


@pytest.mark.parametrize("method", ["score", "fit", "evaluate"])
@pytest.mark.parametrize("kind", BAD_LABELS)
def test_labels_that_are_none_are_refused_and_named(kind, method, classifier, files):
    y, words = BAD_LABELS[kind]
    target = ImageClassifier() if method == "fit" else classifier
    with pytest.raises(TellapartError) as caught:
        plain(target, method, files, y)
    assert is_two_halves(caught.value)
    if method == "score" or "trained on" not in words:
        assert words in caught.value.problem


@pytest.mark.parametrize(
    ("photos", "y", "words"),
    [
        (["a.jpg"] * 12, None, "no labels"),
        (None, None, "None"),
        (None, [1, 2], "None"),
        ("photos", ["a", "b"], "brings its own"),
        ({"a": "b"}, [1], "no order"),
        ([], [], "empty"),
        (["a.jpg"] * 12, ["a"] * 12, "All labels are the same, 'a'"),
        (["a.jpg"] * 8, ["a"] * 6 + ["b"] * 2, "fewer than 5 photos: 'b' (2)"),
        (["a.jpg"] * 12, ["a", "b"] * 6, "Photo 0 (a.jpg) cannot be used: There is no such file"),
        (np.zeros((10, 784)), [0, 1] * 5, "megapixels"),
    ],
)
def test_fit_refuses_what_it_cannot_learn_from(photos, y, words):
    if words == "megapixels":
        pytest.skip("a table of numbers could be one grey photo; told by the number of labels")
    with pytest.raises(TellapartError) as caught:
        plain(ImageClassifier(), "fit", photos, y)
    assert is_two_halves(caught.value)
    assert words in caught.value.problem


def test_a_table_of_numbers_is_not_learnt_from():
    with pytest.raises(UsageError, match="1 photo"):
        ImageClassifier().fit(np.zeros((10, 784)), [0, 1] * 5)


# Labels come back as they were


@pytest.mark.parametrize(
    ("names", "kind", "wanted"),
    [
        (("a", "b", "c"), "text", ["a", "b", "c"]),
        (("10", "2", "-1"), "integer", [-1, 2, 10]),
        (("10", "2", "1"), "text", ["1", "10", "2"]),
        (("0", "1"), "float", [0.0, 1.0]),
        (("True", "False"), "boolean", [False, True]),
    ],
)
def test_classes_are_sorted_as_what_they_are_and_columns_follow(names, kind, wanted, tmp_path, files):
    path = write_small_model(tmp_path / "model.onnx", names, small_manifest(names, label_type=kind))
    loaded = ImageClassifier.load(path)
    assert loaded.classes_.tolist() == wanted and loaded.classes_.dtype == np.array(wanted).dtype
    rows, labels = loaded.decide(files), loaded.predict(files)
    assert labels.dtype == loaded.classes_.dtype
    assert [str(label).removesuffix(".0") for label in labels.tolist()] == [row.label for row in rows]
    by_name = [dict(zip(names, row.probabilities, strict=True)) for row in rows]
    texts = [str(label).removesuffix(".0") for label in loaded.classes_.tolist()]
    np.testing.assert_array_equal(loaded.predict_proba(files), [[row[text] for text in texts] for row in by_name])
    assert loaded.score(files, labels) == (loaded.predict(files) == labels).mean() == 1.0


# Verbs


@pytest.fixture(scope="module")
def labelled(files, tmp_path_factory):
    root = tmp_path_factory.mktemp("labelled")
    for number, file in enumerate(files):
        (root / ("blue", "red")[number % 2]).mkdir(exist_ok=True)
        (root / ("blue", "red")[number % 2] / file.name).write_bytes(file.read_bytes())
    return root


PATHS = {"text": str, "Path": Path, "bytes": os.fsencode, "DirEntry": lambda path: _entry_of(path)}


def _entry_of(path):
    return next(entry for entry in os.scandir(Path(path).parent) if entry.name == Path(path).name)


@pytest.mark.parametrize("kind", PATHS)
def test_verbs_take_paths_of_every_kind(kind, model, labelled, tmp_path):
    as_path = PATHS[kind]
    verb = {name: unwrapped(getattr(tellapart, name)) for name in ("evaluate", "predict", "explain", "look", "quiz")}
    assert verb["evaluate"](as_path(model), as_path(labelled)).part["n"] == NUM
    assert len(list(verb["predict"](as_path(model), as_path(labelled)))) == NUM
    assert len(list(verb["predict"](as_path(model), [as_path(labelled / "red"), as_path(labelled / "blue")]))) == NUM
    assert len(list(verb["explain"](as_path(model), as_path(labelled / "red")))) == NUM // 2
    assert len(list(verb["look"](as_path(labelled / "red"), model=as_path(model)))) == NUM // 2
    assert len(list(verb["quiz"](as_path(model), as_path(labelled), seed=0))) == NUM


def test_predict_takes_one_path_a_pattern_a_list_and_a_generator(model, files):
    folder = str(files[0].parent)
    for photos in (
        folder,
        folder + "/",
        folder + "/*.png",
        [folder],
        files,
        map(str, files),
        np.array(files, dtype=str),
    ):
        assert len(list(tellapart.predict(model, photos))) == NUM
    assert [row.path for row in tellapart.predict(model, str(files[0]))] == [str(files[0])]


NONSENSE = {
    "None": None,
    "a number": 3,
    "a float": 0.5,
    "True": True,
    "an object": object(),
    "an empty text": "",
    "blanks": "  ",
    "a NUL": "a\0b",
    "an empty list": [],
    "a list of nothing": [None],
    "a dictionary": {"photos": 1},
    "a set": {"photos"},
    "a table": pandas.DataFrame({"path": ["a.jpg"]}),
    "an array": PIXELS,
    "a picture": Image.new("RGB", (8, 8)),
    "an open file": io.BytesIO(b"x"),
    "a classifier": ImageClassifier(),
    "a class": ImageClassifier,
    "a missing path": "no/such/place",
    "a path too long": "x" * 5000,
}
CALLS = {
    "check": 1,
    "train": 1,
    "evaluate": 2,
    "compare": 3,
    "predict": 2,
    "explain": 2,
    "look": 1,
    "quiz": 2,
    "diagnose": 1,
    "relabel": 2,
}


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("verb", CALLS)
def test_verbs_refuse_nonsense_in_two_halves(verb, kind, model, labelled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = {"model": model, "photos": labelled, "a": model, "b": model, "run": tmp_path, "reviewed": tmp_path}
    function = unwrapped(getattr(tellapart, verb))
    names = list(inspect.signature(function).parameters)[: CALLS[verb]]
    for wrong in names:
        given = [NONSENSE[kind] if name == wrong else good[name] for name in names]
        if kind == "a missing path" and wrong == "photos" and verb in ("predict", "explain", "look"):
            rows = list(function(*given))  # a photo that is missing is a row that says so
            assert len(rows) == 1
            continue
        with pytest.raises(TellapartError) as caught:
            result = function(*given)
            list(result)  # what is computed as it is read
        assert is_two_halves(caught.value), (verb, wrong)
        assert len(str(caught.value)) < 6000


@pytest.mark.parametrize(
    ("verb", "named"),
    [
        ("train", {"settings": "quick"}),
        ("train", {"settings": EngineSettings()}),
        ("train", {"settings": {"recipe": "quick"}}),
        ("train", {"out": 3}),
        ("train", {"progress": "yes"}),
        ("train", {"progress": tellapart.Silent}),
        ("evaluate", {"settings": TrainSettings()}),
        ("predict", {"settings": 2}),
        ("predict", {"progress": 1}),
        ("explain", {"out": []}),
        ("look", {"model": 3}),
        ("look", {"recipe": "magic"}),
        ("quiz", {"seed": -1}),
        ("quiz", {"seed": "a"}),
        ("diagnose", {"seconds": "long"}),
        ("diagnose", {"seconds": 0}),
        ("diagnose", {"photos": 3}),
        ("relabel", {"out": 3}),
    ],
)
def test_options_of_the_wrong_kind_are_refused_in_two_halves(verb, named, model, labelled, tmp_path):
    good = {"model": model, "photos": labelled, "a": model, "b": model, "run": tmp_path, "reviewed": tmp_path}
    function = unwrapped(getattr(tellapart, verb))
    names = list(inspect.signature(function).parameters)[: CALLS[verb]]
    with pytest.raises(TellapartError) as caught:
        list(function(*(good[name] for name in names), **named))
    assert is_two_halves(caught.value)


WRONG_PARAMETERS = [
    {"recipe": 3}, {"recipe": None}, {"epochs": "3"}, {"epochs": 2.5}, {"seconds": "1m"}, {"test": "0.1"},
    {"test": None}, {"validation": float("nan")}, {"seed": None}, {"seed": -1}, {"seed": 2**40}, {"seed": 0.5},
    {"exclude": 3}, {"exclude": [1]}, {"cache": "yes"}, {"threads": "all"}, {"threads": 0}, {"threads": True},
    {"max_megapixels": "100"}, {"group_by": 3}, {"splits": 3}, {"strict": 1}, {"backbone": 0},
    {"class_weight": {0: 1.0}}, {"grey": None}, {"max_error": [0.1]},
]  # fmt: skip


def test_parameters_of_the_wrong_type_are_refused_by_fit():
    """In a process of its own, because the type checks of these tests would come first."""
    code = """
        from math import nan
        import tellapart
        for wrong in WRONG:
            try:
                tellapart.ImageClassifier(**wrong).fit("photos")
            except tellapart.UsageError as error:
                assert next(iter(wrong)) in error.problem and error.fix, error
            else:
                raise SystemExit(f"{wrong} was taken")
        print(len(WRONG), "refused")
    """
    code = textwrap.dedent(code).replace("WRONG:", f"{WRONG_PARAMETERS}:").replace("WRONG)", f"{WRONG_PARAMETERS})")
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert ran.stdout == f"{len(WRONG_PARAMETERS)} refused\n", ran.stderr


@dataclasses.dataclass(frozen=True)
class Options:
    seed: int = 0
    test: float = 0.1
    exclude: tuple[str, ...] = ()
    cache: bool = True
    splits: str | None = None


def test_numbers_of_numpy_are_numbers_and_one_class_to_leave_out_is_one():
    fields = [(field.name, field.type) for field in dataclasses.fields(Options)]
    given = Options(np.int64(3), np.float32(0.25), "elm", np.True_, Path("splits.csv"))  # type: ignore[arg-type]
    texts = ["int", "float", "tuple[str, ...]", "bool", "str | None"]
    for field, text in zip(dataclasses.fields(given), texts, strict=True):
        field.type = text
    settle(given)
    assert fields and given == Options(3, 0.25, ("elm",), True, "splits.csv")
    assert type(given.seed) is int and type(given.test) is float and given.cache is True


def test_a_folder_says_what_is_left_out_of_it(tmp_path):
    from tellapart.photos.python_inputs import photos_given

    (tmp_path / "1.png").touch()
    (tmp_path / "2.cr2").touch()
    with pytest.warns(UserWarning, match=r"Left out: 1 raw camera file \(\.cr2\)"):
        assert list(photos_given(tmp_path)) == [str(tmp_path / "1.png")]


def test_a_folder_without_photos_is_no_empty_answer(tmp_path):
    from tellapart.photos.python_inputs import photos_given

    (tmp_path / "2.cr2").touch()
    with pytest.raises(UsageError, match="There is no photo in the folder .*Left out: 1 raw camera file"):
        photos_given(tmp_path)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links_are_followed_where_the_classifier_was_told_so(tmp_path):
    from tellapart.photos.python_inputs import photos_given

    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "1.png").touch()
    (tmp_path / "links").mkdir()
    os.symlink(tmp_path / "store" / "1.png", tmp_path / "links" / "a.png")
    assert len(list(photos_given(tmp_path / "links", follow_links=True))) == 1
