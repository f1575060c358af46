"""Which files below a folder may be photos.

One walk with `os.scandir`, whose entries already say file, folder or link, so that no file is asked about twice. No
photo is opened: a file whose name does not give it away stays a candidate, and its content decides when it is decoded.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_SYSTEM_NAMES = {
    *(".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", ".picasa.ini", "icon\r"),
    *("__macosx", ".ipynb_checkpoints", "@eadir", "$recycle.bin", "system volume information", "lost+found"),
}
_NOT_PHOTO_SUFFIXES = {
    *("txt", "csv", "tsv", "json", "jsonl", "ndjson", "xml", "yaml", "yml", "toml", "ini", "cfg", "md", "rst", "log"),
    *("pdf", "html", "htm", "css", "js", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "ppt", "pptx", "tex"),
    *("mp4", "m4v", "mov", "avi", "mkv", "webm", "wmv", "mpg", "mpeg", "3gp", "mp3", "m4a", "wav", "flac", "ogg"),
    *("zip", "tar", "gz", "bz2", "xz", "zst", "7z", "rar", "tfrecord", "lmdb", "db", "sqlite", "sql"),
    *("py", "ipynb", "sh", "bat", "exe", "dll", "so", "lnk", "url", "npy", "npz", "mat", "h5", "hdf5", "parquet"),
    *("feather", "arrow", "pkl", "pickle", "pt", "pth", "onnx", "keras", "tflite", "aae", "xmp", "thm", "part", "tmp"),
}
_NOT_PHOTO_NAMES = {"readme", "license", "licence", "copying", "makefile", "dockerfile", "changelog"}
PHOTO_SUFFIXES = {
    *("jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "dib", "gif", "tif", "tiff", "avif", "heic", "heif", "hif"),
}


@dataclass
class Listing:
    """What one walk found. Paths are relative to `root`, with forward slashes."""

    root: Path
    files: list[str] = field(default_factory=list)  # candidates, sorted once the walk is done
    folders: list[str] = field(default_factory=list)  # every folder that was entered, without the root
    ignored: Counter[str] = field(default_factory=Counter)  # kind -> count; an ignored folder counts as one
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # folder, reason


def reason_to_ignore(name: str) -> str:
    """The kind of file that is left out because of its name, "" for a candidate.

    >>> reason_to_ignore("Thumbs.db"), reason_to_ignore("list.csv"), reason_to_ignore("cat.jpg"), reason_to_ignore("7")
    ('system files', 'not a photo (by name)', '', '')
    """
    folded = name.lower()
    if folded in _SYSTEM_NAMES or folded.startswith("._"):
        return "system files"
    if name.startswith("."):
        return "hidden"
    if suffix_of(folded) in _NOT_PHOTO_SUFFIXES or folded in _NOT_PHOTO_NAMES:
        return "not a photo (by name)"
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 cannot be written to a table or shown
        return "names that are not text"
    return ""


def suffix_of(name: str) -> str:
    """The suffix without its dot, in lower case; "" where there is none."""
    return os.path.splitext(name)[1][1:].lower()


def walk(root: Path) -> Listing:
    """Every candidate below `root`. Links are followed only to places inside the root, and never in a circle."""
    listing = Listing(root)
    real_root = os.path.realpath(root)
    # (relative folder with its slash, real path of the folder, real paths of the folders above it)
    pending: list[tuple[str, str, tuple[str, ...]]] = [("", real_root, ())]
    while pending:
        relative, real, above = pending.pop()
        try:
            with os.scandir(root / relative) as entries:
                for name, real_child in _candidates(entries, relative, real, real_root, listing):
                    if real_child in (real, *above):
                        listing.ignored["links in a circle"] += 1
                        continue
                    listing.folders.append(relative + name)
                    pending.append((f"{relative}{name}/", real_child, (real, *above)))
        except OSError as error:
            listing.unreadable.append((relative.rstrip("/") or ".", error.strerror or str(error)))
    listing.files.sort()
    listing.folders.sort()
    return listing


def _candidates(
    entries: Iterator[os.DirEntry[str]], relative: str, real: str, real_root: str, listing: Listing
) -> Iterator[tuple[str, str]]:
    """Note the files of one folder in the listing; yield its sub-folders, each with its real path."""
    for entry in entries:
        kind = reason_to_ignore(entry.name)
        if kind == "not a photo (by name)" and entry.is_dir():
            kind = ""  # a class may be called "readme" or "v1.so": the rule is about files
        target = os.path.join(real, entry.name)
        if not kind and entry.is_symlink():
            target = os.path.realpath(target)
            if os.path.commonpath([real_root, target]) != real_root:
                kind = "links out of the folder"
            elif not os.path.exists(target):
                kind = "broken links"
        if kind:
            listing.ignored[kind] += 1
        elif entry.is_dir():
            yield entry.name, target
        elif entry.is_file():
            listing.files.append(relative + entry.name)
        else:
            listing.ignored["devices and pipes"] += 1
