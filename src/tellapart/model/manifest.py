"""What a model file says about itself: one JSON text inside `model.onnx`, read strictly.

A program that opens the file learns from here what the classes are called, how a photo must be resized, how sure an
answer must be, what was measured, and which answers the network must give to a few seeded test patterns. The reader
refuses a missing key, an unknown key and a wrong type, because a manifest that is half understood predicts wrongly in
silence.

Reads and writes JSON text; touches no file; never imports Keras, ONNX or ONNX Runtime.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import UInt64

from tellapart.errors import ModelError, clipped
from tellapart.reading import parse_json

FORMAT = 2  # raised when an older reader could misread a newer file; 2: with a checksum
METADATA_KEY = "tellapart"
MAX_SIDE_PX = 512  # the most that --image-size takes
MAX_CLASSES = 10_000
MAX_NAME_LETTERS = 255  # of a class: the longest name of a folder that file systems take
MAX_VALUES = 1_000_000  # in the whole manifest; figures of 10,000 classes are half of it
UNSEALED = "0" * 64  # stands where the checksum of the file will be (`seal.py`)

_DIGEST = re.compile("[0-9a-f]{64}")
_LONGEST_TEXT = 200
_MOST_TEXTS = 100
_MOST_POINTS = 64  # of the curve that says what a limit costs


@dataclass(frozen=True, kw_only=True)
class Fingerprints:
    """Which photos a model was trained on, as hashes: enough to recognise a photo, never enough to show it."""

    sha256: UInt64[np.ndarray, " photos"]  # first 8 bytes of the SHA-256 of each file
    perceptual: UInt64[np.ndarray, " photos"]  # hash of what the upright photo looks like

    def to_dict(self) -> dict[str, str]:
        """Both arrays as base64 of little-endian 64-bit numbers."""
        return {name: base64.b64encode(getattr(self, name).astype("<u8").tobytes()).decode() for name in _FINGERPRINTS}

    @classmethod
    def from_dict(cls, values: dict[str, str]) -> Fingerprints:
        """Read what `to_dict` wrote."""
        if set(values) != set(_FINGERPRINTS):
            raise ValueError(f"expected {' and '.join(_FINGERPRINTS)}")
        arrays = {name: np.frombuffer(base64.b64decode(values[name], validate=True), "<u8") for name in _FINGERPRINTS}
        if len({len(array) for array in arrays.values()}) > 1:
            raise ValueError("there are not as many of one kind as of the other")
        return cls(**{name: array.astype(np.uint64) for name, array in arrays.items()})

    @classmethod
    def none(cls) -> Fingerprints:
        """No training photos, as in a bare backbone."""
        return cls(sha256=np.zeros(0, np.uint64), perceptual=np.zeros(0, np.uint64))


_FINGERPRINTS = ("sha256", "perceptual")
# Type of label -> what its class names look like: numbers that fit into 64 bits.
_LABELS = {"text": r"(?s:.*)", "integer": r"-?[0-9]{1,18}", "float": r"-?[0-9]{1,18}", "boolean": r"False|True"}
_LIMITS = {"unsure": (0.0, 1.0), "neither": (-0.01, 2.01)}  # a distance by cosine is 0 to 2, but for rounding


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything a program must know to use `model.onnx` rightly."""

    recipe: str  # how it was trained, such as "quick"; "backbone" for embeddings only
    backbone: str  # such as "lite0"
    class_names: tuple[str, ...]  # in the order of the columns of `probabilities`; empty for a backbone
    side_px: int  # photos are stretched to a square of this side, bicubic
    label_type: str = "text"  # what a Python caller's labels were: class names are always text
    grey: bool = False  # the network sees grey; the input stays RGB
    white: int = 0  # level that is white where photos have more than 8 bits, see photos/colours.py; 0: each its own
    max_megapixels: float = 100.0  # the largest photo that it was trained with
    mirror: bool = False  # answers are the mean of the photo's and of its mirror image's, inside the graph
    temperature: float = 1.0  # already inside the graph; kept as a record
    # "unsure" -> lowest confidence of an answer, "neither" -> highest novelty; one that is missing turns nothing away.
    thresholds: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)  # as in metrics.json, measured on this file
    fingerprints: Fingerprints = field(default_factory=Fingerprints.none)
    seed: int = 0
    versions: dict[str, str] = field(default_factory=dict)  # library -> version that made the file
    answers: dict[str, list[list[float]]] = field(default_factory=dict)  # output -> Keras's answer to each pattern
    format: int = FORMAT

    def to_json(self) -> str:
        """One line of JSON with sorted keys, so that equal manifests are equal bytes."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values |= {"fingerprints": self.fingerprints.to_dict(), "file_sha256": UNSEALED}
        return json.dumps(values, sort_keys=True, ensure_ascii=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, where: str) -> Manifest:
        """Read a manifest strictly.

        Args:
            text: what `to_json` wrote.
            where: the file, named in errors.

        Raises:
            ModelError: not JSON, another format, or a key that is missing, unknown or of the wrong kind.
        """
        values = _parse(text, where)
        if values.get("format") != FORMAT:
            raise ModelError(
                f"{where} has model format {clipped(repr(values.get('format')))}; this version of tellapart reads "
                f"format {FORMAT}.",
                fix="Install the version of tellapart that wrote it, or train it again.",
            )
        wrong = _faults(values)
        if wrong:
            raise _damaged(where, "; ".join(wrong))
        try:
            values["fingerprints"] = Fingerprints.from_dict(values["fingerprints"])
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(where, f"fingerprints: {error}") from error
        del values["file_sha256"]  # of the file, not of what it says; `seal.py` has checked it or will
        return cls(**{**values, **_as_floats(values), "class_names": tuple(values["class_names"])})


_KINDS: dict[str, tuple[type, ...]] = {
    "recipe": (str,),
    "backbone": (str,),
    "class_names": (list,),
    "label_type": (str,),
    "side_px": (int,),
    "grey": (bool,),
    "white": (int,),
    "max_megapixels": (float,),
    "mirror": (bool,),
    "temperature": (float, int),
    "thresholds": (dict,),
    "metrics": (dict,),
    "fingerprints": (dict,),
    "seed": (int,),
    "versions": (dict,),
    "answers": (dict,),
    "file_sha256": (str,),
    "format": (int,),
}


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        values = parse_json(text, MAX_VALUES)
    except ValueError as error:
        raise _damaged(where, f"it is not JSON that may be read ({error})") from error
    if not isinstance(values, dict):
        raise _damaged(where, f"expected an object, got {type(values).__name__}")
    return values


def _faults(values: dict[str, Any]) -> list[str]:
    faults = [f"'{key}' is missing" for key in _KINDS if key not in values]
    faults += [f"'{clipped(key)}' is unknown" for key in values if key not in _KINDS]
    for key, kinds in _KINDS.items():
        value = values.get(key)
        mistaken_bool = isinstance(value, bool) and bool not in kinds  # bool is an int in Python
        if key in values and (not isinstance(value, kinds) or mistaken_bool):
            faults.append(f"'{key}' is {type(value).__name__}, expected {kinds[0].__name__}")
    return faults or _inner_faults(values) or _range_faults(values)  # what a value is, before how large it is


def _inner_faults(values: dict[str, Any]) -> list[str]:
    """What is wrong inside the lists and objects."""
    faults = []
    for key in ("versions", "fingerprints"):
        if not all(isinstance(text, str) for text in values[key].values()):
            faults.append(f"'{key}' must hold texts only")
    if not all(_is_number(limit) for limit in values["thresholds"].values()):
        faults.append("'thresholds' must hold numbers only")
    if not all(_is_table(rows) for rows in values["answers"].values()):
        faults.append("'answers' must hold tables of numbers only")
    if not all(isinstance(values["metrics"].get(part, {}), dict) for part in ("train", "validation", "test")):
        faults.append("'metrics' must hold an object for each split")
    if "limits" in values["metrics"] and not _is_curve(values["metrics"]["limits"]):
        faults.append("'limits' in 'metrics' must hold a curve of limits, the strictest first")
    return faults


def _is_curve(limits: object) -> bool:
    """Whether these are limits that may be chosen from: they decide what is answered, so they are read strictly."""
    if not isinstance(limits, dict) or not isinstance(limits.get("curve"), list) or type(limits.get("n")) is not int:
        return False
    points = limits["curve"]
    if len(points) > _MOST_POINTS or not all(isinstance(point, dict) for point in points):
        return False
    numbers = [point.get(key) for point in points for key in ("max_error", "unsure")]
    if not all(_is_number(number) and 0 <= number <= 1 for number in numbers):
        return False
    allowed = numbers[::2]
    return allowed == sorted(set(allowed))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e30


def _is_table(rows: object) -> bool:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return False
    return len({len(row) for row in rows}) == 1 and all(_is_number(value) for row in rows for value in row)


def _range_faults(values: dict[str, Any]) -> list[str]:
    faults = _name_faults(values["class_names"])
    if (pattern := _LABELS.get(values["label_type"])) is None:
        faults.append(f"'label_type' is '{clipped(values['label_type'])}', expected one of: {', '.join(_LABELS)}")
    elif not faults and not all(re.fullmatch(pattern, name) for name in values["class_names"]):
        faults.append(f"'class_names' are not all labels of the type '{values['label_type']}'")
    short = [values["recipe"], values["backbone"], *values["versions"], *values["versions"].values()]
    if len(values["versions"]) > _MOST_TEXTS or any(len(text) > _LONGEST_TEXT for text in short):
        faults.append(f"its recipe, backbone or versions are longer than {_LONGEST_TEXT} letters")
    if not _DIGEST.fullmatch(values["file_sha256"]):
        faults.append("'file_sha256' is not a SHA-256")
    if not 0 <= values["seed"] < 1 << 64:
        faults.append(f"'seed' is {values['seed']}, expected 0 to 2^64 - 1")
    if not 8 <= values["side_px"] <= MAX_SIDE_PX:
        faults.append(f"'side_px' is {values['side_px']}, expected 8 to {MAX_SIDE_PX}")
    if not (_is_number(values["temperature"]) and values["temperature"] > 0):
        faults.append(f"'temperature' is {values['temperature']}, expected a positive number")
    if not 0 <= values["white"] < 1 << 32:
        faults.append(f"'white' is {values['white']}, expected 0 to 2^32 - 1")
    if not (_is_number(values["max_megapixels"]) and values["max_megapixels"] > 0):
        faults.append(f"'max_megapixels' is {values['max_megapixels']}, expected a positive number")
    faults += [f"the threshold '{clipped(name)}' is unknown" for name in values["thresholds"] if name not in _LIMITS]
    for name, (low, high) in _LIMITS.items():
        if not low <= values["thresholds"].get(name, low) <= high:
            faults.append(f"the threshold '{name}' is {values['thresholds'][name]}, expected {low:g} to {high:g}")
    return faults


def _as_floats(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers that JSON may write without a point."""
    return {
        "temperature": float(values["temperature"]),
        "thresholds": {name: float(limit) for name, limit in values["thresholds"].items()},
        "answers": {name: [list(map(float, row)) for row in rows] for name, rows in values["answers"].items()},
    }


def _name_faults(names: list[Any]) -> list[str]:
    if len(names) == 1 or len(names) > MAX_CLASSES:
        return [f"'class_names' has {len(names):,} names, expected 2 to {MAX_CLASSES:,}"]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) != len(names):
        return ["'class_names' must be different, non-empty texts"]
    return [f"'class_names': {fault}" for fault in map(name_fault, names) if fault]


def name_fault(name: str) -> str | None:
    """Why a text cannot be the name of a class; None where it can."""
    if len(name) > MAX_NAME_LETTERS:
        return f"a name has {len(name):,} letters, more than {MAX_NAME_LETTERS}"
    if "\0" in name or {".", ".."} & set(re.split(r"[/\\]", name)):
        return f"{clipped(name)!r} is no name of a class"
    return None


def _damaged(where: str, what: str) -> ModelError:
    return ModelError(
        f"The manifest inside {where} cannot be trusted: {clipped(what, 400)}.",
        fix="Get the file again, or train it again.",
    )
