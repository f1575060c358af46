"""Each suspect is named where it is guilty, and only there."""

import json
from dataclasses import replace

import numpy as np
from support.synthetic import draw_photos, lab_of

from tellapart.diagnosis.heads.head_suspects import suspect_penalty, suspect_regularisation, suspect_size
from tellapart.diagnosis.suspect import Budget
from tellapart.progress import Silent
from tellapart.settings import HeadSettings


def better_eyes(rng, photos):
    """A backbone that sees the class more clearly."""
    clear = photos.embeddings.copy()
    clear[:, 0] += 6.0 * photos.labels
    return lambda backbone, chosen: (np.arange(len(chosen)), clear[chosen].astype(np.float16))


def same_eyes(rng, photos):
    """A backbone that sees about the same."""
    seen = photos.embeddings + 0.05 * rng.normal(size=photos.embeddings.shape)
    return lambda backbone, chosen: (np.arange(len(chosen)), seen[chosen].astype(np.float16))


def test_a_penalty_that_is_too_weak_is_named(rng):
    photos = draw_photos(rng, num_photos=300, width=270, distance=0.12)  # as many numbers as photos: all can be learnt
    suspect = suspect_penalty(lab_of(photos, l2_penalty=0.0001))
    assert suspect.facts["direction"] == "too_weak"
    assert suspect.points.low > 0
    assert "The classifier overfits" in suspect.sentence


def test_the_penalty_that_was_chosen_by_cross_validation_is_not_named(rng):
    photos = draw_photos(rng, num_photos=400, width=60, distance=0.3)
    suspect = suspect_penalty(lab_of(photos))
    assert suspect.points.low <= 0
    assert suspect.facts["direction"] == "right" and suspect.advice == ""
    assert len(suspect.experiments) >= 4


def test_choosing_the_best_of_many_strengths_flatters_nobody():
    """Labels without sense: whatever strength looks best by luck gains nothing on the photos that were left out."""
    gains = []
    for seed in range(12):
        photos = draw_photos(np.random.default_rng(seed), num_photos=120, width=10, distance=0.0)
        gains.append(suspect_penalty(lab_of(photos, l2_penalty=0.1)).points.value)
    assert np.mean(gains) < 0.03


def test_a_stronger_penalty_than_the_chosen_one_gains_nothing(rng):
    suspect = suspect_regularisation(lab_of(draw_photos(rng, num_photos=300), l2_penalty=0.1), Budget(30.0))
    assert suspect.facts["alternative"] == "stronger"
    assert suspect.points.low <= 0 and suspect.advice == ""


def test_class_weights_are_tried_where_classes_differ_in_number(rng):
    photos = draw_photos(rng, num_photos=600, distance=0.2)
    rows = np.flatnonzero((photos.labels == 0) | (np.arange(600) % 10 == 1))
    suspect = suspect_regularisation(lab_of(photos.select(rows)), Budget(30.0))
    assert [row["what"] for row in suspect.experiments][-1] == "balanced class weights"
    assert suspect.points.low <= 0  # in accuracy, the many classes pay for the few


def test_a_network_that_sees_too_little_is_named(rng):
    photos = draw_photos(rng, num_photos=300, distance=0.1)
    suspect = suspect_size(lab_of(photos, embed_again=better_eyes(rng, photos)), Budget(60.0), Silent())
    assert suspect.facts["direction"] == "too_small"
    assert suspect.points.low > 0
    assert suspect.sentence.startswith("With the larger backbone lite2, tried on 300 photos")
    assert "larger pretrained network" in suspect.advice
    assert suspect.options == ("--backbone", "lite2")
    assert json.loads(json.dumps(suspect.to_dict()))


def test_a_network_of_the_right_size_is_not_named(rng):
    photos = draw_photos(rng, num_photos=300, distance=0.3)
    suspect = suspect_size(lab_of(photos, embed_again=same_eyes(rng, photos)), Budget(60.0), Silent())
    assert suspect.points.low <= 0
    assert suspect.facts["direction"] in ("right", "unclear") and suspect.advice == ""
    assert len(suspect.experiments) == 3


def test_the_largest_backbone_is_compared_with_the_smallest(rng):
    photos = draw_photos(rng, num_photos=300, distance=0.1)
    lab = lab_of(photos, embed_again=better_eyes(rng, photos), backbone="lite2")
    suspect = suspect_size(lab, Budget(60.0), Silent())
    assert suspect.facts["direction"] == "too_large"
    assert "lite0" in suspect.experiments[-1]["what"]


def test_without_another_backbone_only_the_width_is_tried(rng):
    suspect = suspect_size(lab_of(draw_photos(rng)), Budget(60.0), Silent())
    assert [row["what"] for row in suspect.experiments] == [
        "a network 0.5 times as wide",
        "a network 0.25 times as wide",
    ]


def test_without_time_no_size_is_blamed(rng):
    suspect = suspect_size(lab_of(draw_photos(rng)), Budget(-1.0), Silent())
    assert suspect.points is None


def test_the_weights_of_the_run_are_those_of_the_experiments(rng):
    lab = lab_of(draw_photos(rng), heads=HeadSettings(class_weight="balanced"))
    assert lab.heads.class_weight == "balanced"
    assert lab.path[0].l2_penalty == 10.0
    assert replace(lab, l2_penalty=0.03).own.l2_penalty == 0.03
