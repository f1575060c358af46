"""Probabilities and labels become facts.

Answers: how good is it, how sure are we of that figure, and does its confidence mean what it says? Reads arrays, writes
nothing, needs NumPy and SciPy and never imports Keras, ONNX Runtime or scikit-learn (which is the oracle of its tests).

    calibration.py      make a stated confidence mean what it says
    comparison.py       is one classifier better than another on the same photos, or was it luck?
    folds.py            folds for cross-validation that are stratified by class and keep groups together
    headline.py         the one figure that is called *the* accuracy, and whether it may be called so
    intervals.py        no figure without its doubt: 95% intervals for fractions, for means of fractions and for
    metrics.py          how good is it
    neither.py          when should a classifier not answer
    ridge.py            scores of photos that were left out, for hundreds of targets at once
    risk_curve.py       what a limit costs
    two_sample_test.py  can a simple model tell test photos from training photos of the same class
"""
