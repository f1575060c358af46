"""What can be wrong with one photo, and with a whole source of photos.

A refused photo has a stable code for machines and a plain sentence for people. It never stops a run by itself; the
codes are counted in summaries, so they must not change meaning. The faults of a source do stop the run, all together.
"""

from __future__ import annotations

from collections.abc import Sequence

from tellapart.errors import DataError, PhotoRefused

REFUSAL_CODES = {
    "missing": "There is no such file.",
    "vanished": "It was there {before} and gone {when}.",
    "changed": "It is not what it was {before}; {when}: {reason}",
    "not_a_file": "This is a folder or a device, not a file.",
    "unreadable": "The file cannot be read: {reason}.",
    "empty": "The file is empty.",
    "file_too_large": "The file holds {megabytes:.0f} MB; the limit is {limit:.0f} MB.",
    "not_a_photo": "The content is {kind}not a photo.",
    "unsupported_format": "The content is {format}; export it as JPEG or PNG.",
    "too_many_pixels": "The photo has {megapixels:.0f} megapixels; the limit is {limit:.0f}.",
    "too_dear": "Decoding the photo takes about {megabytes:,.0f} MB of memory; the limit is {limit:,.0f} MB. "
    "Save it smaller, or as a plain JPEG.",
    "too_slow": "Decoding the photo takes more than {limit:g} s of processor time. Save it anew as a plain JPEG.",
    "no_pixels": "The photo is {width} × {height} pixels.",
    "truncated": "The file ends before the photo does; it was probably not copied or downloaded completely.",
    "damaged": "The photo is damaged and cannot be shown.",
    "no_memory": "The photo needs more memory than there is.",
    "wrong_array": "The array is {got}; it must be 8-bit (0 to 255), of shape height × width or height × width × 3.",
    "wrong_input": "A photo must be a path, bytes, an array or a PIL image, not {got}.",
}


def refusal(code: str, **details: object) -> PhotoRefused:
    """The refusal with this code, ready to raise.

    >>> refusal("no_pixels", width=0, height=3).sentence
    'The photo is 0 × 3 pixels.'
    """
    return PhotoRefused(code, REFUSAL_CODES[code].format(**{"kind": "", **details}))


class Faults:
    """Everything wrong with one source of photos, collected so that a person hears it all at once."""

    def __init__(self, source: object):
        self._source = source
        self._problems: list[str] = []
        self._fixes: list[str] = []

    def add(self, problem: str, fix: str) -> None:
        """Note a problem and its fix, both without a full stop, so that several read as one list."""
        self._problems.append(problem)
        if fix not in self._fixes:
            self._fixes.append(fix)

    def __bool__(self) -> bool:
        """Whether anything is wrong."""
        return bool(self._problems)

    def raise_if_any(self) -> None:
        """Raise one `DataError` that lists them all, or return."""
        if not self._problems:
            return
        count = f"{len(self._problems)} faults in" if len(self._problems) > 1 else "In"
        raise DataError(f"{count} {self._source}: {'; '.join(self._problems)}.", fix=f"{'; '.join(self._fixes)}.")


def name_some(names: Sequence[str], most: int = 3) -> str:
    """The first few names, quoted, and how many more there are.

    >>> name_some(["elm", "oak", "ash", "fir", "yew"])
    "'elm', 'oak', 'ash' and 2 more"
    """
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
