"""A file is read only where it is one, and only so far."""

import json
import os

import pytest

from tellapart.cells import read_rows
from tellapart.errors import UsageError
from tellapart.reading import NotAFile, TooLarge, parse_json, read_file, read_json, read_text
from tellapart.runs.folder import RunFolder
from tellapart.training.data.feature_cache import held_features
from tellapart.training.loop import checkpoint


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"


def test_a_file_over_the_limit_is_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"123456")
    with pytest.raises(TooLarge) as caught:
        read_file(tmp_path / "a", 5)
    assert caught.value.size_bytes == 6


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        read_file(tmp_path / "pipe", 5)


def test_a_link_to_an_endless_device_is_refused(tmp_path):
    (tmp_path / "zeros").symlink_to("/dev/zero")
    with pytest.raises(NotAFile):
        read_file(tmp_path / "zeros", 5)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError):
        read_file(tmp_path, 5)


def test_text_may_carry_a_mark_of_its_encoding(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfpath,label")
    assert read_text(tmp_path / "a", 100) == "path,label"


def test_a_file_that_says_it_is_empty_is_read_as_far_as_it_goes():
    """Files of the kernel are regular and have the size 0."""
    path = "/proc/self/status"
    if not os.path.exists(path):
        pytest.skip("no such file here")
    assert read_file(path, 100_000).startswith(b"Name:")
    with pytest.raises(TooLarge):
        read_file(path, 10)


@pytest.mark.parametrize(
    "text",
    ["", "{", "nul", "NaN", "[Infinity]", "1e999", "9" * 30, "9" * 5000, '{"a": 1, "a": 2}', '"\\ud800"',
     '{"\\udfff": 1}', "[" * 40 + "]" * 40, "[" * 100_000, "[" + "0," * 999 + "0]"],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_json_that_is_too_much_or_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        parse_json(text, max_values=999 if text[1:2] == "0" else 200_000)


@pytest.mark.parametrize("text", ["null", "-0.5", '"x"', '{"a": [1, {"b": true}]}', '"\\ud83c\\udf33"', '"\\udcff"'])
def test_sound_json_is_read_as_python_reads_it(text):
    assert parse_json(text, max_values=99) == json.loads(text)


@pytest.fixture(params=["a pipe", "zeros without end", "a folder", "ten terabytes", "noise"])
def odd(request, tmp_path):
    """A path where something lies that no reader may trip over."""
    path = tmp_path / "odd"
    match request.param:
        case "a pipe":
            os.mkfifo(path)
        case "zeros without end":
            path.symlink_to("/dev/zero")
        case "a folder":
            path.mkdir()
        case "ten terabytes":
            with open(path, "wb") as file:
                file.truncate(10**13)
        case _:
            path.write_bytes(bytes(range(256)) * 100)
    return path


def test_own_tables_and_records_are_read_only_where_they_are_ones(odd):
    for read in (read_json, read_rows):
        with pytest.raises((OSError, ValueError)):
            read(odd)


def test_a_report_goes_on_without_what_is_odd(odd):
    run = RunFolder(odd.parent)
    assert run.json(odd.name) == {}
    assert run.rows(odd.name, "path") == []


def test_a_cache_of_feature_maps_is_made_again(odd):
    if odd.is_dir():
        pytest.skip("nothing may be put in place of a folder")
    made = held_features(odd, (2, 3), lambda array: array.fill(1))
    assert made.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_a_checkpoint_that_is_odd_is_as_if_it_were_not_there(odd):
    (odd.parent / "checkpoints").mkdir()
    odd.rename(odd.parent / "checkpoints" / "step000000001.npz")
    assert checkpoint._read(odd.parent / "checkpoints" / "step000000001.npz") is None


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "splits.csv"])
def test_diagnose_says_which_file_of_a_run_cannot_be_read(odd, name):
    odd.rename(odd.parent / name)
    with pytest.raises(UsageError):
        run = RunFolder(odd.parent)
        run.splits() if name == "splits.csv" else run.record if name == "run.json" else run.metrics
