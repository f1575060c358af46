"""Stopped at any moment, the same command goes on and ends with the same bytes; nothing is left lying."""

import os

import pytest
from support.failing_disk import KINDS, content_of, failing_disk
from support.trained_runs import SETTINGS

from tellapart import verbs
from tellapart.errors import ResourceError


class Terminated(KeyboardInterrupt):
    """What a signal becomes."""


# From the first file that is written to the last moment before names are given; what comes then: test_run_folder.py.
MOMENTS = (
    "tellapart.training.recipes.quick.write_head",
    "tellapart.training.write_run.data_fingerprint",
    "tellapart.runs.ownership._finish",
)


@pytest.mark.slow
def test_training_stopped_again_and_again_ends_as_if_it_never_was(plain_run, tmp_path):
    out = tmp_path / "run"
    for moment, how in zip(MOMENTS, (KeyboardInterrupt, Terminated, KeyboardInterrupt), strict=True):

        def stop(*given, how=how, **named):
            raise how

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(moment, stop)
            with pytest.raises(how):
                verbs.train(plain_run.photos, settings=SETTINGS, out=out)
        assert not out.exists()  # `quick` has nothing to go on from but the embeddings, which are in the cache
    verbs.train(plain_run.photos, settings=SETTINGS, out=out)
    same_run(out, plain_run.folder)


def same_run(run, other):
    assert sorted(os.listdir(run)) == sorted(os.listdir(other))
    for name in ("model.onnx", "splits.csv", "predictions.csv"):
        assert (run / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.slow
def test_a_disk_that_fills_up_while_a_run_is_written_down_stops_no_later_run(plain_run, tmp_path):
    out = tmp_path / "disk" / "run"
    out.parent.mkdir()
    for after in (3, 30):
        try:
            with failing_disk(out.parent, after, KINDS["full"]):
                verbs.train(plain_run.photos, settings=SETTINGS, out=out)
        except ResourceError as error:
            assert len(str(error).splitlines()) == 2
        else:
            break
        assert not (out / "model.onnx").exists()
    else:
        verbs.train(plain_run.photos, settings=SETTINGS, out=out)
    same_run(out, plain_run.folder)


def test_predictions_stopped_halfway_leave_nothing_and_the_same_command_writes_them(plain_run, tmp_path):
    photos = sorted(map(str, plain_run.photos.glob("ash/00*.png")))
    out = tmp_path / "answers.csv"
    result = verbs.predict(plain_run.model, photos, out=out)

    def stopping():
        for number, prediction in enumerate(result):
            if number == 3:
                raise Terminated
            yield prediction

    with pytest.raises(Terminated):
        type(result)(class_names=result.class_names, predictions=stopping(), out=out).write()
    assert content_of(tmp_path) == {}
    (tmp_path / ".tellapart-0a0a0a0a.part").mkdir()  # of one that was killed
    assert verbs.predict(plain_run.model, photos, out=out).write() == len(photos)
    assert os.listdir(tmp_path) == ["answers.csv"]
