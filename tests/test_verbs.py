"""The main job, end to end: a folder of photos becomes a graded classifier, and the file is what was graded."""

import dataclasses
import json
import math
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from PIL import Image
from support.drawing import draw_photo
from support.trained_runs import CLASSES, SETTINGS, draw_class_folders, environment, listing, train

from tellapart import verbs
from tellapart.engine.predictions import COLUMNS
from tellapart.engine.session import open_engine
from tellapart.errors import DataError, ModelError, UsageError
from tellapart.evaluation.intervals import wilson_interval
from tellapart.model.file import read_model
from tellapart.settings import EngineSettings, TrainSettings
from tellapart.training.prepare import read_table

pytestmark = pytest.mark.slow  # the first run takes ten seconds: Keras, the backbone's file, the training

ENGINE = EngineSettings(workers=2)
PART = {"n", "accuracy", "balanced_accuracy", "log_loss", "calibration_error", "per_class", "confusion"}


@pytest.fixture(scope="session")
def second_run(plain_run, tmp_path_factory):
    """The same photos, settings and seed once more."""
    return train(plain_run.photos, tmp_path_factory.mktemp("second") / "second.run")


def evaluate(model, photos):
    return verbs.evaluate(model, photos, settings=ENGINE)


def predict(model, *inputs):
    return list(verbs.predict(model, [str(given) for given in inputs], settings=ENGINE))


# The run folder


def test_the_run_folder_holds_the_promised_files_and_no_other(plain_run):
    assert {path.name for path in plain_run.folder.iterdir()} == {
        "model.onnx", "report.html", "metrics.json", "splits.csv", "predictions.csv", "run.json",
        "refused.csv", "duplicates.csv",
    }  # fmt: skip


def test_nothing_in_the_photo_folder_is_touched(plain_run, parted_run):
    for run in (plain_run, parted_run):
        assert run.before == run.after


def test_metrics_have_the_promised_keys(plain_run):
    metrics = json.loads((plain_run.folder / "metrics.json").read_text())
    assert set(metrics) >= {"train", "validation", "test", "memorisation_gap", "seconds", "peak_memory_mb", "photos"}
    assert set(metrics) >= {"headline", "limits", "unknown_kinds"}
    for part in ("train", "validation", "test"):
        assert set(metrics[part]) >= PART
        assert set(metrics[part]["accuracy"]) == {"value", "low", "high"}
        assert set(metrics[part]["per_class"]) == set(CLASSES)
        assert np.sum(metrics[part]["confusion"]) == metrics[part]["n"]
    assert set(metrics["memorisation_gap"]) == {"value", "low", "high"}
    assert {"scan", "embed", "total"} <= set(metrics["seconds"])
    assert metrics == plain_run.result.metrics


def test_photos_are_counted(plain_run):
    photos = plain_run.result.metrics["photos"]
    assert photos == {"found": 75, "used": 74, "refused": 1, "vanished": 0, "changed": 0, "twins": 2}
    sizes = [plain_run.result.metrics[part]["n"] for part in ("train", "validation", "test")]
    assert sum(sizes) == 74


def test_classes_of_their_own_colour_are_told_apart(plain_run):
    assert plain_run.result.metrics["test"]["accuracy"]["value"] >= 0.8
    assert plain_run.result.metrics["train"]["accuracy"]["value"] >= 0.9


def test_every_used_photo_has_a_part_in_splits(plain_run):
    *rows, refused = plain_run.rows("splits.csv")
    assert list(rows[0]) == ["path", "label", "split", "group", "sha256"]
    assert (refused["path"], refused["split"]) == ("elm/broken.jpg", "refused")
    assert len(rows) == 74
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    assert all(row["path"].startswith(row["label"] + "/") for row in rows)


