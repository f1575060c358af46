"""A label_issues.csv that a person has corrected is never lost to the next diagnosis."""

import hashlib
import json
import os

from tellapart.diagnosis.labels.label_issues import keep_corrections
from tellapart.progress import Silent


def diagnosed(folder, content):
    (folder / "label_issues.csv").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    (folder / "diagnosis.json").write_text(json.dumps({"label_issues_sha256": digest}))


def test_as_it_was_written_it_may_be_replaced(tmp_path):
    keep_corrections(tmp_path, Silent())
    diagnosed(tmp_path, b"path,label,suggestion\n")
    keep_corrections(tmp_path, Silent())
    assert sorted(os.listdir(tmp_path)) == ["diagnosis.json", "label_issues.csv"]


def test_corrected_by_hand_it_is_kept_once_under_another_name(tmp_path):
    diagnosed(tmp_path, b"path,label,suggestion\n")
    (tmp_path / "label_issues.csv").write_bytes(b"path,label,suggestion\na.jpg,ash,-\n")
    for _ in range(2):
        keep_corrections(tmp_path, Silent())
    (kept,) = set(os.listdir(tmp_path)) - {"diagnosis.json", "label_issues.csv"}
    assert kept.startswith("label_issues-") and kept.endswith(".csv")
    assert (tmp_path / kept).read_bytes() == (tmp_path / "label_issues.csv").read_bytes()
