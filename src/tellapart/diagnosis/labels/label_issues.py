"""Photos to look at: labels that are probably wrong, with a better one, and photos that are unlike every class.

    label    confident learning: classifiers that never saw the photo are surer of another class than of its own. How
             many labels are listed is cleanlab's estimate from how often which class is taken for which; the order is
             how little probability is left for the photo's own label
    unlike   the nearest photos are much further away than photos of this set usually are

Nothing is changed here. A person looks at the list, corrects it and lets `relabelling.apply` write a new table.

Reads embeddings; writes label_issues.csv. Sources: Northcutt, Jiang & Chuang 2021, Journal of Artificial Intelligence
Research 70:1373 (confident learning); Kuan & Mueller 2022, arXiv 2210.03920 (which score to rank by).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.atomic import write_bytes
from tellapart.diagnosis.case import Case
from tellapart.diagnosis.experiment_settings import LabelIssueSettings
from tellapart.diagnosis.labels.cross_validation import OutOfFoldAnswers, ask_held_out
from tellapart.diagnosis.labels.label_noise import LabelNoise, estimate_noise
from tellapart.diagnosis.labels.memorisation import Memorisation, memorisation
from tellapart.diagnosis.labels.nearest_neighbours import find_nearest
from tellapart.diagnosis.suspect import LEVEL, Budget
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress, Silent
from tellapart.reading import read_file
from tellapart.runs.folder import RunFolder
from tellapart.runs.ownership import write_rows

COLUMNS = ("path", "label", "suggestion", "score", "kind")
_MOST_BYTES = 100_000_000  # of a file that is read back
_DEFAULTS = LabelIssueSettings()


@dataclass(frozen=True, kw_only=True)
class LabelIssues:
    """What is doubted of each photo; arrays have one row per photo."""

    labels: Int[np.ndarray, " photos"]  # as given
    probabilities: Float[np.ndarray, "photos classes"]  # by classifiers that never saw the photo
    suggestion: Int[np.ndarray, " photos"]  # the most probable other class
    wrong: Bool[np.ndarray, " photos"]  # the label is listed
    unlike: Bool[np.ndarray, " photos"]  # the photo is listed as unlike every class; then no label is suggested
    distance: Float[np.ndarray, " photos"]  # mean cosine distance to the nearest photos of other groups
    noise: LabelNoise  # how many labels are wrong in all
    held_out: OutOfFoldAnswers = field(repr=False)

    @property
    def score(self) -> Float[np.ndarray, " photos"]:
        """How much each label is doubted: the probability, 0 to 1, of all other classes together."""
        return 1 - self.probabilities[np.arange(len(self.labels)), self.labels]

    @property
    def surely_wrong(self) -> Float[np.ndarray, " photos"]:
        """Probability that each label was given blindly and is wrong; lower than `score` for photos that are hard."""
        return self.noise.doubt(self.held_out.logits, self.labels)

    def listed(self) -> Int[np.ndarray, " listed"]:
        """Rows of the photos to look at: doubted labels, the most doubted first, then photos unlike every class."""
        by_score = np.argsort(-self.score, kind="stable")
        by_distance = np.argsort(-self.distance, kind="stable")
        return np.concatenate([by_score[self.wrong[by_score]], by_distance[self.unlike[by_distance]]])


def find_label_issues(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    settings: LabelIssueSettings = _DEFAULTS,
    progress: Progress | None = None,
    budget: Budget | None = None,
) -> LabelIssues:
    """Doubted labels and photos unlike every class.

    Args:
        embeddings: embeddings of the photos, by a pretrained network.
        labels: index of each photo's class.
        groups: photos with equal numbers never judge each other.
        num_classes: classes in all.
        settings: how the classifiers are made.
        progress: progress reporter (default: silent).
        budget: time limit (default: none).

    Raises:
        TimeIsOver: the budget ran out.
    """
    with (progress or Silent()).stage("Finding label issues"):
        nearest = find_nearest(embeddings, groups, settings.num_neighbours)
        held_out = ask_held_out(embeddings, labels, groups, num_classes, nearest, settings, budget)
        noise = estimate_noise(held_out.logits, labels, LEVEL)
        probabilities = _softmax(noise.scale * held_out.logits.astype(np.float64))
        others = probabilities.copy()
        others[np.arange(len(labels)), labels] = -1
        distance = nearest.distance(settings.num_nearest)
        unlike = _far(distance, settings)
        return LabelIssues(
            labels=labels,
            probabilities=probabilities,
            suggestion=others.argmax(axis=1),
            wrong=_doubted(labels, probabilities) & ~unlike,
            unlike=unlike,
            distance=distance,
            noise=noise,
            held_out=held_out,
        )


def label_issues_of(
    case: Case, progress: Progress, budget: Budget | None = None, settings: LabelIssueSettings = _DEFAULTS
) -> LabelIssues:
    """Doubts about all photos of a run, whatever their part: a wrong label harms in each.

    Raises:
        TimeIsOver: the budget ran out.
    """
    table, embeddings = case.table, case.look.embeddings
    if budget is not None:
        budget.require()
    return find_label_issues(embeddings, table.labels, case.groups, len(table.class_names), settings, progress, budget)


def memorisation_of(case: Case, label_issues: LabelIssues, progress: Progress) -> Memorisation:
    """How well heads like those that doubt know each photo of a run by heart."""
    table, held_out = case.table, label_issues.held_out
    with progress.stage("Finding memorised photos") as advance:
        return memorisation(
            held_out.axes,
            table.labels,
            case.groups,
            len(table.class_names),
            held_out.l2_penalty,
            held_out.scale,
            advance,
        )


def digest_as_written(run: Path) -> str | None:
    """SHA-256 of label_issues.csv of a run as the last diagnosis wrote it; None where none did."""
    return RunFolder(run).diagnosis().get("label_issues_sha256")


def keep_corrections(run: Path, progress: Progress) -> None:
    """Keep a label_issues.csv that a person has changed under another name, because a new one is about to replace it.

    Args:
        run: the run folder; its diagnosis.json knows what was written.
        progress: is told the name.

    Raises:
        ResourceError: it cannot be written.
    """
    try:
        content = read_file(run / "label_issues.csv", _MOST_BYTES)
    except (OSError, ValueError):
        return
    digest = hashlib.sha256(content).hexdigest()
    if digest != digest_as_written(run):
        kept = run / f"label_issues-{digest[:8]}.csv"
        write_bytes(kept, content)
        progress.note(f"{run / 'label_issues.csv'} was changed since it was written; it is kept as {kept.name}.")


def write_label_issues(path: Path, table: PhotoTable, label_issues: LabelIssues) -> None:
    """Write the photos to look at: path,label,suggestion,score,kind.

    Photos unlike every class have no suggestion; their score is their distance to the nearest photos.
    """
    rows = []
    for row in label_issues.listed().tolist():
        label = table.class_names[int(table.labels[row])]
        if label_issues.wrong[row]:
            suggestion = table.class_names[int(label_issues.suggestion[row])]
            rows.append((table.paths[row], label, suggestion, f"{label_issues.score[row]:.4f}", "label"))
        else:
            rows.append((table.paths[row], label, "", f"{label_issues.distance[row]:.4f}", "unlike"))
    write_rows(path, COLUMNS, rows)


def _doubted(labels: np.ndarray, probabilities: np.ndarray) -> Bool[np.ndarray, " photos"]:
    """Labels that confident learning doubts: as many as it counts, those with the least probability left."""
    from cleanlab.filter import find_label_issues  # here, because it takes a second to load

    present, known = np.unique(labels, return_inverse=True)  # cleanlab wants every class to have photos
    if len(present) < 2:
        return np.zeros(len(labels), bool)
    shares = probabilities[:, present] / probabilities[:, present].sum(axis=1, keepdims=True)
    listed = find_label_issues(known, shares, filter_by="low_self_confidence", n_jobs=1)
    # Where a photo's own class is the most probable after all, there is nothing to suggest.
    return np.asarray(listed, bool) & (probabilities.argmax(axis=1) != labels)


def _far(distance: np.ndarray, settings: LabelIssueSettings) -> Bool[np.ndarray, " photos"]:
    """Distances beyond the usual, by the median of their logarithms and the spread around it; never very many."""
    logarithms = np.log(np.maximum(distance, 1e-6))
    middle = np.median(logarithms)
    spread = 1.4826 * np.median(np.abs(logarithms - middle))  # of a normal distribution its standard deviation
    limit = max(float(middle + settings.far_spreads * spread), float(np.quantile(logarithms, 1 - settings.most_far)))
    return logarithms > limit


def _softmax(logits: np.ndarray) -> np.ndarray:
    values = np.exp(logits - logits.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)
