"""Probabilities and labels become facts.

Answers: how good is it, how sure are we of that figure, and does its confidence mean what it says? Reads arrays, writes
nothing, needs NumPy and SciPy and never imports Keras, ONNX Runtime or scikit-learn (which is the oracle of its tests).
"""
