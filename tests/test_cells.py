"""What a spreadsheet would run, or a terminal obey, is written so that neither does, and read back as it was."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.cells import CellWriter, from_cell, read_rows, to_cell

DANGEROUS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
# Arbitrary text seldom holds what matters here, so most letters are chosen from that.
NASTY = st.text(st.sampled_from("=+-@'\\;, \t\r\n\x1b\u202e\ud800\ufeff\"xu0123ab") | st.characters(), max_size=12)


@given(NASTY)
@settings(derandomize=True, deadline=None, max_examples=2000)
def test_any_text_comes_back(text):
    assert from_cell(to_cell(text)) == text


@given(NASTY)
@settings(derandomize=True, deadline=None, max_examples=2000)
def test_no_cell_begins_with_a_formula_and_none_hides_a_character(text):
    cell = to_cell(text)
    assert not cell.startswith(tuple(DANGEROUS))
    assert cell == cell.strip()
    assert not set(cell) & {"\t", "\r", "\n", "\0", "\x1b", "\x9b", "\u202e", "\u2066", "\ufeff", "\ud800"}
    for piece in csv.reader([cell], delimiter=";"):  # as a spreadsheet of another country splits it
        assert not any(part.strip(" '\"").startswith(tuple("=+-@")) for part in piece[1:])


@given(st.lists(st.tuples(NASTY, NASTY), max_size=5))
@settings(derandomize=True, deadline=None, max_examples=300)
def test_a_file_of_any_names_comes_back(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("cells") / "x.csv"
    text = io.StringIO(newline="")
    writer = CellWriter(text)
    writer.writerow(("path", "p:=class"))
    writer.writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert [(row["path"], row["p:=class"]) for row in read_rows(file)] == rows


@pytest.mark.parametrize(
    "text", ["oak", "'tis", "O'Neill", "C:\\photos\\1.jpg", "a;b", "a-b", "-", "käfer", "😀", "👩‍🌾"]
)
def test_common_names_stay_as_they_are_but_for_a_formula_character_in_front(text):
    assert to_cell(text) == ("'-" if text == "-" else text)


@pytest.mark.parametrize("cell", ["'tis", "'a\\b", "'=x\x1b", "=1", "'\\x41", ""])
def test_a_cell_that_the_rule_cannot_have_written_stays_as_it_is(cell):
    assert from_cell(cell) == cell


def test_numbers_are_numbers():
    text = io.StringIO(newline="")
    CellWriter(text).writerow([-1, -0.5, None, "-1"])
    assert text.getvalue() == "-1,-0.5,,'-1\n"


@pytest.mark.parametrize("content", [b"\xff", b"label\nx\n", b'path\n"' + b"x" * 200_000, b""])
def test_a_file_of_another_kind_is_one_kind_of_error(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ValueError, match="decode|column|limit"):
        read_rows(tmp_path / "x.csv", ("path",))
