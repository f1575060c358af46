"""The plan of the experiments: how small they must be, what comes first, and what is left out when time is short."""

import pytest

from tellapart.diagnosis.retraining.ablations import BASE, changes_for, compared_epochs, is_underfit
from tellapart.diagnosis.retraining.experiment_queue import (
    Experiment,
    Outlook,
    experiments_of,
    next_experiment,
    trainings_of,
)
from tellapart.diagnosis.retraining.scale import Scale, choose_scale, sides_of, speeds_at

RUN = Scale(side_px=150, num_photos=7200, num_held_out=800, epochs=15)
SPEEDS = {150: 100.0, 112: 180.0, 75: 400.0, 56: 700.0}


def scale(seconds, run=RUN):
    return choose_scale(run, float(seconds), SPEEDS, num_trainings=12.0)


def test_all_experiments_fit_into_the_time():
    for seconds in (600, 3600, 36_000):
        found = scale(seconds)
        assert 12 * found.num_photos * found.epochs / SPEEDS[found.side_px] <= seconds * 1.01


def test_with_little_time_photos_are_few_and_small():
    assert scale(600) == Scale(
        side_px=56, num_photos=600 * 700 // (12 * 15), num_more=600 * 700 // (12 * 15), num_held_out=2000, epochs=15
    )


def test_few_epochs_do_not_become_a_handful_of_steps():
    brief = Scale(side_px=150, num_photos=7200, num_held_out=800, epochs=2)
    assert scale(60, brief).num_photos == 60 * 700 // (6 * 2)  # in place of a twelfth
    assert scale(600, brief).num_photos * 2 >= 10_000
    small = scale(120, Scale(side_px=150, num_photos=3000, num_held_out=1000, epochs=3))
    assert (small.num_photos, small.side_px) == (3000, 56)


def test_more_time_first_brings_all_photos_and_then_their_size():
    found = [scale(minutes * 60) for minutes in (5, 10, 30, 60, 120, 600)]
    photos, sides = [one.num_photos for one in found], [one.side_px for one in found]
    assert photos[:3] == sorted(set(photos[:3])) and sides[:3] == [56] * 3
    assert photos[3:] == [7000] * 3 and sides[3:] == sorted(sides[3:])
    assert sides[-1] == 150


def test_where_larger_squares_take_hardly_longer_they_are_taken():
    run = Scale(side_px=64, num_photos=5000, num_held_out=1000, epochs=24)
    assert choose_scale(run, 600.0, {64: 1700.0, 32: 2000.0}, 20.0).side_px == 64
    assert choose_scale(run, 600.0, {64: 1000.0, 32: 2000.0}, 20.0).side_px == 32


def test_the_epochs_stay_those_of_the_run():
    assert {scale(seconds).epochs for seconds in (1, 600, 36_000)} == {15}


def test_a_few_training_photos_are_spared_for_judging_where_validation_has_few():
    small = Scale(side_px=150, num_photos=2000, num_held_out=100, epochs=15)
    found = scale(36_000, small)
    assert (found.num_photos, found.num_held_out) == (1500, 600)


def test_photos_that_are_not_trained_on_are_used_to_judge_in_proportion():
    assert scale(600).num_held_out == 2000 > RUN.num_held_out
    few = scale(100)
    assert few.num_held_out == max(400, int(1.5 * few.num_photos))
    assert scale(36_000).num_held_out == 1000  # all that are left


def test_without_time_something_is_planned_all_the_same():
    assert scale(0.1).num_photos == 64
    assert scale(0.1, Scale(side_px=150, num_photos=20, num_held_out=2, epochs=3)).num_photos == 15


def test_sides_are_whole_strides_and_never_larger_than_the_runs():
    assert sides_of(96, 32) == (96, 64, 32)
    assert sides_of(32) == (32,)
    assert sides_of(40, 1) == (40, 32)


def test_speeds_follow_what_a_step_costs_whatever_its_photos_are_and_the_square_of_the_side():
    assert speeds_at((150, 75), {75: 400.0}) == pytest.approx({150: 100.0, 75: 400.0})
    true = {side: 1 / (1e-3 + 2e-7 * side**2) for side in (128, 96, 64, 32)}
    assert speeds_at(tuple(true), {32: true[32], 64: true[64]}) == pytest.approx(true)
    noisy = speeds_at((128, 32), {32: 900.0, 64: 1000.0})  # larger photos are not quicker
    assert noisy == pytest.approx({128: 900.0, 32: 900.0})


@pytest.mark.parametrize("recipe", ["classic", "scratch"])
def test_every_change_is_tried_once_before_the_costly_doubts_are_tried_again(recipe):
    order = experiments_of(changes_for(recipe), 3)
    names = [(each.change.name, each.seed) for each in order]
    assert names[0] == (BASE, 0)
    assert order[1].change.suspect == "regularisation"
    first = {name: names.index((name, 0)) for name, _ in names}
    assert all(names.index((name, seed)) > first[name] for name, seed in names if seed)
    assert {each.change.suspect for each in order[:7]} == {"", "regularisation", "photos", "size"}
    assert all(names.index((each.name, 0)) < names.index((BASE, 1)) for each in widths_of(recipe))


def widths_of(recipe):
    return [change for change in changes_for(recipe) if change.suspect == "size"]


