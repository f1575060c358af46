"""The folder of a run as somebody left it: what is damaged in it is named, in two halves."""

import json

import pytest

from tellapart.diagnosis.case import open_case
from tellapart.diagnosis.labels.relabel import apply
from tellapart.errors import UsageError
from tellapart.progress import Silent

RECORD = {"photos": "photos", "settings": {"recipe": "quick"}}
METRICS = {"test": {"per_class": {"ash": {}, "elm": {}}}}
ROW = "path,label,split,group,sha256\nash/0.jpg,ash,train,a,b\n"
DAMAGES = {
    "no object": ("run.json", "[1]", "run.json cannot be read"),
    "cut short": ("run.json", '{"photos"', "run.json cannot be read"),
    "no settings": ("run.json", "{}", "run.json is damaged: it does not say how the run was made"),
    "settings of another kind": ("run.json", '{"settings": [1]}', "it does not say how the run was made"),
    "a folder of another kind": ("run.json", json.dumps(RECORD | {"photos": 5}), "where the photos were"),
    "no folder": ("run.json", json.dumps({"settings": RECORD["settings"]}), "where the photos were"),
    "no figures": ("metrics.json", "{}", "metrics.json is damaged: it does not say which classes were tested"),
    "figures of another kind": ("metrics.json", '{"test": {"per_class": 3}}', "which classes were tested"),
    "columns that are gone": ("splits.csv", "path,label\n", "splits.csv cannot be read: it has no column split"),
    "a label that was edited": ("splits.csv", ROW.replace(",ash,", ",oak,"), "classes that this run does not know"),
}


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "photos.run"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(RECORD))
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    (folder / "splits.csv").write_text(ROW)
    return folder


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_in_a_run_is_named(run, damage):
    name, content, words = DAMAGES[damage]
    (run / name).write_text(content)
    with pytest.raises(UsageError, match=words):
        open_case(run, None, Silent())


@pytest.mark.parametrize("content", ["[1]", "{}", '{"photos": 5}', "{"])
def test_labels_are_not_applied_to_a_run_that_cannot_be_read(run, content):
    (run / "run.json").write_text(content)
    reviewed = run.parent / "reviewed.csv"
    reviewed.write_text("path,label,suggestion\nash/0.jpg,ash,elm\n")
    with pytest.raises(UsageError, match=r"run\.json (cannot be read|is damaged)"):
        apply(reviewed, run)
