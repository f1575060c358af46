"""What a limit costs: each point is a promise by itself, and a limit between two points keeps the stricter one."""

import numpy as np
import pytest

from tellapart.evaluation.neither import unsure_limit
from tellapart.evaluation.risk_curve import ALLOWED, promised, risk_curve


def draw(rng, num_photos=2000):
    """Photos whose confidence is the chance that they are right."""
    confidence = 0.5 + 0.5 * rng.random(num_photos) ** (1 / 4)
    return confidence, rng.random(num_photos) > confidence


def test_each_point_is_the_limit_of_its_share_of_errors_with_the_figures_behind_it(rng):
    confidence, wrong = draw(rng)
    curve = risk_curve(confidence, wrong, 0.035, num_turned_away=500)
    assert 0.035 in [point["max_error"] for point in curve]
    for point in curve:
        answered = confidence >= point["unsure"]
        assert point["unsure"] == unsure_limit(confidence, wrong, point["max_error"])
        assert point["answered"]["value"] == answered.sum() / 2500
        assert point["error"]["value"] == pytest.approx(wrong[answered].mean())
        assert point["error"]["value"] < point["max_error"] and point["answered"]["low"] < point["answered"]["value"]


def test_the_curve_is_short_strictest_first_and_ends_where_every_photo_is_answered(rng):
    confidence, wrong = draw(rng)
    curve = risk_curve(confidence, wrong, 0.02)
    allowed = [point["max_error"] for point in curve]
    assert allowed == sorted(set(allowed)) and len(curve) <= len(ALLOWED) + 1 <= 64
    assert curve[-1]["answered"]["value"] == 1 > curve[-2]["answered"]["value"]


def test_where_nothing_can_be_promised_the_curve_is_empty():
    assert risk_curve(np.linspace(0, 1, 600), np.arange(600) % 5 > 0, 0.02) == []
    assert risk_curve(np.zeros(0), np.zeros(0, bool), 0.02) == []


def test_a_limit_between_two_points_keeps_the_stricter_promise():
    curve = [{"max_error": 0.02}, {"max_error": 0.05}]
    assert promised(curve, 0.019) is None
    assert promised(curve, 0.02) == promised(curve, 0.049) == curve[0]
    assert promised(curve, 0.9) == curve[1]
    assert promised([], 0.5) is None


@pytest.mark.guarantee
def test_over_many_draws_a_limit_of_the_curve_breaks_its_promise_in_one_of_twenty_at_most(rng):
    surest = np.sort(draw(rng, 400_000)[0])[::-1]
    risk = np.cumsum(1 - surest) / np.arange(1, len(surest) + 1)
    broken = {0.02: 0, 0.05: 0, 0.1: 0}
    for _ in range(200):
        curve = risk_curve(*draw(rng, 1000), 0.02)
        for allowed in broken:
            point = promised(curve, allowed)
            if point is not None:
                broken[allowed] += risk[np.searchsorted(-surest, -point["unsure"], side="right") - 1] > allowed
    print(f"of 200 draws broken: {broken}")
    assert max(broken.values()) <= 10 + 2 * np.sqrt(200 * 0.05 * 0.95)