def test_copies_never_stand_in_two_parts(plain_run):
    part = {row["path"]: row["split"] for row in plain_run.rows("splits.csv")}
    group = {row["path"]: row["group"] for row in plain_run.rows("splits.csv")}
    for one, other in (("oak/003.png", "oak/copy.png"), ("ash/005.png", "elm/same.png")):
        assert part[one] == part[other]
        assert group[one] == group[other]


def test_every_test_photo_is_predicted_and_the_figures_follow_from_it(plain_run):
    rows = plain_run.rows("predictions.csv")
    assert list(rows[0]) == [*COLUMNS, *(f"p:{name}" for name in CLASSES)]
    test = {row["path"]: row["label"] for row in plain_run.rows("splits.csv") if row["split"] == "test"}
    assert [row["path"] for row in rows] == sorted(test)
    right = sum(row["label"] == test[row["path"]] for row in rows)
    part = plain_run.result.metrics["test"]
    assert part["accuracy"]["value"] == right / len(rows)
    interval = wilson_interval(right, len(rows))
    assert (part["accuracy"]["low"], part["accuracy"]["high"]) == pytest.approx((interval.low, interval.high))
    for row in rows:
        assert sum(float(row[f"p:{name}"]) for name in CLASSES) == pytest.approx(1, abs=1e-5)


def test_the_figures_are_those_of_the_file_itself(plain_run):
    rows = plain_run.rows("predictions.csv")
    predictions = predict(plain_run.model, *(plain_run.photos / row["path"] for row in rows))
    for row, prediction in zip(rows, predictions, strict=True):
        assert prediction.label == row["label"]
        assert prediction.probability == pytest.approx(float(row["probability"]), abs=1e-4)


def test_what_the_file_would_not_answer_is_told_of_photos_that_were_held_out(plain_run):
    metrics, rows = plain_run.result.metrics, plain_run.rows("predictions.csv")
    assert "decisions" not in metrics["train"]
    for part in ("validation", "test"):
        figures = metrics[part]["decisions"]
        assert set(figures) == {"answered", "error", "unsure", "neither"}
    answered = [row for row in rows if row["decision"] == "ok"]
    figures, num_new = metrics["test"]["decisions"], metrics["headline"]["n"]  # copies count once, or not at all
    assert len(answered) - (len(rows) - num_new) <= figures["answered"]["n"] <= len(answered)
    assert figures["answered"]["share"]["value"] == figures["answered"]["n"] / num_new
    assert all(bool(row["reason"]) == (row["decision"] != "ok") for row in rows)


def test_limits_are_in_the_file_and_missing_ones_are_explained(plain_run):
    manifest = read_model(plain_run.model).manifest
    assert set(manifest.thresholds) == {"neither"}  # 72 photos are too few to promise 2%
    assert any("No threshold can guarantee" in warning for warning in plain_run.result.warnings)


def test_more_errors_may_be_allowed(plain_run, tmp_path):
    settings = dataclasses.replace(SETTINGS, max_error=0.2)
    result = verbs.train(plain_run.photos, settings=settings, out=tmp_path / "run")
    model = result.folder / "model.onnx"
    assert "unsure" in read_model(model).manifest.thresholds
    (loosest, *_) = verbs.predict(model, str(plain_run.photos), settings=ENGINE, max_error=0.5)
    assert loosest.decision != "refused"
    with pytest.raises(UsageError, match="cannot guarantee an error rate of at most 0.1%") as caught:
        verbs.evaluate(model, plain_run.photos, settings=ENGINE, max_error=0.001)
    assert "--max-error" in caught.value.fix


def test_a_photo_like_none_is_neither_in_predict_and_evaluate(plain_run, tmp_path, rng):
    (tmp_path / "elm").mkdir()
    Image.fromarray(np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255).save(tmp_path / "elm" / "odd.png")
    (prediction,) = predict(plain_run.model, tmp_path / "elm" / "odd.png")
    assert prediction.decision == "neither" and "unlike the photos of every class" in prediction.reason
    figures = evaluate(plain_run.model, tmp_path).part["decisions"]
    assert figures["neither"]["value"] == 1 and figures["answered"]["n"] == 0


