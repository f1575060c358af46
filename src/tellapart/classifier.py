"""`ImageClassifier`: the verbs as an estimator, for notebooks and programs, after scikit-learn's conventions.

It does not depend on scikit-learn, but behaves as its tools expect: parameters are stored as given, `fit` checks them
and learns attributes whose names end in `_`, `get_params` and `set_params` let `clone` and grid searches work.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from tellapart import verbs
from tellapart.atomic import replacing
from tellapart.engine.predictions import Prediction
from tellapart.engine.predictor import Predictor
from tellapart.engine.session import Engine, open_classifier
from tellapart.errors import DataError, PhotoRefused, TellapartError, UsageError
from tellapart.model.file import read_model
from tellapart.photos.decode import Source, open_photo
from tellapart.photos.places import require_free, require_outside
from tellapart.photos.scan import list_photos
from tellapart.progress import Progress
from tellapart.report.notebook import Viewed, Views
from tellapart.settings import EngineSettings, TrainSettings
from tellapart.temporary import clear_abandoned, folder_for, temporary_folder
from tellapart.training.apart import require_apart

if TYPE_CHECKING:
    from tellapart.report.explanation import Explanation


class ImageClassifier(Views):
    """An image classifier that is trained from a folder of photos and graded on photos it never saw.

    Args:
        recipe: how to train: "quick", "best", "scratch" or "classic".
        backbone: "auto", "lite0", "lite1" or "lite2": better and slower from left to right.
        epochs: passes over the photos, for the recipes that make them.
        seconds: for the whole run of "scratch" or "best".
        class_weight: "none", or "balanced" to count every class the same.
        max_error: fraction of its answers that may be wrong; `decide` leaves the others open.
        validation: fraction of the photos to validate on.
        test: fraction of the photos to test on.
        seed: decides the split and the folds.
        group_by: photos that must stay on one side: "folder", "column" or a regular expression on paths.
        cache: remember embeddings between runs.
        threads: how many photos are looked at at once.
        out: the run folder; a temporary one by default.
        progress: who watches; nobody by default.

    Learnt by `fit` or `load`: `classes_` (names in the order of `predict_proba`'s columns); by `fit` only:
    `metrics_` (as in metrics.json) and `run_` (the run folder).

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
        class_weight: str = TrainSettings.class_weight,
        max_error: float = TrainSettings.max_error,
        validation: float = TrainSettings.validation,
        test: float = TrainSettings.test,
        seed: int = TrainSettings.seed,
        group_by: str | None = TrainSettings.group_by,
        cache: bool = TrainSettings.cache,
        threads: int = TrainSettings.threads,
        out: str | Path | None = None,
        progress: Progress | None = None,
    ):
        self.recipe = recipe
        self.backbone = backbone
        self.epochs = epochs
        self.seconds = seconds
        self.class_weight = class_weight
        self.max_error = max_error
        self.validation = validation
        self.test = test
        self.seed = seed
        self.group_by = group_by
        self.cache = cache
        self.threads = threads
        self.out = out
        self.progress = progress

    def fit(self, photos: str | Path | Sequence[Source], y: Sequence[object] | None = None) -> ImageClassifier:
        """Train on photos.

        Args:
            photos: a folder with one sub-folder per class, or a CSV or Parquet file; with `y`, a sequence
            of paths, arrays
                `(height, width, 3)` of uint8, PIL images or file contents as bytes. The latter are
                written, without loss, to a temporary folder for the time of the training.
            y: the label of each photo of a sequence.

        Raises:
            TellapartError: as the verb `train`.
        """
        settings = TrainSettings(**{name: getattr(self, name) for name in _SETTINGS})
        # The run folder outlives this call and is removed with the object, unless the user named one.
        out = Path(self.out) if self.out else folder_for(self) / "run"
        self._given = _places_of(photos)
        require_outside(out, [], self._given, option="out=")
        clear_abandoned(Path(tempfile.gettempdir()))
        with temporary_folder(Path(tempfile.gettempdir()), "photos-") as scratch:
            source = _as_source(photos, y, scratch)
            result = verbs.train(source, settings, out, self.progress)
        self.run_, self.metrics_ = result.folder, result.metrics
        return self._open(result.folder / "model.onnx")

    @classmethod
    def load(cls, path: str | Path) -> ImageClassifier:
        """A classifier from a model file.

        Raises:
            ModelError: the file is refused.
        """
        engine = open_classifier(Path(path))
        recipe, backbone = engine.manifest.recipe, engine.manifest.backbone
        if recipe not in ("quick", "best"):
            backbone = TrainSettings.backbone  # the file names its own network, which is no backbone to train on
        return cls(recipe=recipe, backbone=backbone, seed=engine.manifest.seed)._open(Path(path), engine)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the model file; `load` and the command line read it.

        Args:
            path: the file; a model of tellapart that is there already is replaced.
            force: replace whatever file is there.

        Raises:
            UsageError: another file is there, or the place lies among the photos that it was trained on.
        """
        target, model = Path(path), self._fitted().path
        require_free(target, _is_model, force=force)
        require_apart(target, model.parent, [], getattr(self, "_given", []))
        clear_abandoned(target.parent)
        with replacing(target) as temporary:
            shutil.copyfile(model, temporary)

    def predict(self, photos: str | Path | Source | Iterable[Source]) -> np.ndarray:
        """The label of each photo, as an array of text, however unsure; `decide` tells which to rely on.

        Args:
            photos: a folder (its photos in the order of their paths), one photo, or a sequence of photos, as in `fit`.

        Raises:
            DataError: a photo cannot be used. The verb `predict` goes on instead and gives such a photo a
            row of its own.
        """
        columns = self.predict_proba(photos).argmax(axis=1)
        return np.array(self.classes_)[columns]

    def decide(self, photos: str | Path | Source | Iterable[Source]) -> list[Prediction]:
        """What to do with each photo: a prediction whose `decision` is "ok", "unsure", "neither" or "refused".

        `predict` names a class for every photo, as scikit-learn's tools expect; here a photo that the classifier is not
        sure enough of, that shows none of the classes, or that cannot be used says so, with its `reason`.

        Args:
            photos: as in `predict`.
        """
        return list(Predictor(self._fitted(), EngineSettings(workers=self.threads)).predict(_as_photos(photos)))

    def predict_proba(self, photos: str | Path | Source | Iterable[Source]) -> Float[np.ndarray, "photos classes"]:
        """The probability of each class for each photo; columns in the order of `classes_`.

        Raises:
            DataError: a photo cannot be used.
        """
        rows = []
        predictor = Predictor(self._fitted(), EngineSettings(workers=self.threads))
        for number, prediction in enumerate(predictor.predict(_as_photos(photos))):
            if prediction.probabilities is None:
                raise DataError(
                    f"{prediction.path or f'Photo {number}'} cannot be used: {prediction.reason}",
                    fix="Leave it out, or repair it.",
                )
            rows.append(prediction.probabilities)
        return np.array(rows).reshape(len(rows), len(self.classes_))

    def score(self, photos: str | Path | Sequence[Source], y: Sequence[object] | None = None) -> float:
        """Accuracy on labelled photos, a fraction. `evaluate` gives its interval, which this number needs."""
        if y is None:
            return self.evaluate(photos)["accuracy"]["value"]  # type: ignore[arg-type]
        return float((self.predict(photos) == np.array([str(label) for label in y])).mean())

    def evaluate(self, photos: str | Path) -> dict[str, Any]:
        """Accuracy with interval and all other figures on a labelled folder, as one part of metrics.json."""
        settings = EngineSettings(workers=self.threads)
        return verbs.evaluate(self._fitted().path, Path(photos), self.progress, settings).to_dict()

    def explain(self, photos: str | Path | Source | Iterable[Source]) -> list[Explanation]:
        """Where on each photo the classifier looked, and which training photos are most like it.

        Each holds its picture, so give a handful of photos; the verb `explain` writes any number into a folder.

        Args:
            photos: as in `predict`; one that cannot be used is explained by the reason.
        """
        from tellapart.diagnosis.alike import training_photos
        from tellapart.report.explanation import explain_photos

        engine = self._fitted()
        settings = EngineSettings(workers=self.threads)
        return list(explain_photos(engine, _as_photos(photos), training_photos(engine), settings))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, by name."""
        return {name: getattr(self, name) for name in (*_SETTINGS, "out", "progress")}

    def set_params(self, **parameters: Any) -> ImageClassifier:
        """Change parameters.

        Raises:
            UsageError: there is no such parameter.
        """
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise UsageError(f"There is no parameter '{name}'.", fix=f"Use one of: {', '.join(known)}.")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        changed = {k: v for k, v in self.get_params().items() if v != _DEFAULTS.get(k)}
        return f"ImageClassifier({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's tools ask first, from version 1.6 on; only they call it."""
        from sklearn.utils import ClassifierTags, Tags, TargetTags

        target = TargetTags(required=False)
        return Tags(estimator_type="classifier", target_tags=target, classifier_tags=ClassifierTags())

    def _viewed(self) -> Viewed:
        if not hasattr(self, "_engine"):
            return Viewed(title=f"{self!r}, not trained yet")
        manifest, folder = self._engine.manifest, self._engine.path.parent
        names = ", ".join(self.classes_[:_SHOWN_CLASSES]) + ("" if len(self.classes_) <= _SHOWN_CLASSES else ", …")
        return Viewed(
            title=f"Tells apart {names}; recipe {manifest.recipe}",
            class_names=self.classes_,
            part=manifest.metrics.get("test"),
            folder=folder if (folder / "run.json").is_file() else None,
        )

    def _open(self, path: Path, engine: Engine | None = None) -> ImageClassifier:
        self._engine = engine or open_classifier(path)
        self.classes_ = self._engine.manifest.class_names
        return self

    def _fitted(self) -> Engine:
        if not hasattr(self, "_engine"):
            raise UsageError(
                "This ImageClassifier is not trained yet.",
                fix='Call fit("photos/") first, or ImageClassifier.load("model.onnx").',
            )
        return self._engine


