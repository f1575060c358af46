from __future__ import annotations

import pytest

from tellapart.errors import DataError
from tellapart.photos.scan import scan
from tellapart.settings import ScanSettings

FEW = ScanSettings(min_photos_per_class=1)


@pytest.fixture
def sheet(tmp_path):
    """A function that writes a table beside four photos and returns its path."""
    root = tmp_path / "root"
    for name in ("1.jpg", "2.jpg", "sub/3.jpg", "sub/ü 4.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()

    def write(text: str, name: str = "labels.csv", encoding: str = "utf-8"):
        (root / name).write_text(text, encoding=encoding)
        return root / name

    return write


def problem_of(source, **options) -> str:
    with pytest.raises(DataError) as told:
        scan(source, settings=FEW, **options)
    return told.value.problem


def test_columns_bind_by_name(sheet):
    table = scan(sheet("group,part,label,path\ng1,val,b,2.jpg\n,train,a,1.jpg\n,,b,sub/3.jpg\n"), settings=FEW)
    assert table.paths == ("1.jpg", "2.jpg", "sub/3.jpg")
    assert [table.class_names[label] for label in table.labels] == ["a", "b", "b"]
    assert table.parts == ("train", "validation", "")
    assert table.groups == ("", "g1", "")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_spreadsheets_own_kind_of_csv_is_read(sheet, encoding):
    table = scan(sheet("Path;Label\nsub\\ü 4.jpg;a\n./1.jpg;b\n", encoding=encoding), settings=FEW)
    assert table.paths == ("1.jpg", "sub/ü 4.jpg")


def test_parquet_says_the_same(sheet):
    polars = pytest.importorskip("polars")
    file = sheet("", name="labels.csv").with_suffix(".parquet")
    polars.DataFrame({"path": ["2.jpg", "1.jpg"], "label": [7, 5]}).write_parquet(file)
    assert scan(file, settings=FEW).class_names == ("5", "7")


def test_every_fault_of_a_table_is_told_at_once(sheet):
    problem = problem_of(
        sheet("path,label,part\n../x.jpg,a,\nnone.jpg,a,\n1.jpg,,\n2.jpg,a,perhaps\nsub/3.jpg,a,\nsub/3.jpg,b,\n")
    )
    for part in ("lead out of", "name no file (1): 'none.jpg'", "without a label", "part (1): 'perhaps'", "two labels"):
        assert part in problem


def test_a_link_cannot_lead_a_path_out_of_the_root(sheet, tmp_path):
    (tmp_path / "secret.jpg").touch()
    file = sheet("path,label\nlink/secret.jpg,a\n1.jpg,b\n")
    (file.parent / "link").symlink_to(tmp_path, target_is_directory=True)
    assert "lead out of" in problem_of(file)


def test_an_absolute_path_inside_the_root_is_made_relative(sheet):
    file = sheet("")
    file.write_text(f"path,label\n{file.parent}/1.jpg,a\n2.jpg,b\n")
    assert scan(file, settings=FEW).paths == ("1.jpg", "2.jpg")


def test_a_repeated_row_is_dropped_with_a_warning(sheet):
    table = scan(sheet("path,label\n1.jpg,a\n1.jpg,a\n2.jpg,b\n"), settings=FEW)
    assert len(table) == 2
    assert table.warnings == ("Rows of the table that repeat an earlier one are left out: 1.",)


def test_a_missing_column_is_named(sheet):
    assert "no column 'label'; its columns are 'path', 'class'" in problem_of(sheet("path,class\n1.jpg,a\n"))


def test_text_that_is_not_utf8_is_a_fault(sheet):
    assert "not UTF-8" in problem_of(sheet("path,label\nü.jpg,a\n", encoding="latin-1"))


def test_a_damaged_parquet_file_is_a_fault(sheet):
    assert "cannot be read" in problem_of(sheet("rubbish", name="labels.parquet"))


def test_grouping_by_a_column_that_is_not_there_is_a_fault(sheet):
    assert "no column group" in problem_of(sheet("path,label\n1.jpg,a\n2.jpg,b\n"), group_by="column")


def test_labels_are_not_needed_without_labels(sheet):
    assert len(scan(sheet("path\n1.jpg\n2.jpg\n"), labelled=False)) == 2


def test_tabs_may_part_the_columns(sheet):
    file = sheet("path\tlabel\n1.jpg\toak\n2.jpg\telm\n")
    assert scan(file, settings=FEW).paths == ("1.jpg", "2.jpg")


def test_a_row_without_a_path_is_named_and_an_empty_row_is_passed_over(sheet):
    problem = problem_of(sheet("path,label\n1.jpg,oak\n,elm\n,\n"))
    assert "rows without a path (1): 'row 2'" in problem
    assert "lead out" not in problem


@pytest.mark.parametrize(("text", "problem"), [("", "is empty"), ("path,label\n", "names no photo")])
def test_a_table_that_names_nothing_says_so(sheet, text, problem):
    assert problem in problem_of(sheet(text))


def test_a_table_that_is_not_there_is_called_a_file(tmp_path):
    assert "There is no file" in problem_of(tmp_path / "none.csv")
