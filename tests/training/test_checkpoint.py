"""Checkpoints come back as they were, two are kept, and a damaged one costs no more than the time since the other."""

import numpy as np
import pytest

from tellapart.errors import UsageError
from tellapart.training.loop.checkpoint import Checkpoints, TrainState


def saved(step=3):
    return TrainState(
        step=step,
        loss_sum=1.5,
        best_loss=0.25,
        best_epoch=1,
        history=[{"epoch": 1, "loss": 0.1}],
        weights=[np.arange(6, dtype=np.float32).reshape(2, 3), np.array(2.0)],
        optimizer=[np.array(7, np.int64)],
        best=[np.zeros(1)],
    )


def test_what_was_saved_comes_back(tmp_path):
    Checkpoints(tmp_path, "key").save(saved())
    again = Checkpoints(tmp_path, "key").load()
    assert again is not None
    assert (again.step, again.loss_sum, again.best_loss, again.history) == (3, 1.5, 0.25, [{"epoch": 1, "loss": 0.1}])
    np.testing.assert_array_equal(again.weights[0], saved().weights[0])
    assert [array.dtype for array in (*again.weights, *again.optimizer)] == [np.float32, np.float64, np.int64]
    assert again.average == []


def test_there_may_be_none(tmp_path):
    assert Checkpoints(tmp_path, "key").load() is None


def test_two_are_kept_and_the_newest_is_taken(tmp_path):
    checkpoints = Checkpoints(tmp_path, "key")
    for step in (8, 9, 10, 11):
        checkpoints.save(saved(step))
    assert len(list((tmp_path / "checkpoint").iterdir())) == 2
    assert Checkpoints(tmp_path, "key").load().step == 11


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None])
def test_a_damaged_one_is_passed_over(tmp_path, damage):
    checkpoints = Checkpoints(tmp_path, "key")
    checkpoints.save(saved(1))
    checkpoints.save(saved(2))
    newest = max((tmp_path / "checkpoint").iterdir())
    newest.write_bytes(newest.read_bytes()[:-200] if damage is None else damage)
    assert Checkpoints(tmp_path, "key").load().step == 1


def test_one_of_another_run_is_refused(tmp_path):
    Checkpoints(tmp_path, "key").save(saved())
    with pytest.raises(UsageError, match="other photos or settings"):
        Checkpoints(tmp_path, "another").load()


def test_one_that_holds_a_program_is_passed_over(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    np.savez(tmp_path / "checkpoint" / "step000000001.npz", facts=np.array([print], object))
    assert Checkpoints(tmp_path, "key").load() is None


def test_time_before_the_stop_counts_and_time_between_does_not(tmp_path):
    first = Checkpoints(tmp_path, "key", clock=lambda: 40.0)
    first.save(saved())
    second = Checkpoints(tmp_path, "key", clock=lambda: 5.0)
    assert second.seconds() == 5.0
    second.load()
    assert second.seconds() == 45.0
