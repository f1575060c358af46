from __future__ import annotations

import io
import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageOps

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo, read_photo, to_pixels
from tellapart.settings import DecodeSettings


def encode(image: Image.Image, file_format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def opened(source, min_side_px=1000, **limits):
    return open_photo(source, min_side_px=min_side_px, settings=DecodeSettings(**limits))


def code_of(source, **limits) -> str:
    with pytest.raises(PhotoRefused) as refused:
        opened(source, **limits)
    return refused.value.code


def rgb(source) -> np.ndarray:
    return np.asarray(opened(source).image)


@pytest.fixture
def photo(rng) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8)).resize((60, 40), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_give_back_the_pixels(photo, file_format):
    assert (rgb(encode(photo, file_format)) == np.asarray(photo)).all()


@pytest.mark.parametrize("file_format", ["JPEG", "WebP", "AVIF", "GIF"])
def test_lossy_formats_give_nearly_the_pixels(photo, file_format):
    difference = np.abs(rgb(encode(photo, file_format)).astype(int) - np.asarray(photo).astype(int))
    assert difference.mean() < 12


def test_heic_is_read_without_being_registered_with_pillow(photo):
    import pillow_heif

    out = io.BytesIO()
    pillow_heif.from_pillow(photo).save(out, quality=90)
    assert np.abs(rgb(out.getvalue()).astype(int) - np.asarray(photo).astype(int)).mean() < 12
    assert "HEIF" not in Image.OPEN


def test_the_content_decides_and_not_the_suffix(photo, tmp_path):
    (tmp_path / "photo.gif").write_bytes(encode(photo, "PNG"))
    assert opened(tmp_path / "photo.gif").width_px == 60


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WebP", "TIFF"])
def test_a_photo_is_turned_upright(photo, file_format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(photo, file_format, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    result = opened(data)
    assert (np.asarray(result.image) == np.asarray(expected)).all()
    assert (result.width_px, result.height_px) == expected.size


def test_damaged_exif_does_not_cost_the_photo(photo):
    assert opened(encode(photo, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\1")).width_px == 60


def test_transparent_pixels_are_shown_on_white():
    result = opened(encode(Image.new("RGBA", (2, 2), (255, 0, 0, 0)), "PNG"))
    assert np.asarray(result.image).min() == 255
    assert result.notes == ("transparent: shown on white",)


def test_half_transparent_black_is_mid_grey():
    assert rgb(encode(Image.new("LA", (1, 1), (0, 128)), "PNG")).ravel().tolist() == [127, 127, 127]


def test_an_opaque_alpha_channel_is_not_worth_a_note():
    assert opened(encode(Image.new("RGBA", (2, 2), (9, 9, 9, 255)), "PNG")).notes == ()


def test_a_transparent_palette_entry_is_white():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putdata([0, 1])
    assert rgb(encode(image, "PNG", transparency=0))[0].tolist() == [[255, 255, 255], [200, 100, 50]]


def test_one_bit_becomes_black_and_white():
    image = Image.new("1", (2, 1))
    image.putpixel((1, 0), 1)
    assert rgb(encode(image, "PNG"))[0].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_cmyk_becomes_rgb():
    data = encode(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95)  # full magenta and yellow: red
    assert np.abs(rgb(data)[4, 4].astype(int) - [255, 0, 0]).max() < 8


def test_white_of_sixteen_bits_is_65535():
    values = np.array([[0, 257, 32_768, 65_535]], dtype=np.uint16)
    result = opened(encode(Image.fromarray(values), "PNG"))
    assert np.asarray(result.image)[0, :, 0].tolist() == [0, 1, 128, 255]
    assert result.notes == ("16-bit grey: white is 65,535, by its brightest value",)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 0.5, 1.0], [0, 128, 255]), ([0.0, 100.0, 255.0], [0, 100, 255]), ([-1.0, 0.0, 1.0], [0, 128, 255])],
)
def test_real_grey_finds_its_white(values, expected):
    data = encode(Image.fromarray(np.array([values], dtype=np.float32)), "TIFF")
    assert np.asarray(opened(data).image)[0, :, 0].tolist() == expected


def test_not_a_number_is_black():
    data = encode(Image.fromarray(np.array([[np.nan, 1.0]], dtype=np.float32)), "TIFF")
    assert np.asarray(opened(data).image)[0, :, 0].tolist() == [0, 255]


def test_an_animation_gives_its_first_frame_and_says_so(photo):
    data = encode(photo, "GIF", save_all=True, append_images=[ImageOps.invert(photo)])
    assert opened(data).notes == ("first frame of an animation",)
    assert (rgb(data) == rgb(encode(photo, "GIF"))).all()


@pytest.mark.parametrize(("min_side_px", "expected"), [(100, 100), (101, 200), (26, 50), (25, 25), (1000, 200)])
def test_a_large_jpeg_is_reduced_but_never_below_the_side_that_is_needed(min_side_px, expected):
    result = opened(encode(Image.new("RGB", (400, 200)), "JPEG"), min_side_px)
    assert min(result.image.size) == expected
    assert (result.width_px, result.height_px) == (400, 200)


def test_pixels_are_capped_by_the_header_alone():
    header_only = encode(Image.new("1", (2000, 1000)), "PNG")[:60]
    assert code_of(header_only, max_megapixels=1.9) == "too_many_pixels"


def test_a_truncated_photo_is_refused(photo):
    data = encode(photo, "JPEG")
    assert code_of(data[: len(data) // 2]) == "truncated"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"hello", "not_a_photo"), (b"\x89PNG\r\n\x1a\n", "damaged"), (b"8BPS...", "unsupported_format")],
)
def test_bytes_that_are_no_photo_are_refused_with_a_reason(content, code):
    assert code_of(content) == code


def test_a_raw_camera_file_is_not_taken_for_its_thumbnail():
    assert code_of(b"II*\0\x10\0\0\0CR\2\0" + bytes(10)) == "unsupported_format"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert code_of(tmp_path / "none.jpg") == "missing"


def test_a_folder_is_refused(tmp_path):
    assert code_of(tmp_path) == "not_a_file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert code_of(tmp_path / "pipe.jpg") == "not_a_file"


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    (tmp_path / "film.jpg").write_bytes(bytes(3000))
    with pytest.raises(PhotoRefused, match="limit"):
        read_photo(tmp_path / "film.jpg", DecodeSettings(max_file_mb=0.002))


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3)])
def test_an_eight_bit_array_is_a_photo(rng, shape):
    array = rng.integers(0, 256, shape, dtype=np.uint8)
    expected = np.broadcast_to(array.reshape(4, 6, -1), (4, 6, 3))
    assert (rgb(array) == expected).all()


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4, 3)), np.zeros((4, 4, 3), np.float32), np.zeros(4, np.uint8), np.zeros((1, 4, 4, 3), np.uint8)],
)
def test_an_array_that_could_mean_two_things_is_refused(array):
    assert code_of(array) == "wrong_array"


