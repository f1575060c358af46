"""Every error a user can meet.

    TellapartError            exit code
    ├── UsageError            2      an option, argument or setting is wrong
    ├── DataError             3      the photos cannot be used as they are
    ├── ModelError            4      a model file is refused: not ours, damaged, hostile or too new
    ├── ResourceError         5      out of disk or memory, or a place that cannot be written
    └── Interrupted           130    stopped by Ctrl-C, or by a signal (SIGTERM: 143); says how to go on

Each error has two halves, the problem (what, where, expected, got) and the fix (a command or an edit), and is shown
as exactly two lines. A traceback is a bug of ours. One more class, `PhotoRefused`, is about a single photo: it becomes
a row in a list of refused photos and never stops a run by itself.
"""

from __future__ import annotations


class TellapartError(Exception):
    """Something the user can put right. Both halves are required, so none ships without a remedy."""

    exit_code = 1

    def __init__(self, problem: str, *, fix: str):
        """Keep both halves; the text of the exception is the two lines that are shown."""
        super().__init__(f"{problem}\n  fix: {fix}")
        self.problem = problem
        self.fix = fix


class UsageError(TellapartError):
    """An option, argument or setting is wrong."""

    exit_code = 2


class DataError(TellapartError):
    """The photos cannot be used as they are."""

    exit_code = 3


class ModelError(TellapartError):
    """A model file is refused: not ours, damaged, hostile or too new."""

    exit_code = 4


class ResourceError(TellapartError):
    """Out of disk or memory, or a place that cannot be written."""

    exit_code = 5


class Interrupted(TellapartError):
    """Stopped by the user; what was finished is kept."""

    exit_code = 130


class PhotoRefused(Exception):
    """One photo cannot be used. `code` is a stable word for machines, `sentence` is for people."""

    def __init__(self, code: str, sentence: str):
        """Keep the reason code and the plain sentence."""
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `UsageError` unless a setting holds: which one, what it must be, what it was.

    >>> require(True, "test", 0.1, "a fraction in (0, 1)")
    """
    if not condition:
        raise UsageError(f"The setting '{name}' is {value!r}; it must be {expected}.", fix=f"Give {name} {expected}.")


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
