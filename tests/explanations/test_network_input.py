"""What a network sees: the side and colours of its input, in words and beside the photo."""

import numpy as np
import pytest
from PIL import Image
from support.drawing import draw_photo
from support.small_models import SIDE_PX, small_manifest, write_small_model

from tellapart.errors import PhotoRefused, UsageError
from tellapart.explanations.network_input import InputSpec, network_inputs, write_sights


@pytest.mark.parametrize(
    ("recipe", "shown"),
    [("quick", "224 × 224 colour"), ("best", "260 × 260 colour"), ("scratch", "160 × 160 colour"),
     ("classic", "150 × 150 grey")],
)  # fmt: skip
def test_each_recipe_has_an_input_of_its_own(recipe, shown):
    assert str(InputSpec.of_recipe(recipe)) == shown


def test_an_unknown_recipe_is_refused():
    with pytest.raises(UsageError, match="recipe"):
        InputSpec.of_recipe("magic")


def test_a_model_file_says_what_it_takes(tmp_path):
    path = write_small_model(tmp_path / "model.onnx", manifest=small_manifest(grey=True))
    assert InputSpec.of_model_file(path) == InputSpec(SIDE_PX, grey=True)


def test_a_photo_stands_beside_its_input_which_shows_its_squares(rng):
    (network_input,) = network_inputs([draw_photo(rng, side_px=60).resize((60, 30))], InputSpec(4, grey=True))
    picture = network_input.picture(100)
    assert (network_input.width_px, network_input.height_px) == (60, 30)
    assert picture.shape == (100, 200 + 12 + 100, 3)
    seen = picture[:, -100:]
    assert (seen[..., 0] == seen[..., 2]).all()
    np.testing.assert_array_equal(seen[12::25, 12::25], network_input.seen)


def test_a_photo_that_cannot_be_used_says_why(tmp_path):
    good, bad = network_inputs([np.zeros((9, 9, 3), np.uint8), str(tmp_path / "none.jpg")], InputSpec(4))
    assert not good.refusal and bad.refusal
    with pytest.raises(PhotoRefused):
        bad.picture()


def test_pictures_are_written_for_photos_that_can_be_used(tmp_path, rng):
    photo = tmp_path / "a.png"
    draw_photo(rng).save(photo)
    list(write_sights(network_inputs([str(photo), str(tmp_path / "none.png")], InputSpec(8)), tmp_path / "out"))
    (picture,) = (tmp_path / "out").iterdir()
    assert picture.name == "0001-a.png"
    with Image.open(picture) as drawn:
        assert drawn.height == 480
