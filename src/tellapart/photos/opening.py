"""A photo file before its pixels are decoded: what it is, what it would cost, how its levels are to be read.

The order is what keeps a hostile file cheap: the format from the first bytes, the cost from the header by code of our
own, only then the reader, and the pixels last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from PIL.ImageFile import ImageFile

from tellapart.errors import PhotoRefused
from tellapart.photos import bmp_file, colours, decode_cost, jpeg_file, png_file, tiff_file
from tellapart.photos.bands import Bands, plain_bands
from tellapart.photos.colours import Depth
from tellapart.photos.decode_cost import Watch
from tellapart.photos.faults import refusal
from tellapart.photos.formats import reader, recognise
from tellapart.photos.loading import load
from tellapart.photos.tiff_file import Directory
from tellapart.settings import DecodeSettings

# Raw modes of 16 bits a level -> the one that reads the other byte of each. Pillow itself keeps the high bytes only.
_OTHER_BYTE = {f"{mode};16{here}": f"{mode};16{there}" for mode in ("RGB", "RGBA", "RGBX") for here, there in
               (("B", "L"), ("L", "B"), ("N", "B"))} | {"LA;16B": "RGBA"}  # fmt: skip
NO_END = "the file's end is missing; 100% of the picture is there"
_RARE_BMP_BYTES = 40  # a pixel, at the peak of our own reader


@dataclass(kw_only=True)
class OpenedFile:
    """A file whose header was read; its pixels wait for `load`."""

    name: str  # the format
    data: bytes = field(repr=False)
    image: Image.Image
    settings: DecodeSettings
    watch: Watch
    notes: tuple[str, ...] = ()
    depth: Depth = colours.PLAIN
    orientation: int = 0  # where another than the picture's own counts
    has_more: bool | None = None  # whether more pictures follow; None: ask the reader
    min_side_px: int = 1
    coefficient_bytes: int = 0  # of a JPEG with several scans
    piece_bytes: int = 0  # of a strip or tile of a packed TIFF
    failure: PhotoRefused | None = None  # what to say where the reader fails
    row_bits: int = 0  # of a row of a TIFF that is not packed

    def reduce(self, min_side_px: int) -> None:
        """Have a JPEG decoded smaller, where its shorter side keeps this many pixels."""
        self.min_side_px = min_side_px
        if self.name == "JPEG" and isinstance(self.image, ImageFile):
            self.image.draft(None, (min_side_px, min_side_px))

    def require_room(self) -> int:
        """Bytes that loading and converting take at the most, the file included; more than the limit is refused."""
        stored = decode_cost.stored_bytes(self.image.mode, self.image.size)
        gulp = decode_cost.gulp_bytes(self.name, self.image.size)
        needed = len(self.data) + max(gulp, self.coefficient_bytes + self.piece_bytes + stored)
        limit = decode_cost.limit_bytes(self.settings)
        if needed > limit and self._plain() is not None:
            needed = len(self.data) + 2 * stored // 9  # decoded in bands, and made smaller
        decode_cost.require_bytes(needed, self.settings)
        with_copies = len(self.data) + stored + 2 * decode_cost.stored_bytes("RGB", self.image.size)
        return min(limit, max(needed, with_copies))

    def load(self) -> tuple[Image.Image | Bands, list[str]]:
        """The picture, in memory or in bands of rows, and what is not whole about it."""
        stored, size = decode_cost.stored_bytes(self.image.mode, self.image.size), len(self.data)
        plain = self._plain() if size + stored > decode_cost.limit_bytes(self.settings) else None
        if plain is not None:
            return plain, list(self.notes)
        if not isinstance(self.image, ImageFile):
            return self.image, list(self.notes)
        raw_mode = _raw_mode(self.image)
        can_compare = size + 4 * stored <= decode_cost.limit_bytes(self.settings)
        try:
            self.image, notes = load(self.image, self.name, self.data, self._again, can_compare)
        except (OSError, SyntaxError, ValueError):
            otherwise = self._otherwise()
            if otherwise is None:
                raise
            self.image, notes = otherwise, ()
        deep, note = self._deep_colour(raw_mode)
        if notes:  # says more about the end than the missing mark
            self.notes = tuple(mark for mark in self.notes if mark != NO_END)
        return deep or self.image, list(dict.fromkeys(filter(None, (note, *self.notes, *notes))))

    def _otherwise(self) -> Image.Image | None:
        """The picture in another way, where the reader failed; None where there is none.

        Raises:
            PhotoRefused: why it failed is known.
        """
        if self.failure is not None:
            raise self.failure from None
        if self.name == "PNG" and png_file.is_animated(self.data, self.watch):
            # A fault of the animation does not concern its first picture.
            image, self.has_more = self._again(png_file.plain(self.data, self.watch)), True
            image.load()
            return image
        if self.name == "BMP":
            decode_cost.require_bytes(
                len(self.data) + _RARE_BMP_BYTES * self.image.width * self.image.height, self.settings
            )
            return bmp_file.open_rare(self.data)
        return None

    def divisor(self, image: Image.Image | Bands, turned: bool, min_side_px: int) -> int:
        """By what the sides of the photo are divided, so that its copies fit.

        Raises:
            PhotoRefused: no such number leaves it large enough.
        """
        held = decode_cost.stored_bytes(self.image.mode, self.image.size) if isinstance(image, Image.Image) else 0
        free = decode_cost.limit_bytes(self.settings) - len(self.data) - held
        is_rgb = isinstance(image, Image.Image) and image.mode == "RGB" and "transparency" not in image.info
        found = decode_cost.shrinking(self.image.size, turned + (not is_rgb), free, min_side_px)
        if not found:
            copies = 2 * decode_cost.stored_bytes("RGB", self.image.size)
            decode_cost.require_bytes(len(self.data) + held + copies, self.settings)
        return max(1, found)

    def _plain(self) -> Bands | None:
        if self.name not in ("TIFF", "BMP") or not isinstance(self.image, ImageFile):
            return None
        return plain_bands(self.image, self.data, self.row_bits)

    def _again(self, data: bytes) -> ImageFile:
        """Such bytes opened in the same way."""
        image = reader(self.name)(decode_cost.watched(self.name, data, self.watch))
        if self.name == "JPEG":
            image.draft(None, (self.min_side_px, self.min_side_px))
        return image

    def _deep_colour(self, raw_mode: str) -> tuple[Bands | None, str]:
        """Colour of 16 bits whose high bytes do not say enough; else None, and what is to be noted."""
        if raw_mode not in _OTHER_BYTE or not isinstance(self.image, ImageFile):
            return None, ""
        own = colours.brightest_colour(self.image)
        if own > max(self.depth.said, self.depth.folder) and own == 65_535:
            return None, colours.colour_note(own)
        if max(own, self.depth.said, self.depth.folder) == 65_535 == self.depth.said:
            return None, colours.colour_note(65_535, "as the file says")
        low = self._again(self.data)
        tile = low.tile[0]
        other = _OTHER_BYTE[raw_mode]
        low.tile = [tile._replace(args=other if isinstance(tile.args, str) else (other, *(tile.args or ())[1:]))]
        low.load()
        if raw_mode == "LA;16B":  # read as four bytes: grey high, grey low, alpha high, alpha low
            first, second, alpha, _ = low.split()
            self.image = Image.merge("RGBA", (first, first, first, alpha))
            deep = colours.DeepColour(self.image, Image.merge("RGB", (second, second, second)), self.depth)
        else:
            deep = colours.DeepColour(self.image, low, self.depth)
        return deep, deep.note


def open_file(data: bytes, settings: DecodeSettings) -> OpenedFile:
    """Recognise a file, judge what it costs and open it.

    Raises:
        PhotoRefused: it is no photo, or too dear.
        Exception: whatever the reader says to a damaged header.
    """
    name, watch = recognise(data), Watch(settings.max_seconds)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(data, settings, watch)
    return _plainly(name, data, settings, watch)


def _plainly(name: str, data: bytes, settings: DecodeSettings, watch: Watch, **more: Any) -> OpenedFile:
    if name == "WebP":  # its reader takes memory for the whole canvas when it opens a file
        decode_cost.require_gulp(name, _webp_size(data), len(data), settings)
    image = reader(name)(decode_cost.watched(name, data, watch))
    if name in ("AVIF", "HEIC"):
        decode_cost.require_gulp(name, image.size, len(data), settings)
    return OpenedFile(name=name, data=data, image=image, settings=settings, watch=watch, **more)


def _open_jpeg(data: bytes, settings: DecodeSettings, watch: Watch) -> OpenedFile:
    facts = jpeg_file.survey(data)
    if facts is None:
        return _plainly("JPEG", data, settings, watch)
    decode_cost.require_scans(jpeg_file.count_scans(data, facts), (facts.width_px, facts.height_px), settings)
    data = jpeg_file.lighten(data, facts)
    return _plainly("JPEG", data, settings, watch, coefficient_bytes=facts.coefficient_bytes)


def _open_png(data: bytes, settings: DecodeSettings, watch: Watch) -> OpenedFile:
    facts, notes = png_file.survey(data, watch), []
    if not facts.has_end:
        notes.append(NO_END)
    if not facts.is_sound:
        notes.append("a checksum of the file is wrong: its pixels may have been damaged")
    said = (1 << facts.significant_bits) - 1 if facts.depth == 16 and 8 <= facts.significant_bits < 16 else 0
    more = {"notes": tuple(notes), "depth": Depth(said=said, folder=settings.white)}
    try:
        opened = _plainly("PNG", data, settings, watch, **more)
    except (SyntaxError, ValueError, OSError):
        # Faults of animations and texts do not concern the picture.
        opened = _plainly("PNG", png_file.plain(data, watch), settings, watch, **more)
        opened.has_more = png_file.is_animated(data, watch)
    return opened


def _open_bmp(data: bytes, settings: DecodeSettings, watch: Watch) -> OpenedFile:
    try:
        return _plainly("BMP", data, settings, watch)
    except (OSError, ValueError, SyntaxError):
        size = bmp_file.size(data)
        if size is None:
            raise
        require_pixels(size, settings)
        decode_cost.require_bytes(len(data) + _RARE_BMP_BYTES * size[0] * size[1], settings)
        image = bmp_file.open_rare(data)
        return OpenedFile(name="BMP", data=data, image=image, settings=settings, watch=watch)


def _open_tiff(data: bytes, settings: DecodeSettings, watch: Watch) -> OpenedFile:
    first = tiff_file.require_few_tags(data)
    if tiff_file.is_raw(first) or data[8:10] == b"CR":
        return _open_raw(data, first, settings, watch)
    require_pixels(first.size, settings)
    is_packed = first.number(tiff_file.COMPRESSION, 1) != 1
    if is_packed:
        decode_cost.require_bytes(first.piece_bytes + len(data), settings)
        decode_cost.require_gulp("TIFF", first.size, len(data), settings)
        pieces = first.count(tiff_file.STRIPS) + first.count(tiff_file.TILE_BYTES)
        scans = max(0, data.count(b"\xff\xda") - pieces) if first.number(tiff_file.COMPRESSION) in (6, 7) else 0
        decode_cost.require_scans(scans, first.size, settings)
    more = {
        "failure": _tiff_failure(first),
        "depth": _tiff_depth(first, settings),
        "piece_bytes": first.piece_bytes if is_packed else 0,
        "row_bits": first.size[0] * int(sum(first.numbers(tiff_file.BITS))),
    }
    try:
        return _plainly("TIFF", data, settings, watch, **more)
    except (SyntaxError, KeyError) as error:
        if more["failure"] is not None:
            raise more["failure"] from None
        if "unknown pixel mode" not in str(error) or not first.number(tiff_file.BITS):
            raise
        raise _rare_tiff(first) from None


def _tiff_failure(first: Directory) -> PhotoRefused | None:
    """What to say where the reader fails, if it is known before."""
    if first.lacks_pieces():
        return refusal("truncated")
    return _rare_tiff(first) if first.number(tiff_file.COMPRESSION, 1) > 32_946 else None


def _rare_tiff(first: Directory) -> PhotoRefused:
    return refusal("unsupported_format", format=f"a TIFF picture of a rare kind ({tiff_file.kind_in_words(first)})")


def _tiff_depth(first: Directory, settings: DecodeSettings) -> Depth:
    bits = first.number(tiff_file.BITS, 1)
    said = (1 << bits) - 1 if 8 < bits < 16 else 0
    if bits >= 16 and not said:
        highest = first.number(tiff_file.MAX_VALUE) or first.number(tiff_file.S_MAX_VALUE)
        # A power of two, for some programs write the photo's own highest value, and all photos need the same white.
        said = (1 << highest.bit_length()) - 1 if 255 < highest < 65_535 else 0
    negative = first.number(tiff_file.PHOTOMETRIC, 1) == 0 and bits >= 16
    return Depth(said=said, folder=settings.white, white_is_zero=negative)


def _open_raw(data: bytes, first: Directory, settings: DecodeSettings, watch: Watch) -> OpenedFile:
    """The preview inside a raw camera file, where it is large."""
    found = tiff_file.preview(data, first)
    if found is None:
        raise refusal("unsupported_format", format="a raw camera file")
    opened = _open_jpeg(found, settings, watch)
    opened.notes = ("a raw camera file: the preview inside it is used",)
    opened.orientation = first.number(tiff_file.ORIENTATION, 1)
    opened.has_more = False
    return opened


_SPECIAL: dict[str, Callable[[bytes, DecodeSettings, Watch], OpenedFile]] = {
    "JPEG": _open_jpeg,
    "PNG": _open_png,
    "BMP": _open_bmp,
    "TIFF": _open_tiff,
}


def require_pixels(size: tuple[int, int], settings: DecodeSettings) -> None:
    """Refuse by the size in the header, before memory for the pixels is asked for.

    Raises:
        PhotoRefused: there are none, or too many.
    """
    width, height = size
    if width <= 0 or height <= 0:
        raise refusal("no_pixels", width=width, height=height)
    megapixels = width * height / 1e6
    if megapixels > settings.max_megapixels:
        raise refusal("too_many_pixels", megapixels=megapixels, limit=settings.max_megapixels)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas, from the header of a WebP file (RFC 9649, section 2)."""
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30:
        return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
    return 0, 0


def _raw_mode(image: ImageFile) -> str:
    """How the levels lie in the file, as Pillow calls it; "" where several pieces differ."""
    if len(image.tile) != 1:
        return ""
    arguments: Any = image.tile[0][3]
    found = arguments if isinstance(arguments, str) else arguments[0] if arguments else ""
    return found if isinstance(found, str) else ""
