"""What the graded file answered on the test photos, read back from the run folder.

Reads predictions.csv; writes nothing.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.cells import read_rows
from tellapart.diagnosis.case import Case
from tellapart.errors import UsageError


def answers_on_test(case: Case) -> tuple[Int[np.ndarray, " photos"], Bool[np.ndarray, " photos"]]:
    """Rows of the test photos that the model file was graded on, and whether its answer was right.

    Raises:
        UsageError: predictions.csv is gone.
    """
    rows, answers = answers_of_test(case)
    return rows, answers == case.table.labels[rows]


def answers_of_test(case: Case) -> tuple[Int[np.ndarray, " photos"], Int[np.ndarray, " photos"]]:
    """Rows of the test photos that the model file was graded on, and the class that it gave each.

    Raises:
        UsageError: predictions.csv is gone.
    """
    table, answers = case.table, _rows_of(case)
    rows = np.array([row for row in case.rows("test") if table.paths[row] in answers], np.int64)
    number = {name: label for label, name in enumerate(table.class_names)}
    return rows, np.array([number.get(answers[table.paths[row]]["label"], -1) for row in rows], np.int64)


def informedness_on_test(case: Case) -> Float[np.ndarray, " classes"]:
    """Recall plus specificity minus one of each class against the rest: 0 is chance, 1 perfect.

    A photo counts as found where the class is more probable than its share of the training photos. By the class of
    highest probability instead, a classifier would look ignorant of a rare class that it only deems less likely.

    Raises:
        UsageError: predictions.csv is gone.
    """
    names, answers = case.table.class_names, _rows_of(case)
    rows = np.array([row for row in case.rows("test") if case.table.paths[row] in answers], np.int64)
    of_rows = [answers[case.table.paths[row]] for row in rows]
    probabilities = np.array([[float(own[f"p:{name}"]) for name in names] for own in of_rows])
    labels = case.table.labels
    shares = np.bincount(labels[case.parts == "train"], minlength=len(names)) / max(1, (case.parts == "train").sum())
    found = probabilities.reshape(-1, len(names)) > shares  # (photos, classes)
    truth = labels[rows, np.newaxis] == np.arange(len(names))
    recall = (found & truth).sum(axis=0) / np.maximum(truth.sum(axis=0), 1)
    return recall - (found & ~truth).sum(axis=0) / np.maximum((~truth).sum(axis=0), 1)


def _rows_of(case: Case) -> dict[str, dict[str, str]]:
    """Path -> row of predictions.csv, refused photos left out."""
    file = case.folder / "predictions.csv"
    try:
        return {row["path"]: row for row in read_rows(file, ("path", "label")) if row["label"]}
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} cannot be read, so the predictions on the test photos are unknown.", fix="Train again."
        ) from error
