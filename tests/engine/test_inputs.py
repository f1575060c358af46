"""What a person names to be predicted: files, folders, patterns, a list."""

import io
import itertools

import pytest

from tellapart.engine.inputs import expand_inputs
from tellapart.errors import UsageError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("b.jpg", "a.png", "deep/c.jpg", ".hidden.jpg", "Thumbs.db"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return "photos"


def expanded(*inputs):
    files, total, _ = expand_inputs(inputs)
    found = [file.replace("\\", "/") for file in files]
    assert total == len(found)
    return found


def test_files_keep_the_order_they_were_given_in(folder):
    assert expanded("photos/b.jpg", "photos/a.png") == ["photos/b.jpg", "photos/a.png"]


def test_the_same_file_twice_is_two_rows(folder):
    assert expanded("photos/b.jpg", "photos/b.jpg") == ["photos/b.jpg", "photos/b.jpg"]


def test_a_folder_is_all_its_photos_sorted_without_system_files(folder):
    assert expanded(folder) == ["photos/a.png", "photos/b.jpg", "photos/deep/c.jpg"]


def test_a_pattern_is_every_file_that_matches(folder):
    assert expanded("photos/*.jpg") == ["photos/b.jpg"]
    assert expanded("photos/**/*.jpg") == ["photos/b.jpg", "photos/deep/c.jpg"]


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder, tmp_path):
    (tmp_path / "IMG[1].jpg").touch()
    assert expanded("IMG[1].jpg") == ["IMG[1].jpg"]


def test_a_file_that_is_missing_keeps_its_row(folder):
    assert expanded("photos/none.jpg", "photos/a.png") == ["photos/none.jpg", "photos/a.png"]


@pytest.mark.parametrize("inputs", [(), ("photos/*.gif",), ("empty",), ("-", "photos")])
def test_naming_nothing_is_an_error_with_a_fix(folder, tmp_path, inputs):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        expand_inputs(inputs)
    assert caught.value.fix


def test_a_dash_reads_a_list_line_by_line(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("a b.jpg\n\nü.png\r\nlast.jpg"))
    files, total, _ = expand_inputs(["-"])
    assert total is None
    assert list(files) == ["a b.jpg", "ü.png", "last.jpg"]


def test_an_endless_list_is_read_as_it_comes(monkeypatch):
    monkeypatch.setattr("sys.stdin", (f"{number}.jpg\n" for number in itertools.count()))
    files, _, _ = expand_inputs(["-"])
    assert list(itertools.islice(files, 2)) == ["0.jpg", "1.jpg"]


def test_an_empty_text_does_not_mean_the_current_folder(folder):
    with pytest.raises(UsageError, match="empty text"):
        expand_inputs([""])


def test_the_mark_at_the_start_of_a_list_is_no_part_of_the_first_path(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeffa.jpg\r\nb.jpg\n"))
    files, _, _ = expand_inputs(["-"])
    assert list(files) == ["a.jpg", "b.jpg"]