def test_the_training_part_has_the_figures_that_the_file_gives_it(plain_run, tmp_path):
    for row in plain_run.rows("splits.csv"):
        if row["split"] == "train":
            (tmp_path / row["label"]).mkdir(exist_ok=True)
            shutil.copy(plain_run.photos / row["path"], tmp_path / row["path"])
    part, known = evaluate(plain_run.model, tmp_path).part, plain_run.result.metrics["train"]
    assert part["confusion"] == known["confusion"]
    assert part["log_loss"] == pytest.approx(known["log_loss"], abs=2e-3)


def test_the_manifest_tells_what_the_model_is(plain_run):
    manifest = read_model(plain_run.model).manifest
    assert manifest.class_names == CLASSES
    assert (manifest.recipe, manifest.backbone, manifest.side_px) == ("quick", "lite0", 224)
    assert manifest.metrics["test"] == plain_run.result.metrics["test"]
    assert len(manifest.fingerprints.sha256) == plain_run.result.metrics["train"]["n"]
    assert set(manifest.answers) == {"probabilities", "embedding", "novelty"}
    assert {"keras", "onnxruntime", "python"} <= set(manifest.versions)


def test_no_photo_and_no_path_of_the_user_is_in_the_model(plain_run):
    content = plain_run.model.read_bytes()
    assert str(plain_run.photos).encode() not in content
    assert b"\x89PNG" not in content and b"elm/" not in content


def test_the_model_is_one_file_of_standard_operators_with_exact_class_maps(plain_run, rng):
    proto = onnx.load(plain_run.model, load_external_data=False)
    assert {entry.domain for entry in proto.opset_import} == {""}
    engine = open_engine(plain_run.model)
    rows = engine.run(rng.integers(0, 256, (2, 224, 224, 3), np.uint8), ("probabilities", "class_maps"))
    logits = rows["class_maps"].mean(axis=(1, 2))
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    wanted = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rows["probabilities"], wanted, atol=1e-5)


def test_the_exported_keras_file_gives_the_same_answers(plain_run, rng, tmp_path):
    from tellapart.network.keras_setup import keras

    file = verbs.export(plain_run.folder, out=tmp_path / "model.keras", progress=False).out
    pixels = rng.integers(0, 256, (1, 224, 224, 3), np.uint8)
    wanted = np.asarray(keras.models.load_model(file)(pixels)["probabilities"])
    got = open_engine(plain_run.model).run(pixels, ("probabilities",))["probabilities"]
    np.testing.assert_allclose(got, wanted, atol=1e-4)


def test_the_run_says_how_it_was_made(plain_run):
    run = json.loads((plain_run.folder / "run.json").read_text())
    assert run["settings"]["backbone"] == "lite0" and run["seed"] == 0
    assert {"versions", "machine", "data_fingerprint"} <= set(run) and "command" not in run  # there was none


def test_refused_photos_are_listed_with_their_reason(plain_run):
    (row,) = plain_run.rows("refused.csv")
    assert row["path"] == "elm/broken.jpg"
    assert row["code"] and row["reason"].endswith(".")
    assert [photo.path for photo in plain_run.result.refused] == ["elm/broken.jpg"]


def test_the_same_photo_under_two_labels_is_warned_about(plain_run):
    (warning,) = [text for text in plain_run.result.warnings if "two labels" in text]
    assert "ash/005.png" in warning and "elm/same.png" in warning
    (row,) = plain_run.rows("duplicates.csv")
    assert (row["first_label"], row["second_label"], row["kind"]) == ("ash", "elm", "exact")


def test_the_result_names_the_worst_confusions(plain_run):
    for confusion in plain_run.result.confusions:
        assert confusion.truth != confusion.predicted and confusion.count > 0
    assert json.dumps(plain_run.result.to_dict())


# The second run


