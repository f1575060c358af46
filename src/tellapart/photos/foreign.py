"""Files that are no photo of the eight formats, named by their content, so that the person learns what lies there."""

from __future__ import annotations

# Each: bytes at the start, what it is.
_PICTURES = (
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop document"),
    (b"8BPB", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (b"<svg", "an SVG drawing"),
    (b"FUJIFILMCCD-RAW", "a raw camera file"),
    (b"IIRO", "a raw camera file"),
    (b"IIRS", "a raw camera file"),
    (b"MMOR", "a raw camera file"),
    (b"IIU\0", "a raw camera file"),
    (b"FOVb", "a raw camera file"),
    (b"\0MRM", "a raw camera file"),
    (b"DDS ", "a DDS texture"),
    (b"BLP1", "a BLP texture"),
    (b"BLP2", "a BLP texture"),
    (b"FTEX", "an FTEX texture"),
    (b"\0\0\1\0", "a Windows icon"),
    (b"\0\0\2\0", "a Windows cursor"),
    (b"icns", "a macOS icon"),
    (b"P1", "a PBM picture"),
    (b"P2", "a PGM picture"),
    (b"P3", "a PPM picture"),
    (b"P4", "a PBM picture"),
    (b"P5", "a PGM picture"),
    (b"P6", "a PPM picture"),
    (b"P7", "a PAM picture"),
    (b"PF", "a PFM picture"),
    (b"Pf", "a PFM picture"),
    (b"SIMPLE  =", "a FITS picture"),
    (b"\x01\xda", "an SGI picture"),
    (b"\x59\xa6\x6a\x95", "a Sun raster picture"),
    (b"qoif", "a QOI picture"),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (b"DanM", "an MSP picture"),
    (b"LinS", "an MSP picture"),
    (b"/* XPM */", "an XPM picture"),
    (b"#define", "an XBM picture"),
    (b"\xb1\x68\xde\x3a", "a DCX picture"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance picture"),
    (b"gimp xcf", "a GIMP document"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\0\0\1\xba", "a video"),
    (b"FLV\1", "a video"),
)
_OTHERS = (
    (b"PK\3\4", "a ZIP archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"<!DOCTYPE", "a web page"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<HTML", "a web page"),
    (b"version https://git-lfs", "a pointer of Git LFS (fetch the photo with: git lfs pull)"),
    (b"\0\5\x16\7", "a companion file of macOS"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SQLite format 3", "a database"),
)
_BRANDS = {
    b"qt  ": "a video",
    b"crx ": "a raw camera file",
    b"jp2 ": "a JPEG 2000 picture",
    b"jxl ": "a JPEG XL picture",
}
_DIB_HEADERS = {12, 40, 52, 56, 64, 108, 124}


def picture_kind(data: bytes) -> str:
    """What kind of picture or film, that cannot be opened, these bytes are; "" where they are none.

    >>> picture_kind(b"8BPS and so on"), picture_kind(b"hello")
    ('a Photoshop document', '')
    """
    text = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<?xml") and b"<svg" in text:
        return "an SVG drawing"
    for start, name in _PICTURES:
        if data.startswith(start) and (len(start) > 2 or _is_spaced(data)):
            return name
    if data[128:132] == b"DICM":
        return "a DICOM medical picture"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "a video"
    if data[40:44] == b" EMF":
        return "a Windows metafile"
    if _is_bitmap_without_header(data):
        return "a BMP picture without its file header"
    return _by_structure(data)


def other_kind(data: bytes) -> str:
    """What these bytes are that are no picture at all, followed by a comma; "" where nobody knows.

    >>> other_kind(b"PK" + bytes([3, 4]))
    'a ZIP archive, '
    """
    text = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((f"{name}, " for start, name in _OTHERS if text.startswith(start) or data.startswith(start)), "")


def media_kind(brand: bytes) -> str:
    """What a file of this main brand is; photos of HEIC and AVIF apart, most are films (ISO/IEC 14496-12)."""
    return _BRANDS.get(brand, "a video or another kind of media file")


def _is_spaced(data: bytes) -> bool:
    """Whether a mark of two letters is followed by what follows it in a picture, or is none of letters."""
    return data[:1] != b"P" or data[2:3] in (b"\n", b"\r", b" ", b"\t", b"#")


def _is_bitmap_without_header(data: bytes) -> bool:
    if int.from_bytes(data[:4], "little") not in _DIB_HEADERS or data[:4] == b"\x0c\0\0\0":
        return False
    planes, bits = int.from_bytes(data[12:14], "little"), int.from_bytes(data[14:16], "little")
    return planes == 1 and bits in (1, 2, 4, 8, 16, 24, 32)


def _by_structure(data: bytes) -> str:
    """Formats without a mark at their start: told by a whole header that makes sense."""
    if data[-18:-2] == b"TRUEVISION-XFILE" or _is_targa(data):
        return "a TGA picture"
    if data[:1] == b"\x0a" and data[1:2] in b"\0\2\3\5" and data[2:3] in b"\0\1" and data[3:4] in b"\1\2\4\x08":
        return "a PCX picture"
    if data[4:6] in (b"\x11\xaf", b"\x12\xaf") and len(data) >= 128:
        return "an FLI animation"
    return ""


def _is_targa(data: bytes) -> bool:
    if len(data) < 20 or data[1] > 1 or data[2] not in (1, 2, 3, 9, 10, 11):
        return False
    has_map, depth = data[1] == 1, data[16]
    width, height = int.from_bytes(data[12:14], "little"), int.from_bytes(data[14:16], "little")
    needs_map = data[2] in (1, 9)
    fits = depth in ((8, 16) if data[2] in (1, 3, 9, 11) else (15, 16, 24, 32))
    return width > 0 and height > 0 and fits and has_map >= needs_map and data[17] & 0xC0 == 0
