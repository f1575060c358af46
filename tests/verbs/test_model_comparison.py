"""Two small models on photos drawn in code: who is right, which photos count, and what is refused."""

import csv
import hashlib
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from support import small_models
from support.small_models import small_manifest, write_small_model

from tellapart import verbs
from tellapart.engine.session import open_engine
from tellapart.errors import DataError, ModelError, UsageError
from tellapart.evaluation.comparison import compare
from tellapart.model.manifest import Fingerprints
from tellapart.progress import Silent
from tellapart.settings import EngineSettings
from tellapart.verbs.model_comparison import require_place_for_table, write_changed

NUM_PHOTOS = 40
ENGINE = EngineSettings(workers=2)


@pytest.fixture
def photos(tmp_path, rng):
    """Photos with labels that follow no rule, so that every model gets about half of them right."""
    root = tmp_path / "photos"
    for name in ("blue", "red"):
        (root / name).mkdir(parents=True)
    for number in range(NUM_PHOTOS):
        pixels = rng.integers(0, 256, (3, 3, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
        Image.fromarray(pixels).save(root / ("blue", "red")[number % 2] / f"{number:03}.png")
    return root


def model(folder, *, head_seed=1, class_names=("blue", "red"), fingerprints=None):
    """A run folder with a model whose head is drawn by chance."""
    folder.mkdir()
    plain = small_models.weights()
    head = np.random.default_rng(head_seed).normal(size=(small_models.WIDTH, len(class_names))).astype(np.float32)
    # Offsets put plain grey on the border, so that about half of the photos fall to either side.
    own = {**plain, "head": head, "offsets": -(np.full(3, 0.5) @ plain["mix"] + plain["lift"]) @ head}
    own["offsets"] = own["offsets"].astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small_models, "weights", lambda names=class_names: own)
        given = {} if fingerprints is None else {"fingerprints": fingerprints}
        write_small_model(folder / "model.onnx", class_names, small_manifest(class_names, **given))
    return folder


def answers(run, photos):
    """What a model says, photo by photo in the order of paths, without the code under test."""
    engine = open_engine(run / "model.onnx")
    found = {}
    for file in sorted(photos.glob("*/*.png")):
        with Image.open(file) as image:
            pixels = np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC))
        row = engine.run(pixels[np.newaxis], ("probabilities",))["probabilities"][0]
        found[f"{file.parent.name}/{file.name}"] = engine.manifest.class_names[int(row.argmax())]
    return found


def digest_of(file):
    return int(hashlib.sha256(file.read_bytes()).hexdigest()[:16], 16)


def prints(*files):
    return Fingerprints(
        sha256=np.array([digest_of(file) for file in files], np.uint64), perceptual=np.zeros(len(files), np.uint64)
    )


def test_the_figures_and_the_changed_photos_follow_from_the_answers(photos, tmp_path):
    a, b = model(tmp_path / "a"), model(tmp_path / "b", head_seed=9)
    result = verbs.compare(a, b, photos, settings=ENGINE)
    said_a, said_b = answers(a, photos), answers(b, photos)
    labels = {path: path.split("/")[0] for path in said_a}
    right = [np.array([said[path] == labels[path] for path in sorted(labels)]) for said in (said_a, said_b)]
    assert result.everything == compare(*right)
    assert 0 < len(result.changed) < NUM_PHOTOS
    wanted = [(path, labels[path], said_a[path], said_b[path]) for path in sorted(labels)]
    assert list(result.changed) == [row for row in wanted if row[2] != row[3]]
    assert (result.unseen, result.warnings, result.refused) == (None, (), ())


def test_classes_bind_by_name_and_not_by_position(photos, tmp_path):
    a = model(tmp_path / "a")
    b = model(tmp_path / "b", class_names=("red", "blue"))  # the same columns under each other's names
    result = verbs.compare(a, b, photos, settings=ENGINE)
    assert len(result.changed) == NUM_PHOTOS
    assert result.everything.both == 0 and result.everything.neither == 0


def test_two_files_of_one_model_never_differ(photos, tmp_path):
    a, b = model(tmp_path / "a"), model(tmp_path / "b")
    result = verbs.compare(a, b / "model.onnx", photos, settings=ENGINE)
    assert result.changed == ()
    assert result.decisive.sentence.startswith("No detectable difference: ")
    assert result.decisive.probability == 1.0


def test_an_unreadable_photo_is_set_aside_for_both(photos, tmp_path):
    (photos / "red" / "001.png").write_bytes(b"no photo")
    result = verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos, settings=ENGINE)
    assert [photo.path for photo in result.refused] == ["red/001.png"]
    assert result.everything.num_photos == NUM_PHOTOS - 1


def test_photos_that_either_was_trained_on_do_not_decide(photos, tmp_path):
    files = sorted(photos.glob("*/*.png"))
    a = model(tmp_path / "a", fingerprints=prints(*files[:5]))
    b = model(tmp_path / "b", head_seed=9, fingerprints=prints(*files[3:12]))
    result = verbs.compare(a, b, photos, settings=ENGINE)
    assert result.everything.num_photos == NUM_PHOTOS
    assert result.unseen is not None and result.unseen.num_photos == NUM_PHOTOS - 12
    assert result.decisive is result.unseen
    (warning,) = result.warnings
    assert warning.startswith("12 of 40 photos, or copies of them, were trained on (A on 5, B on 9): they do not count")


