from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tellapart.errors import DataError, TellapartError, UsageError
from tellapart.photos.faults import Faults
from tellapart.photos.scan import scan
from tellapart.photos.sheet import MISSING_LABELS, photos_of_sheet, rows_of_sheet
from tellapart.settings import ScanSettings, SourceSettings

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
    for part in ("lead out of", "without a label", "splits (1): 'perhaps'", "two labels"):
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
    assert "no column 'label'; its columns are 'path', 'breed'" in problem_of(sheet("path,breed\n1.jpg,a\n"))


def test_text_as_a_spreadsheet_saves_it_is_read_and_said(sheet):
    table = scan(sheet("path;label\nsub/ü 4.jpg;käfer\n1.jpg;b\n", encoding="cp1252"), settings=FEW)
    assert table.paths == ("1.jpg", "sub/ü 4.jpg")
    assert table.class_names == ("b", "käfer")
    assert "it is read as Windows-1252" in table.warnings[0]


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


def labels_of(table) -> dict[str, str]:
    return {path: table.class_names[label] for path, label in zip(table.paths, table.labels, strict=True)}


def read(file, source=None):
    """Rows, warnings and faults of a table, where scanning would add its own."""
    faults, warnings = Faults(file), []
    rows, _ = rows_of_sheet(file, source or SourceSettings(), True, faults, warnings)
    return rows, warnings, faults


@pytest.mark.parametrize("separator", list(",;|\t"))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_encoding_and_line_end_says_the_same(sheet, separator, encoding, end):
    lines = ["", "path,label", "1.jpg,oak", "", "sub/ü 4.jpg,elm", ",,", ""]
    file = sheet("")
    file.write_bytes(end.join(lines).replace(",", separator).encode(encoding))
    assert labels_of(scan(file, settings=FEW)) == {"1.jpg": "oak", "sub/ü 4.jpg": "elm"}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".tab", ".txt", ".TSV"])
def test_any_ending_of_a_table_is_known(sheet, suffix):
    table = scan(sheet("path\tlabel\n1.jpg\toak\n2.jpg\telm\n", name=f"t{suffix}"), settings=FEW)
    assert len(table) == 2


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_the_line_with_which_excel_names_the_separator_is_no_row(sheet, first):
    assert labels_of(scan(sheet(f"{first}\npath;label\n1.jpg;a,b\n2.jpg;c\n"), settings=FEW))["1.jpg"] == "a,b"


@pytest.mark.parametrize(
    "head",
    [
        *("filename,label", "image,class", "File_Name,Species", "file,category", "img,target", "image path,y"),
        *("filepath,Class Name", "ID,label", "image_id,label", "PATH , LABEL", '"path","label"', "path,class_id"),
    ],
)
def test_columns_are_known_by_the_names_that_people_give_them(sheet, head):
    assert labels_of(scan(sheet(f"{head}\n1.jpg,a\n2.jpg,b\n"), settings=FEW)) == {"1.jpg": "a", "2.jpg": "b"}


@pytest.mark.parametrize("head", ["filename,image,label", "path,class,category", "path,path,label"])
def test_two_columns_that_could_be_meant_are_named(sheet, head):
    with pytest.raises(DataError, match="several columns of one meaning") as told:
        scan(sheet(f"{head}\n1.jpg,1.jpg,a\n2.jpg,2.jpg,b\n"), settings=FEW)
    assert head.split(",")[1] in told.value.problem


def test_an_id_is_the_path_only_where_no_other_column_could_be(sheet):
    assert scan(sheet("id,filename,label\n7,1.jpg,a\n8,2.jpg,b\n"), settings=FEW).paths == ("1.jpg", "2.jpg")


def test_our_own_names_win_and_what_is_not_used_is_said(sheet):
    table = scan(sheet("path,label,class,fold,\n1.jpg,a,x,0,\n2.jpg,b,y,1,\n"), settings=FEW)
    assert table.class_names == ("a", "b")
    assert table.warnings == ("Columns of the table that are not used: 'class', 'fold'.",)


@pytest.mark.parametrize(
    ("text", "labels"),
    [("1.jpg,a\n2.jpg,b\n", ["a", "b"]), ("a;1.jpg\nb;2.jpg\n", ["a", "b"]), ("sub/3.jpg\ta\n2.jpg\tb\n", ["b", "a"])],
)
def test_a_table_without_names_of_columns_is_understood_where_that_is_certain(sheet, text, labels):
    assert list(labels_of(scan(sheet(text), settings=FEW)).values()) == labels


