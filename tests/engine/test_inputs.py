"""What a person names to be predicted: files, folders, patterns, a list."""

import io
import itertools
import os
from pathlib import Path

import pytest

from tellapart.engine.inputs import expand_inputs
from tellapart.errors import UsageError
from tellapart.settings import SourceSettings


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
    with pytest.raises(UsageError, match="empty string"):
        expand_inputs([""])


def test_the_mark_at_the_start_of_a_list_is_no_part_of_the_first_path(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeffa.jpg\r\nb.jpg\n"))
    files, _, _ = expand_inputs(["-"])
    assert list(files) == ["a.jpg", "b.jpg"]


def test_signs_of_a_pattern_in_the_name_of_a_folder_are_taken_as_they_are(tmp_path, monkeypatch):
    (tmp_path / "set[1]").mkdir()
    (tmp_path / "set[1]" / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    assert expanded("set[1]/*.jpg") == ["set[1]/a.jpg"]
    assert expanded("set[1]/[ab].jpg") == ["set[1]/a.jpg"]


def test_a_missing_file_whose_name_has_brackets_keeps_its_row(folder):
    assert expanded("gone[1].jpg") == ["gone[1].jpg"]
    assert expanded("photos/a.png", "gone[1].jpg") == ["photos/a.png", "gone[1].jpg"]


def test_one_pattern_without_a_match_does_not_stop_the_others(folder):
    assert expanded("photos/*.gif", "photos/*.png") == ["photos/*.gif", "photos/a.png"]


class Piped:
    """Standard input as a process has it."""

    def __init__(self, content):
        self.buffer = io.BufferedReader(io.BytesIO(content))


def listed(monkeypatch, content):
    monkeypatch.setattr("sys.stdin", Piped(content))
    return list(expand_inputs(["-"])[0])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_list_may_come_as_powershell_or_an_editor_writes_it(monkeypatch, encoding):
    content = "a b.jpg\r\n\r\nkäfer.png\r\n".encode(encoding)
    assert listed(monkeypatch, content) == ["a b.jpg", "käfer.png"]


def test_a_list_in_big_endian_is_told_by_its_mark(monkeypatch):
    assert listed(monkeypatch, b"\xfe\xff" + "ü.jpg\n".encode("utf-16-be")) == ["ü.jpg"]


def test_a_list_may_be_separated_by_nul(monkeypatch):
    assert listed(monkeypatch, b"a\nb.jpg\0c.jpg\0") == ["a\nb.jpg", "c.jpg"]


def test_a_name_that_is_not_utf8_reaches_its_file(tmp_path, monkeypatch):
    name = os.fsencode(tmp_path) + b"/caf\xe9.jpg"
    try:
        with open(name, "wb"):
            pass
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert [os.path.exists(path) for path in listed(monkeypatch, name + b"\n")] == [True]


def test_a_long_list_is_read_in_pieces(monkeypatch):
    names = [f"folder/{number}.jpg" for number in range(20_000)]
    assert listed(monkeypatch, "\n".join(names).encode()) == names


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100),
        b"BM\x9a\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x01\x00",
        b"x" * 100_000,
        bytes(3 << 20),
        b"\n" * (3 << 20),
    ],
    ids=["jpeg", "bmp", "long line", "zeros", "blanks"],
)
def test_what_is_no_list_is_refused_and_does_not_go_on_for_ever(monkeypatch, content):
    with pytest.raises(UsageError, match="no list of paths"):
        listed(monkeypatch, content)


def test_a_list_that_begins_like_a_bmp_file_is_a_list(monkeypatch):
    assert listed(monkeypatch, b"BM/1.jpg\n") == ["BM/1.jpg"]


def test_a_table_is_its_rows_in_order_named_as_it_names_them(folder, tmp_path):
    (tmp_path / "t.csv").write_text("label;file\nx;photos\\b.jpg\n;photos/gone.jpg\ny;photos/a.png\n")
    files, total, _ = expand_inputs(["t.csv"])
    found = list(files)
    assert total == 3
    assert [file.text for file in found] == ["photos\\b.jpg", "photos/gone.jpg", "photos/a.png"]
    assert [Path(file).is_file() for file in found] == [True, False, True]


def test_a_table_among_photos_as_a_shell_names_them_all_is_but_a_file(folder, tmp_path):
    (tmp_path / "photos" / "labels.csv").write_text("path\nb.jpg\n")
    assert expanded("photos/b.jpg", "photos/labels.csv") == ["photos/b.jpg", "photos/labels.csv"]


@pytest.mark.parametrize("inputs", [["-"], ["."], ["a.jpg", "b.jpg"]])
def test_a_root_is_for_tables_alone(inputs):
    with pytest.raises(UsageError, match="not every input is a table"):
        expand_inputs(inputs, SourceSettings(root="photos"))
