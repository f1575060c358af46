"""Teach a finished classifier when not to answer: novelty in its file, and limits set on held-out photos.

    graded train + validation ─▶ prototypes ─▶ novelty of held-out photos ─▶ limits ─▶ model.onnx, proven again

It comes after the file has seen training and validation photos, so that the prototypes are the file's own embeddings
whatever the recipe, and before it sees the test photos, so that those are graded as shipped, decisions included.

Held-out photos are those of the validation part and, for a head on an unchanged backbone, those of the training part
too, each judged by the fold that left it out and compared with no prototype of its own group. Eight times as many
photos make both limits tighter. The folds saw a fifth fewer photos than the finished head and are a little worse, so
this errs on the safe side; benchmarks/neither.py counts how often the promise is broken.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine, open_engine
from tellapart.evaluation.neither import decide, fewest_photos, novelty_limit, one_per_group, unsure_limit
from tellapart.evaluation.risk_curve import risk_curve
from tellapart.model.file import read_model, with_manifest, write_model
from tellapart.model.novelty import MOST_BYTES, Prototypes, ScoreLack, answers_with_novelty, with_novelty
from tellapart.model.patterns import draw_patterns
from tellapart.network.family import LAST_WIDTH
from tellapart.settings import TrainSettings
from tellapart.training.prepare import Material
from tellapart.training.recipes.recipe_result import RecipeResult
from tellapart.training.unknown_kinds import not_measured, unknown_kinds

_BLOCK_PHOTOS = 2048
_MOST_JUDGED = 20_000  # training photos that are held out in turn: more would cost seconds and move no limit


@dataclass(frozen=True, kw_only=True)
class HeldOutPhotos:
    """Photos that were not trained on, no two of one group, as the classifier sees new ones."""

    confidence: Float[np.ndarray, " photos"]
    wrong: np.ndarray  # (photos,) bool
    novelty: Float[np.ndarray, " photos"] | None  # None: the classifier has none

    @classmethod
    def of(cls, looks: Sequence[EmbeddedPhotos]) -> HeldOutPhotos:
        """Held-out photos of several kinds as one."""
        probabilities = np.concatenate([look.probabilities for look in looks if look.probabilities is not None])
        novelties = [look.novelty for look in looks if look.novelty is not None]
        return cls(
            confidence=probabilities.max(axis=1, initial=0.0),
            wrong=probabilities.argmax(axis=1) != np.concatenate([look.table.labels for look in looks]),
            novelty=np.concatenate(novelties) if novelties else None,
        )


@dataclass(frozen=True, kw_only=True)
class ChosenPrototypes:
    """Prototypes, and where they come from."""

    prototypes: Prototypes
    groups: Int[np.ndarray, " prototypes"]  # of the photos that they are embeddings of
    labels: Int[np.ndarray, " prototypes"]  # index of the class of each

    def left_out(
        self, embeddings: Float[np.ndarray, "photos width"], groups: Int[np.ndarray, " photos"]
    ) -> Float[np.ndarray, " photos"]:
        """Novelty of training photos, each without the prototypes of its own group."""
        parts = [np.zeros(0, np.float32)]
        for start in range(0, len(embeddings), _BLOCK_PHOTOS):
            rows = slice(start, start + _BLOCK_PHOTOS)
            parts.append(self.prototypes.novelty_without(embeddings[rows], groups[rows, None] == self.groups))
        return np.concatenate(parts)


class ThresholdResult(NamedTuple):
    """A classifier that knows when not to answer."""

    built: RecipeResult
    validation: EmbeddedPhotos  # with novelty
    metrics: dict[str, Any]  # `limits` and `unknown_kinds` of metrics.json
    warnings: tuple[str, ...]


def add_limits(
    built: RecipeResult,
    material: Material,
    train: EmbeddedPhotos,
    validation: EmbeddedPhotos,
    settings: TrainSettings,
    folder: Path,
) -> ThresholdResult:
    """Write novelty and limits into the classifier and prove it again.

    Args:
        built: the classifier, with a file that has no novelty.
        material: knows the groups of the photos.
        train: the training part with the file's own embeddings.
        validation: the validation part as the file saw it.
        settings: how many answers may be wrong.
        folder: the run folder.

    Raises:
        ModelError: the file does not compute what it should.
    """
    groups = _rows_of(material, train, material.groups)
    num_classes = len(train.table.class_names)
    chosen = choose_prototypes(train.embeddings, train.table.labels, groups, num_classes, settings.seed)
    looks, lack = [], None
    if built.out_of_fold is not None:
        left_out = _rows_of(material, train, _spread(material, built.out_of_fold))
        judged = hold_out(dataclasses.replace(train, probabilities=left_out), groups, chosen)
        if built.head is not None and built.out_of_fold_scores is not None and judged.novelty is not None:
            scores = _rows_of(material, train, _spread(material, built.out_of_fold_scores))[judged_rows(groups)]
            lack = lack_of(judged.novelty, scores)
            judged = dataclasses.replace(judged, novelty=_raised(judged.novelty, scores, lack))
        looks.append(judged)
    if chosen is not None:
        novelty = chosen.prototypes.novelty(validation.embeddings)
        if built.head is not None:
            novelty = _raised(novelty, built.head.logits(validation.embeddings), lack)
        validation = dataclasses.replace(validation, novelty=novelty)
    looks.insert(0, validation.select(one_per_group(_rows_of(material, validation, material.groups))))
    held = HeldOutPhotos.of(looks)
    thresholds, warnings = set_limits(held, settings.max_error)
    _write(folder / "model.onnx", built.engine, thresholds, chosen, lack)
    facts = {"held_out": len(held.wrong), "prototypes": 0 if chosen is None else len(chosen.groups)}
    details = {**built.details, "limits": {**thresholds, **facts}}
    built = dataclasses.replace(built, engine=open_engine(folder / "model.onnx"), details=details)
    metrics = {"limits": limits_of(held, thresholds, settings.max_error)}
    if built.out_of_fold is None:
        metrics["unknown_kinds"] = not_measured("its network was trained on all of them")
    else:
        labels, names = train.table.labels, train.table.class_names
        penalty = None if lack is None else built.l2_penalty
        metrics["unknown_kinds"] = unknown_kinds(
            train.embeddings, labels, groups, names, chosen, settings.seed, l2_penalty=penalty
        )
    return ThresholdResult(built, validation, metrics, warnings)


def _write(
    path: Path, engine: Engine, thresholds: dict[str, float], chosen: ChosenPrototypes | None, lack: ScoreLack | None
) -> None:
    file = read_model(path)
    manifest = dataclasses.replace(file.manifest, thresholds=thresholds)
    if chosen is None:
        write_model(path, with_manifest(file.content, manifest))
        return
    # The embeddings come from the file that was just proven against Keras; what follows them is proven by NumPy.
    outputs = ("embedding",) if lack is None else ("embedding", "class_maps")
    answers = [engine.run(pattern[None], outputs) for pattern in draw_patterns(manifest.side_px)]
    embeddings = np.concatenate([answer["embedding"] for answer in answers])
    added = 0.0
    if lack is not None:
        added = lack.added(np.array([answer["class_maps"].mean(axis=(1, 2)).max() for answer in answers]))
    manifest = answers_with_novelty(manifest, chosen.prototypes, embeddings, added)
    write_model(path, with_novelty(file.content, manifest, chosen.prototypes, lack))


def lack_of(novelty: Float[np.ndarray, " photos"], scores: Float[np.ndarray, "photos classes"]) -> ScoreLack | None:
    """What a lack of score adds, from held-out photos of the classes; None where too few have a distance."""
    finite = np.isfinite(novelty)
    return ScoreLack.of(novelty[finite], scores[finite].max(axis=1)) if finite.sum() > 1 else None


def _raised(novelty: np.ndarray, scores: np.ndarray, lack: ScoreLack | None) -> Float32[np.ndarray, " photos"]:
    return novelty if lack is None else (novelty + lack.added(scores.max(axis=1))).astype(np.float32)


def _rows_of(material: Material, look: EmbeddedPhotos, values: np.ndarray) -> np.ndarray:
    """Values of the known photos, for those of a look; a photo may have gone since it was known."""
    place = {path: row for row, path in enumerate(material.known.table.paths)}
    return values[[place[path] for path in look.table.paths]]


def _spread(material: Material, of_train: np.ndarray) -> np.ndarray:
    """Values of the training photos as rows of all known photos."""
    spread = np.zeros((len(material.parts), *of_train.shape[1:]), of_train.dtype)
    spread[material.parts == "train"] = of_train
    return spread


def choose_prototypes(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    seed: int,
) -> ChosenPrototypes | None:
    """Embeddings of as many photos of each class as fit; None where not even one of each does.

    A plain draw, and no cluster centres: a photo that was not drawn is then as new to the prototypes as any photo
    to come, so that the limit can be set on training photos too. Centres were no better at 780 prototypes.
    Only what the last block gives is kept: the middle blocks hardly change a distance, and twice as many fit.

    Args:
        embeddings: the file's, of the training photos.
        labels: index of each photo's class.
        groups: group numbers of photos with equal numbers only one is taken.
        num_classes: classes in all.
        seed: decides which photos are drawn.
    """
    rows = np.random.default_rng(seed).permutation(one_per_group(groups))
    embeddings = embeddings[:, :LAST_WIDTH]
    most = MOST_BYTES // (2 * embeddings.shape[1])
    counts = np.bincount(labels[rows], minlength=num_classes)
    if most < num_classes or len(rows) < 2:
        return None
    share = max(share for share in range(most + 1) if np.minimum(counts, share).sum() <= most)
    drawn = np.sort(np.concatenate([rows[labels[rows] == number][:share] for number in range(num_classes)]))
    return ChosenPrototypes(prototypes=Prototypes.of(embeddings[drawn]), groups=groups[drawn], labels=labels[drawn])


def hold_out(
    train: EmbeddedPhotos, groups: Int[np.ndarray, " photos"], chosen: ChosenPrototypes | None
) -> EmbeddedPhotos:
    """Training photos as if they were new: one of each group, none compared with prototypes of its own group.

    Args:
        train: the training part, with the probabilities of the folds that left each photo out.
        groups: group numbers of its photos.
        chosen: prototypes, where there are any.
    """
    rows = judged_rows(groups)
    held = train.select(rows)
    return held if chosen is None else dataclasses.replace(held, novelty=chosen.left_out(held.embeddings, groups[rows]))


def judged_rows(groups: Int[np.ndarray, " photos"]) -> Int[np.ndarray, " rows"]:
    """The training photos that are held out in turn."""
    rows = one_per_group(groups)
    return rows[:: -(-len(rows) // _MOST_JUDGED)]


def set_limits(held: HeldOutPhotos, max_error: float) -> tuple[dict[str, float], tuple[str, ...]]:
    """The limits of a classifier, and a sentence for each that could not be set.

    >>> set_limits(HeldOutPhotos(confidence=np.ones(9), wrong=np.zeros(9, bool), novelty=None), 0.02)[0]
    {}
    """
    thresholds, warnings = {}, []
    neither = None if held.novelty is None else novelty_limit(held.novelty[np.isfinite(held.novelty)])
    if neither is not None:
        thresholds["neither"] = neither
    else:
        warnings.append("It cannot recognise photos of other classes (out-of-distribution): " + _why_not_neither(held))
    kept = ~decide(held.confidence, held.novelty, thresholds).neither  # what is neither is never answered
    confidence, wrong = held.confidence[kept], held.wrong[kept]
    unsure = unsure_limit(confidence, wrong, max_error)
    if unsure is not None:
        thresholds["unsure"] = unsure
    else:
        warnings.append(_why_not_unsure(confidence, wrong, max_error))
    return thresholds, tuple(warnings)


def limits_of(held: HeldOutPhotos, thresholds: dict[str, float], max_error: float) -> dict[str, Any]:
    """What a limit costs, for metrics.json: at each share of errors, how many of the held-out photos get an answer."""
    kept = ~decide(held.confidence, held.novelty, thresholds).neither
    curve = risk_curve(held.confidence[kept], held.wrong[kept], max_error, int((~kept).sum()))
    return {"max_error": max_error, "n": len(kept), "curve": curve}


def _why_not_neither(held: HeldOutPhotos) -> str:
    if held.novelty is None:
        return "there are too many classes for a sample of each in the file."
    return f"only {len(held.novelty):,} held-out photos were available to set a threshold, and 49 are needed."


def _why_not_unsure(confidence: np.ndarray, wrong: np.ndarray, max_error: float) -> str:
    needed, percent = fewest_photos(max_error), f"{100 * max_error:g}%"
    problem = f"No threshold can guarantee an error rate of at most {percent}, so no prediction is marked unsure: "
    if len(wrong) < needed:
        photos = "1 photo was" if len(wrong) == 1 else f"{len(wrong):,} photos were"
        return f"{problem}{photos} available, and at least {needed:,} are needed."
    surest = np.argsort(-confidence, kind="stable")[:needed]
    num_wrong = int(wrong[surest].sum())
    return f"{problem}of its {needed:,} most confident predictions on held-out photos, {num_wrong:,} were wrong."
