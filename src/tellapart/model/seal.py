"""A checksum over every byte of a model file, which the file carries in its own manifest.

SHA-256 of the whole file with sixty-four zeros where the digest stands. One sum covers weights, graph and manifest, so
any bit that a disk, a copy or a careless tool changed is noticed, and it is read off the bytes as they are: nothing is
taken apart or written again (10 ms for 15 MB).

It protects from damage, not from intent: whoever changes a file on purpose can compute the sum again. Against that
helps only to get the file from somebody trusted, and everything else that `file.py` checks.
"""

from __future__ import annotations

import hashlib

from tellapart.model.manifest import UNSEALED

_MARK = b'"file_sha256": "'  # in JSON text no name or value can hold this: its quotation marks would be escaped


def sealed(content: bytes) -> bytes:
    """The same file with its own checksum in place.

    Raises:
        ValueError: there is no place for it.
    """
    at = _place(content)
    digest = _digest(content, at).encode()
    return b"".join((content[:at], digest, content[at + len(digest) :]))


def is_sealed(content: bytes) -> bool:
    """Whether the file is, to the last bit, what was written.

    >>> whole = sealed(b'{"file_sha256": "' + b"0" * 64 + b'"} weights')
    >>> is_sealed(whole), is_sealed(whole.replace(b"weights", b"weighty"))
    (True, False)
    """
    try:
        at = _place(content)
    except ValueError:
        return False
    return content[at : at + len(UNSEALED)] == _digest(content, at).encode()


def _place(content: bytes) -> int:
    at = content.rfind(_MARK)  # from behind, because the manifest comes after the weights
    if at < 0 or len(content) < at + len(_MARK) + len(UNSEALED):
        raise ValueError("it has no place for a checksum")
    return at + len(_MARK)


def _digest(content: bytes, at: int) -> str:
    view = memoryview(content)
    digest = hashlib.sha256(view[:at])
    digest.update(UNSEALED.encode())
    digest.update(view[at + len(UNSEALED) :])
    return digest.hexdigest()
