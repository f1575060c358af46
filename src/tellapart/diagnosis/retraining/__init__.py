"""Experiments that train a network again, smaller and changed (`classic`, `scratch`).

ablations.py               what is changed of a recipe to find out what it lacks, and how such a variant is
early_stopping.py          was it trained for too many epochs
epochs.py                  too many epochs, or too few
experiment_queue.py        which trainings are tried, in which order, and when a further one can no longer decide
fidelity.py                do small experiments show the trouble that the run had
photo_split.py             which photos experiments train on and which they are judged on, so that look-alikes
photo_trials.py            suspect
retrained_suspects.py      what retraining says about the size of the network and about what holds it back from
retraining_experiments.py  why a network that was trained from pixels is not better
scale.py                   at what scale to train again, so that a dozen trainings fit into the time of one
trials.py                  experiments, one after the other, while there is time
"""
