"""Every error a user can meet.

    TellapartError            exit code
    ├── UsageError            2      an option, argument or setting is wrong
    │   └── NotFittedError    2      an ImageClassifier is asked before it was trained
    ├── DataError             3      the photos cannot be used as they are
    ├── ModelError            4      a model file is refused: not ours, damaged, hostile or too new
    ├── ResourceError         5      out of disk or memory, or a place that cannot be written
    └── Interrupted           130    stopped by Ctrl-C, or by a signal (SIGTERM: 143); says how to go on

Each error has two halves, the problem (what, where, expected, got) and the fix (a command or an edit), and is shown
as exactly two lines. A traceback is a bug of ours. One more class, `PhotoRefused`, is about a single photo: it becomes
a row in a list of refused photos and never stops a run by itself.

In Python, a `UsageError` and a `DataError` are `ValueError`s too, because callers expect those of a wrong argument. All
survive pickling, so that they come back from worker processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any


class TellapartError(Exception):
    """Something the user can put right. Both halves are required, so none ships without a remedy."""

    exit_code = 1

    def __init__(self, problem: str, *, fix: str):
        """Keep both halves; the text of the exception is the two lines that are shown."""
        super().__init__(f"{problem}\n  fix: {fix}")
        self.problem = problem
        self.fix = fix

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """How to make it again elsewhere: Python would forget that `fix` has a name."""
        return _again, (type(self), self.problem, self.fix)


def _again(kind: type[TellapartError], problem: str, fix: str) -> TellapartError:
    return kind(problem, fix=fix)


class UsageError(TellapartError, ValueError):
    """An option, argument or setting is wrong."""

    exit_code = 2


class NotFittedError(UsageError, AttributeError):
    """An ImageClassifier is asked before it was trained."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """As for every error; the other process may know scikit-learn or not."""
        return not_fitted, (self.problem, self.fix)


def not_fitted(problem: str, fix: str) -> NotFittedError:
    """The error, which is scikit-learn's as well where that was imported.

    Whoever catches scikit-learn's has imported it, so nothing need be imported here.
    """
    theirs = getattr(sys.modules.get("sklearn.exceptions"), "NotFittedError", None)
    return (_as_theirs(theirs) if theirs else NotFittedError)(problem, fix=fix)


@cache
def _as_theirs(theirs: type[Exception]) -> type[NotFittedError]:
    return type("NotFittedError", (NotFittedError, theirs), {"__doc__": NotFittedError.__doc__})


class DataError(TellapartError, ValueError):
    """The photos cannot be used as they are."""

    exit_code = 3


class ModelError(TellapartError):
    """A model file is refused: not ours, damaged, hostile or too new."""

    exit_code = 4


class ResourceError(TellapartError):
    """Out of disk or memory, or a place that cannot be written."""

    exit_code = 5


class Interruption(TellapartError):
    """Stopped by the user; what was finished is kept."""

    exit_code = 130


class PhotoRefused(Exception):
    """One photo cannot be used. `code` is a stable word for machines, `sentence` is for people."""

    def __init__(self, code: str, sentence: str):
        """Keep the reason code and the plain sentence."""
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """How to make it again elsewhere."""
        return PhotoRefused, (self.code, self.sentence)


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `UsageError` unless a setting holds: which one, what it must be, what it was.

    >>> require(True, "test", 0.1, "a fraction in (0, 1)")
    """
    if not condition:
        raise UsageError(f"The setting '{name}' is {value!r}; it must be {expected}.", fix=f"Set {name} to {expected}.")


def clipped(text: object, most: int = 80) -> str:
    """Foreign text as it may stand in an error: the beginning of it, because a file may bring a name of megabytes.

    What does not print is written as an escape, so that it neither steers a terminal nor makes a line of its own.

    >>> clipped("oak"), clipped("o" * 100, most=4)
    ('oak', 'oooo… (100 characters)')
    """
    whole = str(text)
    head = whole[:most]
    if not head.isprintable():
        head = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in head)
    return head if len(whole) <= most else f"{head}… ({len(whole):,} characters)"
