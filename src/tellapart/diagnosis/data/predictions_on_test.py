"""What the graded file answered on the test photos, read back from the run folder.

Reads predictions.csv; writes nothing.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.diagnosis.case import Case
from tellapart.runs.folder import RunFolder


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
    table, answers = case.table, RunFolder(case.folder).predictions()
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
    names, answers = case.table.class_names, RunFolder(case.folder).predictions()
    rows = np.array([row for row in case.rows("test") if case.table.paths[row] in answers], np.int64)
    of_rows = [answers[case.table.paths[row]] for row in rows]
    probabilities = np.array([[float(own[f"p:{name}"]) for name in names] for own in of_rows])
    labels = case.table.labels
    shares = np.bincount(labels[case.parts == "train"], minlength=len(names)) / max(1, (case.parts == "train").sum())
    found = probabilities.reshape(-1, len(names)) > shares  # (photos, classes)
    truth = labels[rows, np.newaxis] == np.arange(len(names))
    recall = (found & truth).sum(axis=0) / np.maximum(truth.sum(axis=0), 1)
    return recall - (found & ~truth).sum(axis=0) / np.maximum((~truth).sum(axis=0), 1)
