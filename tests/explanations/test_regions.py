"""Maps in words: the region, how much of the evidence lies there, and the sentence for each decision."""

import numpy as np
import pytest

from tellapart.engine.predictor import predicted, refused
from tellapart.explanations.regions import Region, sentence, strongest_region

NAMES = ("cat", "dog")
HERE, NOWHERE = Region(0.1, 0.1, 0.8), Region(0.5, 0.5, 0.0)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "the upper left"), (0, 3, "the top"), (3, 6, "the right"), (3, 3, "the centre"), (6, 6, "the lower right")],
)
def test_a_region_is_named_as_people_do(row, column, name):
    values = np.zeros((7, 7))
    values[row, column] = 2.0
    region = strongest_region(values)
    assert (region.name, region.share) == (name, 1.0)


def test_evidence_that_is_spread_evenly_stands_out_nowhere():
    assert strongest_region(np.ones((9, 9))).share < 0.25
    assert strongest_region(-np.ones((9, 9))).share == 0.0


def test_what_speaks_against_a_class_does_not_count_as_evidence():
    values = np.full((9, 9), -5.0)
    values[4, 4] = 1.0
    assert strongest_region(values) == Region(0.5, 0.5, 1.0)


def said(first, second, **thresholds):
    answer = predicted("a.jpg", np.array([0.97, 0.03]), NAMES, thresholds, thresholds.get("novelty"))
    return sentence(answer, first, second)


def test_a_sentence_says_what_and_where():
    assert said(HERE, NOWHERE) == (
        "It says cat (97.0%), mostly because of the region at the upper left; no region speaks for dog (3.0%)."
    )


def test_where_no_region_stands_out_it_says_so():
    spread = Region(0.5, 0.5, 0.15)
    assert said(spread, spread) == (
        "It says cat (97.0%), because of the photo as a whole, no region standing out; "
        "a little speaks for dog (3.0%) in many places."
    )


def test_doubt_is_part_of_the_sentence():
    assert said(HERE, HERE, unsure=0.99).startswith("It is unsure; its first guess is cat (97.0%), ")
    answer = predicted("a.jpg", np.array([0.97, 0.03]), NAMES, {"neither": 0.1}, 0.5)
    assert sentence(answer, HERE, HERE).startswith("It says that this is none of its classes; the nearest is cat")


def test_a_refused_photo_gets_its_reason():
    assert sentence(refused("a.jpg", "The file is empty."), None, None) == "It cannot be used: The file is empty."
