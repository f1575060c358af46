"""How large a photo may be: the one place where what was asked for, or its absence, becomes a limit of the decoder."""

from __future__ import annotations

from tellapart.model.manifest import Manifest
from tellapart.settings import DecodeSettings, SourceSettings


def decode_limits(source: SourceSettings, manifest: Manifest | None = None) -> DecodeSettings:
    """The limits under which the photos of a source are decoded.

    Args:
        source: what was asked for.
        manifest: of the model that will see the photos; None: there is none yet.

    >>> decode_limits(SourceSettings(max_megapixels=200.0)).max_megapixels
    200.0
    """
    if source.max_megapixels is None:
        return DecodeSettings()
    return DecodeSettings(max_megapixels=source.max_megapixels)
