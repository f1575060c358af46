"""The weights that answer best on validation are shipped, as sure as validation allows."""

import numpy as np
import pytest
from support.fake_learners import FakeLearner, coloured_source

from tellapart.training.loop.loop import Fit
from tellapart.training.loop.select_weights import averaged, choose

GOOD, BAD = np.eye(3) * 8, -np.eye(3) * 8


@pytest.mark.parametrize("names", [("last", "average"), ("average", "last")])
def test_the_lowest_validation_loss_wins_and_is_set(names):
    learner = FakeLearner()
    good, bad = names
    choice = choose({bad: [BAD], good: [GOOD]}, learner, coloured_source(30), 16)
    assert choice.name == good
    np.testing.assert_array_equal(learner.weights()[0], GOOD)
    assert choice.losses[good] < choice.losses[bad]


def test_one_that_is_too_sure_is_not_worse_once_it_is_cooled():
    choice = choose({"last": [GOOD], "average": [GOOD * 10]}, FakeLearner(), coloured_source(30), 16)
    assert choice.losses["last"] == pytest.approx(choice.losses["average"], rel=0.01)


def test_without_validation_photos_the_first_is_taken_as_it_is():
    choice = choose({"last": [BAD], "average": [GOOD]}, FakeLearner(), coloured_source(0), 16)
    assert (choice.name, choice.temperature) == ("last", 1.0)


def test_averaged_weights_take_their_place_and_statistics_are_measured_on_plain_photos():
    class Measuring(FakeLearner):
        def estimate_statistics(self, batches):
            self.measured = [batch() for batch in batches]

    learner, source = Measuring(), coloured_source(20)
    fitted = Fit(last=[BAD], best=[BAD], average=[GOOD], history=[])
    np.testing.assert_array_equal(averaged(fitted, learner, source, 16, 6, 0)[0], GOOD)
    assert [len(batch) for batch in learner.measured] == [6, 6, 6]
    assert len(set(source.pixels.asked)) == 18
