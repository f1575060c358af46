"""The report in a real browser: offline, with a keyboard alone, on a phone, in the dark, printed, read aloud."""

import re
from dataclasses import replace

import numpy as np
import pytest
from support.browsing import opened, started_browser
from support.drawn_facts import metrics_of, whole_facts
from support.hostile_facts import HOSTILE_NAMES, hostile_facts

from tellapart.report.facts import Answer
from tellapart.report.page import write_report
from tellapart.report.sections import SECTIONS
from tellapart.wording import readable

PHONE = 360
WIDER = """[...document.querySelectorAll('body *')].filter(element => {
  const box = element.getBoundingClientRect();
  return box.right > innerWidth + 1 && box.width > 1 && !element.closest('.wide') && !element.closest('.skip');
}).map(element => element.outerHTML.slice(0, 120))"""
BRIGHTNESS = """[['body', 'backgroundColor'], ['.chart text', 'fill']].map(([selector, property]) =>
  Math.max(...getComputedStyle(document.querySelector(selector))[property].match(/\\d+/g).map(Number)))"""
REACHABLE = "a[href], summary, [tabindex='0']"


@pytest.fixture(scope="session")
def browser():
    with started_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """Files: a report with something in every section, one of many classes, and two with hostile names."""
    folder = tmp_path_factory.mktemp("reports")
    rng = np.random.default_rng(4)
    whole = whole_facts(folder, rng)
    names = tuple(f"class number {i}" for i in range(30))
    file, following = folder / "photo.jpg", names[1:] + names[:1]
    many = tuple(
        Answer(path=f"{said}.jpg", file=file, label=label, predicted=said, probability=0.5)
        for label, said in zip(names, following, strict=True)
    )
    made = {
        "whole": whole,
        "many": replace(whole, class_names=names, metrics=metrics_of(rng, names, 900), answers=many),
        "hostile": hostile_facts(whole, rng, HOSTILE_NAMES),
        "hostile matrix": hostile_facts(whole, rng, HOSTILE_NAMES[:20]),
    }
    for name, facts in made.items():
        write_report(folder / f"{name}.html", facts)
    return {name: folder / f"{name}.html" for name in made}


@pytest.fixture
def show(browser, reports):
    """Open one of the reports."""
    return lambda name="whole", **options: opened(browser, reports[name], **options)


def test_every_section_is_seen_and_nothing_is_asked_for_or_complained_about(show):
    with show() as page:
        for build in SECTIONS:
            page.tab.click(f"nav a[href='#{build.__name__}']")
            section = page.tab.locator(f"section#{build.__name__}")
            assert section.get_by_role("heading", level=2).is_visible()
            assert section.bounding_box()["height"] > 60
        broken = "[...document.images].filter(i => i.offsetParent && !(i.complete && i.naturalWidth)).length"
        assert page.tab.evaluate("document.images.length") > 10
        assert page.tab.evaluate(broken) == 0
        assert page.foreign == []
        assert page.messages == []


def test_the_browser_refuses_whatever_is_not_the_reports_own(show):
    smuggled = """for (const html of ['<img src="https://example.com/a.png">', '<link rel=stylesheet href="https://example.com/">'])
      document.body.insertAdjacentHTML('beforeend', html);
    const script = document.createElement('script'); script.text = 'window.ran = true'; document.body.append(script);"""
    with show() as page:
        page.tab.evaluate(smuggled)
        page.tab.wait_for_timeout(200)
        assert page.tab.evaluate("window.ran") is None
        assert len([message for message in page.messages if "Content Security Policy" in message]) == 3


def test_every_cell_opens_the_photos_behind_it(show):
    wanted = {("dog", "cat"): ["dog/gone.jpg"], ("cat", "dog"): ["cat/a.jpg"], ("cat", "cat"): ["cat/b.jpg"]}
    with show() as page:
        cells = page.tab.locator("a[data-opens]")
        for cell in cells.all():
            label, said = re.search(r"labelled (\w+), predicted (\w+)", cell.get_attribute("aria-label")).groups()
            cell.click()
            dialog = page.tab.locator("dialog[open]")
            assert dialog.count() == 1
            assert dialog.locator(".path").all_inner_texts() == wanted.pop((label, said))
            page.tab.keyboard.press("Escape")
            assert dialog.count() == 0
        assert wanted == {}


def test_a_click_beside_the_photos_closes_them(show):
    with show() as page:
        page.tab.click("a[data-opens]")
        page.tab.mouse.click(5, 5)
        assert page.tab.locator("dialog[open]").count() == 0


