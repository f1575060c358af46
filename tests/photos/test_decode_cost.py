from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from PIL import Image
from support.strange_photos import encode, many_scans, picture, webp_announcing

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo
from tellapart.photos.decode_cost import Room, Watch, WatchedBytes, limit_bytes, shrinking
from tellapart.settings import DecodeSettings


def test_photos_that_do_not_fit_together_wait_for_each_other():
    room, most, inside, lock = Room(100), [0], [0], threading.Lock()

    def work():
        with room.taking(40):
            with lock:
                inside[0] += 40
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.002)
            with lock:
                inside[0] -= 40

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (most[0], inside[0]) == (80, 0)


def test_what_is_larger_than_the_room_is_let_in_alone():
    room = Room(100)
    with room.taking(500):
        pass
    with room.taking(50), room.taking(50):
        pass


def test_a_photo_that_failed_gives_its_room_back():
    room = Room(100)
    for _ in range(3):
        with pytest.raises(ValueError), room.taking(100):
            raise ValueError


def test_a_reader_is_stopped_when_its_time_is_over():
    file = WatchedBytes(b"abc", Watch(-1.0))
    with pytest.raises(PhotoRefused) as refused:
        file.read(1)
    assert refused.value.code == "too_slow"


def test_who_raises_the_limit_of_pixels_raises_the_limit_of_memory():
    assert limit_bytes(DecodeSettings(max_megapixels=200.0)) == 2 * limit_bytes(DecodeSettings())
    assert limit_bytes(DecodeSettings(max_megapixels=1.0)) == limit_bytes(DecodeSettings())


@pytest.mark.parametrize(
    ("size", "copies", "free", "expected"),
    [((100, 100), 1, 40_000, 1), ((100, 100), 1, 39_999, 2), ((100, 100), 2, 40_000, 2), ((100, 30), 1, 10, 0)],
)
def test_a_photo_is_made_smaller_only_where_it_must(size, copies, free, expected):
    assert shrinking(size, copies, free, 20) == expected


def test_the_refusal_says_what_to_do():
    with pytest.raises(PhotoRefused, match="Save it smaller"):
        open_photo(webp_announcing(16383, 6100), min_side_px=224)
    with pytest.raises(PhotoRefused, match="Save it anew"):
        open_photo(many_scans(20_000), min_side_px=224)


@pytest.mark.parametrize("file_format", ["BMP", "TIFF"])
def test_plain_pixels_that_do_not_fit_are_decoded_in_bands(file_format):
    small = picture(480, 240)
    data = encode(small, file_format)
    tight = DecodeSettings(max_memory_mb=(len(data) + 150_000) / 1e6)  # less than the picture takes
    opened = open_photo(data, min_side_px=60, settings=tight)
    assert opened.image.size == (240, 120)
    assert (np.asarray(opened.image) == np.asarray(small.reduce(2))).all()
    assert (opened.width_px, opened.height_px) == (480, 240)


MEASURE = """
import io, sys
import numpy as np
from PIL import Image
from tellapart.photos.decode import open_photo
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1e3
Image.MAX_IMAGE_PIXELS = None
mode, file_format, path = sys.argv[1:]
if path == "-":
    open_photo(np.zeros((300, 300, 3), np.uint8), min_side_px=224)
    print(peak())
else:
    open_photo(path, min_side_px=224)
    print(peak())
"""


@pytest.mark.guarantee
@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak of memory")
@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("RGB", "BMP"), ("RGB", "TIFF"), ("F", "TIFF"), ("I;16", "PNG"), ("RGBA", "PNG"), ("P", "GIF"), ("L", "PNG")],
)
def test_the_largest_photos_stay_below_600_mb(mode, file_format, tmp_path):
    small = picture(1000, 1000)
    tile = small.convert("L").convert("I").convert("I;16") if mode == "I;16" else small.convert(mode)
    whole = Image.new(mode, (10_000, 9_900))
    if mode == "P":
        whole.putpalette(tile.getpalette() or [])
    for top in range(0, 9_900, 1000):
        for left in range(0, 10_000, 1000):
            whole.paste(tile, (left, top))
    options = {"compress_level": 1} if file_format == "PNG" else {}
    whole.save(tmp_path / "photo", file_format, **options)

    def peak(path: str) -> float:
        command = [sys.executable, "-c", MEASURE, mode, file_format, path]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak(str(tmp_path / "photo")) - peak("-") <= 600
