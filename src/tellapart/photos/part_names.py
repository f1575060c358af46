"""What names of folders say: which part of a set, nothing at all, or the name of a class; and the order of classes.

People write the three parts in many ways (`Training`, `test_set`, `01_train`, `seg_val`, `train2017`), so a name is
read without case, separators, numbers and the words that are put around it.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from tellapart.photos.table import PARTS

_WORDS = {
    "train": ("train", "training", "trn", "learn", "learning", "fit", "fitting", "trainval"),
    "validation": ("val", "valid", "validation", "validate", "validating", "dev", "development", "eval", "evaluation"),
    "test": ("test", "testing", "tst", "holdout", "heldout", "testval"),
}
PART_NAMES = {word: part for part, words in _WORDS.items() for word in words}
UNDERSTOOD = "train (training, learn, fit), validation (val, valid, dev, eval) and test (testing, holdout)"
# Words that say nothing about which part or class it is: put around the name of a part, or all there is.
_AROUND = (
    *("set", "sets", "split", "splits", "subset", "part", "fold", "folder", "dir", "data", "dataset", "datasets", "ds"),
    *("images", "image", "imgs", "img", "photos", "photo", "pictures", "picture", "pics", "pic", "files", "file"),
    *(
        "samples",
        "sample",
        "examples",
        "jpg",
        "jpeg",
        "jpegs",
        "png",
        "raw",
        "resized",
        "cropped",
        "full",
        "all",
        "seg",
    ),
    *("cls", "class", "classes", "classification", "labelled", "labeled", "final", "new", "my", "the", "for", "v", "x"),
)
_NAMELESS = {*_AROUND, "unknown", "unlabelled", "unlabeled", "unsorted", "none"}
_NAME_OF_PART = re.compile(f"(?:{'|'.join(_AROUND)})*({'|'.join(PART_NAMES)})(?:{'|'.join(_AROUND)})*")
_NAME_OF_NOTHING = re.compile(f"(?:{'|'.join(_NAMELESS)})+")
_LONGEST = 40  # characters; repeated words can be told apart in more ways the longer a name is
# Of letters: up to the next capital, so that `testB` is two.
_WORD = re.compile(r"[^\W\d_]?[^\W\d_A-Z]+|[A-Z]+|\d+")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# Parts by their names, and good names for classes as well: a vehicle, a verdict, a size, a stage.
_ALSO_CLASSES = {"train", "training", "valid", "dev", "fit", "fitting", "learn", "learning", "development"}


def _letters(name: str) -> str:
    if len(name) > _LONGEST:
        return ""
    return "".join(sign for sign in unicodedata.normalize("NFKC", name).casefold() if sign.isalpha())


def part_of_name(name: str) -> str:
    """The part of a set that the name of a folder says, "" where it says none.

    >>> [part_of_name(name) for name in ("Training", "test_set", "01_train", "val2017", "trainers", "2019")]
    ['train', 'test', 'train', 'validation', '', '']
    """
    found = _NAME_OF_PART.fullmatch(_letters(name))
    return PART_NAMES[found[1]] if found else ""


def part_and_class(name: str) -> tuple[str, str]:
    """The part and the class that one name says together, as `train_cats` or `testB` does; ("", "") where it does not.

    >>> part_and_class("train_cats"), part_and_class("testB"), part_and_class("cats-val"), part_and_class("training")
    (('train', 'cats'), ('test', 'b'), ('validation', 'cats'), ('', ''))
    """
    words = _WORD.findall(name) if len(name) <= _LONGEST and not part_of_name(name) else []
    for word, rest in ((words[0], words[1:]), (words[-1], words[:-1])) if len(words) > 1 else ():
        if part := part_of_name(word):
            return part, confusable(" ".join(rest))
    return "", ""


def is_plain_part(name: str) -> bool:
    """Whether the name is the usual one of its part, so that nobody need be told how it is read."""
    return name.lower() in (*PARTS, "val", "valid")


def may_be_class(name: str) -> bool:
    """Whether a name that says a part is as good a name for a class: trains, valid tickets, fit people."""
    return name.lower() in _ALSO_CLASSES


def says_nothing(name: str) -> bool:
    """Whether the name of a folder tells neither a class nor a part.

    >>> [says_nothing(name) for name in ("images", "JPEG Files", "unlabelled", "cats", "0")]
    [True, True, True, False, False]
    """
    return _NAME_OF_NOTHING.fullmatch(_letters(name)) is not None


def normal(name: str) -> str:
    """A class name in the one form that is compared: macOS stores an accent as a sign of its own, others do not."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def confusable(name: str) -> str:
    """The same for all names that a person takes for one: without case, outer and repeated blanks, invisible signs."""
    visible = "".join(sign for sign in normal(name) if unicodedata.category(sign) != "Cf")
    return normal(" ".join(visible.casefold().split()))


def class_order(name: str) -> tuple[int, Decimal, str]:
    """What classes are sorted by: numbers by their value, before all other names by their letters.

    >>> sorted(["10", "2", "oak", "1", "-1", "1.5", "Elm"], key=class_order)
    ['-1', '1', '1.5', '2', '10', 'Elm', 'oak']
    """
    return (0, Decimal(name), name) if _NUMBER.fullmatch(name) else (1, Decimal(0), name)
