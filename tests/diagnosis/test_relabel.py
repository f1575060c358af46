"""Reviewed suggestions become a new table of labels that can be trained on, and nothing else changes."""

import csv
import json
import os

import pytest

from tellapart import verbs
from tellapart.diagnosis.labels.relabel import apply
from tellapart.errors import DataError, UsageError
from tellapart.photos.scan import scan
from tellapart.runs.ownership import write_rows
from tellapart.settings import TrainSettings

PARTS = ("train", "train", "train", "train", "validation", "test")


@pytest.fixture
def run(tmp_path):
    """A run on tmp_path/photos: two classes of six photos; the first two ashes are look-alikes; one was refused."""
    photos, folder = tmp_path / "photos", tmp_path / "photos.run"
    folder.mkdir()
    lines = ["path,label,split,group,sha256"]
    for label in ("ash", "elm"):
        (photos / label).mkdir(parents=True)
        for number, part in enumerate(PARTS):
            path = f"{label}/{number}.jpg"
            (photos / path).write_bytes(b"never opened")
            group = f"{label}{max(number, 1) if label == 'ash' else number}"
            lines.append(f"{path},{label},{part},{group},{label}{number}")
    (photos / "elm" / "broken.jpg").write_bytes(b"")
    lines.append("elm/broken.jpg,,refused,,")
    (folder / "splits.csv").write_text("\n".join(lines) + "\n")
    (folder / "run.json").write_text(json.dumps({"photos": str(photos)}))
    return folder


def review(run, *rows, head="path,label,suggestion,score,kind"):
    file = run.parent / "reviewed.csv"
    file.write_text("\n".join([head, *rows]) + "\n")
    return file


def rows_of(file):
    with open(file, newline="") as text:
        return {row["path"]: row for row in csv.DictReader(text)}


def listing(root):
    return sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))


def test_a_suggestion_becomes_the_label_and_all_else_stays(run):
    photos = run.parent / "photos"
    before = listing(photos)
    result = apply(review(run, "ash/3.jpg,ash,elm,0.98,label", "elm/1.jpg,elm,,0.9,unlike"), run)
    assert result.file == run.parent / "photos-relabelled.csv"
    assert result.changed == (("ash/3.jpg", "ash", "elm"),)
    rows = rows_of(result.file)
    assert len(rows) == result.num_photos == 12
    assert [path for path, row in rows.items() if row["label"] != path.split("/")[1]] == ["photos/ash/3.jpg"]
    assert rows["photos/ash/3.jpg"]["label"] == "elm"
    assert listing(photos) == before


def test_the_new_table_can_be_trained_on_and_keeps_parts_and_look_alikes(run):
    table = scan(apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run).file)
    assert [part for path, part in zip(table.paths, table.parts, strict=True) if "/elm/" in path] == list(PARTS)
    assert [group for group in table.groups if group] == ["ash1", "ash1"]
    assert all(table.file(row).is_file() for row in range(len(table)))


def test_a_dash_leaves_a_photo_out(run):
    result = apply(review(run, "ash/3.jpg,ash,-,0.98,unlike"), run)
    assert result.left_out == ("ash/3.jpg",)
    assert "photos/ash/3.jpg" not in rows_of(result.file)


def test_a_table_saved_by_a_spreadsheet_program_is_read(run):
    file = review(run, "ash/3.jpg;ash;elm;0,98;label", head="\ufeffpath;label;suggestion;score;kind")
    assert len(apply(file, run).changed) == 1


def test_the_new_table_may_stand_further_up(run):
    out = run.parent.parent / f"{run.parent.name}.csv"
    result = apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run, out)
    assert len(scan(out)) == result.num_photos
    out.unlink()


def test_photos_that_were_moved_are_named_where_they_are(run):
    moved = run.parent / "elsewhere" / "pictures"
    moved.parent.mkdir()
    (run.parent / "photos").rename(moved)
    result = apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run, photos=moved)
    assert result.file == moved.parent / "pictures-relabelled.csv"
    assert len(scan(result.file)) == 12


def test_from_the_users_own_table_among_the_photos_it_goes_above_them(run):
    sheet = run.parent / "photos" / "mine.csv"
    sheet.write_text("path,label\n")
    (run / "run.json").write_text(json.dumps({"photos": str(sheet)}))
    for name in ("ash", "elm"):
        (run.parent / "photos" / name / "3.jpg").parent.mkdir(exist_ok=True)
        (run.parent / "photos" / name / "3.jpg").touch()
    result = apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run)
    assert result.file == run.parent / "photos-relabelled.csv"
    assert "photos/ash/3.jpg" in rows_of(result.file)


@pytest.mark.parametrize(
    "row, problem",
    [
        ("oak/1.jpg,oak,elm,0.9,label", "photos that the run did not use"),
        ("elm/broken.jpg,elm,ash,0.9,label", "photos that the run did not use"),
        ("ash/3.jpg,elm,ash,0.9,label", "labels that differ"),
        ("ash/3.jpg,ash,Elm,0.9,label", "suggestions that are no class"),
        ("ash/3.jpg,ash,,0.9,label", "changes no label"),
        ("ash/3.jpg,ash,ash,0.9,label", "changes no label"),
    ],
)
def test_a_file_that_does_not_fit_the_run_is_refused(run, row, problem):
    with pytest.raises(DataError, match=problem):
        apply(review(run, row), run)
    assert not (run.parent / "photos-relabelled.csv").exists()