def test_an_array_without_pixels_is_refused():
    assert code_of(np.zeros((0, 4, 3), np.uint8)) == "no_pixels"


def test_a_pil_image_is_taken_and_left_unchanged(photo):
    grey = photo.convert("L")
    assert opened(grey).image.mode == "RGB"
    assert grey.mode == "L"


def test_anything_else_is_refused():
    unchecked = getattr(open_photo, "__wrapped__", open_photo)  # the types that tests check would stop it first
    with pytest.raises(PhotoRefused, match="not int"):
        unchecked(7, min_side_px=8)


def test_no_warning_escapes_where_warnings_are_errors(photo):
    data = encode(photo, "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert opened(data).width_px == 60
        filters = list(warnings.filters)
        opened(data)
        assert warnings.filters == filters


def test_many_threads_see_the_same_pixels_and_leave_the_warning_filters_alone(photo):
    data, before = encode(photo, "JPEG"), list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: rgb(data).tobytes(), range(200)))
    assert len(set(results)) == 1
    assert warnings.filters == before


def test_pixels_are_a_stretched_square(photo):
    pixels = to_pixels(photo, 24)
    assert pixels.shape == (24, 24, 3)
    assert (pixels == np.asarray(photo.resize((24, 24), Image.Resampling.BICUBIC))).all()


def test_grey_pixels_have_one_channel(photo):
    assert to_pixels(photo, 24, grey=True).shape == (24, 24, 1)
