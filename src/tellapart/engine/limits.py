"""Under which rules photos are decoded: the one place where what was asked for, or its absence, becomes a setting."""

from __future__ import annotations

from tellapart.model.manifest import Manifest
from tellapart.settings import DecodeSettings, SourceSettings


def decode_limits(source: SourceSettings, manifest: Manifest | None = None) -> DecodeSettings:
    """The settings under which the photos of a source are decoded.

    Args:
        source: what was asked for; the largest photo is the model's own where nothing was.
        manifest: of the model that will see the photos, which also says which level is white; None: there is none yet.

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
