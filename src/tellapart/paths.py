"""Paths as Python callers give them: text, `pathlib.Path`, bytes, `os.DirEntry`, alone or many.

Whatever else is given is refused by the name of the argument, so that nobody meets an `AttributeError` from inside.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import TypeVar

from tellapart.errors import UsageError

PathLike = str | os.PathLike[str]

T = TypeVar("T")
_LONG = 250  # characters; shorter paths are not too long anywhere
_TOLD = 80  # characters of a value that is told back


def text_of(value: object) -> str | None:
    """A path as text, or None where the value is no path.

    >>> text_of(b"new/cat.jpg"), text_of(Path("new")), text_of(3)
    ('new/cat.jpg', 'new', None)
    """
    if isinstance(value, str | bytes | os.PathLike):
        try:
            return str(os.fsdecode(value))  # `str`: NumPy's texts are of a class of their own
        except (TypeError, ValueError):
            return None
    return None


def path_of(value: object, name: str, wanted: str = "a folder") -> Path:
    """One path.

    Args:
        value: what the caller gave.
        name: the argument, for the error.
        wanted: what it should have been, such as "a model file".

    Raises:
        UsageError: it is no path, or an empty one.
    """
    text = text_of(value)
    if text is None:
        raise UsageError(
            f"'{name}' is {told(value)}; it must be the path of {wanted}.",
            fix=f"Give a path as text or pathlib.Path.{_for_memory(value)}",
        )
    _require_usable(text, name)
    return Path(os.path.expanduser(text)) if text.startswith("~") and not os.path.lexists(text) else Path(text)


def path_or_none(value: object, name: str, wanted: str = "a folder") -> Path | None:
    """One path, or None where none was given."""
    return None if value is None else path_of(value, name, wanted)


def paths_of(values: object, name: str) -> list[str]:
    """Paths of photos, folders or patterns, given alone or as a list, tuple, series, array or generator.

    Raises:
        UsageError: there is none, or one of them is no path.
    """
    single = text_of(values)
    given = [single] if single is not None else _listed(values, name)
    if not given:
        raise UsageError(f"'{name}' is empty.", fix="Give the paths of photos, a folder, or a pattern.")
    paths = []
    for number, value in enumerate(given):
        text = text_of(value)
        if text is None:
            raise UsageError(
                f"'{name}' holds {told(value)} at position {number}; paths are wanted.",
                fix=f"Give paths as text or pathlib.Path.{_for_memory(value)}",
            )
        _require_usable(text, name)
        paths.append(text)
    return paths


def settings_of(value: T | None, kind: type[T], name: str = "settings") -> T:
    """Settings as given, or the defaults.

    Raises:
        UsageError: they are of another kind.
    """
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise UsageError(
            f"'{name}' is {told(value)}; it must be a {kind.__name__}.",
            fix=f"Give {name}=tellapart.{kind.__name__}(...), or leave it out.",
        )
    return value


def told(value: object) -> str:
    """What a value is, in a few words.

    >>> told(None), told(3), told([1, 2]), told({}), told("a.jpg")
    ('None', '3 (an int)', 'a list', 'a dict', "'a.jpg' (a str)")
    """
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"a class ({value.__name__})"
    kind = type(value).__name__
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    if isinstance(value, bool | int | float | str | bytes):
        shown = repr(value)
        return f"{shown if len(shown) <= _TOLD else shown[:_TOLD] + '…'} ({article} {kind})"
    return f"{article} {kind}"


def _listed(values: object, name: str) -> list[object]:
    """What is to be gone through in order; a table, a set or a dictionary has no order of photos."""
    single_value = not isinstance(values, Iterable) or isinstance(values, Mapping | Set) or hasattr(values, "columns")
    if single_value or hasattr(values, "read") or getattr(values, "ndim", 1) != 1:
        raise UsageError(
            f"'{name}' is {told(values)}; paths are wanted, in an order.",
            fix=f"Give one path, or a list of them.{_for_memory(values)}",
        )
    return list(values)  # type: ignore[call-overload]


def _for_memory(value: object) -> str:
    """What helps somebody who holds photos in memory."""
    if hasattr(value, "__array__") or hasattr(value, "read") or hasattr(value, "getbands"):
        return " For photos in memory there is tellapart.ImageClassifier."
    return ""


def _require_usable(text: str, name: str) -> None:
    if not text.strip():
        raise UsageError(f"'{name}' is an empty path.", fix="Give its path; check that the variable is set.")
    if len(text) > _LONG:
        try:
            os.lstat(text)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise UsageError(
                    f"'{name}' is longer than a path can be: {told(text)}.", fix="Correct the path."
                ) from error
        except ValueError:
            pass  # told below
    if "\0" in text:
        raise UsageError(f"'{name}' holds a NUL, which no path can: {told(text)}.", fix="Correct the path.")
