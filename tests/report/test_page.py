import base64
import hashlib
import re
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from support.reading import Page

from tellapart.report.facts import Answer, LabelIssue, MemorisedPhoto, Photo, Refusal
from tellapart.report.page import render_page, write_report
from tellapart.report.sections import SECTIONS
from tellapart.training.duplicate_findings import MisplacedDuplicate
from tellapart.wording import readable

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></title></section>",
    "&lt;b&gt; &amp;",
    "{{ 7 * 7 }}{% raw %}",
    "evil\u202egpj.exe",
    "line\nbreak\r\n\x1b[31mred\x00",
    "not utf-8 \udcff",
    "javascript:alert(1)",
    "url(https://example.com/x)",
    "$\\frac{1}{0}$",
    "x" * 300,
)


def test_a_report_is_written_whole(tmp_path, facts):
    write_report(tmp_path / "report.html", facts)
    page = Page((tmp_path / "report.html").read_text("utf-8"))
    assert page.open == []
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".html"] == ["report.html"]


def test_every_section_is_present_and_linked(facts):
    page = Page(render_page(facts))
    names = [section.__name__ for section in SECTIONS]
    assert [a["id"] for a in page.all("section")] == ["to-do", "warnings", *names]
    links = [a["href"] for a in page.all("a") if "data-opens" not in a and "data-closes" not in a]
    assert links == ["#main", *(f"#{name}" for name in names)]


def test_every_id_is_unique_and_every_reference_is_found(facts):
    page = Page(render_page(facts))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="|url\()#([\w-]+)', render_page(facts))
    assert set(references) <= set(ids)


def test_nothing_is_loaded_or_run(facts):
    html = render_page(facts)
    page = Page(html)
    assert not {"link", "iframe", "object", "base", "form"} & {tag for tag, _ in page.elements}
    assert not re.search(r"https?:|//[a-z]|@import|@font-face", html.replace("data:image/jpeg;base64,", ""))
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [{}]  # ours, in the page
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:").startswith("data:image/jpeg;base64,") or "src" not in attributes
        assert attributes.get("href", "#").startswith("#")


def test_the_policy_allows_exactly_the_style_and_the_script_of_the_page(facts):
    html = render_page(facts)
    policy = next(a["content"] for a in Page(html).all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    hashes = []
    for tag in ("style", "script"):
        text = re.search(f"<{tag}>(.*)</{tag}>", html, re.DOTALL).group(1)
        hashes.append(base64.b64encode(hashlib.sha256(text.encode()).digest()).decode())
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_no_element_needs_a_style_that_the_policy_forbids(facts):
    page = Page(render_page(facts))
    assert not [element for element in page.elements if "style" in element[1]]
    assert [tag for tag, _ in page.elements].count("style") == 1


@pytest.fixture
def named(tmp_path, facts, with_facts, found):
    """A report in which everything that users name bears one name."""

    def make(name):
        cat, dog = facts.metrics["test"]["per_class"].values()
        part = facts.metrics["test"] | {"per_class": {name: cat, "dog": dog}}
        return with_facts(
            title=name,
            class_names=(name, "dog"),
            metrics=facts.metrics | {"test": part},
            answers=(
                Answer(path=name, file=tmp_path / "gone", label=name, predicted="dog", probability=0.9),
                Answer(path=name, file=tmp_path / "gone", label=name, predicted=name, probability=0.5),
            ),
            examples={name: (Photo(path=name, file=tmp_path / "gone", label=name),)},
            num_photos={name: {"train": 3}},
            label_issues=(LabelIssue(path=name, file=tmp_path / "gone", label=name, suggestion=name, score=0.9),),
            memorised=(MemorisedPhoto(path=name, file=tmp_path / "gone", label=name, score=0.9),),
            diagnosis={
                **found,
                "verdict": {"cause": "x", "share": None, "sentence": name},
                "suspects": {"photos": {"points": {"value": 0.1, "low": 0.0, "high": 0.2}, "sentence": name}},
                "todo": [{"do": name, "suspect": name, "points": None, "proven": True}],
            },
            made={name: name},
            refused=(Refusal(path=name, code=name, sentence=name),),
            duplicates=(
                MisplacedDuplicate(first=name, second=name, kind="near", first_label=name, second_label="dog"),
            ),
            warnings=(name,),
            settings={name: name},
            versions={name: name},
            seconds={name: 1.0},
        )

    return make


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_and_change_nothing_else(named, name):
    hostile, plain = render_page(named(name)), render_page(named("plain"))
    hostile.encode("utf-8")
    page = Page(hostile)
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in Page(plain).elements]
    assert [set(a) for _, a in page.elements] == [set(a) for _, a in Page(plain).elements]
    shown = " ".join(readable(name).split())
    assert page.text().count(shown) == Page(plain).text().count("plain") >= 30


