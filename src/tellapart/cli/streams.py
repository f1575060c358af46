"""Standard input, output and error as they come, made safe to use: closed, gone, or of an encoding that lacks a letter.

Services and `pythonw` start without standard streams, and a Windows pipe speaks cp1252. Results may lose a letter on
the way there; a run never fails after its work because of one.

Changes the streams of the process; reads nothing; never imports a verb.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress

_PLAIN = {  # what our own sentences use, in letters that every encoding has
    **{"−": "-", "–": "-", "×": "x", "…": "...", "\xa0": " ", "≥": ">=", "≤": "<=", "▀": "#"},
    **{"‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "━": "-", "╸": "-", "╺": "-"},
}
_DEGRADE = "tellapart.degrade"


def make_streams_safe() -> None:
    """See that the three streams exist and that no character can make one of them fail."""
    _open_missing()
    codecs.register_error(_DEGRADE, _degrade)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stand-in, as in a test, has none
        if reconfigure is not None:
            reconfigure(errors=_DEGRADE)
    if type(sys.stderr) is io.TextIOWrapper:  # no stand-in, and not ours yet
        sys.stderr = _Lenient(sys.stderr)


class _Lenient(io.TextIOWrapper):
    """Standard error that swallows what cannot be written: progress that nobody reads must not end the work."""

    def __init__(self, stream: io.TextIOWrapper):
        super().__init__(stream.buffer, stream.encoding, _DEGRADE, line_buffering=True, write_through=True)

    def write(self, text: str, /) -> int:
        """Write, or let it be."""
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on, or let it be."""
        with suppress(OSError):
            super().flush()


def _open_missing() -> None:
    """Put the null device where a stream is closed.

    The descriptor as well as the object: the next file to be opened would otherwise get the number of standard error,
    and a native library would print its warnings into it.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None or getattr(sys, name).closed:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the whole process


def _degrade(error: UnicodeError) -> tuple[str, int]:
    """Replace what an encoding lacks: our own signs by plain ones, letters of a name by their codes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign) or _code(sign) for sign in lost), error.end


def _code(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode("ascii")