@pytest.mark.parametrize("text", ["1.jpg,a,b\n", "1.jpg,2.jpg\n", "a,b\n"])
def test_a_table_without_names_of_columns_that_is_not_certain_is_told_what_to_write(sheet, text):
    with pytest.raises(DataError, match="path,label"):
        scan(sheet(text), settings=FEW)


def test_an_id_without_an_ending_is_the_one_photo_that_has_it(sheet):
    file = sheet("id,label\ncat.1,cat\n2,dog\nsub/3,dog\n")
    (file.parent / "cat.1.jpg").touch()
    (file.parent / "cat.1.txt").touch()
    assert list(labels_of(scan(file, settings=FEW))) == ["2.jpg", "cat.1.jpg", "sub/3.jpg"]


def test_an_id_that_fits_two_photos_is_a_fault(sheet):
    file = sheet("id,label\n1,a\n2,b\n")
    (file.parent / "1.png").touch()
    assert "fit several files (1): '1'" in problem_of(file)


def test_names_in_another_case_or_normal_form_are_found(sheet):
    file = sheet("path,label\n1.JPG,a\nSub/3.jpg,b\nsub/u\u0308 4.jpg,ka\u0308fer\n")
    table = scan(file, settings=FEW)
    assert labels_of(table) == {"1.jpg": "a", "sub/3.jpg": "b", "sub/ü 4.jpg": "käfer"}
    assert "case alone: 1 ('1.JPG')" in table.warnings[0]


@pytest.mark.parametrize("start", ["D:\\x\\photos\\", "\\\\server\\share\\", "/data/x/photos/", "photos/"])
def test_paths_of_another_computer_are_read_from_where_they_begin_to_differ(sheet, start):
    separator = "\\" if "\\" in start else "/"
    file = sheet(f"path,label\n{start}1.jpg,a\n{start}sub{separator}3.jpg,b\n")
    table = scan(file, settings=FEW)
    assert labels_of(table) == {"1.jpg": "a", "sub/3.jpg": "b"}
    assert "are read without their beginning" in table.warnings[0]


def test_paths_of_several_other_places_are_not_guessed(sheet):
    file = sheet("path,label\nC:\\cats\\1.jpg,a\nD:\\dogs\\1.jpg,b\n")
    with pytest.raises(DataError, match="paths of another place") as told:
        scan(file, settings=FEW)
    assert "--root FOLDER" in told.value.fix


def test_a_table_away_from_its_photos_is_told_the_folder(sheet, tmp_path):
    file = sheet("path,label\n1.jpg,a\nsub/3.jpg,b\n")
    moved = tmp_path / "moved.csv"
    moved.write_bytes(file.read_bytes())
    with pytest.raises(DataError, match="name no file") as told:
        scan(moved, settings=FEW)
    assert f"--root {file.parent}" in told.value.fix
    rows, _, faults = read(moved, SourceSettings(root=str(file.parent)))
    assert [row.path for row in rows] == ["1.jpg", "sub/3.jpg"]
    assert not faults


@pytest.mark.parametrize("place", ["root", ".", "tables", "root/tables"])
def test_the_folder_of_the_photos_is_found_near_the_table(sheet, tmp_path, place):
    photos = sheet("").parent
    (tmp_path / place).mkdir(exist_ok=True)
    table = tmp_path / place / "t.csv"
    table.write_text("path,label\nsub/3.jpg,a\nsub/ü 4.jpg,b\n")
    if place != "root":
        with pytest.raises(DataError) as told:
            scan(table, settings=FEW)
        assert f"--root {photos}" in told.value.fix


def test_addresses_are_refused_by_name(sheet):
    assert "addresses in place of paths (1): 'https://a.b/1.jpg'" in problem_of(
        sheet("path,label\nhttps://a.b/1.jpg,a\n1.jpg,a\n2.jpg,b\n")
    )


def test_a_photo_that_is_not_there_stays_a_row_and_is_said(sheet):
    table = scan(sheet("path,label\n1.jpg,a\n2.jpg,b\ngone.jpg,b\n"), settings=FEW)
    assert table.paths == ("1.jpg", "2.jpg", "gone.jpg")
    assert table.warnings == ("Rows of the table whose photo is not there: 1 ('gone.jpg').",)


