"""How a classifier is trained, in visible stages.

data/                  where training examples come from
loop/                  the one training loop, and what it is made of
recipes/               a recipe is a function from training material to a proven model file
resources/             what a run can afford
apart.py               keep what is written apart from photos
conditions.py          which of the photos that a model was graded on may speak of new photos
duplicate_findings.py  copies that stand where they should not
head.py                fit the linear head
known_facts.py         what is certain of a run before anybody experiments
parts_compared.py      are test photos of the same kind as training photos
prepare.py             from a table of photos to training material
run.py                 a training run from a table of photos to a graded classifier, in visible stages
thresholds.py          teach a finished classifier when not to answer
tracking.py            curves that can be watched while a network trains, with TensorBoard or MLflow
unknown_kinds.py       would it notice a kind that nobody taught
verify_export.py       grade a model file
write_run.py           write what a run found out into its folder
"""
