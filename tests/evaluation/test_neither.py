"""When not to answer: the limits against brute force, and how often their promises are broken."""

import numpy as np
import pytest
from scipy.stats import beta, binom

from tellapart.evaluation.neither import (
    Decisions,
    decide,
    decision_figures,
    fewest_photos,
    novelty_limit,
    one_per_group,
    unsure_limit,
)


def draw(rng, num_photos, slope=9.0):
    """Photos whose confidence is the chance that they are right."""
    confidence = 0.5 + 0.5 * rng.random(num_photos) ** (1 / slope)
    return confidence, rng.random(num_photos) > confidence


def by_brute_force(confidence, wrong, max_error):
    """The same limit, one test after another as the text says, with SciPy's binomial distribution."""

    def fewest(risk):
        return next(count for count in range(1, 10_000) if (1 - max_error) ** count <= risk)

    begins = {}  # count -> risk that may be spent from there on
    total, beginnings = 0.025, [(0.1, 0.01), (0.3, 0.01), (0.7, 0.005)]
    while beginnings and beginnings[0][0] * len(confidence) <= fewest(total):
        total += beginnings.pop(0)[1]
    begins[fewest(total)] = total
    for beginning, risk in beginnings:
        begins[int(np.ceil(beginning * len(confidence)))] = risk
    best, risk = None, 0.0
    ends = {int((confidence >= limit).sum()): limit for limit in set(confidence)}
    for count in range(1, len(confidence) + 1):  # fallback: what a passed test may spend goes on to the next
        risk += begins.get(count, 0.0)
        if count not in ends or risk == 0:
            continue
        if binom.cdf(wrong[confidence >= ends[count]].sum(), count, max_error) <= risk:
            best = ends[count] if best is None else min(best, ends[count])
        else:
            risk = 0.0
    return best


@pytest.mark.parametrize("num_photos", [3, 160, 400, 900, 2500])
@pytest.mark.parametrize("max_error", [0.02, 0.1])
@pytest.mark.parametrize("decimals", [2, 9], ids=["ties", "no ties"])
def test_the_limit_is_that_of_the_tests_made_one_by_one(rng, num_photos, max_error, decimals):
    for _ in range(5):
        confidence, wrong = draw(rng, num_photos)
        confidence = confidence.round(decimals)
        assert unsure_limit(confidence, wrong, max_error) == by_brute_force(confidence, wrong, max_error)


def test_with_too_few_photos_nobody_can_tell():
    fewest = fewest_photos(0.02)
    right = np.zeros(fewest, bool)
    assert unsure_limit(np.ones(fewest), right, 0.02) == 1.0
    assert unsure_limit(np.ones(fewest - 1), right[1:], 0.02) is None
    assert unsure_limit(np.ones(0), right[:0], 0.02) is None


def test_a_classifier_that_is_always_right_answers_every_photo_like_those_seen(rng):
    confidence = rng.random(500)
    assert unsure_limit(confidence, np.zeros(500, bool), 0.02) == confidence.min()


def test_one_wrong_label_among_the_surest_does_not_silence_a_good_classifier(rng):
    confidence = np.sort(rng.random(2000))[::-1]
    wrong = np.zeros(2000, bool)
    wrong[[3, 90]] = True
    limit = unsure_limit(confidence, wrong, 0.02)
    assert limit is not None and (confidence >= limit).mean() == 1


@pytest.mark.guarantee
def test_of_a_hundred_draws_at_most_five_break_the_promise_of_errors(rng):
    # Truth: confidence c is right with chance c, so that the risk above a limit is known, up to a large sample.
    surest = np.sort(draw(rng, 400_000)[0])[::-1]
    risk = np.cumsum(1 - surest) / np.arange(1, len(surest) + 1)
    broken = answered = 0.0
    for _ in range(1000):
        confidence, wrong = draw(rng, 1500)
        limit = unsure_limit(confidence, wrong, 0.03)
        if limit is not None:
            count = np.searchsorted(-surest, -limit, side="right")
            broken += risk[count - 1] > 0.03
            answered += count / len(surest)
    print(f"at most 3 % errors: broken in {broken / 10:.1f}% of 1,000 draws, {answered / 10:.0f}% answered")
    assert risk[-1] > 0.04, "the limit must matter"
    assert 0 < broken <= 50 + 2 * np.sqrt(1000 * 0.05 * 0.95)


@pytest.mark.parametrize("num_photos", [149, 400, 3000])
def test_the_novelty_limit_is_the_lowest_rank_that_a_beta_distribution_allows(rng, num_photos):
    novelty = rng.random(num_photos)
    # Of n photos the share above the r-th smallest has a beta distribution (n + 1 - r, r): Wilks 1941.
    ranks = np.arange(1, num_photos + 1)
    allowed = ranks[beta.cdf(0.02, num_photos + 1 - ranks, ranks) >= 0.95]
    assert novelty_limit(novelty) == np.sort(novelty)[allowed.min() - 1]


def test_with_few_photos_the_highest_novelty_is_the_limit_and_with_fewer_there_is_none(rng):
    novelty = rng.random(100)
    assert novelty_limit(novelty) == novelty.max()
    assert novelty_limit(novelty[:49]) == novelty[:49].max()
    assert novelty_limit(novelty[:48]) is None
    assert novelty_limit(novelty[:0]) is None


def test_of_new_photos_at_most_two_in_a_hundred_are_turned_away_nineteen_times_in_twenty(rng):
    away = np.array([1 - novelty_limit(rng.random(300)) for _ in range(1000)])  # uniform: the limit is its own share
    assert (away > 0.02).mean() <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 1000)


def test_neither_comes_before_unsure_and_a_number_that_is_none_is_turned_away():
    confidence = np.array([0.95, 0.9, 0.5, 0.5, np.nan, 0.95])
    novelty = np.array([0.1, 0.3, 0.1, 0.9, 0.1, np.nan])
    decided = decide(confidence, novelty, {"unsure": 0.9, "neither": 0.3})
    assert decided.names().tolist() == ["ok", "ok", "unsure", "neither", "unsure", "neither"]
    assert decided.answered.tolist() == [True, True, False, False, False, False]


def test_without_limits_every_photo_is_answered():
    confidence = np.array([0.5, 0.9])
    assert decide(confidence, None, {"unsure": 0.6, "neither": 0.3}).names().tolist() == ["unsure", "ok"]
    assert decide(confidence, confidence, {}).answered.all()


def test_the_figures_count_errors_among_answered_photos_only():
    decided = Decisions(
        neither=np.array([True, False, False, False, False]), unsure=np.array([False, True, False, False, False])
    )
    figures = decision_figures(decided, np.array([False, False, False, True, True]))
    assert figures["answered"]["n"] == 3 and figures["answered"]["share"]["value"] == 0.6
    assert figures["error"]["value"] == pytest.approx(1 / 3)
    assert (figures["unsure"]["value"], figures["neither"]["value"]) == (0.2, 0.2)


def test_figures_of_no_photos_are_unknown():
    nothing = np.zeros(0, bool)
    figures = decision_figures(Decisions(nothing, nothing), nothing)
    assert figures["error"] == {"value": None, "low": 0.0, "high": 1.0}


def test_look_alikes_count_once():
    assert one_per_group(np.array([7, 3, 7, 3, 1])).tolist() == [0, 1, 4]
