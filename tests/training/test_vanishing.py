"""Photos that vanish or change while a run is under way: each is used or refused, and no figure counts the refused."""

import hashlib
import os
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
from support.small_models import weights
from support.trained_runs import draw_busy

import tellapart.training.run as run_module
from tellapart.errors import DataError
from tellapart.network.linear_head import LinearHead
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.runs.provenance import Stopwatch
from tellapart.runs.splits_file import write_splits
from tellapart.settings import TrainSettings
from tellapart.training.data.pixel_cache import pixels_of
from tellapart.training.recipes.recipe_result import RecipeResult
from tellapart.training.run import run
from tellapart.training.thresholds import ThresholdResult

CLASSES = ("class0", "class1")
GRADING = (
    "Evaluating on validation photos",
    "Evaluating on training photos",
    "Evaluating on test photos",
)
STAGES = ("Embedding the photos", "Finding near-duplicates", "Decoding the photos", *GRADING)


def delete(file, others):
    file.unlink()


def overwrite(file, others):
    facts = file.stat()
    file.write_bytes(others[0].read_bytes())
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def swap(file, others):
    between = file.with_suffix(".between")
    file.rename(between)
    others[0].rename(file)
    between.rename(others[0])


def cut_short(file, others):
    file.write_bytes(file.read_bytes()[:100])


def empty(file, others):
    file.write_bytes(b"")


def into_folder(file, others):
    file.unlink()
    file.mkdir()


def into_pipe(file, others):
    file.unlink()
    os.mkfifo(file)


HARMS = [delete, overwrite, swap, cut_short, empty, into_folder, *([into_pipe] if hasattr(os, "mkfifo") else [])]


class Vandal(Silent):
    """Does something to photos at the moment when a stage begins."""

    def __init__(self, harm):
        self._harm = harm

    @contextmanager
    def stage(self, name, total=None):
        self._harm(name)
        with super().stage(name, total) as advance:
            yield advance


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """80 photos, in class folders and in parts."""
    rng, root = np.random.default_rng(0), tmp_path_factory.mktemp("drawn")
    for label, name in enumerate(CLASSES):
        for number in range(40):
            part = "test" if number < 8 else "train"
            for folder in (root / "classes" / name, root / "parts" / part / name):
                folder.mkdir(parents=True, exist_ok=True)
            photo = root / "classes" / name / f"{number:02d}.png"
            draw_busy(rng, hue=label * 128).save(photo)
            shutil.copy(photo, root / "parts" / part / name)
    return root


@pytest.fixture(params=["classes", "parts"])
def photos(drawn, request, tmp_path):
    return shutil.copytree(drawn / request.param, tmp_path / "photos")


@pytest.fixture
def train(engine, viewer, tmp_path, monkeypatch):
    """A function that runs everything but the building of a network, with or without a head that is known."""

    def build(material, settings, folder, progress, watch):
        if settings.recipe == "quick":
            own = weights(CLASSES)
            return RecipeResult(engine=engine, head=LinearHead(weights=own["head"], offsets=own["offsets"]))
        with pixels_of(material.part("train"), 16, settings, progress):
            return RecipeResult(engine=engine)

    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(run_module, "RECIPES", {"quick": build, "classic": build})
    monkeypatch.setattr(run_module, "backbone_viewer", lambda settings, progress: viewer)
    monkeypatch.setattr(
        run_module, "add_limits", lambda built, _, train, validation, *more: ThresholdResult(built, validation, {}, ())
    )

    def do(photos, harm, recipe="quick"):
        settings = TrainSettings(recipe=recipe, threads=2)
        return run(scan(photos), settings, tmp_path, Vandal(harm), Stopwatch())

    return do


def check_accounts(trained, table, folder):
    """Every photo of the table is used or refused, and what was graded is what was looked at."""
    used, refused = list(trained.table.paths), [photo.path for photo in trained.refused]
    assert sorted(used + refused) == sorted(table.paths)
    counts, codes = trained.metrics["photos"], [photo.code for photo in trained.refused]
    assert counts["found"] == len(table) == counts["used"] + counts["refused"]
    assert (counts["used"], counts["refused"]) == (len(used), len(refused))
    assert (counts["vanished"], counts["changed"]) == (codes.count("vanished"), codes.count("changed"))
    looked_at, parts = dict(zip(used, trained.sha256, strict=True)), np.array(trained.parts)
    assert trained.test.table.paths == tuple(np.array(used)[parts == "test"])
    assert trained.test.sha256 == tuple(looked_at[path] for path in trained.test.table.paths)
    for part in ("train", "validation", "test"):
        assert trained.metrics[part]["n"] == (parts == part).sum()
    write_splits(folder / "splits.csv", trained.table, trained.parts, trained.groups, trained.sha256, refused)
    assert len((folder / "splits.csv").read_text().splitlines()) == 1 + len(table)


