import csv
import io
import json
import os
import tracemalloc

import numpy as np
import polars as pl
import pytest

from tellapart.cells import from_cell
from tellapart.engine.predictions import COLUMNS, Prediction, require_known_suffix, require_place, write_predictions
from tellapart.errors import UsageError

CLASSES = ("cat", "dog")


def sure(path="a.jpg", probability=0.9):
    return Prediction(
        path=path,
        label="cat",
        probability=probability,
        decision="ok",
        second_label="dog",
        second_probability=1 - probability,
        reason="",
        probabilities=np.array([probability, 1 - probability], np.float32),
    )


def refused(path="broken.jpg"):
    return Prediction(
        path=path,
        label="",
        probability=float("nan"),
        decision="refused",
        second_label="",
        second_probability=float("nan"),
        reason="The file is empty.",
        probabilities=None,
    )


def rows_of(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_csv_holds_one_row_per_photo_in_the_order_of_the_input(tmp_path):
    count = write_predictions([sure("b.jpg"), refused(), sure("a.jpg")], CLASSES, tmp_path / "out.csv")
    assert count == 3
    assert [row["path"] for row in rows_of(tmp_path / "out.csv")] == ["b.jpg", "broken.jpg", "a.jpg"]


def test_csv_is_exactly_this_text(tmp_path):
    write_predictions([sure(), refused()], CLASSES, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == (
        "path,label,probability,decision,second_label,second_probability,reason,p:cat,p:dog\n"
        "a.jpg,cat,0.9,ok,dog,0.1,,0.9,0.1\n"
        "broken.jpg,,,refused,,,The file is empty.,,\n"
    )


def test_json_lines_hold_null_where_a_refused_photo_has_nothing(tmp_path):
    write_predictions([sure(), refused()], CLASSES, tmp_path / "out.jsonl")
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert list(first) == [*COLUMNS, "p:cat", "p:dog"]
    assert (first["probability"], first["p:dog"]) == (0.9, 0.1)
    assert second["label"] is second["probability"] is second["p:cat"] is None


def test_parquet_holds_the_same_rows_with_types(tmp_path):
    write_predictions([sure(), refused()], CLASSES, tmp_path / "out.parquet")
    table = pl.read_parquet(tmp_path / "out.parquet")
    assert table.columns == [*COLUMNS, "p:cat", "p:dog"]
    assert table["label"].to_list() == ["cat", None]
    assert table["p:dog"].to_list() == [pytest.approx(0.1), None]
    assert table.schema["probability"] == pl.Float32


def test_parquet_keeps_the_order_across_its_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("tellapart.engine.predictions.CELLS_PER_PART", 30)  # three rows a part
    paths = [f"{i}.jpg" for i in range(20)]
    write_predictions(map(sure, paths), CLASSES, tmp_path / "out.parquet")
    assert pl.read_parquet(tmp_path / "out.parquet")["path"].to_list() == paths


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_no_photos_still_make_a_file_and_nothing_else(tmp_path, suffix):
    assert write_predictions([], CLASSES, tmp_path / f"out{suffix}") == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"out{suffix}"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_failure_half_way_leaves_the_old_file_as_it_was(tmp_path, suffix):
    def failing():
        yield sure()
        raise RuntimeError("engine")

    (tmp_path / f"out{suffix}").write_text("old")
    with pytest.raises(RuntimeError, match="engine"):
        write_predictions(failing(), CLASSES, tmp_path / f"out{suffix}")
    assert [path.name for path in tmp_path.iterdir()] == [f"out{suffix}"]
    assert (tmp_path / f"out{suffix}").read_text() == "old"


@pytest.mark.parametrize(
    "name", ['comma, "quote".jpg', "line\nbreak.jpg", "été 猫.jpg", "=1+1.jpg", "\x1b[2J.jpg", "gpj.\u202etac.jpg"]
)
def test_awkward_names_survive_in_every_format(tmp_path, name):
    for suffix in (".csv", ".jsonl", ".parquet"):
        write_predictions([sure(name)], CLASSES, tmp_path / f"out{suffix}")
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as stream:
        cell = next(csv.DictReader(stream))["path"]
        assert cell.isprintable()
        assert from_cell(cell) == name
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))["path"] == name
    assert pl.read_parquet(tmp_path / "out.parquet")["path"].to_list() == [name]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_name_that_is_no_text_is_shown_escaped(tmp_path, suffix):
    write_predictions([sure(os.fsdecode(b"caf\xe9.jpg"))], CLASSES, tmp_path / f"out{suffix}")
    if suffix == ".parquet":
        assert pl.read_parquet(tmp_path / "out.parquet")["path"].to_list() == [r"caf\udce9.jpg"]
    else:
        assert r"caf\udce9.jpg" in (tmp_path / f"out{suffix}").read_text(encoding="utf-8").replace("\\\\", "\\")


