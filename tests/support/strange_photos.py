"""Photos that are dear, odd, cut or no photos at all, made in code: name -> bytes, and what must come of each."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

OK = "ok"


def picture(width: int = 96, height: int = 72) -> Image.Image:
    """A picture with something in every corner, the same in every run."""
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, file_format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes = b"", *before: bytes, interlaced=0) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND")


def deep_png(values: np.ndarray, *before: bytes) -> bytes:
    """Grey (two axes), grey with alpha, RGB or RGBA in 16 bits."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    rows = values.astype(">u2").reshape(len(values), -1)
    filtered = b"".join(b"\0" + row.tobytes() for row in rows)
    return png(values.shape[1], len(values), 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], filtered, *before)


def webp_announcing(width: int, height: int) -> bytes:
    """34 bytes: a lossless header and next to nothing else."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + bytes([0x88, 0x88, 8, 7, 0x10, 0x11, 0x88, 0x88, 0x8])
    return b"RIFF" + struct.pack("<I", 26) + b"WEBPVP8L" + struct.pack("<I", 14) + data


def many_scans(number: int, width: int = 640, height: int = 480) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encode(picture(width, height), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    return data[:-2] + data[last:-2] * number + b"\xff\xd9"


def tiff(tags: dict[int, tuple[int, list]], data: bytes = b"", order: str = "<", more: bytes = b"") -> bytes:
    """A TIFF file of one directory; the tag 273 gets the place of `data` where it says [None]."""
    codes = {1: "B", 3: "H", 4: "I", 8: "h", 11: "f"}
    count, extra = len(tags), b""
    start = 8 + 2 + 12 * count + 4
    sizes = {tag: struct.calcsize(f"<{len(values)}{codes[kind]}") for tag, (kind, values) in tags.items()}
    place = start + sum(size for size in sizes.values() if size > 4)
    entries, offset = b"", start
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}{codes[kind]}", *[place if v is None else v for v in values])
        if len(packed) > 4:
            extra += packed
            packed, offset = struct.pack(order + "I", offset), offset + len(packed)
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return (
        mark + struct.pack(order + "I", 8) + struct.pack(order + "H", count) + entries + bytes(4) + extra + data + more
    )


def grey_tiff(values: np.ndarray, *, order: str = "<", photometric: int = 1, compression: int = 1, **more) -> bytes:
    """One plane of numbers of any kind as an uncompressed TIFF."""
    kind = {"u": 1, "i": 2, "f": 3, "c": 6}[values.dtype.kind]
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    tags = {
        256: (4, [values.shape[1]]),
        257: (4, [values.shape[0]]),
        258: (3, [8 * values.dtype.itemsize]),
        259: (3, [compression]),
        262: (3, [photometric]),
        273: (4, [None]),
        277: (3, [1]),
        278: (4, [values.shape[0]]),
        279: (4, [len(data)]),
        339: (3, [kind]),
    }
    return tiff(tags | more.get("tags", {}), data, order)


def raw_camera(preview: bytes, *, dng: bool = True) -> bytes:
    """A TIFF file as cameras write it: a thumbnail first, the data below it, a JPEG somewhere."""
    thumbnail = bytes(16 * 12 * 3)
    tags: dict[int, tuple[int, list]] = {254: (4, [1]), 256: (4, [16]), 257: (4, [12]), 258: (3, [8, 8, 8])}
    tags |= {259: (3, [1]), 262: (3, [2]), 273: (4, [None]), 274: (3, [6]), 277: (3, [3]), 278: (4, [12])}
    tags |= {279: (4, [len(thumbnail)]), 330: (4, [0])}
    if dng:
        tags[50706] = (1, [1, 4, 0, 0])
    where = len(tiff(tags, thumbnail))  # behind the thumbnail lies a directory that names the preview
    tags[330] = (4, [where])
    below = {254: (4, [1]), 513: (4, [where + 8 - 8 + 100]), 514: (4, [len(preview)])}
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, values[0]) for tag, (kind, values) in below.items())
    directory = (struct.pack("<H", len(below)) + entries + bytes(4)).ljust(100, b"\0")
    return tiff(tags, thumbnail, more=directory + preview)


def strange() -> Iterator[tuple[str, bytes, str]]:
    """Name, bytes, and the code that must come of it ("ok": it is a photo)."""
    yield from _foreign()
    yield from _cut()
    yield from _sound()
    yield from _dear()
    yield from _tiffs()


def _foreign() -> Iterator[tuple[str, bytes, str]]:
    kinds = {
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
        "j2k": b"\xff\x4f\xff\x51",
        "jxl": b"\xff\x0a",
        "psd": b"8BPS",
        "pdf": b"%PDF-1.7",
        "eps": b"%!PS-Adobe",
        "dos-eps": b"\xc5\xd0\xd3\xc6",
        "svg": b"<svg xmlns",
        "svg-xml": b"<?xml version='1.0'?>\n<svg>",
        "raf": b"FUJIFILMCCD-RAW ",
        "orf": b"IIRO\x08\0\0\0",
        "rw2": b"IIU\0\x18\0\0\0",
        "x3f": b"FOVb",
        "mrw": b"\0MRM",
        "dds": b"DDS ",
        "ico": b"\0\0\1\0",
        "cur": b"\0\0\2\0",
        "icns": b"icns",
        "pbm": b"P4\n",
        "pgm": b"P5\n",
        "ppm": b"P6 ",
        "plain-ppm": b"P3\n",
        "pfm": b"PF\n",
        "fits": b"SIMPLE  =",
        "sgi": b"\x01\xda\1\1",
        "ras": b"\x59\xa6\x6a\x95",
        "qoi": b"qoif",
        "wmf": b"\xd7\xcd\xc6\x9a",
        "xpm": b"/* XPM */",
        "xbm": b"#define w 8",
        "exr": b"\x76\x2f\x31\x01",
        "hdr": b"#?RADIANCE",
        "xcf": b"gimp xcf v011",
        "mkv": b"\x1aE\xdf\xa3",
        "mpg": b"\0\0\1\xba",
        "blp": b"BLP2",
        "avi": b"RIFF\0\0\0\0AVI LIST",
        "dcm": bytes(128) + b"DICM",
        "pcx": b"\x0a\5\1\x08",
        "mp4": b"\0\0\0\x18ftypisom\0\0\0\0mp42",
        "mov": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
        "cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        "tga": bytes([0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 9, 0, 24, 32]) + bytes(243),
        "dib": struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 24, 0, 0, 0, 0, 0, 0),
        "cr2": b"II*\0\x10\0\0\0CR\2\0" + bytes(10),
    }
    for name, start in kinds.items():
        yield f"foreign.{name}", start + bytes(40), "unsupported_format"
    others = {
        "zip": b"PK\3\4",
        "html": b"<!DOCTYPE html>",
        "lfs": b"version https://git-lfs.github.com/spec/v1",
        "npy": b"\x93NUMPY",
        "h5": b"\x89HDF\r\n",
        "text": b"hello",
        "zeros": bytes(99),
    }
    for name, start in others.items():
        yield f"foreign.{name}", start, "not_a_photo"
    yield "nothing", b"", "empty"


def _cut() -> Iterator[tuple[str, bytes, str]]:
    small = picture(320, 240)
    for name, options in {"JPEG": {}, "progressive": {"progressive": True}, "GIF": {}, "PNG": {}}.items():
        data = encode(small, "JPEG" if name == "progressive" else name, **options)
        for lost in (1, 2):
            yield f"{name} without its last {lost}", data[:-lost], OK
        yield f"{name} half", data[: len(data) // 2], "truncated"
        yield f"{name} without a tenth", data[: len(data) * 9 // 10], "truncated"
    for name, options in {"BMP": {}, "TIFF": {}, "lzw": {"compression": "tiff_lzw"}, "WebP": {}, "AVIF": {}}.items():
        data = encode(small, "TIFF" if name == "lzw" else name, **options)
        yield f"{name} half", data[: len(data) // 2], "truncated"
    jpeg = encode(small, "JPEG")
    yield "JPEG half, then zeros", jpeg[: len(jpeg) // 2] + bytes(len(jpeg) // 2), "truncated"
    yield "JPEG half, with an end mark", jpeg[: len(jpeg) // 2] + b"\xff\xd9", "truncated"
    yield "JPEG and zeros behind it", jpeg + bytes(999), OK
    yield "JPEG on plain ground", encode(Image.new("RGB", (320, 240), "white"), "JPEG"), OK
    restarts = encode(small, "JPEG", restart_marker_rows=1)
    yield "JPEG with restarts, half", restarts[: len(restarts) // 2], "truncated"
    lossless = encode(small, "PNG")
    yield "PNG without its end", lossless[:-12], OK
    wrong = bytearray(lossless)
    wrong[-13] ^= 1
    yield "PNG with a wrong checksum", bytes(wrong), OK
    wrong = bytearray(lossless)
    wrong[len(wrong) // 2] ^= 255
    yield "PNG with a wrong byte", bytes(wrong), "damaged"
    yield "GIF without its end", encode(small, "GIF")[:-1], OK


def _sound() -> Iterator[tuple[str, bytes, str]]:
    small = picture()
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = Image.new("I;16", (30, 20), 900) if mode == "I;16" else small.convert(mode)
        yield f"PNG {mode}", encode(image, "PNG"), OK
    for mode in ("1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "P", "F", "I"):
        image = small.convert("L").convert(mode) if mode in ("F", "I") else _converted(small, mode)
        yield f"TIFF {mode}", encode(image, "TIFF"), OK
    for mode in ("L", "RGB", "CMYK", "YCbCr"):
        yield f"JPEG {mode}", encode(small.convert(mode), "JPEG"), OK
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "tiff_deflate", "jpeg", "zstd", "lzma"):
        yield f"TIFF {compression}", encode(small, "TIFF", compression=compression), OK
    for compression in ("group3", "group4"):
        yield f"TIFF {compression}", encode(small.convert("1"), "TIFF", compression=compression), OK
    frames = [small, small.rotate(90), small.rotate(180)]
    for name in ("GIF", "PNG", "WebP", "TIFF", "AVIF"):
        yield f"{name} of several pictures", encode(small, name, save_all=True, append_images=frames), OK
    yield "PNG interlaced by header only", png(8, 8, 8, 0, b"", interlaced=1), "truncated"
    yield (
        "PNG, APNG without frames",
        encode(small, "PNG")[:33] + chunk(b"acTL", bytes(8)) + encode(small, "PNG")[33:],
        OK,
    )
    yield "JPEG with much EXIF", encode(small, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08" + b"\xff" * 60_000), OK
    masks = struct.pack("<4I", 0xFF00, 0xFF0000, 0xFF000000, 0)
    head = struct.pack("<IiiHHIIiiII", 56, 4, 2, 1, 32, 3, 32, 0, 0, 0, 0) + masks
    yield "BMP with odd masks", b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 56) + head + bytes(32), OK
    head = struct.pack("<IiiHHIIiiII", 40, 5, 2, 1, 2, 0, 0, 0, 0, 4, 0) + bytes(16)
    yield "BMP of two bits", b"BM" + struct.pack("<IHHI", 0, 0, 0, 14 + 56) + head + bytes(8), OK
    head = struct.pack("<IiiHHIIiiII", 40, 0, 0, 1, 24, *[0] * 6)
    yield "BMP of no size", b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + head, "no_pixels"


def _converted(image: Image.Image, mode: str) -> Image.Image:
    return Image.merge("LAB", image.split()) if mode == "LAB" else image.convert(mode)


def _dear() -> Iterator[tuple[str, bytes, str]]:
    yield "WebP of 34 bytes", webp_announcing(16383, 6100), "too_dear"
    yield "JPEG of 20,000 scans", many_scans(20_000), "too_slow"
    yield "JPEG of 40 scans", many_scans(40), OK
    yield "PNG of many pixels", png(20_000, 20_000, 8, 2), "too_many_pixels"
    yield "PNG without rows", png(0, 9, 8, 2), "damaged"
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(5_000_000)))
    grey = b"".join(b"\0" + bytes(9) for _ in range(9))
    yield "PNG with a text bomb", png(9, 9, 8, 0, grey, bomb), OK
    yield "PNG with an ICC bomb", png(9, 9, 8, 0, grey, chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(5_000_000)))), OK
    yield "PNG with 2,000 chunks", png(9, 9, 8, 0, grey, chunk(b"tEXt", b"a\0b") * 2_000), OK
    small = encode(picture(), "JPEG")
    notes = b"\xff\xe1\xff\xff" + b"Exif\0\0MM\0*\0\0\0\x08" + bytes(65_519)
    yield "JPEG with 20 MB of notes", small[:2] + notes * 300 + small[2:], OK
    yield "JPEG with 5,000 notes", small[:2] + b"\xff\xfe\0\2" * 5_000 + small[2:], OK
    yield "JPEG with a million notes", small[:2] + b"\xff\xfe\0\2" * 1_000_000 + small[2:], "too_slow"
    comment = b"\x21\xfe" + (b"\xff" + bytes(255)) * 2_000 + b"\0"
    gif = encode(picture(), "GIF")
    yield "GIF with a long comment", gif[:-1] + comment + b";", OK


def _tiffs() -> Iterator[tuple[str, bytes, str]]:
    values = (np.arange(600).reshape(20, 30) * 6).astype(np.uint16)
    for order in "<>":
        yield f"TIFF {order} 16 bits", grey_tiff(values, order=order), OK
        yield f"TIFF {order} signed", grey_tiff(values.astype(np.int16) - 900, order=order), OK
        yield f"TIFF {order} real", grey_tiff(values.astype(np.float32), order=order), OK
    yield "TIFF negative", grey_tiff(values, photometric=0), OK
    odd = values.astype(np.float32)
    odd[0, :3] = np.nan, np.inf, -np.inf
    yield "TIFF with no numbers", grey_tiff(odd), OK
    for kind in (np.float64, np.complex64, np.uint64):
        yield f"TIFF {kind.__name__}", grey_tiff(values.astype(kind)), "unsupported_format"
    yield "TIFF packed by JBIG", grey_tiff(values.astype(np.uint8), compression=34661), "unsupported_format"
    huge = {273: (4, [8] * 2000), 279: (4, [2**31] * 2000)}
    yield "TIFF with shared strips", grey_tiff(values, tags=huge), "damaged"
    yield "TIFF with a huge tile", grey_tiff(values.astype(np.uint8), compression=5, tags={
        322: (4, [60_000]), 323: (4, [60_000]), 324: (4, [8]), 325: (4, [100])}), "too_dear"  # fmt: skip
    yield "raw with a thumbnail only", raw_camera(encode(picture(), "JPEG")), "unsupported_format"
    yield "raw with a preview", raw_camera(encode(picture(1200, 800), "JPEG")), OK
    yield "raw as Nikon has it", raw_camera(encode(picture(1200, 800), "JPEG"), dng=False), OK