def test_where_every_photo_was_trained_on_the_comparison_is_called_unfair(photos, tmp_path):
    a = model(tmp_path / "a", fingerprints=prints(*photos.glob("*/*.png")))
    result = verbs.compare(a, model(tmp_path / "b", head_seed=9), photos, settings=ENGINE)
    assert result.unseen is None and result.decisive is result.everything
    assert "this comparison is unfair" in result.warnings[0]


def test_exact_copies_among_the_photos_are_told(photos, tmp_path):
    shutil.copy(photos / "red" / "001.png", photos / "red" / "copy.png")
    result = verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos, settings=ENGINE)
    assert result.warnings[0].startswith("1 photo is an exact copy of another")


def test_a_class_without_photos_is_told(photos, tmp_path):
    shutil.rmtree(photos / "red")
    result = verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos, settings=ENGINE)
    assert "No photo of: red" in result.warnings[0]


def test_the_same_file_twice_is_refused(photos, tmp_path):
    run = model(tmp_path / "a")
    with pytest.raises(UsageError, match="the same file"):
        verbs.compare(run, run / "model.onnx", photos)


def test_models_of_different_classes_are_refused_with_what_each_knows(photos, tmp_path):
    a, b = model(tmp_path / "a"), model(tmp_path / "b", class_names=("blue", "green", "red"))
    with pytest.raises(UsageError, match=r"different classes: B \(.*model\.onnx\) also knows green"):
        verbs.compare(a, b, photos)


def test_a_folder_without_labels_is_refused(tmp_path, photos):
    for file in photos.glob("*/*.png"):
        file.rename(photos / file.name)
    with pytest.raises(DataError, match="not in a class"):
        verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos)


def test_a_class_that_the_models_do_not_know_is_refused(tmp_path, photos):
    (photos / "red").rename(photos / "green")
    with pytest.raises(DataError, match="does not know 'green'"):
        verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos)


def test_a_folder_without_a_usable_photo_is_refused(tmp_path, photos):
    for file in photos.glob("*/*.png"):
        file.write_bytes(b"no photo")
    with pytest.raises(DataError, match="can be used"):
        verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos)


def test_a_run_folder_without_a_model_is_refused(tmp_path, photos):
    (tmp_path / "b").mkdir()
    with pytest.raises(ModelError, match=r"model\.onnx"):
        verbs.compare(model(tmp_path / "a"), tmp_path / "b", photos)


def test_the_result_is_json_and_its_changed_photos_a_table(photos, tmp_path):
    result = verbs.compare(model(tmp_path / "a"), model(tmp_path / "b", head_seed=9), photos, settings=ENGINE)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert (told["better"], told["sentence"]) == (result.decisive.better, result.decisive.sentence)
    assert told["everything"]["n"] == NUM_PHOTOS
    write_changed(result.changed, tmp_path / "changed.csv")
    with open(tmp_path / "changed.csv", encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == told["changed"]


def test_a_name_that_is_no_text_survives_in_the_table(tmp_path):
    from tellapart.verbs.model_comparison import ChangedPhoto

    write_changed((ChangedPhoto("red/\udcff.png", "red", "red", "blue"),), tmp_path / "changed.csv")
    assert (tmp_path / "changed.csv").read_text().splitlines()[1] == "'red/\\udcff.png,red,red,blue"


@pytest.mark.parametrize("out", ["changed.xlsx", "none/changed.csv", ".", f"{'r' * 300}.csv"])
def test_a_place_for_no_table_is_refused(tmp_path, out):
    with pytest.raises(UsageError):
        require_place_for_table(tmp_path / out)


@pytest.mark.parametrize(("harm", "code"), [("delete", "vanished"), ("overwrite", "changed"), ("cut", "changed")])
def test_photos_that_are_lost_between_the_two_passes_count_for_neither(photos, tmp_path, harm, code):
    a, b = model(tmp_path / "a", head_seed=1), model(tmp_path / "b", head_seed=2)
    lost = sorted(photos.glob("*/*.png"))[3]

    class Watcher(Silent):
        def stage(self, name, total=None):
            if name == "Asking B":
                content = lost.read_bytes()
                lost.unlink()
                if harm != "delete":
                    lost.write_bytes(content[:50] if harm == "cut" else sorted(photos.glob("*/*.png"))[7].read_bytes())
            return super().stage(name, total)

    result = verbs.compare(a, b, photos, settings=ENGINE, progress=Watcher())
    assert result.everything.num_photos == NUM_PHOTOS - 1
    assert [(photo.path, photo.code) for photo in result.refused] == [(lost.relative_to(photos).as_posix(), code)]
    assert "when A was asked" in result.refused[0].sentence and "when B was asked" in result.refused[0].sentence


def test_only_such_a_table_is_replaced_unasked(tmp_path):
    out = tmp_path / "changed.CSV"
    require_place_for_table(out)
    write_changed((), out)
    require_place_for_table(out)
    out.write_text("path,label\na.jpg,red\n")
    with pytest.raises(UsageError, match="exists already"):
        require_place_for_table(out)
    require_place_for_table(out, force=True)