_SETTINGS = (
    "recipe", "backbone", "epochs", "seconds", "class_weight", "max_error", "validation", "test", "seed",
    "group_by", "cache", "threads",
)  # fmt: skip
_SHOWN_CLASSES = 8  # names in the title of its notebook page
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(TrainSettings)}


def _places_of(photos: object) -> list[Path]:
    """A photo of each folder that the photos of a sequence lie in, as far as they are files."""
    if isinstance(photos, str | Path | bytes) or not isinstance(photos, Sequence):
        return []
    files = [Path(photo) for photo in photos if isinstance(photo, str | Path)]
    return list({file.parent: file for file in files}.values())


def _is_model(file: Path) -> bool:
    try:
        return bool(read_model(file).manifest)
    except TellapartError:
        return False


def _as_source(photos: str | Path | Sequence[Source], y: Sequence[object] | None, scratch: Path) -> Path:
    """What `train` reads: the source itself, or a folder in `scratch` that holds the photos of a sequence by label."""
    if isinstance(photos, str | Path):
        if y is not None:
            raise UsageError(
                "Labels were given beside a folder.", fix="Give either a folder, or a sequence of photos and y."
            )
        return Path(photos)
    if y is None or len(photos) != len(y):
        got = "no labels" if y is None else f"{len(y)} labels"
        raise UsageError(f"{len(photos)} photos came with {got}.", fix="Give y, one label per photo.")
    numbers = {label: number for number, label in enumerate(dict.fromkeys(map(str, y)))}
    table = ["path,label"]
    for number, (photo, label) in enumerate(zip(photos, y, strict=True)):
        name = f"{number:07d}{_suffix(photo)}"
        folder = scratch / str(numbers[str(label)])
        folder.mkdir(exist_ok=True)
        try:
            _write_photo(photo, folder / name)
        except (OSError, PhotoRefused) as error:
            reason = error.sentence if isinstance(error, PhotoRefused) else f"{error.strerror}: {photo}."
            raise DataError(f"Photo {number} cannot be used: {reason}", fix="Leave it out, or repair it.") from error
        quoted = str(label).replace('"', '""')
        table.append(f'{folder.name}/{name},"{quoted}"')
    (scratch / "photos.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return scratch / "photos.csv"


def _suffix(photo: Source) -> str:
    return Path(photo).suffix if isinstance(photo, str | Path) else "" if isinstance(photo, bytes) else ".png"


def _write_photo(photo: Source, target: Path) -> None:
    if isinstance(photo, str | Path):
        shutil.copyfile(photo, target)
    elif isinstance(photo, bytes):
        target.write_bytes(photo)
    else:
        open_photo(photo, min_side_px=1).image.save(target, compress_level=1)


def _as_photos(photos: str | Path | Source | Iterable[Source]) -> Iterable[Source]:
    if isinstance(photos, str | Path):
        return list_photos(Path(photos)) if os.path.isdir(photos) else [photos]
    single_array = isinstance(photos, np.ndarray) and photos.ndim == 3 and photos.shape[-1] in (1, 3, 4)
    if isinstance(photos, bytes) or single_array or hasattr(photos, "getbands"):
        return [photos]  # type: ignore[list-item]
    return photos  # type: ignore[return-value]