def test_a_second_run_recalls_the_embeddings(plain_run, second_run):
    parts = [row["split"] for row in plain_run.rows("splits.csv")]
    graded = parts.count("validation") + parts.count("test")
    assert plain_run.num_decoded >= graded  # of the others, another test of this session may have drawn the same
    assert second_run.num_decoded <= graded + 1  # what is graded goes end to end; the refused file is tried again


@pytest.mark.parametrize("name", ["model.onnx", "predictions.csv", "splits.csv", "refused.csv", "duplicates.csv"])
def test_the_same_seed_gives_the_same_bytes(plain_run, second_run, name):
    assert (plain_run.folder / name).read_bytes() == (second_run.folder / name).read_bytes()


def test_the_same_seed_gives_the_same_metrics_but_for_time_and_memory(plain_run, second_run):
    first, second = (
        {key: value for key, value in run.result.metrics.items() if key not in ("seconds", "peak_memory_mb")}
        for run in (plain_run, second_run)
    )
    assert first == second


def test_without_the_cache_every_photo_is_looked_at(plain_run, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tellapart.engine.embedding_cache.EmbeddingCache.recall_file", lambda *ignored: pytest.fail("recalled")
    )
    verbs.check(plain_run.photos, settings=TrainSettings(threads=2, cache=False))


def test_parts_can_be_taken_from_the_splits_of_a_run_in_which_a_photo_was_refused(plain_run):
    table = read_table(plain_run.photos, TrainSettings(splits=str(plain_run.folder / "splits.csv"), seed=9))
    wanted = {row["path"]: row["split"].replace("refused", "") for row in plain_run.rows("splits.csv")}
    assert dict(zip(table.paths, table.parts, strict=True)) == wanted


# Parts that the user made


def test_the_users_test_part_is_kept(parted_run):
    for row in parted_run.rows("splits.csv")[:-1]:  # the last one is refused
        assert (row["split"] == "test") == row["path"].startswith("test/")
    assert parted_run.result.metrics["test"]["n"] == 26
    assert parted_run.result.metrics["validation"]["n"] > 0


def test_copies_across_the_users_parts_are_reported_with_both_paths(parted_run):
    rows = parted_run.rows("duplicates.csv")
    found = {(row["first"], row["second"]) for row in rows if row["kind"] == "exact"}
    wanted = {frozenset((f"train/{name}/010.png", f"test/{name}/copy.png")) for name in ("ash", "oak")}
    assert {frozenset(pair) for pair in found} == wanted
    assert any("two splits" in text and "copy.png" in text for text in parted_run.result.warnings)


def test_accuracy_is_given_without_the_copies_too(parted_run):
    metrics = parted_run.result.metrics
    assert metrics["test_without_twins"]["n"] == metrics["test"]["n"] - 2
    rows = {row["path"]: row["label"] for row in parted_run.rows("predictions.csv") if "copy" not in row["path"]}
    right = sum(path.split("/")[1] == label for path, label in rows.items())
    assert metrics["test_without_twins"]["accuracy"]["value"] == right / len(rows)


def test_a_run_without_such_copies_has_no_second_figure(plain_run):
    assert "test_without_twins" not in plain_run.result.metrics


def test_a_refused_test_photo_is_listed(parted_run):
    assert [row["path"] for row in parted_run.rows("refused.csv")] == ["test/elm/broken.png"]
    assert parted_run.result.metrics["photos"]["refused"] == 1


# What stops a run, and what it leaves behind


def test_a_run_folder_inside_the_photos_is_refused(photo_folder):
    photos = photo_folder()
    before = listing(photos)
    with pytest.raises(UsageError, match="inside the photos"):
        verbs.train(photos, settings=SETTINGS, out=photos / "class0" / "run")
    assert listing(photos) == before


