"""Too few photos are named, enough photos are not, and nothing is promised beyond what can be known."""

import json

import pytest
from support.synthetic import draw_photos, lab_of

from tellapart.diagnosis.heads.photo_need import suspect_photos
from tellapart.diagnosis.suspect import Budget
from tellapart.progress import Silent


@pytest.fixture(scope="module")
def needy():
    import numpy as np

    photos = draw_photos(np.random.default_rng(0), num_photos=150, num_classes=3, width=200, distance=0.2)
    return suspect_photos(lab_of(photos), Budget(60.0), Silent())


def test_too_few_photos_are_named(needy):
    suspect, _ = needy
    assert suspect.points.low > 0
    assert suspect.sentence.startswith("With twice as many photos, ")
    assert suspect.advice.startswith("Add 134 photos, as many as there are now: +")


def test_what_more_photos_bring_is_near_the_truth(needy, rng):
    """Twice as many photos drawn from the same classes, and the error they lead to."""
    suspect, forecast = needy
    twice = draw_photos(rng, num_photos=300, num_classes=3, width=200, distance=0.2)
    lab = lab_of(twice)
    now = 1 - forecast["now"]["accuracy"]["value"]
    truth = now - lab.wrong(lab.own).mean()
    assert suspect.points.low - 0.05 < truth < suspect.points.high + 0.05


def test_the_forecast_says_where_it_comes_from(needy):
    suspect, forecast = needy
    assert [round(point["photos"]) for point in forecast["curve"]] == [17, 31, 60, 135]
    assert [len(point["errors"]) for point in forecast["curve"]] == [3, 3, 3, 1]
    assert forecast["twice"]["photos"] == 268 and forecast["four_times"]["photos"] == 536
    assert set(forecast["per_class"]) == {"class0", "class1", "class2"}
    assert json.loads(json.dumps({**forecast, **suspect.to_dict()}))


def test_enough_photos_are_not_named(rng):
    photos = draw_photos(rng, num_photos=1200, width=20, distance=0.6, flipped=0.08)
    suspect, _ = suspect_photos(lab_of(photos), Budget(60.0), Silent())
    assert suspect.points.value < 0.005
    assert suspect.advice == "" and not suspect.facts["worth_it"]


def test_a_handful_of_photos_gives_no_curve(rng):
    suspect, forecast = suspect_photos(lab_of(draw_photos(rng, num_photos=10)), Budget(60.0), Silent())
    assert suspect.points is None and forecast == {}
    assert suspect.sentence == "Too few photos to measure what more of them would gain."


def test_without_time_nothing_is_claimed(rng):
    suspect, forecast = suspect_photos(lab_of(draw_photos(rng)), Budget(-1.0), Silent())
    assert suspect.points is None and forecast == {}
