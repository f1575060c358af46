"""explain, look and quiz as a user meets them: words where output is piped, pictures on a terminal, two-line errors."""

import io
import json

import numpy as np
import pytest
from rich.console import Console
from support.drawing import draw_photo
from support.small_models import CLASSES, small_manifest, write_small_model

from tellapart import verbs
from tellapart.cli import seeing_summary
from tellapart.cli.app import main
from tellapart.cli.seeing_summary import ask, show_sights
from tellapart.cli.terminal_pictures import can_draw, half_blocks
from tellapart.explanations.network_input import InputSpec, network_inputs


@pytest.fixture
def model(tmp_path):
    return str(write_small_model(tmp_path / "model.onnx", manifest=small_manifest(grey=True)))


@pytest.fixture
def photos(tmp_path, rng):
    for number, name in enumerate(CLASSES):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(7):
            draw_photo(rng, hue=170 - number * 170, side_px=48).save(tmp_path / "photos" / name / f"{index}.png")
    return tmp_path / "photos"


def terminal(**options):
    given = {"force_terminal": True, "color_system": "truecolor", "width": 100, "height": 40, **options}
    return Console(file=io.StringIO(), markup=False, emoji=False, highlight=False, legacy_windows=False, **given)


def test_explain_says_in_a_sentence_what_and_where(model, photos, capsys):
    assert main(["explain", model, str(photos / "red" / "0.png")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "It says " in out and "because of" in out or "no region" in out
    assert "Similar training photos are not shown: the model file is not in a run folder" in out
    assert "--out FOLDER" in out


def test_explain_writes_pictures_and_says_where(model, photos, tmp_path, capsys):
    assert main(["explain", model, str(photos / "red" / "0.png"), "--out", str(tmp_path / "maps")]) == 0
    assert "maps/index.html" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == ["0001-0.png", "index.html"]


def test_explain_prints_a_line_of_json_per_photo_refused_ones_included(model, photos, tmp_path, capsys):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    assert main(["explain", model, str(photos / "red" / "0.png"), str(tmp_path / "bad.jpg"), "--json"]) == 0
    good, bad = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["label"] for one in good["classes"]] == sorted(
        CLASSES, key=lambda name: name != good["classes"][0]["label"]
    )
    assert (good["exact"], bad["decision"], bad["classes"]) == (False, "refused", [])


def test_explain_refuses_to_write_among_photos_in_two_lines(model, photos, capsys):
    assert main(["explain", model, str(photos), "--out", str(photos / "maps")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and lines[1].startswith("  fix: ")
    assert not (photos / "maps").exists()


def test_look_says_what_a_photo_becomes(model, photos, capsys):
    assert main(["look", model, str(photos / "red" / "0.png")]) == 0
    assert "48 × 48, seen as 16 × 16 grey" in capsys.readouterr().out
    assert main(["look", "--recipe", "classic", str(photos / "red" / "0.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["side_px"] == 150


def test_look_writes_pictures(model, photos, tmp_path, capsys):
    assert main(["look", model, str(photos / "red"), "--out", str(tmp_path / "seen")]) == 0
    assert len(list((tmp_path / "seen").glob("*.png"))) == 7


def test_look_without_model_or_recipe_says_what_is_missing(photos, capsys):
    assert main(["look", str(photos)]) == 2
    assert "--recipe" in capsys.readouterr().err


def test_look_draws_where_a_terminal_has_colours(rng):
    console = terminal()
    show_sights(network_inputs([draw_photo(rng)], InputSpec(8)), None, console)
    text = console.file.getvalue()
    assert "▀" in text and "38;2;" in text
    assert max(line.count("▀") for line in text.splitlines()) <= 96


def test_no_picture_is_drawn_where_there_are_no_colours(rng):
    for options in ({"force_terminal": False}, {"no_color": True}, {"color_system": "standard"}):
        console = terminal(**options)
        assert not can_draw(console)
        show_sights(network_inputs([draw_photo(rng)], InputSpec(8)), None, console)
        assert "▀" not in console.file.getvalue() and "--out FOLDER" in console.file.getvalue()


def test_half_blocks_hold_two_pixels_each():
    pixels = np.array([[[255, 0, 0]], [[0, 0, 255]]], np.uint8)
    (segment, _) = half_blocks(pixels, 1).segments
    assert (segment.style.color.triplet, segment.style.bgcolor.triplet) == ((255, 0, 0), (0, 0, 255))


def test_a_piped_quiz_asks_ten_times_and_tells_the_score_with_its_doubt(model, photos, capsys):
    assert main(["quiz", model, str(photos), "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert out.count("guess ") == 10 and out.count("label ") == 10
    assert " of 10 correct." in out and "95% interval" in out
    main(["quiz", model, str(photos), "--seed", "1"])
    assert capsys.readouterr().out == out


def test_a_quiz_asks_as_often_as_it_is_told(model, photos, capsys):
    assert main(["quiz", model, str(photos), "--count", "3"]) == 0
    assert capsys.readouterr().out.count("guess ") == 3


@pytest.mark.parametrize(("keys", "asked"), [(["q"], 1), (["", "", "Q"], 3), ([""] * 30, 14), ([], 1)])
def test_on_a_terminal_enter_goes_on_and_q_ends(model, photos, monkeypatch, keys, asked):
    from pathlib import Path

    pressed = iter(keys)

    def press(prompt):
        try:
            return next(pressed)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", press)
    monkeypatch.setattr(seeing_summary.sys, "stdin", type("Keys", (), {"isatty": lambda self: True})())
    console = terminal(no_color=True)
    ask(verbs.quiz(Path(model), photos, seed=0), None, console)
    assert console.file.getvalue().count("guess ") == asked
