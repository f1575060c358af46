"""A setting that a recipe does not take is refused with the reason, and where it belongs."""

import pytest

from tellapart.errors import UsageError
from tellapart.settings import TRACKERS, TrainSettings


@pytest.mark.parametrize(
    ("given", "reason", "fix"),
    [
        ({"grey": True}, "trained on colour photos", "--recipe scratch or classic"),
        ({"recipe": "best", "grey": True}, "trained on colour photos", "--recipe scratch or classic"),
        ({"image_size": 128}, "of one size (224 px; best: 260)", "--recipe scratch or classic"),
        ({"recipe": "best", "image_size": 128}, "of one size (224 px; best: 260)", "--recipe scratch or classic"),
        ({"learning_rate": 0.1}, "its linear head is fitted in one step", "--recipe best or scratch or classic"),
        ({"batch_size": 8}, "its linear head is fitted in one step", "--recipe best or scratch or classic"),
        ({"epochs": 3}, "its linear head is fitted in one step", "--recipe best or scratch or classic"),
        ({"seconds": 60.0}, "'time': it is not run against the clock", "--recipe best or scratch"),
        ({"recipe": "classic", "seconds": 60.0}, "'time': it is a baseline", "--recipe best or scratch"),
        ({"recipe": "scratch", "scale_pixels": True}, "'scale-pixels': its network scales", "--recipe classic"),
    ],
)
def test_a_setting_of_another_recipe_is_refused_with_the_reason(given, reason, fix):
    with pytest.raises(UsageError) as caught:
        TrainSettings(**given)
    assert reason in caught.value.problem
    assert caught.value.fix == f"Leave it out, or use {fix}."


@pytest.mark.parametrize(
    "given", [{"image_size": 16}, {"learning_rate": -1.0}, {"batch_size": 0}, {"epochs": 0}, {"seconds": 5.0}]
)
def test_values_that_make_no_sense_are_refused(given):
    with pytest.raises(UsageError):
        TrainSettings(recipe="scratch", **given)


def test_time_and_epochs_exclude_each_other():
    with pytest.raises(UsageError, match="Use either --time or --epochs, not both"):
        TrainSettings(recipe="scratch", epochs=3, seconds=60.0)


def test_curves_are_drawn_by_what_is_known():
    assert [TrainSettings(track=track).track for track in TRACKERS] == list(TRACKERS)
    with pytest.raises(UsageError, match="tensorboard, mlflow"):
        TrainSettings(track="wandb")
