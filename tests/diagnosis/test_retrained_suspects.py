"""What retraining says of photos, size, regularisation and epochs, on answers of which the truth is known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from support.retraining_cases import CLASSES, EPOCHS, draw_case, draw_trials

from tellapart.diagnosis.retraining import photo_trials
from tellapart.diagnosis.retraining.ablations import BASE
from tellapart.diagnosis.retraining.epochs import suspect_epochs
from tellapart.diagnosis.retraining.experiment_queue import Outlook
from tellapart.diagnosis.retraining.fidelity import likeness
from tellapart.diagnosis.retraining.photo_trials import suspect_photos
from tellapart.diagnosis.retraining.retrained_suspects import outlook, suspect_regularisation, suspect_size
from tellapart.diagnosis.statistics.power_law import PowerLaw, fit_power_law
from tellapart.diagnosis.suspect import LEVEL

SIZES = {"half the width": 0.75, "a quarter of the width": 0.6, "twice the width": 0.75}
MEANS = {"augmentation": 0.75, "weight decay": 0.75, "dropout": 0.75}
PHOTOS = {"1/4 of the photos": 0.64, "1/2 of the photos": 0.70, "twice the photos": 0.79}


@pytest.fixture
def case(tmp_path):
    """It knows 95% of its training photos and 75% of others, as the trainings do unless they are told otherwise."""
    return draw_case(tmp_path, train_accuracy=0.95, test_accuracy=0.75)


def test_a_change_that_helps_is_named_with_what_it_gains(case):
    found = suspect_regularisation(case, draw_trials({BASE: 0.75, **MEANS, "augmentation": 0.85}))
    assert found.points.low > 0.03 and found.points.value == pytest.approx(0.10, abs=0.02)
    assert found.facts["best"] == "augmentation" and found.options == ("--recipe", "scratch")
    assert "at 64 px, with 1,600 photos and 5 epochs" in found.sentence
    assert [each["what"] for each in found.experiments] == [BASE, *MEANS]


def test_where_nothing_helps_nothing_is_advised(case):
    trials = draw_trials({BASE: 0.75, **MEANS})
    found = suspect_regularisation(case, trials)
    assert found.points.low <= 0 <= found.points.high and found.advice == ""
    assert "cannot be told" in found.sentence


@pytest.mark.parametrize(
    ("changed", "direction"),
    [
        ({"half the width": 0.82}, "too_large"),
        ({"twice the width": 0.82}, "too_small"),
        ({name: 0.55 for name in SIZES}, "right"),
        ({}, "unclear"),
    ],
)
def test_a_size_is_too_large_too_small_right_or_unclear(case, changed, direction):
    found = suspect_size(case, draw_trials({BASE: 0.75, **SIZES, **changed}))
    assert found.facts["direction"] == direction
    assert (found.points.low > 0) == (direction in ("too_large", "too_small"))


@pytest.mark.parametrize(("epochs", "in_time"), [(EPOCHS, False), (None, True)])
def test_a_width_that_is_better_is_advised_in_the_same_time_where_a_time_was_given(case, epochs, in_time):
    settings = replace(case.settings, recipe="scratch", epochs=epochs, width=2.0)
    trials = draw_trials({BASE: 0.75, **SIZES, "half the width": 0.82}, recipe="scratch")
    found = suspect_size(replace(case, settings=settings), trials)
    assert found.options == ("--width", "1")
    assert ("in the same time" in found.sentence) == found.facts["in_same_time"] == in_time


def test_a_width_that_cannot_be_asked_for_is_not_advised(case):
    trials = draw_trials({BASE: 0.75, **SIZES, "twice the width": 0.82}, recipe="scratch")
    wide = replace(case, settings=replace(case.settings, recipe="scratch", width=2.0))
    found = suspect_size(wide, trials)
    assert found.facts["direction"] == "too_small" and found.advice == ""


@dataclass
class Asked:
    """What the law of photos was fitted to, first of all, and asked."""

    sizes: np.ndarray
    errors: np.ndarray
    gain: tuple = ()


@pytest.fixture
def asked(monkeypatch):
    made = []

    def fit(num_photos, errors, num_held_out, settings):
        made.append(Asked(num_photos, errors))
        return fit_power_law(num_photos, errors, num_held_out, settings)

    def gain(law, *arguments):
        made[0].gain = made[0].gain or arguments
        return own_gain(law, *arguments)

    own_gain = PowerLaw.gain
    monkeypatch.setattr(photo_trials, "fit_power_law", fit)
    monkeypatch.setattr(PowerLaw, "gain", gain)
    return made


def test_photos_are_judged_by_a_law_through_every_training(case, asked):
    found = suspect_photos(case, draw_trials({BASE: 0.75, **PHOTOS}))
    assert sorted(set(asked[0].sizes)) == [400, 800, 1600, 3200] and len(asked[0].sizes) == 12
    for size, error in ((1600, 0.25), (400, 0.36)):
        assert asked[0].errors[asked[0].sizes == size] == pytest.approx(error, abs=0.03)
    assert asked[0].gain == (180, 2.0, LEVEL)  # the training photos of the run
    assert found.points.low > 0 and "With 360 photos in place of 180" in found.sentence
    assert found.facts["last_doubling"]["value"] == pytest.approx(0.05, abs=0.02)
    assert found.advice.startswith("Add 180 photos")
    forecast = found.facts["forecast"]
    assert set(forecast["per_class"]) == set(CLASSES) and forecast["twice"]["photos"] == 360


def test_no_forecast_goes_beyond_four_times_the_photos_that_were_tried(tmp_path, asked):
    large = draw_case(tmp_path, 0.95, 0.75, num_photos=15_000)  # 9,000 to train on
    found = suspect_photos(large, draw_trials({BASE: 0.75, **PHOTOS}))
    assert asked[0].gain[0] == 2 * 3200
    assert "the run had 9,000" in found.sentence


def test_nothing_is_forecast_from_far_fewer_photos_than_the_run_had(tmp_path):
    large = draw_case(tmp_path, 0.95, 0.75, num_photos=30_000)
    found = suspect_photos(large, draw_trials({BASE: 0.75, **PHOTOS}))
    assert found.points is None and "18,000" in found.sentence


def test_trainings_that_learnt_nothing_yet_are_no_part_of_the_law(case, asked):
    found = suspect_photos(case, draw_trials({BASE: 0.75, **PHOTOS, "1/4 of the photos": 1 / len(CLASSES)}))
    assert sorted(set(asked[0].sizes)) == [800, 1600, 3200]
    assert len(found.experiments) == 4  # but they are told
    few = {BASE: 0.75, "1/2 of the photos": 1 / len(CLASSES), "1/4 of the photos": 1 / len(CLASSES)}
    assert suspect_photos(case, draw_trials(few)).points is None


# Epochs


def test_a_better_epoch_before_the_end_means_too_many(case):
    trials = draw_trials({BASE: 0.75}, curve=(-0.2, 0.0, 0.1, 0.05, 0.0, 0.0, 0.0, 0.0))
    found = suspect_epochs(case, trials)
    assert found.facts["direction"] == "too_many" and found.points.low > 0.03
    assert found.advice.startswith("Train for 3 epochs") and found.options == ("--epochs", "3")
    assert found.facts["stopping_in_retraining"]["epoch"] == 3


def test_gain_from_going_on_means_too_few(case):
    trials = draw_trials({BASE: 0.75}, curve=(-0.2, -0.15, -0.1, -0.05, 0.0, 0.03, 0.07, 0.1))
    found = suspect_epochs(case, trials)
    assert found.facts["direction"] == "too_few" and found.points.low > 0.02
    assert found.advice.startswith("Train for 8 epochs")


def test_every_figure_can_be_found_among_the_experiments(case):
    trials = draw_trials({BASE: 0.75}, curve=(-0.2, -0.15, -0.1, -0.05, 0.0, 0.03, 0.07, 0.1))
    found = suspect_epochs(case, trials)
    (row,) = found.experiments
    assert (row["epochs"], row["later"]["epochs"], row["seeds"]) == (5, 8, 3)
    assert row["accuracy"] == pytest.approx(trials.right(BASE).mean(), abs=1e-4)
    gain = row["later"]["accuracy"] - row["accuracy"]
    assert found.facts["going_on"]["value"] == pytest.approx(gain, abs=2e-4)


def test_a_level_curve_says_nothing_about_epochs(case):
    found = suspect_epochs(case, draw_trials({BASE: 0.75}))
    assert found.points.low <= 0 and found.advice == "" and found.facts["direction"] in ("unclear", "right")


def test_the_runs_own_history_comes_first_where_it_holds_two_parts(case):
    rows = [{"validation_accuracy": str(a), "test_accuracy": str(a)} for a in (0.5, 0.8, 0.75, 0.75, 0.75)]
    found = suspect_epochs(replace(case, history=tuple(rows)), draw_trials({BASE: 0.75}))
    assert "according to the history of the run" in found.sentence
    assert found.points.value == pytest.approx(0.05)
    assert found.facts["stopping_in_the_run"]["epoch"] == 2


def test_a_falling_rate_is_asked_by_other_trainings(tmp_path):
    case = draw_case(tmp_path, 0.95, 0.75, recipe="scratch")
    accuracies = {BASE: 0.75, "half the epochs": 0.70, "twice the epochs": 0.83}
    found = suspect_epochs(case, draw_trials(accuracies, recipe="scratch", curve=(0.0,) * 5))
    assert found.facts["direction"] == "too_few" and found.points.low > 0
    assert suspect_epochs(case, draw_trials({BASE: 0.75}, recipe="scratch", curve=(0.0,) * 5)).points is None


# Whether the experiments show what the run showed


@pytest.mark.parametrize(("train_accuracy", "holds"), [(0.95, True), (0.88, True), (0.77, False)])
def test_experiments_must_show_the_gap_of_the_run(case, train_accuracy, holds):
    trials = draw_trials({BASE: 0.75, **SIZES, "half the width": 0.9}, train_accuracy=train_accuracy)
    assert likeness(case, trials).holds == holds
    found = suspect_size(case, trials)
    assert (found.points is not None) == holds
    assert holds or (found.sentence.startswith("Cannot tell: at 64 px") and "20.0" in found.sentence)


@pytest.mark.parametrize(("run_gap", "trial_gap"), [(-0.05, 0.02), (0.0, -0.05), (-0.05, -0.05)])
def test_without_a_gap_chance_may_make_either_side_better(tmp_path, run_gap, trial_gap):
    case = draw_case(tmp_path, 0.75 + run_gap, 0.75)
    assert likeness(case, draw_trials({BASE: 0.75}, train_accuracy=0.75 + trial_gap)).holds


def test_a_network_that_learnt_nothing_says_nothing(case):
    trials = draw_trials({BASE: 1 / len(CLASSES), **MEANS}, train_accuracy=0.55)
    found = suspect_regularisation(case, trials)
    assert found.points is None and "learnt nothing yet" in found.sentence


def test_what_was_not_tried_is_not_told(case):
    for suspect in (suspect_size, suspect_regularisation, suspect_photos):
        found = suspect(case, draw_trials({BASE: 0.75}))
        assert found.points is None and found.sentence
    stopped = draw_trials({})
    stopped.stopped = True
    assert "stopped" in suspect_size(case, stopped).sentence


def test_a_training_that_went_wrong_is_told(case):
    trials = draw_trials({})
    trials.failed[BASE] = "The loss is not a number any more."
    assert "not a number" in suspect_size(case, trials).sentence


def test_a_change_with_which_nothing_was_learnt_yet_says_nothing(case):
    accuracies = {BASE: 0.75, **{name: 1 / len(CLASSES) for name in SIZES}}
    for untaught, direction in ((("half the width",), "unclear"), ((), "right")):
        found = suspect_size(case, draw_trials(accuracies, untaught=untaught))
        assert found.facts["direction"] == direction
        assert found.facts["learnt_nothing"] == list(untaught)
    silent = suspect_size(case, draw_trials(accuracies, untaught=tuple(SIZES)))
    assert silent.points is None and "not learnt anything yet" in silent.sentence
    assert outlook(draw_trials(accuracies, untaught=("half the width",))).decided >= {"half the width"}


def test_changes_that_cannot_be_the_best_any_more_are_decided(case):
    trials = draw_trials({BASE: 0.75, **SIZES, **MEANS, "augmentation": 0.9})
    assert outlook(trials).decided == {"a quarter of the width", "weight decay", "dropout"}
    assert outlook(draw_trials({})) == Outlook()


def test_changes_that_gained_nothing_twice_come_after_those_that_may_be_what_is_wrong(case):
    accuracies = {BASE: 0.75, "half the epochs": 0.75, "twice the epochs": 0.80, "half the width": 0.745}
    accuracies |= {"twice the width": 0.78}

    def doubtful(num_seeds):
        return outlook(draw_trials(accuracies, recipe="scratch", num_seeds=num_seeds, curve=(0.0,) * 5)).doubtful

    assert doubtful(2) == {"half the epochs", "half the width"}
    assert doubtful(1) == set()
