"""What was asked for, or its absence, becomes rules: under which photos are decoded, and when they get no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from tellapart.errors import UsageError, require
from tellapart.evaluation.risk_curve import promised
from tellapart.model.manifest import Manifest
from tellapart.settings import DecodeSettings, SourceSettings


def decode_limits(source: SourceSettings, manifest: Manifest | None = None) -> DecodeSettings:
    """The settings under which the photos of a source are decoded.

    Args:
        source: what was asked for; the largest photo is the model's own where nothing was.
        manifest: manifest of the model that will see the photos, which also holds the white level; None: none yet.

    >>> decode_limits(SourceSettings(max_megapixels=200.0)).max_megapixels
    200.0
    """
    asked = source.max_megapixels
    if manifest is None:
        return DecodeSettings() if asked is None else DecodeSettings(max_megapixels=asked)
    return DecodeSettings(
        max_megapixels=manifest.max_megapixels if asked is None else asked,
        white=manifest.white,
    )


def thresholds_for(manifest: Manifest, max_error: object, where: Path) -> dict[str, float]:
    """The limits of a model file, or those that keep another share of errors, from the curve inside the file.

    Args:
        manifest: manifest of the model.
        max_error: fraction of its answers that may be wrong; None: what it was trained with.
        where: the file, named in errors.

    Raises:
        UsageError: the file cannot promise that.
    """
    if max_error is None:
        return dict(manifest.thresholds)
    wanted = "a fraction between 0 and 1, such as 0.02"
    require(isinstance(max_error, Real) and 0 < float(max_error) < 1, "max_error", max_error, wanted)
    allowed = float(max_error)  # type: ignore[arg-type]
    limits = manifest.metrics.get("limits")
    if limits is None:
        raise UsageError(
            f"{where} does not hold thresholds for other error limits: an older version wrote it.",
            fix="Train it again, or leave out --max-error.",
        )
    point = promised(limits["curve"], allowed)
    if point is None:
        raise UsageError(
            f"{where} cannot guarantee an error rate of at most {100 * allowed:g}%: the "
            f"{limits['n']:,} photos that were held out do not prove that for any limit.",
            fix=_least(limits["curve"]),
        )
    return {**manifest.thresholds, "unsure": point["unsure"]}


def _least(curve: Sequence[Mapping[str, Any]]) -> str:
    if not curve:
        return "Leave out --max-error, and nothing is marked unsure. A guarantee needs more photos."
    return (
        f"Give --max-error {100 * curve[0]['max_error']:g}%, the lowest that it can guarantee, or train on more photos."
    )
