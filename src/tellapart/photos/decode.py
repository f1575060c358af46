"""One photo, from wherever it is, to upright RGB pixels: the only decoder, for training, predicting and serving.

The content decides what a file is, never its name. The size is read from the header and checked before any pixel is
decoded. Whatever the bytes, either pixels come back or `PhotoRefused` is raised; nothing is printed, no warning leaks.

Safe to call from many threads at once; Pillow releases the interpreter lock while it decodes and resizes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import ExifTags, Image

from tellapart.errors import PhotoRefused
from tellapart.photos import colours
from tellapart.photos.bands import Bands
from tellapart.photos.colours import Depth
from tellapart.photos.decode_cost import ROOM
from tellapart.photos.faults import refusal
from tellapart.photos.formats import reader, recognise
from tellapart.photos.loading import is_cut
from tellapart.photos.opening import OpenedFile, open_file, require_pixels
from tellapart.reading import NotAFile, TooLarge, read_file
from tellapart.settings import DecodeSettings

# Raise it when the pixels, notes or refusals that a file gives may change: what was kept of an older decoder is then
# never used again.
DECODER = 3
_DEFAULTS = DecodeSettings()

Source = Path | str | bytes | np.ndarray | Image.Image

# Without a handler of its own, Pillow's complaints about odd files would reach stderr through logging's last resort.
logging.getLogger("PIL").addHandler(logging.NullHandler())

_UPRIGHT = {  # EXIF 2.3, table 4.6.4 A: tag 0x0112
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SWAPS_SIDES = {_UPRIGHT[5], _UPRIGHT[6], _UPRIGHT[7], _UPRIGHT[8]}


@dataclass(frozen=True, kw_only=True)
class OpenedPhoto:
    """An upright RGB photo and what happened on the way."""

    image: Image.Image  # RGB; may be smaller than the file says, see `open_photo`
    width_px: int  # as stored in the file, after turning upright
    height_px: int
    notes: tuple[str, ...] = ()  # what a person should know, such as "first frame of an animation"


def decoding(settings: DecodeSettings) -> str:
    """A text that two decodings share only if every file gives the same pixels, notes and refusals in both."""
    limits = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode()).hexdigest()
    return f"decode{DECODER}-{limits[:8]}"


def read_photo(path: Path | str, settings: DecodeSettings = _DEFAULTS) -> bytes:
    """The bytes of a photo file, read once so that hashing and decoding see the same content.

    Raises:
        PhotoRefused: missing, not a regular file (a pipe would block for ever), too large or unreadable.
    """
    try:
        return read_file(path, int(settings.max_file_mb * 1e6))
    except NotAFile:
        raise refusal("not_a_file") from None
    except TooLarge as error:
        raise refusal("file_too_large", megabytes=error.size_bytes / 1e6, limit=settings.max_file_mb) from None
    except FileNotFoundError:
        raise refusal("missing") from None
    except IsADirectoryError:
        raise refusal("not_a_file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise refusal("unreadable", reason=getattr(error, "strerror", None) or error) from None


def open_photo(source: Source, *, min_side_px: int, settings: DecodeSettings = _DEFAULTS) -> OpenedPhoto:
    """The photo as upright RGB.

    Args:
        source: a path, the bytes of a file, an 8-bit array or a PIL image (which is left unchanged).
        min_side_px: the side that the caller will resize to. A large JPEG is decoded at 1/2, 1/4 or 1/8 of its size,
            several times faster, as long as its shorter side keeps at least this many pixels.
        settings: the limits.

    Raises:
        PhotoRefused: always this and nothing else, whatever the bytes.
    """
    try:
        with _quiet_readers():
            if isinstance(source, (str, Path)):
                source = read_photo(source, settings)
            if isinstance(source, (bytes, bytearray, memoryview)):
                return _from_bytes(bytes(source), min_side_px, settings)
            if isinstance(source, np.ndarray):
                source = _from_array(source)
            if isinstance(source, Image.Image):
                require_pixels(source.size, settings)
                return _from_image(source, settings)
            raise refusal("wrong_input", got=type(source).__name__)
    except PhotoRefused:
        raise
    except MemoryError:
        raise refusal("no_memory") from None
    except Exception as error:  # readers raise anything on hostile bytes: SyntaxError, struct.error, IndexError ...
        is_short = "truncated" in str(error).lower() or (isinstance(source, bytes) and is_cut(source))
        raise refusal("truncated" if is_short else "damaged") from None


def to_pixels(image: Image.Image, side_px: int, *, grey: bool = False) -> UInt8[np.ndarray, "side side channels"]:
    """The photo stretched to a square, as the network takes it; one channel when `grey`, else three.

    Stretching keeps the whole photo in view; cropping would cut off what the label may be about. Bicubic, with
    Pillow's support scaled to the reduction, so that small results are not aliased.
    """
    if grey:
        image = image.convert("L")
    if image.size != (side_px, side_px):
        image = image.resize((side_px, side_px), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)  # (side, side) or (side, side, 3)
    return pixels[:, :, np.newaxis] if grey else pixels


def _from_bytes(data: bytes, min_side_px: int, settings: DecodeSettings) -> OpenedPhoto:
    opened = open_file(data, settings)
    require_pixels(opened.image.size, settings)
    stored = opened.image.size
    opened.reduce(min_side_px)
    with ROOM.taking(opened.require_room()):
        image, notes = opened.load()
        return _finish(opened, image, stored, min_side_px, notes)


def _from_image(image: Image.Image, settings: DecodeSettings) -> OpenedPhoto:
    """A picture that somebody else opened; it is theirs, so it is copied and never made smaller."""
    rgb, note = colours.to_rgb(image.copy(), Depth(folder=settings.white))
    turn = _UPRIGHT.get(_orientation(image))
    if turn is not None:
        rgb = rgb.transpose(turn)
    notes = (note,) if note else ()
    return OpenedPhoto(image=rgb, width_px=rgb.width, height_px=rgb.height, notes=notes)


def _finish(
    opened: OpenedFile, image: Image.Image | Bands, stored: tuple[int, int], min_side_px: int, notes: list[str]
) -> OpenedPhoto:
    """From a loaded image in any mode to the upright RGB photo."""
    turn = _UPRIGHT.get(opened.orientation or _orientation(opened.image))
    divisor = opened.divisor(image, turn is not None, min_side_px)
    rgb, note = colours.to_rgb(image, opened.depth, divisor)
    notes = [*([note] if note else []), *notes]
    if turn is not None:
        rgb = rgb.transpose(turn)
        if turn in _SWAPS_SIDES:
            stored = (stored[1], stored[0])
    # Last, because asking a GIF seeks past its first frame.
    if _has_more_frames(opened.image) if opened.has_more is None else opened.has_more:
        still = opened.name in ("TIFF", "HEIC")
        notes.append("one of several pictures in the file" if still else "first frame of an animation")
    return OpenedPhoto(image=rgb, width_px=stored[0], height_px=stored[1], notes=tuple(notes))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (upright) where there is none or it is damaged."""
    if type(image).__name__ == "JpegImageFile" and "exif" not in image.info and "xmp" not in image.info:
        return 1  # the short way, for nearly every photo of a prepared dataset
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF is no reason to refuse pixels that are fine
        return 1


