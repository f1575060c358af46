"""Every strange photo ends as a photo or as a refusal with its code, within the budget, and nothing else escapes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strange_photos import OK, encode, picture, strange

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo, to_pixels

STRANGE = {name: (data, code) for name, data, code in strange()}


def outcome(data: bytes) -> str:
    try:
        opened = open_photo(data, min_side_px=224)
    except PhotoRefused as refused:
        assert "\n" not in refused.sentence
        return refused.code
    assert to_pixels(opened.image, 32).shape == (32, 32, 3)
    return OK


def test_there_are_many_kinds():
    assert len(STRANGE) > 120


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_photo_ends_as_it_must(name):
    data, code = STRANGE[name]
    before = time.thread_time()
    assert outcome(data) == code
    assert time.thread_time() - before < 3


SMALL = {
    name: encode(picture(40, 30), name.split()[0], **options)
    for name, options in {
        "JPEG": {}, "JPEG progressive": {"progressive": True}, "PNG": {}, "GIF": {}, "BMP": {}, "TIFF": {},
        "TIFF lzw": {"compression": "tiff_lzw"}, "WebP": {}, "WebP lossless": {"lossless": True}, "AVIF": {},
    }.items()
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SMALL)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    kept=st.floats(0.1, 1),
)
def test_whatever_happens_to_the_bytes_only_a_refusal_escapes(name, changes, kept):
    data = bytearray(SMALL[name])
    for share, value in changes:
        data[int(share * len(data))] = value
    before = time.thread_time()
    outcome(bytes(data[: max(1, int(kept * len(data)))]))
    assert time.thread_time() - before < 3


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(SMALL)), junk=st.binary(max_size=300))
def test_a_start_of_one_format_before_junk_is_no_surprise(name, junk):
    outcome(SMALL[name][:40] + junk)


def test_what_a_photo_says_of_itself_in_numbers_is_not_believed():
    rng = np.random.default_rng(0)
    for name, data in SMALL.items():
        for _ in range(20):
            changed = bytearray(data)
            at = int(rng.integers(4, min(120, len(changed) - 4)))
            changed[at : at + 4] = b"\xff\xff\xff\xff"
            assert isinstance(outcome(bytes(changed)), str), name
