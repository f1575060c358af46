from __future__ import annotations

import numpy as np
from PIL import Image
from support.small_cases import BLUE, RED, make_case

from tellapart.diagnosis.data.shortcut import suspect_shortcut
from tellapart.diagnosis.suspect import Budget
from tellapart.progress import Silent

LABELS, PARTS = np.arange(120) % 2, np.repeat(["train", "validation", "test"], 40)


def framed_photos(rng, by_class: bool) -> list[Image.Image]:
    """Photos of noise in a frame whose colour is that of the class, or of chance."""
    photos = []
    for label in LABELS:
        pixels = rng.integers(96, 160, (64, 64, 3), dtype=np.uint8)
        frame = (BLUE, RED)[label if by_class else rng.integers(2)]
        for strip in (np.s_[:4], np.s_[-4:], np.s_[:, :4], np.s_[:, -4:]):
            pixels[strip] = frame
        photos.append(Image.fromarray(pixels))
    return photos


def test_a_frame_that_gives_the_class_away_is_named(tmp_path, rng):
    case = make_case(tmp_path, LABELS, PARTS, photos=framed_photos(rng, by_class=True))
    suspect = suspect_shortcut(case, Budget(60.0), Silent())
    assert "border" in suspect.facts["found"]
    assert suspect.points.low > 0.2
    assert "alone, 'blue' is separated" in suspect.sentence and "accuracy would fall" in suspect.sentence
    assert suspect.advice


def test_a_frame_of_chance_is_no_shortcut(tmp_path, rng):
    case = make_case(tmp_path, LABELS, PARTS, photos=framed_photos(rng, by_class=False))
    suspect = suspect_shortcut(case, Budget(60.0), Silent())
    assert suspect.facts["found"] == []
    assert suspect.points.to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert suspect.sentence.startswith("No simple property")


def test_a_property_that_the_classifier_does_not_use_is_told_but_not_named(tmp_path, rng):
    photos = [Image.fromarray(rng.integers(0, 256, (64, 64 + 16 * label, 3), dtype=np.uint8)) for label in LABELS]
    suspect = suspect_shortcut(make_case(tmp_path, LABELS, PARTS, photos=photos), Budget(60.0), Silent())
    assert {"dimensions", "aspect"} <= set(suspect.facts["found"])
    assert suspect.points.low <= 0
    assert "different sources" in suspect.sentence and "does not measurably use it" in suspect.sentence


def test_without_time_nothing_is_shown_to_the_model(tmp_path, rng):
    case = make_case(tmp_path, LABELS, PARTS, photos=framed_photos(rng, by_class=True))
    suspect = suspect_shortcut(case, Budget(0.0), Silent())
    assert suspect.points is None
    assert "not measured" in suspect.sentence