def test_without_scripts_a_cell_shows_its_photos_in_the_page(show):
    with show(scripts=False) as page:
        page.tab.click("a[aria-label*='labelled cat, predicted dog']")
        assert page.tab.locator("dialog:visible .path").all_inner_texts() == ["cat/a.jpg"]
        page.tab.click("dialog:visible .close")
        assert page.tab.locator("dialog:visible").count() == 0


def test_the_keyboard_alone_reaches_everything_in_the_order_of_the_page(show):
    with show() as page:
        page.tab.keyboard.press("Tab")
        assert 'class="skip"' in page.focused()
        # `aria-label` and `href` tell elements apart; the browser itself adds boxes that scroll.
        visible = page.tab.locator(REACHABLE).locator("visible=true")
        wanted = [element.evaluate("e => e.outerHTML.split('>')[0]") for element in visible.all()]
        reached = []
        for _ in range(3 * len(wanted)):
            reached.append(page.focused())
            page.tab.keyboard.press("Tab")
            if page.focused().startswith("<body"):
                break
        assert [each for each in reached if each in wanted] == wanted


def test_the_keyboard_alone_opens_photos_and_comes_back(show):
    with show() as page:
        cell = page.tab.locator("a[data-opens]").first
        cell.focus()
        page.tab.keyboard.press("Enter")
        assert page.tab.locator("dialog[open]").count() == 1
        assert "data-closes" in page.focused()
        page.tab.keyboard.press("Enter")
        assert page.tab.locator("dialog[open]").count() == 0
        assert page.focused() == cell.evaluate("e => e.outerHTML.split('>')[0]")


def test_the_keyboard_alone_opens_what_is_folded(show):
    with show() as page:
        page.tab.locator("#calibration summary").focus()
        page.tab.keyboard.press("Enter")
        assert page.tab.locator("#calibration details table").is_visible()


def test_focus_can_be_seen(show):
    with show() as page:
        page.tab.keyboard.press("Tab")
        page.tab.keyboard.press("Tab")
        assert page.tab.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


@pytest.mark.parametrize("name", ["whole", "many", "hostile", "hostile matrix"])
def test_a_phone_shows_it_without_sideways_scrolling(show, name):
    with show(name, width=PHONE) as page:
        page.tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert page.tab.evaluate(WIDER) == []
        assert page.tab.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_photos_behind_a_cell_fit_a_phone(show):
    with show(width=PHONE) as page:
        page.tab.locator("a[data-opens]").first.click()
        box = page.tab.locator("dialog[open]").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE
        assert page.tab.evaluate("(d => d.scrollWidth - d.clientWidth)(document.querySelector('dialog[open]'))") <= 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_and_its_charts_follow_light_and_dark(show, dark):
    with show(dark=dark) as page:
        paper, ink = page.tab.evaluate(BRIGHTNESS)
        assert (paper < 60 and ink > 200) if dark else (paper > 200 and ink < 60)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["whole", "many"])
def test_a_screen_reader_finds_no_serious_fault(show, name, dark):
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core-python is not installed").Axe()
    with show(name, dark=dark) as page:
        page.tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        found = axe.run(page.tab)["violations"]
        page.tab.locator("a[data-opens]").first.click()
        found += axe.run(page.tab, "dialog[open]")["violations"]
        told = [
            (each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")
        ]
        assert told == []


def test_printed_it_unfolds_what_is_folded_and_leaves_out_what_is_for_the_screen(show):
    with show(dark=True) as page:
        page.tab.emulate_media(media="print")
        assert page.tab.locator("#calibration details table").is_visible()
        assert not page.tab.locator("nav").is_visible()
        assert page.tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.tab.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("name", ["hostile", "hostile matrix"])
def test_hostile_names_run_no_script_and_leave_the_page_whole(show, name):
    with show(name) as page:
        page.tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        for cell in page.tab.locator("a[data-opens]").all()[:5]:
            cell.click()
            page.tab.keyboard.press("Escape")
        assert page.tab.evaluate("window.ran") is None
        assert page.messages == []  # the browser would tell of each script that its policy stopped
        assert page.foreign == []
        assert page.tab.evaluate("document.scripts.length") == 1
        sections = page.tab.evaluate("[...document.querySelectorAll('main > section')].map(section => section.id)")
        assert sections == ["to-do", "warnings", *(build.__name__ for build in SECTIONS)]
        assert page.tab.evaluate("document.body.lastElementChild.tagName") == "SCRIPT"


def test_every_hostile_name_can_be_read(show):
    with show("hostile") as page:
        page.tab.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        shown = set(page.tab.locator("#classes tbody th").all_text_contents())
        assert {readable(name) for name in HOSTILE_NAMES} == shown
