"""What tellapart can do, one function per verb: the same meaning in Python, on the command line and on a page.

Each verb takes what it works on first and everything else by name, in one order: its own options, `settings`,
`source`, `out`, `progress`. A path is text, `pathlib.Path`, `os.DirEntry` or bytes. Each gives a frozen result with
`to_dict()`, and tells a `Progress` where it is: by default a line on standard error where somebody sees it;
`progress=False` is silent. `evaluate`, `compare` and `predict` never import Keras.

    training_verbs.py    check, train
    grading_verbs.py     evaluate, compare, predict
    seeing_verbs.py      explain, look, quiz
    diagnosis_verbs.py   diagnose, relabel
    export_verbs.py      export
    model_comparison.py  two models on the same photos, and whether the data can separate them
    arguments.py         what every verb does with what it is given
"""

from tellapart.verbs.diagnosis_verbs import diagnose, relabel
from tellapart.verbs.export_verbs import export
from tellapart.verbs.grading_verbs import compare, evaluate, predict
from tellapart.verbs.seeing_verbs import explain, look, quiz
from tellapart.verbs.training_verbs import check, train

__all__ = [
    "check",
    "compare",
    "diagnose",
    "evaluate",
    "explain",
    "export",
    "look",
    "predict",
    "quiz",
    "relabel",
    "train",
]