def test_standard_output_gets_csv_and_each_row_at_once(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)

    def watched():
        yield sure("a.jpg")
        assert "a.jpg" in stream.getvalue()
        yield sure("b.jpg")

    assert write_predictions(watched(), CLASSES, None) == 2
    assert stream.getvalue().splitlines()[2] == "b.jpg,cat,0.9,ok,dog,0.1,,0.9,0.1"


def test_standard_output_can_be_json_lines(capsys):
    write_predictions([sure()], CLASSES, None, json_lines=True)
    assert json.loads(capsys.readouterr().out)["label"] == "cat"


def test_another_suffix_is_refused_with_the_ones_that_work(tmp_path):
    with pytest.raises(UsageError) as caught:
        require_known_suffix(tmp_path / "out.xlsx")
    assert ".csv, .jsonl or .parquet" in caught.value.problem
    assert "out.csv" in caught.value.fix


def test_a_place_that_cannot_take_a_file_is_refused_before_the_work(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for out, problem in (
        (tmp_path / "folder.csv", "is a folder"),
        (tmp_path / "none" / "out.csv", "There is no folder"),
        (tmp_path / f"{'r' * 300}.csv", "too long"),
        (tmp_path / "a\0.csv", "no name for a file"),
        (tmp_path, "the ending must be"),
    ):
        with pytest.raises(UsageError, match=problem) as caught:
            require_place(out)
        assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_what_was_predicted_before_is_replaced_and_what_others_wrote_is_not(tmp_path, suffix):
    out = tmp_path / f"answers{suffix}"
    for rows in ([], [sure(), refused()]):
        write_predictions(rows, CLASSES, out)
        require_place(out)
    for foreign in (b"path,label\na.jpg,cat\n", b'{"path": "a.jpg", "label": "cat"}\n', b"PAR1 not quite", b"\xff\xfe"):
        out.write_bytes(foreign)
        with pytest.raises(UsageError, match="exists already") as caught:
            require_place(out)
        assert "--force" in caught.value.fix
        require_place(out, force=True)
        assert out.read_bytes() == foreign


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_link_or_a_pipe_is_not_replaced_unasked(tmp_path):
    write_predictions([sure()], CLASSES, tmp_path / "answers.csv")
    os.symlink(tmp_path / "answers.csv", tmp_path / "link.csv")
    os.symlink(tmp_path / "gone.csv", tmp_path / "dangling.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("link.csv", "dangling.csv", "pipe.csv"):
        with pytest.raises(UsageError, match="exists already"):
            require_place(tmp_path / name)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_the_longest_name_that_the_system_takes_can_be_written(tmp_path, suffix):
    out = tmp_path / f"{'r' * (255 - len(suffix))}{suffix}"
    require_place(out)
    assert write_predictions([sure()], CLASSES, out) == 1
    assert os.listdir(tmp_path) == [out.name]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_memory_stays_flat_however_many_photos(tmp_path, suffix):
    write_predictions([sure()], CLASSES, tmp_path / f"first{suffix}")  # loads what is only then imported
    tracemalloc.start()
    try:
        write_predictions((sure(f"{i}.jpg") for i in range(20_000)), CLASSES, tmp_path / f"out{suffix}")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1_000_000  # all rows together would be about 10 MB
