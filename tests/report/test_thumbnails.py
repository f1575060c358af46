"""Pictures of the page: bounded in number, and heat maps that lie where the classifier looked."""

import base64
import dataclasses
import hashlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from support.reading import Page
from support.small_models import small_manifest

from tellapart.engine.session import Engine
from tellapart.report.facts import Photo
from tellapart.report.page import render_page
from tellapart.report.thumbnails import MOST_COVERED, Album

SIDE_PX = 40


class MapEngine(Engine):
    """Sees the class "red" at the upper left of every photo."""

    def __init__(self):
        self.manifest = small_manifest(side_px=SIDE_PX)
        self.output_names = ("probabilities", "class_maps")

    def run(self, pixels, outputs):
        maps = np.zeros((len(pixels), 4, 4, 2), np.float32)
        maps[:, 0, 0, 1] = 3.0
        return {"class_maps": maps}


class BlindEngine(Engine):
    """Has no class maps, and answers the same whatever is covered."""

    def __init__(self):
        self.manifest = small_manifest(side_px=SIDE_PX)
        self.output_names = ("probabilities",)

    def run(self, pixels, outputs):
        return {"probabilities": np.full((len(pixels), 2), 0.5, np.float32)}


@pytest.fixture
def photos(tmp_path):
    found = []
    for number in range(MOST_COVERED + 1):
        file = tmp_path / f"{number}.png"
        Image.new("RGB", (80, 80), (90 + number, 90, 90)).save(file)
        found.append(Photo(path=file.name, file=file, label="red"))
    return found


def pixels_of(source):
    picture = Image.open(BytesIO(base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))))
    return np.asarray(picture.convert("RGB")).astype(int)


def test_heat_is_where_the_classifier_looked_in_colours_and_in_words(photos):
    heat = Album(MapEngine()).heat(photos[0], "red")
    picture = pixels_of(heat.source)
    assert picture.shape == (80, 80, 3)
    orange, plain = picture[5, 5], picture[60, 60]
    assert orange[0] > orange[2] + 60  # much more red than blue
    assert np.ptp(plain) <= 6  # grey
    assert heat.where == "mostly because of the region at the upper left"
    assert heat.exact


def test_what_speaks_for_one_of_two_classes_speaks_against_the_other(photos):
    blue = pixels_of(Album(MapEngine()).heat(photos[0], "blue").source)[5, 5]
    assert blue[2] > blue[0] + 60


def test_exact_maps_have_no_end_and_covering_parts_has(photos):
    exact, blind = Album(MapEngine()), Album(BlindEngine())
    assert all(exact.heat(photo, "red") for photo in photos)
    assert [blind.heat(photo, "red") is not None for photo in photos] == [True] * MOST_COVERED + [False]


def test_nobody_is_asked_about_a_photo_that_is_gone_or_an_unknown_class(photos, tmp_path):
    album = Album(MapEngine())
    assert album.heat(Photo(path="gone", file=tmp_path / "gone", label="red"), "red") is None
    assert album.heat(photos[0], "green") is None
    assert Album().heat(photos[0], "red") is None


def test_a_full_album_takes_no_other_photo_but_shows_those_it_has(photos):
    album = Album(most=1)
    assert album.picture(photos[0])
    assert album.picture(photos[1]) == ""
    assert album.picture(photos[0])


@pytest.mark.parametrize("section", ["mistakes", "least_sure"])
def test_mistakes_and_hesitations_have_heat_maps(facts, with_facts, section):
    page = Page(render_page(facts))
    assert "the regions that drive the prediction" in page.text(section)
    texts = [image["alt"] for image in page.all("img") if image["alt"].startswith("Attribution map for dog: ")]
    assert len(texts) == 2  # one photo that exists was called a dog: once as a mistake, once as least sure
    assert "the regions that drive the prediction" not in Page(render_page(with_facts(engine=None))).text(section)


def test_a_network_that_cannot_tell_by_itself_is_said_to_be_one(facts):
    assert "parts of the photo were covered" in Page(render_page(facts)).text("mistakes")


def test_another_photo_in_its_place_is_not_shown(photos):
    known = [dataclasses.replace(photo, sha256=hashlib.sha256(photo.file.read_bytes()).hexdigest()) for photo in photos]
    known[1].file.write_bytes(known[0].file.read_bytes())
    assert [Album().picture(photo) is not None for photo in known[:2]] == [True, False]
    assert Album(MapEngine()).heat(known[1], "blue") is None
