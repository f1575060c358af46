"""What is graded is the file: it must give the classes and embeddings that training knew."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.small_models import weights

from tellapart.engine.grade import bind_classes, grade
from tellapart.errors import DataError, ModelError
from tellapart.network.linear_head import LinearHead
from tellapart.photos.scan import scan
from tellapart.photos.table import PhotoTable
from tellapart.progress import Silent
from tellapart.settings import ScanSettings
from tellapart.training.verify_export import Grader, embeddings_agree, probabilities_of, require_same_classes


@pytest.fixture
def head():
    own = weights(("class0", "class1"))
    return LinearHead(weights=own["head"], offsets=own["offsets"])


@pytest.fixture
def grader(viewer):
    return Grader(viewer, Silent(), ScanSettings())


@pytest.fixture
def seen(grader, photo_folder):
    return grader.see(scan(photo_folder()), "Grading")


def test_a_part_is_graded_by_the_probabilities_of_the_file(seen):
    part = grade(seen)
    right = (seen.probabilities.argmax(axis=1) == seen.table.labels).mean()
    assert part["n"] == 12 and part["accuracy"]["value"] == right


def test_photos_that_no_classifier_saw_cannot_be_graded(seen):
    with pytest.raises(ValueError, match="not classified"):
        grade(dataclasses.replace(seen, probabilities=None))


def test_the_head_gives_the_probabilities_of_the_file(seen, head):
    np.testing.assert_allclose(probabilities_of(head, seen.embeddings), seen.probabilities, atol=2e-3)


def test_the_same_classes_are_passed(seen, head):
    require_same_classes(head, seen)


def test_another_class_for_one_photo_is_refused(seen, head):
    swapped = seen.probabilities.copy()
    swapped[4] = swapped[4][::-1]
    with pytest.raises(ModelError, match="1 of 12 photos"):
        require_same_classes(head, dataclasses.replace(seen, probabilities=swapped))


def test_a_tie_may_fall_either_way(seen):
    even = LinearHead(weights=np.zeros((12, 2), np.float32), offsets=np.array([0, 1e-4], np.float32))
    require_same_classes(even, dataclasses.replace(seen, probabilities=np.tile(np.float32([0.51, 0.49]), (12, 1))))


def test_embeddings_agree_up_to_the_rounding_of_half_precision(rng):
    embeddings = rng.normal(size=(5, 8)).astype(np.float32) * 3
    assert embeddings_agree(embeddings.astype(np.float16), embeddings)
    assert not embeddings_agree(embeddings, embeddings + np.float32(0.05))
    assert not embeddings_agree(embeddings[:0], embeddings[:0])  # nothing was shown


def test_training_photos_are_graded_from_known_embeddings_after_a_proof(grader, seen, head, monkeypatch):
    monkeypatch.setattr(grader, "see", lambda *ignored: pytest.fail("looked again"))
    graded = grader.grade_training(dataclasses.replace(seen, probabilities=None), head, seen, seen)
    np.testing.assert_allclose(graded.probabilities, seen.probabilities, atol=2e-3)


@pytest.mark.parametrize("flaw", ["other embeddings", "other photos", "no head"])
def test_without_the_proof_training_photos_go_end_to_end(grader, seen, head, flaw):
    shown = {
        "other embeddings": dataclasses.replace(seen, embeddings=seen.embeddings + np.float16(1)),
        "other photos": dataclasses.replace(seen, sha256=seen.sha256[::-1]),
        "no head": seen,
    }[flaw]
    unknown = dataclasses.replace(seen, probabilities=None)
    graded = grader.grade_training(unknown, None if flaw == "no head" else head, seen, shown)
    np.testing.assert_allclose(graded.probabilities, seen.probabilities, atol=1e-6)


def test_a_lost_photo_does_not_cost_the_proof(grader, seen, head, monkeypatch):
    monkeypatch.setattr(grader, "see", lambda *ignored: pytest.fail("looked again"))
    shown = seen.select(np.arange(12) != 4)
    graded = grader.grade_training(dataclasses.replace(seen, probabilities=None), head, seen, shown)
    assert len(graded.table) == 12


def test_where_every_photo_is_gone_there_is_nothing_to_grade_and_it_says_so(grader, seen):
    for row in range(len(seen.table)):
        seen.table.file(row).unlink()
    grader = Grader(grader._viewer, Silent(), ScanSettings(max_refused_share=1.0))
    with pytest.raises(DataError, match="Of the 12 photos .* none can be used: It was there when .* gone at grading"):
        grader.see(seen.table, "Grading", seen.sha256)


def of_classes(*names):
    return PhotoTable(
        root=Path("p"),
        paths=tuple(f"{name}/1.jpg" for name in names),
        labels=np.arange(len(names)),
        class_names=names,
        parts=("",) * len(names),
        groups=("",) * len(names),
    )


def test_classes_bind_by_name_however_accents_are_stored():
    model = ("apfel", "ka\u0308fer", "zander")
    bound = bind_classes(of_classes("k\u00e4fer", "zander"), model, Path("m"))
    assert (bound.labels.tolist(), bound.class_names) == ([1, 2], model)
    assert "No photo of: apfel" in bound.warnings[0]


@pytest.mark.parametrize("name", ["Rust", "rust ", "RUST", "ru\u200bst"])
def test_a_class_that_differs_in_case_or_blanks_only_is_refused_with_its_pair(name):
    with pytest.raises(DataError, match=f"does not know '{name}', but 'rust'") as caught:
        bind_classes(of_classes("ok", name), ("ok", "rust"), Path("m"))
    assert "to 'rust' if it is the same" in caught.value.fix and "--exclude" in caught.value.fix


def test_a_class_too_many_can_be_left_out():
    with pytest.raises(DataError, match="does not know 'new'") as caught:
        bind_classes(of_classes("new", "ok", "rust"), ("ok", "rust"), Path("m"))
    assert "--exclude new" in caught.value.fix
