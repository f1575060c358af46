"""What a file is by its name alone, and how a person is told of files that were left out.

A photo-like file never disappears without a word: whatever is left out is counted by kind, and every verb says so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_SYSTEM_NAMES = {
    *(".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", ".picasa.ini", "icon\r"),
    *("__macosx", ".ipynb_checkpoints", "@eadir", "$recycle.bin", "system volume information", "lost+found"),
}
_NOT_PHOTO_SUFFIXES = {
    *("txt", "csv", "tsv", "json", "jsonl", "ndjson", "xml", "yaml", "yml", "toml", "ini", "cfg", "md", "rst", "log"),
    *("pdf", "html", "htm", "css", "js", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "ppt", "pptx", "tex"),
    *("mp3", "m4a", "wav", "flac", "ogg", "tfrecord", "lmdb", "db", "sqlite", "sql"),
    *("py", "ipynb", "sh", "bat", "exe", "dll", "so", "lnk", "url", "npy", "npz", "mat", "h5", "hdf5", "parquet"),
    *("feather", "arrow", "pkl", "pickle", "pt", "pth", "onnx", "keras", "tflite", "aae", "xmp", "thm", "part", "tmp"),
}
_NOT_PHOTO_NAMES = {"readme", "license", "licence", "copying", "makefile", "dockerfile", "changelog"}
PHOTO_SUFFIXES = {
    *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "dib", "gif", "tif", "tiff", "avif", "heic", "heif", "hif"),
}
_KINDS_BY_SUFFIX = {
    "raw camera files": (
        *("cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "dng", "raf", "rw2", "rwl", "orf", "pef", "srw"),
        *("raw", "3fr", "fff", "iiq", "kdc", "dcr", "mrw", "x3f", "erf", "mef", "mos", "gpr"),
    ),
    "videos": (
        *("mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg", "3gp", "mts", "m2ts", "flv", "insv"),
    ),
    "DICOM files": ("dcm", "dicom"),
    "archives": ("zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "livp"),
}
_KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in _KINDS_BY_SUFFIX.items() for suffix in suffixes}
NOT_PHOTOS, HIDDEN, SYSTEM, NO_TEXT = "not a photo (by name)", "hidden", "system files", "names that are not text"
OUTSIDE, BROKEN, CIRCLE = "links out of the folder", "broken links", "links in a circle"
TWICE, DEVICES = "links to a folder that is in the class already", "devices and pipes"
HIDDEN_FOLDERS, SYSTEM_FOLDERS = "hidden folders", "system folders"
EXCLUDED, BESIDE, UNLABELLED = "excluded", "beside the splits", "in a split without classes"
CLASSLESS = "not in a class folder"
# Kind -> what can be done about it. Of the last two more is said in a warning of their own.
_REMEDIES = {
    "raw camera files": "export as JPEG",
    "DICOM files": "export as PNG",
    "archives": "unpack first",
    OUTSIDE: "give --follow-links",
    BROKEN: "the target is gone",
    NO_TEXT: "rename in UTF-8",
}
_PLURAL = {
    NOT_PHOTOS: "files that are no photos by their names",
    HIDDEN: "hidden files",
    EXCLUDED: "files that --exclude names",
    CLASSLESS: "files in no class folder",
}
_SINGULAR = {
    **{kind: kind.removesuffix("s") for kind in (*_KINDS_BY_SUFFIX, BROKEN)},
    SYSTEM: "system file",
    HIDDEN: "hidden file",
    HIDDEN_FOLDERS: "hidden folder",
    SYSTEM_FOLDERS: "system folder",
    NOT_PHOTOS: "file that is no photo by its name",
    OUTSIDE: "link out of the folder",
    CIRCLE: "link in a circle",
    NO_TEXT: "name that is not text",
    DEVICES: "device or pipe",
    EXCLUDED: "file that --exclude names",
    CLASSLESS: "file in no class folder",
}
_TOLD_ELSEWHERE = (BESIDE, UNLABELLED)


def suffix_of(name: str) -> str:
    """The suffix without its dot, in lower case; "" where there is none."""
    return os.path.splitext(name)[1][1:].lower()


def reason_to_ignore(name: str) -> str:
    """The kind of file that is left out because of its name, "" for a candidate.

    >>> reason_to_ignore("Thumbs.db"), reason_to_ignore("list.csv"), reason_to_ignore("cat.jpg"), reason_to_ignore("7")
    ('system files', 'not a photo (by name)', '', '')
    >>> reason_to_ignore("DSC1.NEF")
    'raw camera files (.nef)'
    """
    folded = name.lower()
    if folded in _SYSTEM_NAMES or folded.startswith("._"):
        return SYSTEM
    if name.startswith("."):
        return HIDDEN
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:  # bytes that are no UTF-8 cannot be written to a table or shown
            return NO_TEXT
    suffix = suffix_of(folded)
    if suffix in PHOTO_SUFFIXES:  # nearly all
        return ""
    if suffix in _NOT_PHOTO_SUFFIXES or folded in _NOT_PHOTO_NAMES:
        return NOT_PHOTOS
    kind = _KIND_OF_SUFFIX.get(suffix)
    return f"{kind} (.{suffix})" if kind else ""


def is_by_suffix(kind: str) -> bool:
    """Whether a reason to ignore is about files alone: a folder may be called "readme" or "v1.so"."""
    return kind == NOT_PHOTOS or _family(kind) in _KINDS_BY_SUFFIX


def told(ignored: Mapping[str, int], examples: Mapping[str, str]) -> str:
    """One line that says how many files were left out and why, "" where there are none.

    Args:
        ignored: kind -> how many.
        examples: kind -> the name of one of them, where that helps to find them.

    >>> told({"raw camera files (.cr2)": 12, "videos (.mov)": 1}, {})
    'Left out: 12 raw camera files (.cr2): export as JPEG; 1 video (.mov).'
    """
    parts = []
    for kind, count in sorted(ignored.items(), key=lambda item: (_rank(item[0]), item[0])):
        if count and kind not in _TOLD_ELSEWHERE:
            family = _family(kind)
            said = kind.replace(family, (_PLURAL if count > 1 else _SINGULAR).get(family, family), 1)
            example = f" ({examples[kind]})" if kind in examples else ""
            remedy = f": {_REMEDIES[family]}" if family in _REMEDIES else ""
            parts.append(f"{count:,} {said}{example}{remedy}")
    return f"Left out: {'; '.join(parts)}." if parts else ""


def _family(kind: str) -> str:
    return kind if kind in (NOT_PHOTOS,) else kind.split(" (.", 1)[0]


def _rank(kind: str) -> int:
    """What a person may miss comes first."""
    return 0 if _family(kind) in _REMEDIES else 1 if _family(kind) in _KINDS_BY_SUFFIX or kind == EXCLUDED else 2
