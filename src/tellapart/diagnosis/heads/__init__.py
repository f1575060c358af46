"""Experiments on known embeddings (`quick`, `best`): every experiment is a linear head.

head_curve.py     learning curves of a linear head on known embeddings
head_lab.py       what experiments with heads share
head_suspects.py  suspects of a run whose classifier is a linear head
photo_need.py     suspect
"""
