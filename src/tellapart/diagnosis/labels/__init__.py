"""Which labels are probably wrong, and what they cost. Owns cleanlab.

against_truth.py       how often a classifier is right where the labels that it is graded by are not
batched_heads.py       fit hundreds of linear heads at once, each on photos of its own choosing
cross_validation.py    what is thought of each photo's class by classifiers that never saw the photo or its
label_issues.py        photos to look at
label_noise.py         how many labels are wrong, told apart from photos that are merely hard
memorisation.py        which photos were learnt by heart
nearest_neighbours.py  the photos most alike to each photo, and what they say
relabel.py             from doubted labels that a person has reviewed to a new table of labels; photos are never
wrong_labels.py        the suspect "labels"
"""
