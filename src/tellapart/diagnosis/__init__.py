"""Why a classifier is not better: controlled experiments on the user's own photos, and what would help.

data/                   is the test itself sound? Leaks, shift and shortcuts
heads/                  experiments on known embeddings (`quick`, `best`)
labels/                 which labels are probably wrong, and what they cost. Owns cleanlab
retraining/             experiments that train a network again, smaller and changed (`classic`, `scratch`)
statistics/             numbers only, no photos
case.py                 a finished run, opened again with its photos
commands.py             commands that follow an advice, as they can be pasted
diagnose.py             the whole diagnosis of a run
experiment_settings.py  the defaults of experiments that explain a run, with units and reasons; all others are in
head_experiments.py     runs on a pretrained network's embeddings
suspect.py              what an experiment found out about one suspect
todo.py                 what to do, the greatest expected gain first
verdict.py              from what was measured of each suspect to one answer
what_would_settle.py    what is missing where nobody can tell, and how much of it would settle the question
"""
