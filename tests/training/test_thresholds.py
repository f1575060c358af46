"""Prototypes, held-out photos and limits: what goes into the file, and what the limits are set on."""

import dataclasses

import numpy as np
import pytest
from support.small_models import answers, write_small_model

from tellapart.engine.session import open_engine
from tellapart.evaluation.neither import novelty_limit, unsure_limit
from tellapart.model.file import read_model
from tellapart.model.novelty import MOST_BYTES
from tellapart.photos.duplicates import find_duplicates
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training import thresholds
from tellapart.training.prepare import Material, viewer_of
from tellapart.training.recipes.recipe_result import RecipeResult
from tellapart.training.thresholds import HeldOutPhotos, add_limits, choose_prototypes, hold_out, set_limits
from tellapart.training.verify_export import Grader


def held(confidence, wrong, novelty=None):
    return HeldOutPhotos(confidence=np.array(confidence), wrong=np.array(wrong), novelty=novelty)


# Prototypes


@pytest.fixture
def room(monkeypatch):
    """Makes room for a number of prototypes with 8 columns."""
    return lambda count: monkeypatch.setattr(thresholds, "MOST_BYTES", 2 * 8 * count)


def test_prototypes_are_of_the_last_block_and_no_larger_than_is_allowed(rng):
    chosen = choose_prototypes(rng.normal(size=(900, 1300)), np.zeros(900, int), np.arange(900), 1, seed=0)
    assert chosen.prototypes.vectors.shape == (MOST_BYTES // 2 // 1280, 1280)


def test_every_class_gets_its_share_and_what_a_small_class_leaves_goes_to_the_others(rng, room):
    room(30)
    labels = np.repeat([0, 1, 2], [4, 50, 60])
    chosen = choose_prototypes(rng.normal(size=(114, 8)), labels, np.arange(114), 3, seed=0)
    counts = np.bincount(labels[chosen.groups])  # a group is a photo here
    assert counts.tolist() == [4, 13, 13]


def test_of_look_alikes_only_one_becomes_a_prototype(rng):
    groups = np.repeat(np.arange(10), 3)
    chosen = choose_prototypes(rng.normal(size=(30, 8)), np.zeros(30, int), groups, 1, seed=0)
    assert sorted(chosen.groups) == list(range(10))


def test_the_seed_decides_which_photos_are_drawn(rng, room):
    room(30)
    embeddings, labels = rng.normal(size=(200, 8)), np.arange(200) % 2
    first, again, other = (choose_prototypes(embeddings, labels, np.arange(200), 2, seed) for seed in (0, 0, 1))
    assert first.groups.tolist() == again.groups.tolist() != other.groups.tolist()


def test_with_more_classes_than_fit_there_are_no_prototypes(rng, room):
    room(3)
    assert choose_prototypes(rng.normal(size=(8, 8)), np.arange(4).repeat(2), np.arange(8), 4, seed=0) is None


# Limits


def test_what_is_neither_does_not_count_against_the_answers(rng):
    confidence, novelty = rng.random(2000), rng.random(2000)
    wrong = novelty > 0.99  # only photos unlike the others are wrong
    thresholds, warnings = set_limits(held(confidence, wrong, novelty), 0.02)
    assert thresholds["neither"] == novelty_limit(novelty) and warnings == ()
    kept = novelty <= thresholds["neither"]
    assert thresholds["unsure"] == unsure_limit(confidence[kept], wrong[kept], 0.02) == confidence[kept].min()


def test_too_few_photos_are_said_to_be_too_few():
    thresholds, warnings = set_limits(held(np.ones(40), np.zeros(40, bool), np.zeros(40)), 0.02)
    assert thresholds == {}
    assert "only 40 held-out photos" in warnings[0] and "49 are needed" in warnings[0]
    assert "at most 2%" in warnings[1] and "40 photos were available" in warnings[1] and "149 are needed" in warnings[1]


def test_answers_that_are_too_often_wrong_are_counted():
    wrong = np.arange(1000) % 4 == 0
    _, warnings = set_limits(held(np.linspace(1, 0, 1000), wrong), 0.02)
    assert warnings[-1].endswith("of its 149 most confident predictions on held-out photos, 38 were wrong.")


def test_a_photo_without_enough_prototypes_of_others_sets_no_limit(rng):
    novelty = np.append(rng.random(300), np.inf)
    thresholds, _ = set_limits(held(np.ones(301), np.zeros(301, bool), novelty), 0.02)
    assert thresholds["neither"] == novelty_limit(novelty[:-1])


# In the file


@pytest.fixture
def material(photo_folder, engine):
    table = scan(photo_folder(num_photos=60))
    known = Grader(viewer_of(engine, TrainSettings(threads=2)), Silent(), ScanSettings()).see(table, "Grading")
    parts = np.array(["train", "train", "train", "validation"] * 30)
    duplicates = find_duplicates(known.sha256, known.hashes, known.embeddings)
    groups = np.arange(120)
    groups[4] = groups[0]  # two training photos that belong together
    return Material(
        known=known,
        apart=table.select(np.zeros(120, bool)),
        apart_seen=None,
        duplicates=duplicates,
        parts=parts,
        groups=groups,
    )


@pytest.fixture
def limited(material, tmp_path):
    path = write_small_model(tmp_path / "model.onnx", ("class0", "class1"))
    train, validation = material.part("train"), material.part("validation")
    built = RecipeResult(engine=open_engine(path), out_of_fold=train.probabilities)
    return add_limits(built, material, train, validation, TrainSettings(max_error=0.3), tmp_path)


def test_the_file_has_novelty_and_limits_and_is_otherwise_as_before(limited, rng):
    engine, side_px = limited.built.engine, limited.built.engine.manifest.side_px
    assert set(engine.output_names) == {"probabilities", "embedding", "novelty"}
    assert "neither" in engine.manifest.thresholds
    photos = rng.integers(0, 256, (5, side_px, side_px, 3), dtype=np.uint8)
    wanted = answers(photos, ("class0", "class1"))["probabilities"]
    np.testing.assert_allclose(engine.run(photos, ("probabilities",))["probabilities"], wanted, atol=1e-5)


def test_the_run_notes_the_limits_and_what_they_were_set_on(limited):
    noted = limited.built.details["limits"]
    assert noted["held_out"] == 30 + 89 and noted["prototypes"] == 89  # of the two that belong together, one
    assert noted["neither"] == limited.built.engine.manifest.thresholds["neither"]


def test_the_novelty_of_validation_photos_is_that_of_the_file(limited, material):
    seen = Grader(viewer_of(limited.built.engine, TrainSettings(threads=2)), Silent(), ScanSettings()).see(
        limited.validation.table, "Grading"
    )
    np.testing.assert_allclose(limited.validation.novelty, seen.novelty, atol=2e-3)  # embeddings are kept as float16


def test_a_training_photo_is_not_compared_with_itself_or_its_group(material, rng):
    train = material.part("train")
    spread = dataclasses.replace(train, embeddings=rng.normal(size=(90, 16)).astype(np.float16))
    groups = material.groups[material.parts == "train"]
    chosen = choose_prototypes(spread.embeddings, train.table.labels, groups, 2, seed=0)
    out = hold_out(spread, groups, chosen)
    assert len(out.table) == 89
    assert (out.novelty > chosen.prototypes.novelty(out.embeddings) + 0.05).all()  # with itself it would be nearer


def test_a_training_photo_that_has_gone_meanwhile_is_left_out(material, tmp_path):
    path = write_small_model(tmp_path / "model.onnx", ("class0", "class1"))
    train, validation = material.part("train"), material.part("validation")
    built = RecipeResult(engine=open_engine(path), out_of_fold=train.probabilities)
    fewer = train.select(np.arange(len(train.table)) != 7)
    limited = add_limits(built, material, fewer, validation, TrainSettings(), tmp_path)
    assert limited.built.details["limits"]["held_out"] == 30 + 88


def test_without_folds_the_limits_come_from_validation_alone(material, tmp_path):
    path = write_small_model(tmp_path / "model.onnx", ("class0", "class1"))
    built = RecipeResult(engine=open_engine(path))
    limited = add_limits(
        built, material, material.part("train"), material.part("validation"), TrainSettings(), tmp_path
    )
    assert limited.built.details["limits"]["held_out"] == 30
    assert read_model(path).manifest.thresholds == {}
    assert len(limited.warnings) == 2


def test_the_run_says_what_a_limit_costs_and_why_unknown_kinds_were_not_measured(limited):
    limits = limited.metrics["limits"]
    assert (limits["max_error"], limits["n"]) == (0.3, 30 + 89)
    assert all(set(point) == {"max_error", "unsure", "answered", "error"} for point in limits["curve"])
    assert "three classes" in limited.metrics["unknown_kinds"]["reason"]