@pytest.mark.parametrize("label", sorted(MISSING_LABELS))
def test_a_label_that_is_missing_is_no_class(sheet, label):
    assert "photos without a label (1): '2.jpg'" in problem_of(sheet(f"path,label\n1.jpg,a\n2.jpg,{label}\n"))


@pytest.mark.parametrize("label", ["NA", "none", "0", "Nan", "False"])
def test_a_label_that_may_be_a_class_is_one(sheet, label):
    assert label in scan(sheet(f"path,label\n1.jpg,a\n2.jpg,{label}\n"), settings=FEW).class_names


def test_whole_numbers_that_became_decimal_are_whole_again(sheet):
    assert set(labels_of(scan(sheet("path,label\n1.jpg,1.0\n2.jpg,10.0\n"), settings=FEW)).values()) == {"1", "10"}
    assert set(labels_of(scan(sheet("path,label\n1.jpg,1.0\n2.jpg,2.5\n"), settings=FEW)).values()) == {"1.0", "2.5"}


@pytest.mark.parametrize("name", ["split", "part", "Subset", "dataset", "usage"])
def test_a_column_of_splits_is_taken_whatever_it_is_called(sheet, name):
    table = scan(sheet(f"path,label,{name}\n1.jpg,a,Training\n2.jpg,b,TEST\nsub/3.jpg,b,dev\n"), for_training=False)
    assert table.parts == ("train", "test", "validation")


def test_two_columns_of_splits_are_named(sheet):
    assert "'split', 'part'" in problem_of(sheet("path,label,split,part\n1.jpg,a,train,test\n"))


@pytest.mark.parametrize(
    ("flag", "splits"),
    [("is_valid", ("validation", "train")), ("is_test", ("test", "")), ("is_training_image", ("train", "test"))],
)
def test_a_flag_tells_the_split(sheet, flag, splits):
    table = scan(sheet(f"path,label,{flag}\n1.jpg,a,True\n2.jpg,b,0\n"), for_training=False)
    assert table.parts == splits


def test_a_word_that_is_no_split_is_a_fault(sheet):
    assert "splits (1): 'exam'" in problem_of(sheet("path,label,split\n1.jpg,a,train\n2.jpg,b,exam\n"))


def test_test_photos_without_a_label_are_left_out_and_said(sheet):
    table = scan(sheet("path,label,split\n1.jpg,a,train\n2.jpg,b,train\nsub/3.jpg,,test\n"), settings=FEW)
    assert table.paths == ("1.jpg", "2.jpg")
    assert table.warnings == ("Test photos of the table without a label are left out: 1.",)


def test_a_splits_file_is_a_table(sheet):
    file = sheet("path,label,split,group,sha256\n1.jpg,a,test,g,0\n2.jpg,b,train,,1\nx.jpg,,refused,,\n")
    table = scan(file, for_training=False)
    assert table.paths == ("1.jpg", "2.jpg")
    assert table.warnings == ("Rows of photos that were refused in an earlier run are left out: 1.",)


def test_names_that_we_made_safe_for_spreadsheets_are_read_back(sheet):
    file = sheet("path,label\n'=1.jpg,'@oak\n2.jpg,'tis\n")
    (file.parent / "=1.jpg").touch()
    assert labels_of(scan(file, settings=FEW)) == {"2.jpg": "'tis", "=1.jpg": "@oak"}