def test_a_run_folder_that_holds_something_is_refused_and_left_alone(photo_folder, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "diary.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        verbs.train(photo_folder(), settings=SETTINGS, out=tmp_path / "run")
    assert (tmp_path / "run" / "diary.txt").read_text() == "mine"


def test_too_many_refused_photos_stop_the_run_and_leave_no_folder(photo_folder, tmp_path):
    photos = photo_folder(num_photos=10)
    for number in range(4):
        (photos / "class1" / f"{number:04d}.png").write_bytes(b"no photo")
    with pytest.raises(DataError, match="4 of 10 photos of 'class1'") as caught:
        verbs.train(photos, settings=SETTINGS, out=tmp_path / "run")
    assert "tellapart check" in caught.value.fix
    assert not (tmp_path / "run").exists()
    warnings = verbs.check(photos, settings=SETTINGS).warnings
    assert any("train will stop" in text and "4 of 10 photos of 'class1'" in text for text in warnings)


def test_strict_stops_at_the_first_refused_photo(photo_folder, tmp_path):
    photos = photo_folder(num_photos=20)
    (photos / "class0" / "0003.png").write_bytes(b"no photo")
    with pytest.raises(DataError, match=r"0003\.png"):
        verbs.train(photos, settings=TrainSettings(threads=2, strict=True), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_faults_stops_before_any_work(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError):
        verbs.train(tmp_path / "photos", settings=SETTINGS, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_class_that_the_splits_leave_without_training_photos_is_named(photo_folder, tmp_path, plain_run):
    photos = photo_folder(num_photos=6)
    lines = ["path,label,split,group,sha256"]
    for file in sorted(photos.glob("*/*.png")):
        part = "test" if file.parent.name == "class1" else "train"
        lines.append(f"{file.relative_to(photos).as_posix()},{file.parent.name},{part},,")
    (tmp_path / "splits.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="class1"):
        verbs.train(
            photos, settings=TrainSettings(threads=2, splits=str(tmp_path / "splits.csv")), out=tmp_path / "run"
        )
    assert not (tmp_path / "run").exists()


# check


def test_check_tells_what_would_hinder_training_and_writes_nothing(plain_run):
    before = listing(plain_run.photos)
    result = verbs.check(plain_run.photos, settings=SETTINGS).to_dict()
    assert listing(plain_run.photos) == before
    assert result["photos"] == 74 and result["copies"] == 2
    assert result["classes"] == {"ash": 24, "elm": 25, "oak": 25}
    assert [photo["path"] for photo in result["refused"]] == ["elm/broken.jpg"]
    assert sum(result["ignored"].values()) == 1
    assert any("two labels" in text for text in result["warnings"])
    assert json.dumps(result)


# evaluate


@pytest.fixture
def new_photos(tmp_path):
    return draw_class_folders(tmp_path / "new", seed=77, num_photos=4)


def test_evaluate_gives_one_part_of_metrics(plain_run, new_photos):
    result = evaluate(plain_run.model, new_photos)
    assert set(result.to_dict()) >= PART
    assert result.part["n"] == 12
    assert result.part["accuracy"]["value"] >= 0.7
    assert result.warnings == ()


def test_classes_bind_by_name_and_not_by_position(plain_run, new_photos):
    whole = evaluate(plain_run.model, new_photos).part
    shutil.rmtree(new_photos / "ash")
    result = evaluate(plain_run.model, new_photos)
    assert set(result.part["per_class"]) == set(CLASSES)
    for name in ("elm", "oak"):
        assert result.part["per_class"][name]["recall"] == whole["per_class"][name]["recall"]
    assert result.part["per_class"]["ash"]["n"] == 0
    assert any("ash" in text for text in result.warnings)


def test_a_class_that_the_model_does_not_know_is_refused_by_name(plain_run, new_photos):
    (new_photos / "oak").rename(new_photos / "birch")
    with pytest.raises(DataError, match="does not know 'birch'") as caught:
        evaluate(plain_run.model, new_photos)
    assert "'ash', 'elm', 'oak'" in caught.value.problem


def test_photos_that_were_trained_on_are_warned_about(plain_run):
    (warning,) = [text for text in evaluate(plain_run.model, plain_run.photos).warnings if "training split" in text]
    assert f"{plain_run.result.metrics['train']['n']} of 74" in warning


def test_near_copies_of_photos_that_were_trained_on_are_warned_about(plain_run, new_photos):
    from PIL import Image

    train_row = next(
        row for row in plain_run.rows("splits.csv") if row["split"] == "train" and "copy" not in row["path"]
    )
    with Image.open(plain_run.photos / train_row["path"]) as photo:
        photo.save(new_photos / train_row["label"] / "again.jpg", quality=90)
    warnings = evaluate(plain_run.model, new_photos).warnings
    assert [text for text in warnings if "near-duplicates of training" in text]


def test_a_folder_without_a_usable_photo_is_refused(plain_run, tmp_path):
    for name in CLASSES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.jpg").write_bytes(b"no photo")
    with pytest.raises(DataError, match="can be used"):
        evaluate(plain_run.model, tmp_path)


def test_what_is_no_model_is_refused(plain_run, new_photos):
    with pytest.raises(ModelError):
        evaluate(plain_run.folder / "metrics.json", new_photos)


# predict


def test_a_folder_a_pattern_files_and_a_list_give_the_same_rows(plain_run, new_photos, monkeypatch):
    import io

    files = sorted(new_photos.rglob("*.png"))
    by_folder = predict(plain_run.model, new_photos)
    assert [row.path for row in by_folder] == [str(file) for file in files]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(map(str, files))))
    for inputs in ((new_photos / "*" / "*.png",), files, ("-",)):
        rows = predict(plain_run.model, *inputs)
        assert [row.path for row in rows] == [row.path for row in by_folder]
        for row, wanted in zip(rows, by_folder, strict=True):
            np.testing.assert_allclose(row.probabilities, wanted.probabilities, atol=1e-5)


def test_a_missing_file_is_a_refused_row_among_others(plain_run, new_photos):
    first = new_photos / "ash" / "000.png"
    rows = predict(plain_run.model, first, new_photos / "none.png", first)
    assert [row.decision for row in rows] == ["ok", "refused", "ok"]
    assert rows[1].reason == "There is no such file." and math.isnan(rows[1].probability)


def test_predicting_is_lazy_and_watched(plain_run, tmp_path, rng):
    draw_photo(rng).save(tmp_path / "a.png")
    steps = []

    class Watcher:
        def stage(self, name, total=None):
            from contextlib import nullcontext

            steps.append((name, total))
            return nullcontext(steps.append)

        def note(self, text):
            raise AssertionError(text)

        def status(self, text):
            raise AssertionError(text)

        def figures(self, row):
            raise AssertionError(row)

    result = verbs.predict(plain_run.model, [str(tmp_path / "a.png")] * 3, progress=Watcher(), settings=ENGINE)
    assert steps == []
    assert len(list(result)) == 3
    assert steps == [("Predicting", 3), 1, 1, 1]


def test_a_model_without_classes_cannot_predict(cache_folder, plain_run, tmp_path, rng):
    draw_photo(rng).save(tmp_path / "a.png")
    (backbone,) = (cache_folder / "backbones").glob("lite0*.onnx")
    with pytest.raises(ModelError):
        predict(backbone, tmp_path / "a.png")


def test_neither_evaluate_nor_predict_loads_what_only_training_needs(plain_run, new_photos):
    code = (
        "import sys\nfrom pathlib import Path\nfrom tellapart import verbs\n"
        "model, photos = map(Path, sys.argv[1:])\n"
        "assert len(list(verbs.predict(model, [str(photos)]))) == 12\n"
        "verbs.evaluate(model, photos)\n"
        "print({'tensorflow', 'keras', 'sklearn', 'polars', 'matplotlib', 'jinja2'} & set(sys.modules))\n"
    )
    command = [sys.executable, "-c", code, str(plain_run.model), str(new_photos)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment())
    assert ran.stdout.strip() == "set()", ran.stderr
