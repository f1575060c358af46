"""Doubts: planted wrong labels and strange photos are listed, and little else."""

import csv

import numpy as np
import pytest

from tellapart.diagnosis.labels.label_issues import find_label_issues, write_label_issues
from tellapart.diagnosis.suspect import Budget, TimeIsOver
from tellapart.photos.table import PhotoTable


def draw(rng, num_photos=400, num_classes=4, width=40, distance=1.5):
    labels = np.arange(num_photos) % num_classes
    centres = rng.random((num_classes, width)) * distance
    return (centres[labels] + rng.random((num_photos, width))).astype(np.float16), labels


def doubt(embeddings, labels, num_classes=4):
    return find_label_issues(embeddings, labels, np.arange(len(labels)), num_classes)


@pytest.fixture(scope="module")
def spoilt():
    """Doubts about photos of which 20 have a wrong label and one shows something else."""
    rng = np.random.default_rng(3)
    embeddings, truth = draw(rng)
    given = truth.copy()
    given[:20] = (truth[:20] + 1 + np.arange(20) % 3) % 4
    embeddings[50] = rng.random(40) * np.where(np.arange(40) < 5, 12, 0)
    return doubt(embeddings, given), truth


def test_planted_wrong_labels_are_doubted_most(spoilt):
    label_issues, _ = spoilt
    most = np.argsort(-label_issues.score)[:20]
    assert np.isin(np.arange(20), most).mean() >= 0.95
    assert label_issues.wrong[:20].mean() >= 0.95
    assert label_issues.wrong[20:].mean() <= 0.02


def test_the_suggestion_is_the_right_class(spoilt):
    label_issues, truth = spoilt
    assert (label_issues.suggestion[:20] == truth[:20]).mean() >= 0.95
    assert (label_issues.suggestion != label_issues.labels).all()


def test_a_photo_of_something_else_is_listed_as_unlike(spoilt):
    label_issues, _ = spoilt
    assert label_issues.unlike[50]
    assert label_issues.unlike.sum() <= 4  # one in a hundred


def test_the_number_of_wrong_labels_is_estimated(spoilt):
    wrong = spoilt[0].noise.wrong
    assert wrong.low < 0.05 < wrong.high
    assert wrong.low > 0


def test_the_list_starts_with_the_most_doubted_and_names_each_photo_once(spoilt):
    label_issues, _ = spoilt
    listed = label_issues.listed()
    labels = listed[label_issues.wrong[listed]]
    assert (np.diff(label_issues.score[labels]) <= 0).all()
    assert len(set(listed.tolist())) == len(listed) == (label_issues.wrong | label_issues.unlike).sum()


def test_clean_labels_raise_no_doubt(rng):
    embeddings, labels = draw(rng)
    label_issues = doubt(embeddings, labels)
    assert label_issues.wrong.sum() <= 4
    assert label_issues.noise.wrong.low == 0


def test_label_issues_csv_has_a_line_for_each_photo_to_look_at(spoilt, tmp_path):
    label_issues, _ = spoilt
    names = ("ash", "elm", "fir", "oak")
    table = PhotoTable(
        root=tmp_path,
        paths=tuple(f"{row:04d}.jpg" for row in range(400)),
        labels=label_issues.labels,
        class_names=names,
        parts=("",) * 400,
        groups=("",) * 400,
    )
    write_label_issues(tmp_path / "label_issues.csv", table, label_issues)
    with open(tmp_path / "label_issues.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "label", "suggestion", "score", "kind"]
    assert len(rows) == len(label_issues.listed())
    for row in rows:
        number = int(row["path"][:4])
        assert row["label"] == names[label_issues.labels[number]]
        assert row["suggestion"] == (names[label_issues.suggestion[number]] if row["kind"] == "label" else "")
        assert 0 <= float(row["score"]) <= 1
    assert {"path": "0050.jpg", "kind": "unlike"}.items() <= next(
        row for row in rows if row["kind"] == "unlike"
    ).items()


def test_a_class_without_photos_is_no_trouble(rng):
    embeddings, labels = draw(rng, num_photos=60, num_classes=2)
    label_issues = doubt(embeddings, labels, num_classes=3)
    assert np.isfinite(label_issues.score).all()
    assert (label_issues.suggestion < 2).all()


def test_doubts_end_with_their_time(rng):
    embeddings, labels = rng.normal(size=(60, 8)), np.arange(60) % 2
    with pytest.raises(TimeIsOver):
        find_label_issues(embeddings, labels, np.arange(60), 2, budget=Budget(1e-9))
