"""Settings as Python callers give them: of the declared type, or refused before anything is computed with them.

Grid searches hand out NumPy's numbers, which JSON cannot write: they become Python's.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping, Set
from numbers import Integral, Real
from typing import Any

from tellapart.errors import UsageError

_SAID = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "True or False", "None": "None"}
_TEXTS = "tuple[str, ...]"


def settle(settings: Any) -> None:
    """Turn every field of a frozen dataclass into its declared type, which is a text such as "int | None".

    Raises:
        UsageError: a value is of another type.
    """
    for field in dataclasses.fields(settings):
        given = getattr(settings, field.name)
        kinds = str(field.type).split(" | ")
        for kind in kinds:
            settled, fits = _as(kind, given)
            if fits:
                object.__setattr__(settings, field.name, settled)
                break
        else:
            wanted = " or ".join("texts" if kind == _TEXTS else _SAID[kind] for kind in kinds)
            raise UsageError(
                f"The setting '{field.name}' is {given!r:.80} ({type(given).__name__}); it must be {wanted}.",
                fix=f"Give {field.name} as {wanted}.",
            )


def _as(kind: str, given: Any) -> tuple[Any, bool]:
    """The value as this type, and whether it is of it."""
    is_bool = isinstance(given, bool) or type(given).__name__ in ("bool_", "bool")
    match kind:
        case "None":
            return None, given is None
        case "str" if isinstance(given, os.PathLike):  # such as a splits.csv
            text = os.fspath(given)
            return text, isinstance(text, str)
        case "str" if isinstance(given, str):
            return str(given), True
        case "bool" if is_bool:
            return bool(given), True
        case "int" if isinstance(given, Integral) and not is_bool:
            return int(given), True
        case "float" if isinstance(given, Real) and not is_bool:
            return float(given) if not isinstance(given, Integral) else int(given), True
        case "tuple[str, ...]":
            texts = _texts(given)
            return texts, texts is not None
    return given, False


def _texts(given: Any) -> tuple[str, ...] | None:
    """Several texts; one alone is a tuple of one, and not of its letters."""
    if isinstance(given, str):
        return (str(given),)
    if not isinstance(given, Iterable) or isinstance(given, bytes | Mapping | Set):
        return None
    texts = tuple(given)
    return tuple(map(str, texts)) if all(isinstance(text, str) for text in texts) else None