def test_what_reorders_or_hides_text_is_shown_as_its_code(with_facts):
    html = render_page(with_facts(title="evil\u202egpj.exe \x1b[31m"))
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert r"evil\u202egpj.exe \x1b[31m" in html


def test_thumbnails_are_small_and_carry_nothing_of_the_original(tmp_path, with_facts):
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    Image.new("RGB", (2000, 1000), "teal").save(tmp_path / "big.jpg", exif=exif, comment=b"SecretComment")
    mistake = Answer(path="big.jpg", file=tmp_path / "big.jpg", label="cat", predicted="dog", probability=0.9)
    source = Page(render_page(with_facts(answers=(mistake,)))).all("img")[0]["src"]
    jpeg = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    assert Image.open(BytesIO(jpeg)).size == (160, 80)
    assert b"Secret" not in jpeg


def test_a_photo_that_is_gone_is_said_to_be(facts):
    assert "photo not found" in Page(render_page(facts)).text("mistakes")


def test_the_page_speaks_when_there_is_almost_nothing_to_say(with_facts):
    empty = with_facts(
        metrics={},
        class_names=(),
        answers=(),
        examples={},
        entry=None,
        history=(),
        details={},
        diagnosis={},
        label_issues=(),
        memorised=(),
        reliability=(),
        refused=(),
        duplicates=(),
        warnings=(),
        settings={},
        versions={},
        seconds={},
        verdict="There were no test photos.",
    )
    page = Page(render_page(empty))
    assert [a["id"] for a in page.all("section")] == ["to-do", "limits"]
    assert "tellapart diagnose" in page.text("to-do")
    assert "There were no test photos." in page.text()


def test_charts_are_named_for_those_who_cannot_see_them(facts):
    charts = [a for a in Page(render_page(facts)).all("svg")]
    assert len(charts) == 6
    accuracy = facts.metrics["test"]["accuracy"]["value"]
    assert f"test {accuracy * 100:.1f}" in charts[0]["aria-label"]
    assert all(chart["role"] == "img" and len(chart["aria-label"]) > 30 for chart in charts)


def test_headings_descend_one_level_at_a_time(facts):
    levels = [int(tag[1]) for tag, _ in Page(render_page(facts)).elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_picture_has_a_text_and_every_table_its_headers(facts):
    page = Page(render_page(facts))
    assert all(image["alt"] for image in page.all("img"))
    assert all(header.get("scope") in ("row", "col") for header in page.all("th"))


@pytest.mark.guarantee
def test_a_report_of_10000_photos_is_small_and_quick(tmp_path, with_facts, make_metrics, facts, rng):
    names = tuple(f"class {i}" for i in range(1000))
    photos = [tmp_path / f"{number}.jpg" for number in range(500)]
    for photo in photos:  # noise is what JPEG can make least of
        Image.fromarray(rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)).save(photo)
    large = with_facts(
        class_names=names,
        metrics=make_metrics(names, 10_000),
        answers=tuple(
            Answer(
                path=f"{i}.jpg", file=photos[i % 500], label=names[i % 1000], predicted=names[i % 7], probability=0.5
            )
            for i in range(10_000)
        ),
        examples={name: tuple(Photo(path=name, file=photos[i % 500], label=name) for i in range(6)) for name in names},
        refused=facts.refused * 5000,
        duplicates=facts.duplicates * 5000,
    )
    start = time.perf_counter()
    write_report(tmp_path / "report.html", large)
    assert time.perf_counter() - start < 5
    assert (tmp_path / "report.html").stat().st_size < 10e6
