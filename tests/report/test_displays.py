"""Figures for notebooks: they show themselves, mark what matters, and say what is missing where there is nothing."""

import csv
import json

import numpy as np
import pytest
from support.headlines import headline_of

from tellapart import ImageClassifier
from tellapart.errors import UsageError
from tellapart.evaluation.metrics import measure
from tellapart.report.displays import confusion_display, history_display, learning_curve_display
from tellapart.report.notebook import NotebookDisplays, NotebookView

NAMES = ("cat", "<b>dog")
ROWS = [
    {
        "epoch": n,
        "train_accuracy": 0.5 + n / 20,
        "validation_accuracy": 0.5 + n / 40,
        "validation_loss": abs(n - 3) + 0.1,
    }
    for n in range(1, 7)
]
INTERVAL = {"value": 0.8, "low": 0.78, "high": 0.82}
FORECAST = {
    "curve": [{"photos": 100.0, "error": 0.3}, {"photos": 200.0, "error": 0.25}],
    "now": {"accuracy": INTERVAL},
    "twice": {"photos": 400, "accuracy": INTERVAL},
    "four_times": {"photos": 800, "accuracy": INTERVAL},
}


def part():
    labels = np.array([0, 1] * 10)
    predicted = labels.copy()
    predicted[:2] = 1 - labels[:2]
    return measure(np.eye(2)[predicted], labels, NAMES)


class Result(NotebookDisplays):
    def __init__(self, **known):
        self.known = known

    def _viewed(self):
        return NotebookView(title="A <i>classifier", class_names=NAMES, **self.known)


def texts(display):
    axes = display.ax_
    return [text.get_text() for text in axes.texts] + [label.get_text() for label in axes.get_xticklabels()]


def test_a_display_shows_itself_and_can_be_saved(tmp_path):
    display = confusion_display(part(), NAMES)
    assert display._repr_png_().startswith(b"\x89PNG")
    display.save(tmp_path / "figure.svg")
    assert "<svg" in (tmp_path / "figure.svg").read_text()
    assert display.ax_ in display.figure_.axes


def test_the_confusion_matrix_has_its_counts():
    assert sorted(text for text in texts(confusion_display(part(), NAMES)) if text.isdigit()) == ["1", "1", "9", "9"]


def test_a_history_marks_the_epoch_that_was_kept():
    display = history_display(ROWS)
    assert " best epoch: 3" in texts(display)
    lines = {line.get_label(): line for line in display.ax_.get_lines()}
    np.testing.assert_allclose(lines["train"].get_ydata(), [row["train_accuracy"] for row in ROWS])
    assert "test" not in lines


def test_a_learning_curve_has_what_was_measured_and_what_is_expected():
    display = learning_curve_display(FORECAST)
    measured = display.ax_.get_lines()[0]
    np.testing.assert_allclose(measured.get_ydata(), [0.7, 0.75])
    assert {"100", "200", "400", "800"} <= set(texts(display))
    del display
    alone = learning_curve_display({"curve": FORECAST["curve"]})
    assert len(alone.ax_.get_xticks()) == 2


def test_figures_come_from_the_run_folder(tmp_path):
    with open(tmp_path / "history.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ROWS[0])
        writer.writeheader()
        writer.writerows(ROWS)
    (tmp_path / "diagnosis.json").write_text(json.dumps({"forecast": FORECAST}))
    result = Result(folder=tmp_path, part=part())
    assert " best epoch: 3" in texts(result.plot_history())
    assert "800" in texts(result.plot_learning_curve())
    assert result.plot_confusion().figure_


def test_what_is_missing_is_told_with_what_would_make_it(tmp_path):
    for result in (Result(), Result(folder=tmp_path)):
        for plot in (result.plot_confusion, result.plot_history, result.plot_learning_curve):
            with pytest.raises(UsageError) as caught:
                plot()
            assert caught.value.fix
    (tmp_path / "diagnosis.json").write_text('{"forecast": {}}')
    with pytest.raises(UsageError, match="could not measure"):
        Result(folder=tmp_path).plot_learning_curve()


def test_a_notebook_shows_figures_with_their_doubt_and_escapes_names(tmp_path):
    page = Result(part=part(), headline=headline_of(part()), folder=tmp_path, notes=["note <x>"])._repr_html_()
    assert "A &lt;i&gt;classifier" in page and "&lt;b&gt;dog" in page and "note &lt;x&gt;" in page
    assert "95% interval" in page and str(tmp_path) in page


def test_a_classifier_that_is_not_trained_says_so():
    page = ImageClassifier(recipe="best")._repr_html_()
    assert "not trained yet" in page and "recipe=&#39;best&#39;" in page
    with pytest.raises(UsageError):
        ImageClassifier().plot_confusion()
