"""Labels as Python callers give them, beside photos, and back again as answers of the same type.

A model file knows classes by name alone. So that a classifier that learnt from 0 and 1 answers 0 and 1, also when it is
loaded elsewhere, the file says of which type its names are. Nothing is guessed: labels that are missing, of two types,
or measurements are refused and named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from numbers import Integral, Real
from typing import Any

import numpy as np
from jaxtyping import Shaped

from tellapart.errors import UsageError
from tellapart.paths import told

LABEL_TYPES = ("text", "integer", "float", "boolean")
MAX_DIGITS = 18  # what fits into 64 bits for certain
_DTYPES = {"integer": np.int64, "float": np.float64, "boolean": np.bool_}
_PLAIN = "Give one label per photo: texts, whole numbers or booleans."


@dataclass(frozen=True)
class Labels:
    """One label per photo, as names of classes, and what type they were."""

    names: tuple[str, ...]
    kind: str  # one of LABEL_TYPES


def labels_of(y: object) -> Labels:
    """Labels from a list, array, series, tensor or generator.

    Raises:
        UsageError: a label is missing, they are of two types, no labels of classes, or not in a row.
    """
    values = _in_a_row(y)
    missing = [number for number, value in enumerate(values) if _is_missing(value)]
    if missing:
        raise UsageError(
            f"{len(missing)} of {len(values)} labels are missing; the first is {told(values[missing[0]])} at "
            f"position {missing[0]}.",
            fix="Fill them in, or leave these photos out, for instance: keep = pandas.notna(y); fit(X[keep], y[keep])",
        )
    kinds: dict[str, int] = {}
    for number, value in enumerate(values):
        kinds.setdefault(_kind(value, number), number)
    if set(kinds) == {"integer", "float"}:  # [0, 1.0]: NumPy would have made them one
        kinds = {"float": 0}
    if len(kinds) > 1:
        (_, first), (_, second) = islice(kinds.items(), 2)
        raise UsageError(
            f"The labels are of two types: {told(values[first])} at position {first}, {told(values[second])} at "
            f"position {second}.",
            fix="Make them one, for instance y = [str(label) for label in y]",
        )
    (kind,) = kinds or {"text": 0}
    return Labels(tuple(_name(value, kind, number) for number, value in enumerate(values)), kind)


def typed(names: Iterable[str], kind: str) -> Shaped[np.ndarray, " classes"]:
    """Names of classes as labels of their type.

    Raises:
        ValueError: a name is none of that type.

    >>> typed(["2", "10"], "integer"), typed(["False"], "boolean")
    (array([ 2, 10]), array([False]))
    """
    if kind == "text":
        return np.array(list(names), dtype=str)
    return np.array([_value(name, kind) for name in names], dtype=_DTYPES[kind])


def truth_of(y: object, kind: str) -> Shaped[np.ndarray, " photos"]:
    """Labels that answers of this type can be compared with.

    Raises:
        UsageError: see `labels_of`; or they are of a type that no answer could equal: "1" is never 1.
    """
    labels = labels_of(y)
    if labels.kind != kind and "text" in (labels.kind, kind):
        made = {"text": "str(label)", "integer": "int(label)", "float": "float(label)", "boolean": "label == 'True'"}
        raise UsageError(
            f"The labels are of the type {labels.kind}; those that it was trained on are of the type {kind}.",
            fix=f"Give labels of that type: y = [{made[kind]} for label in y]",
        )
    return typed(labels.names, labels.kind)


def _value(name: str, kind: str) -> int | float | bool:
    if kind == "boolean" and name in ("False", "True"):
        return name == "True"
    digits = name.removeprefix("-")
    if kind == "boolean" or not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise ValueError(f"{name!r} is no label of the type '{kind}'")
    return int(name)


def _name(value: Any, kind: str, number: int) -> str:
    if kind != "text":
        return str(bool(value)) if kind == "boolean" else str(int(value))
    name = str(value)
    if name != name.strip() or not name.isprintable():
        what = "is empty" if not name.strip() else "begins or ends with blanks, or holds what cannot be printed"
        raise UsageError(
            f"The label {name!r} at position {number} {what}; it would be the name of a class.",
            fix="Give every class a name that can be read, for instance y = [label.strip() for label in y]",
        )
    return name


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, Real) and not isinstance(value, Integral) and math.isnan(value)


def _kind(value: object, number: int) -> str:
    if isinstance(value, bool | np.bool_):
        return "boolean"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Integral):
        if len(str(abs(int(value)))) > MAX_DIGITS:
            raise UsageError(
                f"The label {value} at position {number} has more than {MAX_DIGITS} digits.",
                fix="Give it as text: y = [str(label) for label in y]",
            )
        return "integer"
    if isinstance(value, float | np.floating):
        if not float(value).is_integer() or abs(value) >= 1e15:
            raise UsageError(
                f"The label {value} at position {number} is a measurement, and no name of a class.",
                fix="Give classes, for instance y = ['ripe' if value > 0.5 else 'unripe' for value in y]",
            )
        return "float"
    if isinstance(value, bytes):
        fix = "Decode them: y = [label.decode() for label in y]"
    elif isinstance(value, list | tuple | np.ndarray):
        fix = "Give one label per photo, and not several."
    else:
        fix = "Make them texts: y = [str(label) for label in y]"
    raise UsageError(f"The label at position {number} is {told(value)}; it must be a text or a whole number.", fix=fix)


def _in_a_row(y: object) -> list[Any]:
    """The labels as a list of plain values."""
    y = getattr(y, "detach", lambda: y)()  # a tensor of PyTorch that a gradient may hang on
    if hasattr(y, "columns") and hasattr(y, "shape"):  # a table
        return _of_one_column(y)
    if hasattr(y, "to_list"):  # a series of pandas or Polars
        return list(y.to_list())  # type: ignore[attr-defined]
    shape = getattr(y, "shape", None)
    if shape is not None and hasattr(y, "__array__") and not _is_categorical(y):
        return _of_array(y)
    if isinstance(y, str | bytes | Mapping | Set) or not isinstance(y, Iterable):
        raise UsageError(f"y is {told(y)}; one label per photo is wanted, in the order of the photos.", fix=_PLAIN)
    return [getattr(value, "item", lambda value=value: value)() if _is_scalar(value) else value for value in y]


def _is_categorical(y: object) -> bool:
    return hasattr(y, "categories") and isinstance(y, Iterable)


def _is_scalar(value: object) -> bool:
    """A tensor or array of no dimensions."""
    return getattr(value, "shape", None) == () and not isinstance(value, np.generic)


def _of_one_column(y: Any) -> list[Any]:
    names = list(y.columns)
    if len(names) != 1:
        shown = ", ".join(map(str, names[:5]))
        raise UsageError(
            f"y is a table of {len(names)} columns ({shown}); one label per photo is wanted.",
            fix="Give the column of labels: y=frame['label']; of one-hot columns, y=frame.idxmax(axis=1)",
        )
    return _in_a_row(y[names[0]])


def _of_array(y: Any) -> list[Any]:
    try:
        array = np.asarray(y.numpy() if hasattr(y, "numpy") else y)
    except Exception as error:  # every library has its own way to say no
        raise UsageError(f"y is {told(y)} that gives no array: {_first_line(error)}.", fix=_PLAIN) from error
    if isinstance(y, np.ma.MaskedArray):
        array = np.ma.filled(y.astype(object), None)
    if array.ndim == 2 and array.shape[1] == 1:  # a column
        array = array[:, 0]
    if array.ndim == 2:
        raise UsageError(
            f"y has the shape {array.shape[0]} × {array.shape[1]}; one label per photo is wanted.",
            fix="Of one-hot rows take the class: y.argmax(axis=1)",
        )
    if array.ndim != 1:
        raise UsageError(f"y has {array.ndim} dimensions; one label per photo is wanted.", fix=_PLAIN)
    return list(array) if array.dtype.kind in "mM" else array.tolist()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
