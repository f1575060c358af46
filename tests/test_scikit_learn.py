"""scikit-learn's own tools and checks with `ImageClassifier`: what it promises to them, and what it cannot."""

import inspect
import subprocess
import sys

import numpy as np
import pytest
import sklearn.utils.estimator_checks as checks
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import Pipeline
from support.trained_runs import draw_busy, environment

from tellapart import ImageClassifier
from tellapart.progress import Line

APPLY = [
    "check_estimator_cloneable", "check_estimator_tags_renamed", "check_valid_tag_types", "check_estimator_repr",
    "check_no_attributes_set_in_init", "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order", "check_parameters_default_constructible", "check_get_params_invariance", "check_set_params",
]  # fmt: skip
# What remains of scikit-learn's list hands over a table of numbers, one row a sample; photos are no rows of a table.
REASON_FOR_THE_OTHERS = "it fits on a table (samples, features)"


def test_the_checks_of_scikit_learn_that_need_no_table_pass():
    """In a process of its own: parameters of any type are given, which the type checks of these tests refuse."""
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "import sklearn.utils.estimator_checks as checks; from tellapart import ImageClassifier\n"
        "for name in sys.argv[1:]: getattr(checks, name)('ImageClassifier', ImageClassifier()); print(name)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, *APPLY], capture_output=True, text=True, env=environment())
    assert ran.stdout.split() == APPLY, ran.stderr


@pytest.mark.filterwarnings("ignore:.*requires input")
def test_every_other_check_of_scikit_learn_needs_a_table():
    """By its tags scikit-learn leaves them out by itself."""
    assert list(checks._yield_all_checks(ImageClassifier(), legacy=True)) == []
    tags = ImageClassifier().__sklearn_tags__()
    assert (tags.input_tags.two_d_array, tags.input_tags.three_d_array) == (False, True)
    others = {name for name in dir(checks) if name.startswith("check_")} - set(APPLY)
    tables = {name for name in others if "X" in inspect.getsource(getattr(checks, name))}
    assert len(tables) > 40, REASON_FOR_THE_OTHERS


def test_unfitted_it_raises_the_error_that_scikit_learn_knows():
    with pytest.raises(NotFittedError):
        ImageClassifier().predict([np.zeros((8, 8, 3), np.uint8)])


def test_a_clone_shares_who_watches():
    watcher = Line()  # holds a lock, which cannot be copied
    assert clone(ImageClassifier(progress=watcher, seed=3)).get_params() == {
        **ImageClassifier(seed=3).get_params(),
        "progress": watcher,
    }


@pytest.mark.slow
def test_the_tools_of_scikit_learn_work_with_labels_that_are_numbers(rng):
    pictures = [draw_busy(rng, hue=number % 2 * 120) for number in range(28)]
    photos, y = np.stack([np.asarray(picture) for picture in pictures]), np.array([3, 12] * 14)
    classifier = ImageClassifier(threads=2, progress=False)
    probabilities = cross_val_predict(classifier, photos, y, cv=2, method="predict_proba")
    assert probabilities.shape == (28, 2)
    assert (np.array([3, 12])[probabilities.argmax(axis=1)] == y).mean() > 0.8
    search = GridSearchCV(Pipeline([("photos", classifier)]), {"photos__max_error": np.array([0.05])}, cv=2)
    search.fit(pictures, y)
    assert set(search.predict(pictures)) == {3, 12}
    assert search.best_score_ > 0.8
