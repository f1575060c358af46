from __future__ import annotations

import pytest

from tellapart.errors import PhotoRefused
from tellapart.photos.formats import recognise


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"MM\0*", "TIFF"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avif", "AVIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heic", "HEIC"),
    ],
)
def test_the_first_bytes_name_the_format(start, name):
    assert recognise(start) == name


def test_a_video_is_named_as_such():
    with pytest.raises(PhotoRefused, match="video"):
        recognise(b"\0\0\0\x18ftypisom\0\0\0\0mp42")