def test_parquet_labels_of_any_plain_type_are_classes(sheet):
    polars = pytest.importorskip("polars")
    file = sheet("").with_suffix(".parquet")
    kinds = {
        polars.Categorical: ["a", "b"], polars.Int64: [7, 10], polars.Float64: [1.0, 2.0], polars.Boolean: [True, False]
    }  # fmt: skip
    for kind, labels in kinds.items():
        frame = polars.DataFrame({"path": ["2.jpg", "1.jpg"], "label": polars.Series(labels).cast(kind)})
        frame.with_columns(blob=b"\xff", nested=polars.lit([1])).write_parquet(file)
        assert len(scan(file, settings=FEW).class_names) == 2
    polars.DataFrame({"path": ["2.jpg", "1.jpg"], "label": ["=a", None]}).write_parquet(file)
    assert "without a label (1): '1.jpg'" in problem_of(file)
    polars.DataFrame({"path": [["2.jpg"], ["1.jpg"]], "label": ["a", "b"]}).write_parquet(file)
    assert "'path' holds List" in problem_of(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with pytest.raises(DataError):
            scan(tmp_path / name)
        with pytest.raises(DataError):
            read(tmp_path / name)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_file_beyond_the_limit_is_not_read(tmp_path, suffix):
    with open(tmp_path / f"big{suffix}", "wb") as file:
        file.truncate(10_000_000_000)
    with pytest.raises(DataError, match="at most"):
        scan(tmp_path / f"big{suffix}")


def test_the_photos_of_a_table_keep_its_order_and_its_words(sheet):
    file = sheet("name,file,label\nx,sub\\3.jpg,\ny,2.jpg,\nz,gone.jpg,\nx,2.jpg,\n,http://a/b,\n")
    photos = photos_of_sheet(file, SourceSettings(), [])
    assert [photo.text for photo in photos] == ["sub\\3.jpg", "2.jpg", "gone.jpg", "2.jpg", "http://a/b"]
    assert [os.path.isfile(photo) for photo in photos] == [True, True, False, True, False]


NASTY = ["path", "label", "split", *',;\t|"\n\r', "sep=;", "1.jpg", "2.jpg", "a", "'=", "\\", "/", "..", "\0"]
CONTENT = st.lists(st.sampled_from(NASTY) | st.characters(codec="utf-8"), max_size=30).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "cp1252", "utf-8-sig"])


def test_predictions_are_no_labels(sheet):
    file = sheet("path,label,probability,decision\n1.jpg,oak,0.9,ok\n2.jpg,elm,0.8,ok\n")
    assert "what a model answered" in problem_of(file)
    assert len(photos_of_sheet(file, SourceSettings(), [])) == 2


def test_photos_to_be_seen_may_lie_elsewhere_than_their_table(sheet, tmp_path):
    sheet("")
    away = tmp_path / "meta" / "photos.csv"
    away.parent.mkdir()
    away.write_text("path\n1.jpg\ngone.jpg\n")
    warnings: list[str] = []
    photos = photos_of_sheet(away, SourceSettings(root=str(tmp_path / "root")), warnings)
    assert photos == [str(tmp_path / "root" / name) for name in ("1.jpg", "gone.jpg")]
    assert warnings == ["Rows of the table whose photo is not there: 1 ('gone.jpg')."]


def test_a_table_of_which_no_photo_is_there_is_told_the_folder(sheet, tmp_path):
    away = sheet("").parent.parent / "photos.csv"
    away.write_text("path\n1.jpg\ngone.jpg\n")
    with pytest.raises(DataError) as told:
        photos_of_sheet(away, SourceSettings(), [])
    assert f"--root {tmp_path / 'root'}" in told.value.fix


def test_a_root_that_is_not_there_is_named(sheet):
    file = sheet("path,label\n1.jpg,oak\n2.jpg,elm\n")
    for use in (lambda source: scan(file, source=source), lambda source: photos_of_sheet(file, source, [])):
        with pytest.raises(UsageError, match="no folder nowhere, which --root names"):
            use(SourceSettings(root="nowhere"))


@given(CONTENT, ENCODINGS, st.binary(max_size=3), st.integers(0, 60))
@settings(
    derandomize=True, deadline=None, max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_table_holds_only_our_own_errors_escape(sheet, content, encoding, noise, at):
    data = ("path,label,split\n1.jpg,a,train\n2.jpg,b,test\n" + content).encode(encoding, "replace")
    file = sheet("")
    for mutated in (data[:at] + noise + data[at:], content.encode(encoding, "replace") + noise):
        file.write_bytes(mutated)
        for use in (lambda: scan(file, settings=FEW), lambda: photos_of_sheet(file, SourceSettings(), [])):
            with contextlib.suppress(TellapartError):
                use()


@given(st.binary(min_size=1, max_size=4), st.integers(0, 10_000))
@settings(
    derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_parquet_file_holds_only_our_own_errors_escape(sheet, noise, at):
    polars = pytest.importorskip("polars")
    file = sheet("").with_suffix(".parquet")
    polars.DataFrame({"path": ["2.jpg", "1.jpg"], "label": ["a", "b"]}).write_parquet(file)
    data = file.read_bytes()
    at %= len(data)
    file.write_bytes(data[:at] + noise + data[at + len(noise) :])
    with contextlib.suppress(TellapartError):
        scan(file, settings=FEW)
