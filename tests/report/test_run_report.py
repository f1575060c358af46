"""The report of a run is made from its folder and its photos alone; what is missing leaves a gap, not a failure."""

import csv
import json
import shutil

import pytest
from support.reading import Page

from tellapart import verbs
from tellapart.report.run_report import write_run_report

DIAGNOSED = ("diagnosis", "memorised")


@pytest.fixture
def folder(plain_run, tmp_path):
    """A copy of a run that nobody else looks at."""
    return shutil.copytree(plain_run.folder, tmp_path / "copy.run")


def page_of(folder):
    return Page((folder / "report.html").read_text("utf-8"))


def sections_of(folder):
    return {section["id"] for section in page_of(folder).all("section")}


def test_training_leaves_a_report_with_photos_of_every_class_and_where_it_looked(plain_run):
    page = page_of(plain_run.folder)
    shown = {"accuracy", "confusion", "classes", "network_input", "learning", "calibration", "refused", "duplicates"}
    assert shown <= sections_of(plain_run.folder)
    assert not {*DIAGNOSED, "label_issues"} & sections_of(plain_run.folder)
    alternatives = [image["alt"] for image in page.all("img")]
    assert all(any(text.startswith(f"Photo {name}/") for text in alternatives) for name in ("ash", "elm", "oak"))
    assert any(text.startswith("Attribution map for") for text in alternatives)
    assert "elm/broken.jpg" in page.text("refused")
    assert "elm/same.png" in page.text("duplicates") and "ash/005.png" in page.text("duplicates")


def test_the_report_says_the_figures_of_the_run(plain_run):
    page, metrics = page_of(plain_run.folder), json.loads((plain_run.folder / "metrics.json").read_text())
    assert metrics["headline"]["accuracy"] is None  # the test split holds a handful of photos
    assert f"how good it is on new photos is not known: {metrics['headline']['reason']}." in page.text()
    said = "100%" if metrics["test"]["accuracy"]["value"] == 1 else f"{100 * metrics['test']['accuracy']['value']:.1f}%"
    assert said in page.text("accuracy")
    with open(plain_run.folder / "splits.csv", newline="") as file:
        ash = sum(row["label"] == "ash" for row in csv.DictReader(file))
    assert f"ash {ash} photos" in page.text("classes")


def test_the_report_can_be_made_again_and_is_the_same(plain_run, folder):
    write_run_report(folder)
    assert (folder / "report.html").read_bytes() == (plain_run.folder / "report.html").read_bytes()


def test_photos_that_were_moved_are_found_where_they_are_now(plain_run, folder, tmp_path):
    moved = shutil.copytree(plain_run.photos, tmp_path / "elsewhere" / plain_run.photos.name)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(record | {"photos": str(tmp_path / "gone")}))
    write_run_report(folder)
    assert "photo not found" in page_of(folder).text()
    write_run_report(folder, moved)
    assert "photo not found" not in page_of(folder).text()


@pytest.mark.parametrize(
    ("name", "sections"),
    [
        ("model.onnx", {"network_input"}),
        ("refused.csv", {"refused"}),
        ("duplicates.csv", {"duplicates"}),
        ("splits.csv", {"calibration", "least_sure", "network_input"}),
    ],
)
def test_a_missing_file_leaves_out_what_it_would_tell(plain_run, folder, name, sections):
    (folder / name).unlink()
    write_run_report(folder)
    assert sections_of(plain_run.folder) - sections_of(folder) == sections


FILES = ("metrics.json", "run.json", "model.onnx", "predictions.csv", "splits.csv", "refused.csv", "duplicates.csv")


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_as_one_that_is_not_there(folder, name):
    (folder / name).write_bytes(b"\xff\x00{,path\n1,2\n")
    write_run_report(folder)
    damaged = (folder / "report.html").read_bytes()
    (folder / name).unlink()
    write_run_report(folder)
    assert (folder / "report.html").read_bytes() == damaged


def test_diagnosing_writes_the_report_anew(folder, plain_run):
    verbs.diagnose(folder, photos=plain_run.photos, seconds=20.0)  # label issues take 2 to 3 s of it
    assert set(DIAGNOSED) <= sections_of(folder)
    todo = json.loads((folder / "diagnosis.json").read_text())["todo"]
    assert todo[0]["do"][:40] in page_of(folder).text("to-do")


def test_doubts_that_there_was_no_time_for_leave_those_of_before(folder, plain_run):
    diagnosis = verbs.diagnose(folder, photos=plain_run.photos, seconds=1e-6)
    assert diagnosis.label_issues is None and diagnosis.suspects["labels"].lacks == "time"
    assert not (folder / "label_issues.csv").exists()
    verbs.diagnose(folder, photos=plain_run.photos, seconds=20.0)
    (folder / "label_issues.csv").write_text("path,label,suggestion\n")
    verbs.diagnose(folder, photos=plain_run.photos, seconds=1e-6)
    assert (folder / "label_issues.csv").read_text() == "path,label,suggestion\n"