def test_all_faults_are_told_at_once(run):
    with pytest.raises(DataError) as caught:
        apply(review(run, "oak/1.jpg,oak,elm,1,label", "ash/1.jpg,ash,fir,1,label"), run)
    assert "'oak/1.jpg'" in caught.value.problem and "'fir'" in caught.value.problem
    assert "'ash', 'elm'" in caught.value.fix


def test_two_suggestions_for_one_photo_are_refused(run):
    with pytest.raises(DataError, match="two suggestions"):
        apply(review(run, "ash/3.jpg,ash,elm,1,label", "ash/3.jpg,ash,-,1,label"), run)


def test_a_file_without_the_columns_is_refused(run):
    with pytest.raises(DataError, match="no column 'suggestion'"):
        apply(review(run, "ash/3.jpg,ash", head="path,label"), run)


@pytest.mark.parametrize("content", [None, b"path,label,suggestion\n\x81,a,b\n", b'path,label,suggestion\n"a,b,c\n'])
def test_a_file_that_cannot_be_read_is_refused(run, content):
    file = run.parent / "reviewed.csv"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match="cannot be read"):
        apply(file, run)


def test_nothing_is_overwritten(run):
    reviewed = review(run, "ash/3.jpg,ash,elm,0.98,label")
    apply(reviewed, run)
    with pytest.raises(UsageError, match="exists already"):
        apply(reviewed, run)
    assert apply(reviewed, run, force=True).changed


@pytest.mark.parametrize("place", ["photos", "photos/ash", "photos.run"])
def test_a_place_among_or_beside_the_photos_is_refused_with_a_better_one(run, place):
    out = run.parent / place / "new.csv"
    with pytest.raises(UsageError, match="not lie above the photos") as caught:
        apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run, out)
    assert str(run.parent / "new.csv") in caught.value.fix
    assert not out.exists()


def test_another_suffix_is_refused(run):
    with pytest.raises(UsageError, match="not named as a CSV"):
        apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run, run.parent / "new.txt")


def test_a_folder_that_is_no_run_is_refused(run):
    (run / "splits.csv").unlink()
    with pytest.raises(UsageError, match="splits.csv cannot be read"):
        apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run)
    (run / "run.json").unlink()
    with pytest.raises(UsageError, match="not the folder of a finished run"):
        apply(review(run, "ash/3.jpg,ash,elm,0.98,label"), run)


@pytest.mark.slow
def test_training_on_the_new_table_keeps_every_photo_in_its_part(plain_run, tmp_path):
    before = {row["path"]: row for row in plain_run.rows("splits.csv") if row["split"] != "refused"}
    path = next(path for path, row in before.items() if row["label"] == "ash" and row["split"] == "train")
    reviewed = tmp_path / "reviewed.csv"
    reviewed.write_text(f"path,label,suggestion\n{path},ash,oak\n")
    out = plain_run.photos.parent / "relabelled.csv"
    apply(reviewed, plain_run.folder, out)
    verbs.train(out, settings=TrainSettings(threads=2), out=tmp_path / "again.run")
    with open(tmp_path / "again.run" / "splits.csv", newline="") as text:
        after = {row["path"].removeprefix(f"{plain_run.photos.name}/"): row for row in csv.DictReader(text)}
    assert {name: row["split"] for name, row in after.items()} == {name: row["split"] for name, row in before.items()}
    assert {name for name, row in after.items() if row["label"] != before[name]["label"]} == {path}
    out.unlink()


def test_names_that_a_spreadsheet_would_run_come_back_through_review_and_new_table(run):
    rows = [(f"{label}/{number}.jpg", label, "train") for label in ("=cmd|'x'!A0", "-elm") for number in range(6)]
    for path, _, _ in rows:
        (run.parent / "photos" / path).parent.mkdir(exist_ok=True)
        (run.parent / "photos" / path).touch()
    head = ("path", "label", "split", "group", "sha256")
    write_rows(run / "splits.csv", head, [(*row, str(at), str(at)) for at, row in enumerate(rows)])
    reviewed = run.parent / "reviewed.csv"
    write_rows(reviewed, ("path", "label", "suggestion"), [("-elm/0.jpg", "-elm", "=cmd|'x'!A0")])
    assert not any(cell[:1] in "=-" for line in reviewed.read_text().splitlines() for cell in line.split(","))
    result = apply(reviewed, run)
    assert result.changed == (("-elm/0.jpg", "-elm", "=cmd|'x'!A0"),)
    assert scan(result.file).class_names == ("-elm", "=cmd|'x'!A0")


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_review_in_another_encoding_and_normal_form_is_read(run, encoding):
    file = review(run, "ash/3.jpg\tash\telm", head="path\tlabel\tsuggestion")
    file.write_bytes(file.read_text().encode(encoding))
    assert len(apply(file, run).changed) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(run):
    os.mkfifo(run.parent / "pipe.csv")
    with pytest.raises(DataError, match="cannot be read"):
        apply(run.parent / "pipe.csv", run)