@pytest.mark.parametrize("recipe", ["quick", "classic"])
@pytest.mark.parametrize("seed", range(4))
def test_every_photo_is_used_or_refused_whatever_happens_between_the_stages(photos, train, recipe, seed, tmp_path):
    table, rng, harmed = scan(photos), np.random.default_rng(seed), []
    files = [table.file(row) for row in range(len(table))]

    def harm(stage):
        if stage in STAGES and rng.random() < 0.6 and len(harmed) < 3:  # a tenth of a class may be refused
            sound = [file for file in files if file.is_file() and file.stat().st_size > 100]
            file, *others = rng.choice(sound, 2, replace=False)
            chosen = HARMS[rng.integers(len(HARMS))]
            harmed.extend([file, *others] if chosen is swap else [file])
            chosen(file, others)

    before = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    trained = train(photos, harm, recipe)
    check_accounts(trained, table, tmp_path)
    for path, digest in zip(trained.test.table.paths, trained.test.sha256, strict=True):
        assert digest in before.values(), path  # it was seen whole


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("recipe", ["quick", "classic"])
def test_a_test_photo_that_is_lost_before_grading_is_refused_with_a_reason_that_says_when(
    drawn, train, harm, recipe, tmp_path
):
    photos = shutil.copytree(drawn / "classes", tmp_path / "photos")
    table, harmed = scan(photos), []
    quiet = train(photos, lambda stage: None, recipe)

    def lose(stage):
        if stage == GRADING[2]:
            first, second = (table.root / path for path in quiet.test.table.paths[:2])
            harm(first, [second])
            harmed.append(quiet.test.table.paths[0])

    trained = train(photos, lose, recipe)
    check_accounts(trained, table, tmp_path)
    refused = {photo.path: photo for photo in trained.refused}
    assert set(harmed) <= set(refused) and len(refused) == (2 if harm is swap else 1)
    assert refused[harmed[0]].code == ("vanished" if harm is delete else "changed")
    assert "looked at" in refused[harmed[0]].sentence and "at grading" in refused[harmed[0]].sentence
    assert trained.metrics["test"]["n"] == quiet.metrics["test"]["n"] - len(refused)
    assert any("vanished or changed during the run" in warning for warning in trained.warnings)


def test_a_training_photo_that_changes_before_it_is_decoded_is_not_trained_on(drawn, train, tmp_path):
    photos = shutil.copytree(drawn / "classes", tmp_path / "photos")
    table = scan(photos)
    quiet = train(photos, lambda stage: None, "classic")
    (path, *_) = [path for path, part in zip(quiet.table.paths, quiet.parts, strict=True) if part == "train"]
    shutil.rmtree(tmp_path / "cache" / "pixels")
    decoded = []

    def lose(stage):
        if stage == "Decoding the photos":
            decoded.append(stage)
            (photos / path).write_bytes((photos / "class1" / "03.png").read_bytes())

    trained = train(photos, lose, "classic")
    check_accounts(trained, table, tmp_path)
    assert [(photo.path, photo.code) for photo in trained.refused] == [(path, "changed")]
    assert "decoded for training" in trained.refused[0].sentence
    assert len(decoded) == 2  # the second time without it
    others = {one: part for one, part in zip(quiet.table.paths, quiet.parts, strict=True) if one != path}
    assert dict(zip(trained.table.paths, trained.parts, strict=True)) == others


@pytest.mark.parametrize("stage", [*GRADING[::2], "Decoding the photos"])
def test_where_too_many_of_a_class_are_lost_the_run_stops_in_two_lines_and_the_same_command_goes_on(
    drawn, train, stage, tmp_path
):
    photos = shutil.copytree(drawn / "classes", tmp_path / "photos")
    aside = tmp_path / "aside"

    def lose(name):
        if name == stage:
            photos.rename(aside)

    with pytest.raises(DataError, match="(cannot|none can) be used.* It was there when") as caught:
        train(photos, lose, "classic")
    assert caught.value.fix and "\n" not in caught.value.problem
    aside.rename(photos)
    assert train(photos, lambda name: None, "classic").metrics["photos"]["refused"] == 0
