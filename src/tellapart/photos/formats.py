"""Which of the eight formats the bytes are, and the one reader for it.

The first bytes decide, never the suffix. Readers are called directly instead of through `Image.open`: no reader but
the right one ever sees the bytes, Pillow's process-wide limits and plugin list stay as the caller set them, and there
is no search through plugins to pay for.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from io import BytesIO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from tellapart.photos import foreign
from tellapart.photos.faults import refusal

_READERS: dict[str, Callable[[BytesIO], ImageFile]] = {
    # Not `jpeg_factory`: it looks for further photos inside the file, and the first one is all that is wanted.
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WebP": WebPImagePlugin.WebPImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "AVIF": AvifImagePlugin.AvifImageFile,
}
_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}


def recognise(data: bytes) -> str:
    """The format of these bytes: "JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF" or "HEIC".

    Raises:
        PhotoRefused: the bytes are empty, or none of the eight.

    >>> recognise(b"GIF89a, and so on")
    'GIF'
    """
    if not data:
        raise refusal("empty")
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _recognise_brand(data)
    if kind := foreign.picture_kind(data):
        raise refusal("unsupported_format", format=kind)
    raise refusal("not_a_photo", kind=foreign.other_kind(data))


def _recognise_brand(data: bytes) -> str:
    """AVIF and HEIC share a container with video; the brands in its first box tell them apart."""
    end = min(int.from_bytes(data[:4], "big"), 256)
    # The major brand, a version number, then the brands that the file is compatible with.
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, end, 4))]
    for brand in brands:
        if brand in _AVIF_BRANDS:
            return "AVIF"
        if brand in _HEIC_BRANDS:
            return "HEIC"
    if brands[0] == b"mif1":  # a still picture that does not say how it is coded; nearly always HEVC
        return "HEIC"
    raise refusal("unsupported_format", format=foreign.media_kind(brands[0]))


def reader(name: str) -> Callable[[BytesIO], ImageFile]:
    """What opens this format: reads the header, leaves the pixels for `load`."""
    if name == "TIFF":
        silence_tiff()
    return _heic_reader() if name == "HEIC" else _READERS[name]


@cache
def silence_tiff() -> None:
    """Stop libtiff, the C library inside Pillow, from writing its complaints about odd files to stderr.

    It has no setting but these two functions, found through Pillow's own binary. Where Pillow is linked without showing
    them (Windows), the complaints stay; they are untidy, not harmful.
    """
    try:
        library = ctypes.CDLL(Image.core.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
    except (AttributeError, OSError):
        return


@cache
def _heic_reader() -> Callable[[BytesIO], ImageFile]:
    """Imported at the first HEIC photo only: the library costs 30 ms and most folders hold none."""
    from pillow_heif import HeifImageFile

    return HeifImageFile
