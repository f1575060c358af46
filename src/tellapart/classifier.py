"""`ImageClassifier`: the verbs as an estimator, for notebooks and programs, after scikit-learn's conventions.

It does not depend on scikit-learn, but behaves as its tools expect: parameters are stored as given, `fit` checks them
and learns attributes whose names end in `_`, `get_params` and `set_params` let `clone` and grid searches work.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Shaped

from tellapart import verbs
from tellapart.atomic import write_bytes
from tellapart.engine.predictions import Prediction
from tellapart.engine.predictor import Predictor
from tellapart.engine.request_limits import thresholds_for
from tellapart.engine.session import Engine, open_classifier
from tellapart.errors import DataError, UsageError, not_fitted
from tellapart.estimator import SETTINGS, Estimator
from tellapart.model.file import add_label_type, is_model, model_bytes
from tellapart.paths import PathLike, path_of
from tellapart.photos.kept import TemporaryFolder, keep_labelled
from tellapart.photos.labels import truth_of, typed
from tellapart.photos.places import places_of, require_free, require_outside
from tellapart.photos.python_inputs import batch_shape_of, photos_given
from tellapart.report.notebook import NotebookDisplays, NotebookView, viewed_model
from tellapart.settings import EngineSettings, SourceSettings, TrainSettings
from tellapart.temporary import clear_abandoned
from tellapart.training.apart import require_apart
from tellapart.verbs.arguments import Watcher

if TYPE_CHECKING:
    from tellapart.diagnosis.diagnose import Diagnosis
    from tellapart.explanations.explanation import Explanation
    from tellapart.results import CheckResult, ExportResult

Photos = (
    Any  # see `tellapart.photos.python_inputs`; named, because a union of what every library brings would say nothing
)


class ImageClassifier(Estimator, NotebookDisplays):
    """An image classifier that is trained from a folder of photos and graded on photos it never saw.

    **Photos** are a folder, or a list (tuple, series, generator, array) of photos: paths, bytes of files, open binary
    files, PIL images, arrays or tensors. Arrays are `(height, width)`, `(height, width, 1 | 3 | 4)`, or batches with
    the photos first, whose channels may come second; a single `(3, height, width)` could be three grey photos and is
    refused. Values are read by type and range of the whole array: uint8 as 0 to 255; bool as black and white; floats
    within 0 to 1 as that; floats and integers up to 255, with 16 or more somewhere, as 0 to 255; uint16 with 32,768 or
    more somewhere as 0 to 65,535. All else (negative, NaN, a largest value of 1.3) is refused with the fix.

    **Labels** are texts, whole numbers (also as floats) or booleans, one per photo. `classes_` and `predict` have their
    type, also after `save` and `load`. Missing labels, labels of two types and measurements are refused and named.

    Args:
        recipe: how to train: "quick", "best", "scratch" or "classic".
        backbone: "auto", "lite0", "lite1" or "lite2": better and slower from left to right.
        epochs: passes over the photos, for the recipes that make them.
        seconds: for the whole run of "scratch" or "best".
        batch_size: photos a step, for the recipes that make steps.
        learning_rate: highest learning rate, for the same.
        image_size: side of the network's input in pixels, for "scratch" and "classic".
        width: factor on the channels of the network, for "scratch" and "classic".
        grey: drop the colour, for "scratch" and "classic".
        scale_pixels: levels from 0 to 1, for "classic".
        class_weight: "none", or "balanced" to count every class the same.
        max_error: fraction of its answers that may be wrong; `decide` leaves the others open.
        validation: fraction of the photos to validate on.
        test: fraction of the photos to test on.
        seed: decides the split and the folds.
        group_by: photos that must stay on one side: "folder", "column" or a regular expression on paths.
        splits: a splits.csv to take the parts from.
        exclude: names of classes, or patterns on paths, to leave out.
        layout: what the folders at the top are, where that is doubtful: "classes" or "splits".
        follow_links: follow links that lead out of the folder.
        root: where the paths of a table start, if not in its own folder.
        strict: stop at the first photo that cannot be used.
        max_megapixels: megapixels of a photo; larger ones are refused.
        cache: remember embeddings between runs.
        threads: how many photos are looked at at once.
        track: "none", "tensorboard" or "mlflow".
        out: the run folder; a temporary one by default, which lives as long as the classifier.
        progress: True for a line on standard error, False for silence, or a `Progress`; by default a line where
            somebody sees it.

    Learnt by `fit` or `load`: `classes_` (a sorted array, in the order of `predict_proba`'s columns); by `fit` only:
    `metrics_` (as in metrics.json), `warnings_` (what is worth knowing, such as what was left out) and `run_` (the run
    folder).

    Example:
        >>> classifier = ImageClassifier().fit("photos/")  # doctest: +SKIP
        >>> classifier.predict(["new.jpg"])  # doctest: +SKIP
        array(['cat'], dtype='<U3')
    """

    def __init__(
        self,
        *,
        recipe: str = TrainSettings.recipe,
        backbone: str = TrainSettings.backbone,
        epochs: int | None = TrainSettings.epochs,
        seconds: float | None = TrainSettings.seconds,
        batch_size: int | None = TrainSettings.batch_size,
        learning_rate: float | None = TrainSettings.learning_rate,
        image_size: int | None = TrainSettings.image_size,
        width: float | None = TrainSettings.width,
        grey: bool = TrainSettings.grey,
        scale_pixels: bool = TrainSettings.scale_pixels,
        class_weight: str = TrainSettings.class_weight,
        max_error: float = TrainSettings.max_error,
        validation: float = TrainSettings.validation,
        test: float = TrainSettings.test,
        seed: int = TrainSettings.seed,
        group_by: str | None = TrainSettings.group_by,
        splits: PathLike | None = TrainSettings.splits,
        exclude: tuple[str, ...] = TrainSettings.exclude,
        layout: str = TrainSettings.layout,
        follow_links: bool = TrainSettings.follow_links,
        root: PathLike | None = TrainSettings.root,
        strict: bool = TrainSettings.strict,
        max_megapixels: float = TrainSettings.max_megapixels,
        cache: bool = TrainSettings.cache,
        threads: int = TrainSettings.threads,
        track: str = TrainSettings.track,
        out: PathLike | None = None,
        progress: Watcher = None,
    ):
        self.recipe = recipe
        self.backbone = backbone
        self.epochs = epochs
        self.seconds = seconds
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.image_size = image_size
        self.width = width
        self.grey = grey
        self.scale_pixels = scale_pixels
        self.class_weight = class_weight
        self.max_error = max_error
        self.validation = validation
        self.test = test
        self.seed = seed
        self.group_by = group_by
        self.splits = splits
        self.exclude = exclude
        self.layout = layout
        self.follow_links = follow_links
        self.root = root
        self.strict = strict
        self.max_megapixels = max_megapixels
        self.cache = cache
        self.threads = threads
        self.track = track
        self.out = out
        self.progress = progress

    def fit(self, photos: Photos, y: Any = None) -> ImageClassifier:
        """Train on photos.

        Args:
            photos: a folder with one sub-folder per class, or a CSV or Parquet file; with `y`, a sequence of photos,
                which are written, without loss, to a temporary folder that lives as long as the classifier.
            y: the label of each photo of a sequence.

        Raises:
            UsageError: photos or labels are none, or do not fit each other.
            TellapartError: see the verb `train`.
        """
        settings, home = self._settings(), TemporaryFolder()
        source, labels = keep_labelled(photos, y, home.path / "photos")
        # The run folder outlives this call and is removed with the object, unless the user named one.
        out = home.path / "run" if self.out is None else path_of(self.out, "out", "a run folder")
        self._places = places_of(photos)
        require_outside(out, [], self._places, option="out=")
        result = verbs.train(source, settings=settings, out=out, progress=self.progress)
        if labels is not None and labels.kind != "text":
            add_label_type(result.folder / "model.onnx", labels.kind)
        self._home, self._batch_shape = home, batch_shape_of(photos)
        self.run_, self.metrics_, self.warnings_ = result.folder, result.metrics, result.warnings
        return self._open(open_classifier(result.folder / "model.onnx"))

    @classmethod
    def load(cls, path: PathLike) -> ImageClassifier:
        """A classifier from a model file.

        Raises:
            ModelError: the file is refused.
        """
        engine = open_classifier(path_of(path, "path", "a model file"))
        recipe, backbone = engine.manifest.recipe, engine.manifest.backbone
        if recipe not in ("quick", "best"):
            backbone = TrainSettings.backbone  # the file names its own network, which is no backbone to train on
        return cls(recipe=recipe, backbone=backbone, seed=engine.manifest.seed)._open(engine)

    def save(self, path: PathLike, *, force: bool = False) -> None:
        """Write the model file; `load` and the command line read it.

        Args:
            path: the file; a model of tellapart that is there already is replaced.
            force: replace whatever file is there.

        Raises:
            UsageError: another file is there, or the place lies among the photos that it was trained on.
        """
        target, folder = path_of(path, "path", "the model file to write"), self._fitted().path.parent
        require_free(target, is_model, force=force)
        require_apart(target, folder, [], self._places)
        clear_abandoned(target.parent)
        write_bytes(target, self._model_bytes())

    def predict(self, photos: Photos) -> Shaped[np.ndarray, " photos"]:
        """The label of each photo, of the type of `classes_`, however unsure; `decide` tells which to rely on.

        Args:
            photos: a folder (its photos in the order of their paths), one photo, or a sequence of photos.

        Raises:
            DataError: a photo cannot be used. The verb `predict` goes on instead and gives such a photo a
                row of its own.
        """
        columns = self.predict_proba(photos).argmax(axis=1)
        return self.classes_[columns]

    def decide(self, photos: Photos, *, max_error: float | None = None) -> list[Prediction]:
        """What to do with each photo: a prediction whose `decision` is "ok", "unsure", "neither" or "refused".

        `predict` names a class for every photo, as scikit-learn's tools expect; here a photo that the classifier is not
        sure enough of, that shows none of the classes, or that cannot be used says so, with its `reason`. These are the
        rows of the verb `predict`: labels are names of classes, as text.

        Args:
            photos: photos as in `predict`.
            max_error: fraction of the answers that may be wrong; None: what it was trained with.

        Raises:
            UsageError: it cannot promise `max_error`.
        """
        engine = self._fitted()
        thresholds = thresholds_for(engine.manifest, max_error, engine.path)
        return list(dataclasses.replace(self._predictor(), thresholds=thresholds).predict(self._given(photos)))

    def predict_proba(self, photos: Photos) -> Float[np.ndarray, "photos classes"]:
        """The probability of each class for each photo; columns in the order of `classes_`.

        Raises:
            DataError: a photo cannot be used.
        """
        rows = []
        for number, prediction in enumerate(self._predictor().predict(self._given(photos))):
            if prediction.probabilities is None:
                raise DataError(
                    f"{prediction.path or f'Photo {number}'} cannot be used: {prediction.reason}",
                    fix="Leave it out, or repair it.",
                )
            rows.append(prediction.probabilities)
        return np.array(rows).reshape(len(rows), len(self.classes_))[:, self._columns]

    def score(self, photos: Photos, y: Any = None) -> float:
        """Accuracy on labelled photos, a fraction. `evaluate` gives its interval, which this number needs.

        Raises:
            UsageError: the labels are of another type than those it was trained on, so that none could be right.
        """
        if y is None:
            return self.evaluate(photos)["accuracy"]["value"]
        truth = truth_of(y, self._fitted().manifest.label_type)
        answers = self.predict(photos)
        if len(answers) != len(truth) or not len(truth):
            raise UsageError(
                f"{len(answers)} photos came with {len(truth)} labels.", fix="Give photos, and y with a label for each."
            )
        return float((answers == truth).mean())

    def evaluate(self, photos: Photos, y: Any = None) -> dict[str, Any]:
        """Accuracy with interval and all other figures on labelled photos, as one part of metrics.json.

        Args:
            photos: a folder or table with labels; or with `y`, a sequence of photos.
            y: the label of each photo of a sequence.
        """
        engine, home = self._fitted(), TemporaryFolder()
        source, _ = keep_labelled(photos, y, home.path, for_training=False)
        settings, reading = EngineSettings(workers=self.threads), SourceSettings(follow_links=self.follow_links)
        return verbs.evaluate(engine.path, source, settings=settings, source=reading, progress=self.progress).to_dict()

    def explain(self, photos: Photos) -> list[Explanation]:
        """Where on each photo the classifier looked, and which training photos are most like it.

        Each holds its picture, so give a handful of photos; the verb `explain` writes any number into a folder.

        Args:
            photos: photos as in `predict`; one that cannot be used is explained by the reason.
        """
        from tellapart.explanations.explanation import explain_photos
        from tellapart.explanations.nearest_training_photos import training_photos

        engine = self._fitted()
        settings = EngineSettings(workers=self.threads)
        return list(explain_photos(engine, self._given(photos), training_photos(engine), settings))

    def check(self, photos: Photos, y: Any = None) -> CheckResult:
        """What would hinder training on these photos, as the verb `check`; nothing is trained."""
        home = TemporaryFolder()
        source, _ = keep_labelled(photos, y, home.path, for_training=False)
        return verbs.check(source, settings=self._settings(), progress=self.progress)

    def diagnose(self, *, photos: PathLike | None = None, seconds: float | None = None) -> Diagnosis:
        """Why it is not better, and what would help, as the verb `diagnose`.

        Args:
            photos: folder of the photos, if they were moved; None: where they were.
            seconds: for all experiments together.

        Raises:
            UsageError: it is not trained, or was loaded from a model file without its run folder.
        """
        run = getattr(self, "run_", self._fitted().path.parent)
        return verbs.diagnose(run, photos=photos, seconds=seconds, progress=self.progress)

    def export(self, *, to: str = "keras", out: PathLike | None = None, force: bool = False) -> ExportResult:
        """Write the model for another program, as the verb `export`.

        Args:
            to: format; "keras" can be trained further with Keras.
            out: file to write; None: beside the model file.
            force: replace `out`, whatever it is.

        Raises:
            UsageError: it is not trained, the format is unknown, or `out` exists.
        """
        return verbs.export(self._fitted().path, to=to, out=out, force=force, progress=self.progress)

    def __getstate__(self) -> dict[str, Any]:
        """What pickling keeps: parameters, figures, and the model file as bytes, which is data and runs no code."""
        state = self.get_params()
        if hasattr(self, "_engine"):
            state |= {"_model": self._model_bytes(), "_batch_shape": self._batch_shape}
            kept = ("metrics_", "warnings_", *(("run_",) if self.out is not None else ()))  # a temporary one ends here
            state |= {name: getattr(self, name) for name in kept if hasattr(self, name)}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The classifier again, its model file in a temporary folder of its own."""
        model = state.pop("_model", None)
        self.__dict__.update(state)
        if model is not None:
            self._home = TemporaryFolder()
            write_bytes(self._home.path / "model.onnx", model)
            self._open(open_classifier(self._home.path / "model.onnx"))

    def _viewed(self) -> NotebookView:
        if not hasattr(self, "_engine"):
            return NotebookView(title=f"{self!r}, not trained yet")
        return viewed_model(self._engine.manifest, self._engine.path.parent)

    _batch_shape: tuple[int, ...] | None = None  # see `batch_shape_of`
    _places: Sequence[Path] = ()  # a photo of each folder that was given

    def _settings(self) -> TrainSettings:
        return TrainSettings(**{name: getattr(self, name) for name in SETTINGS})

    def _given(self, photos: Photos) -> Any:
        return photos_given(photos, self._batch_shape, self.follow_links)

    def _predictor(self) -> Predictor:
        return Predictor(self._fitted(), EngineSettings(workers=self.threads))

    def _open(self, engine: Engine) -> ImageClassifier:
        self._engine = engine
        labels = typed(engine.manifest.class_names, engine.manifest.label_type)
        self._columns = np.argsort(labels, kind="stable")  # the file has its own order, scikit-learn sorts
        self.classes_ = labels[self._columns]
        return self

    def _model_bytes(self) -> bytes:
        return model_bytes(self._fitted().path)

    def _fitted(self) -> Engine:
        if not hasattr(self, "_engine"):
            raise not_fitted(
                "This ImageClassifier is not trained yet.",
                fix='Call fit("photos/") first, or ImageClassifier.load("model.onnx").',
            )
        return self._engine