@pytest.mark.parametrize(
    ("recipe", "timed", "first"),
    [
        ("scratch", False, ["twice the epochs", "twice the width"]),
        ("classic", False, ["twice the width"]),
        ("scratch", True, ["half the width", "a quarter of the width"]),  # either is twice the epochs as well
    ],
)
def test_a_run_that_learnt_too_little_is_first_given_more_of_it_and_twice_before_it_is_held_back(recipe, timed, first):
    every = experiments_of(changes_for(recipe, underfit=True, timed=timed), 2)
    order = [(each.change.name, each.seed) for each in every]
    assert order[: 1 + len(first)] == [(name, 0) for name in (BASE, *first)]
    assert order.index(("dropout", 0)) > max(order.index((name, 1)) for name in first)
    assert sorted(name for name, seed in order if not seed) == sorted(each.name for each in changes_for(recipe))


def test_a_run_is_underfit_where_it_fails_on_photos_that_it_trained_on():
    def metrics(train, gap):
        return {"train": {"accuracy": {"value": train}}, "memorisation_gap": {"value": gap}}

    assert is_underfit(metrics(0.70, 0.05))
    assert not is_underfit(metrics(0.90, 0.15))


def test_where_the_time_was_given_other_widths_and_numbers_of_photos_are_tried_for_as_long():
    costs = {each.change.name: each.cost for each in experiments_of(changes_for("scratch", timed=True), 1)}
    assert [costs[name] for name in costs if "width" in name or "photos" in name] == pytest.approx([1.0] * 6)
    changes = changes_for("scratch", timed=True, slower={0.25: 0.1, 0.5: 0.2, 2.0: 5.0, 4.0: 25.0})
    epochs = {change.width: change.epochs for change in changes if change.suspect == "size"}
    assert epochs == pytest.approx({0.25: 10.0, 0.5: 5.0, 2.0: 0.2})  # who is quicker sees photos more often


@pytest.mark.parametrize(("slowest", "underfit", "tried"), [(1.4, True, True), (1.4, False, False), (6.0, True, False)])
def test_four_times_the_width_is_tried_where_little_was_learnt_by_a_network_so_narrow_that_it_costs_little(
    slowest, underfit, tried
):
    slower = {0.25: 0.9, 0.5: 0.95, 2.0: 1.1, 4.0: slowest}
    found = {change.name: change for change in changes_for("scratch", underfit=underfit, slower=slower)}
    assert ("four times the width" in found) == tried
    assert not tried or found["four times the width"].width == 4.0


def test_a_longer_training_is_a_change_only_where_the_rate_falls():
    epochs = {
        recipe: [c.name for c in changes_for(recipe) if c.suspect == "epochs"] for recipe in ("classic", "scratch")
    }
    assert epochs == {"classic": [], "scratch": ["half the epochs", "twice the epochs"]}


def test_costs_follow_photos_epochs_and_width():
    costs = {each.change.name: each.cost for each in experiments_of(changes_for("classic"), 1)}
    assert costs[BASE] == 1.5  # goes on beyond the epochs of the run
    assert Experiment(changes_for("classic")[0], 2).cost == 1.0
    assert costs["1/4 of the photos"] == 0.25
    widths = [costs[name] for name in ("a quarter of the width", "half the width", "twice the width")]
    assert widths == pytest.approx([0.23, 0.44, 2.4], rel=0.25)  # as measured


def test_the_next_experiment_is_the_first_that_fits_and_can_still_decide():
    order = experiments_of(changes_for("classic"), 1)
    seconds = {each: 10 * each.cost for each in order}
    assert next_experiment(order, seconds, 100.0, Outlook()).change.name == BASE
    assert next_experiment(order, seconds, 100.0, Outlook(frozenset({BASE}))).change.name == "augmentation"
    assert next_experiment(order, seconds, 2.4, Outlook(frozenset({BASE}))).change.name == "a quarter of the width"
    assert next_experiment(order, seconds, 0.1, Outlook()) is None


def test_what_most_likely_gains_nothing_is_tried_again_only_where_nothing_else_is_left():
    order = experiments_of(changes_for("classic"), 1)
    seconds = dict.fromkeys(order, 1.0)
    assert next_experiment(order, seconds, 2.0, Outlook(doubtful=frozenset({BASE}))).change.name == "augmentation"
    all_names = frozenset(each.change.name for each in order)
    assert next_experiment(order, seconds, 2.0, Outlook(doubtful=all_names)).change.name == BASE


@pytest.mark.parametrize("recipe", ["classic", "scratch"])
def test_the_planned_time_is_enough_to_try_every_change_and_most_of_them_twice(recipe):
    waiting, left, tried = experiments_of(changes_for(recipe), 6), trainings_of(changes_for(recipe)), []
    seconds = {each: each.cost for each in waiting}
    while chosen := next_experiment(waiting, seconds, left, Outlook()):
        waiting.remove(chosen)
        tried.append(chosen.change.name)
        left -= seconds[chosen]
    assert set(tried) == {change.name for change in changes_for(recipe)}
    assert sum(tried.count(name) >= 2 for name in set(tried)) >= 6
    assert left < 0.2  # the rest is filled with further seeds


def test_wavy_curves_are_averaged_over_their_end():
    assert list(compared_epochs(1, falling=False)) == [1]
    assert list(compared_epochs(22, falling=False)) == [18, 19, 20, 21, 22]
    assert list(compared_epochs(22, falling=True)) == [22]