def camera_of(data: bytes) -> str:
    """Make and model of the camera that a photo file names, "" where it names none or its EXIF data is damaged."""
    try:
        with _quiet_readers():
            exif = reader(recognise(data))(BytesIO(data)).getexif()
            named = [str(exif.get(tag, "")).strip("\0 ") for tag in (ExifTags.Base.Make, ExifTags.Base.Model)]
    except Exception:  # as in `_orientation`
        return ""
    return " ".join(name for name in named if name)


def _has_more_frames(image: Any) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the frames after the first may be damaged; they are not used
        return True


def _from_array(array: np.ndarray) -> Image.Image:
    """An 8-bit array as an image. Real numbers are refused: 0 to 1 and 0 to 255 cannot be told apart with certainty."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != np.uint8 or not fits:
        raise refusal("wrong_array", got=f"{array.dtype} of shape {' × '.join(map(str, array.shape)) or 'one value'}")
    if 0 in array.shape:
        raise refusal("no_pixels", width=array.shape[1], height=array.shape[0])
    return Image.fromarray(np.ascontiguousarray(array))


_quiet_lock = threading.Lock()
_quiet_count = 0
_quiet_context: warnings.catch_warnings | None = None


@contextmanager
def _quiet_readers() -> Iterator[None]:
    """Silence the readers' warnings, and only theirs, while any thread decodes.

    `warnings.catch_warnings` alone is not safe among threads: each would put back the filters that it happened to see.
    So the first thread in installs the filter and the last one out takes it away.
    """
    global _quiet_count, _quiet_context
    with _quiet_lock:
        if _quiet_count == 0:
            _quiet_context = warnings.catch_warnings()
            _quiet_context.__enter__()
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
            warnings.filterwarnings("ignore", module=r"pillow_heif(\.|$)")
        _quiet_count += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_count -= 1
            if _quiet_count == 0 and _quiet_context is not None:
                _quiet_context.__exit__(None, None, None)
                _quiet_context = None
