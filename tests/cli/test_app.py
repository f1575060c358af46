"""What a user types and sees, with stand-in verbs: whole output, exit code, and which stream it went to."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tellapart
from tellapart.cli.app import main
from tellapart.errors import DataError, ModelError
from tellapart.settings import TrainSettings

SUMMARY = """
90.0% accuracy, by the labels given, on 100 test photos it never saw
On more photos labelled like these, expect 82.6 to 94.5% (95% interval).

class   photos                  recall               precision
cat         50   90.0% (78.6 to 95.7%)   90.0% (78.6 to 95.7%)
dog         50   90.0% (78.6 to 95.7%)   90.0% (78.6 to 95.7%)

Most frequent mistakes
  5 photos of cat classified as dog
  5 photos of dog classified as cat

Overfitting
  100% on its training photos, 10.0 points more (5.0 to 17.0) than on new ones:
  it overfits, or the test photos are harder.

Photos
  1,001 found, 1,000 used, 1 refused; 12 look like another one and count with it

Could not be used
  cat/x.jpg: The file is empty.

Results are in photos.run
  model.onnx       the classifier, all in one file

Next:  tellapart predict photos.run/model.onnx PHOTOS
"""


def lines_of(text):
    return [line.rstrip() for line in text.splitlines()]


def test_train_ends_with_a_summary_on_standard_output(verbs, capsys):
    assert main(["train", "photos"]) == 0
    assert lines_of(capsys.readouterr().out) == SUMMARY.splitlines()


def test_no_line_of_a_summary_is_longer_than_80_characters(verbs, capsys):
    main(["train", "photos"])
    main(["check", "photos"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_piped_progress_is_one_plain_line_per_stage_on_standard_error(verbs, capsys):
    main(["train", "photos"])
    assert lines_of(capsys.readouterr().err) == ["Embedding                            100   0.0 s"]


def test_train_hands_its_options_to_the_verb(verbs):
    what = "--backbone lite2 --class-weight balanced --max-error 5% --seed 7 --exclude elm --exclude old/*"
    parts = "--test 20% --validation 0.05 --group-by folder --splits s.csv"
    how = "--no-cache --strict --threads 1 --max-megapixels 50"
    main(f"train photos -o RUN {what} {parts} {how}".split())
    name, (photos, settings, out) = verbs.calls[0]
    assert (name, photos, out) == ("train", Path("photos"), Path("RUN"))
    assert settings == TrainSettings(
        test=0.2,
        validation=0.05,
        backbone="lite2",
        class_weight="balanced",
        max_error=0.05,
        seed=7,
        exclude=("elm", "old/*"),
        group_by="folder",
        splits="s.csv",
        cache=False,
        strict=True,
        threads=1,
        max_megapixels=50.0,
    )


def test_train_without_options_uses_the_settings_as_they_are(verbs):
    main(["train", "photos"])
    assert verbs.calls[0][1][1] == TrainSettings()


@pytest.mark.parametrize("command", [["train", "p"], ["check", "p"], ["evaluate", "m", "p"]])
def test_json_is_the_only_thing_on_standard_output(verbs, capsys, command):
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"accuracy": 0.9}


def test_check_says_what_was_found_and_what_comes_next(verbs, capsys):
    assert main(["check", "my photos"]) == 0
    out = capsys.readouterr().out
    assert "6 photos in 2 classes" in out
    assert "2 system files" in out
    assert "4 photos look like another one" in out
    assert "tellapart train 'my photos'" in out


def test_the_next_command_reads_the_photos_as_this_one_did(verbs, capsys):
    assert main(["check", "photos", "--layout", "classes", "--exclude", "old/*", "--follow-links"]) == 0
    next_command = "tellapart train photos --exclude 'old/*' --layout classes --follow-links"
    assert capsys.readouterr().out.splitlines()[-1].endswith(next_command)


def test_evaluate_shows_the_figure_and_what_to_doubt_about_it(verbs, capsys):
    assert main(["evaluate", "model.onnx", "photos"]) == 0
    out = capsys.readouterr().out
    assert "90.0% accuracy, by the labels given, on 100 photos it was not trained on" in out
    assert "3 of these photos were trained on." in out
    assert "cat/x.jpg: The file is empty." in out


COMPARED = """
No detectable difference on 100 photos
B is between 0.0 points worse and 11.2 better (95% interval).

model                      accuracy
A  old.run    90.0% (82.6 to 94.5%)
B  new.onnx   95.0% (88.8 to 97.8%)

Photo by photo
  90 correct in both, 5 wrong in both
  0 correct in A only, 5 in B only (p = 0.062, McNemar's exact test)

Including training photos
  On all 200 photos: B is better by 5.0 points (95% interval: 2.7 to 9.0).

10 photos changed
  cat/0.jpg: A says dog, B says cat; the label is cat
  cat/1.jpg: A says dog, B says cat; the label is cat
  cat/2.jpg: A says dog, B says cat; the label is cat
  cat/3.jpg: A says dog, B says cat; the label is cat
  cat/4.jpg: A says dog, B says cat; the label is cat
  and 5 more; --out FILE.csv writes them all

Could not be used
  cat/x.jpg: The file is empty.

Notes
  100 of 200 photos were trained on.
"""


def test_compare_says_who_is_better_how_sure_that_is_and_what_changed(verbs, capsys):
    assert main(["compare", "old.run", "new.onnx", "photos"]) == 0
    assert lines_of(capsys.readouterr().out) == COMPARED.splitlines()
    assert verbs.calls == [("compare", (Path("old.run"), Path("new.onnx"), Path("photos")))]


def test_compare_writes_the_changed_photos_and_says_so_on_standard_error(verbs, capsys):
    assert main(["compare", "old.run", "new.onnx", "photos", "--out", "changed.csv", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["better"], told["everything"]["better"], len(told["changed"])) == ("none", "b", 10)
    assert "10 changed photos written to changed.csv" in captured.err
    assert Path("changed.csv").read_text().splitlines()[:2] == ["path,label,a,b", "cat/0.jpg,cat,dog,cat"]


def test_compare_refuses_an_unknown_ending_before_any_work(verbs, capsys):
    assert main(["compare", "old.run", "new.onnx", "photos", "--out", "changed.parquet"]) == 2
    assert "fix: Give --out changed.csv" in capsys.readouterr().err
    assert verbs.calls == []


def test_predict_prints_csv_when_piped(verbs, capsys):
    assert main(["predict", "model.onnx", "b.jpg", "a.jpg"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "path,label,probability,decision,second_label,second_probability,reason,p:cat,p:dog",
        "b.jpg,cat,0.9,ok,dog,0.1,,0.9,0.1",
        "a.jpg,cat,0.9,ok,dog,0.1,,0.9,0.1",
    ]


def test_another_limit_of_errors_reaches_predict_and_evaluate(verbs, capsys):
    assert main(["predict", "model.onnx", "a.jpg", "--max-error", "5%"]) == 0
    assert main(["evaluate", "model.onnx", "photos", "--max-error", "0.1"]) == 0
    assert [arguments[-1] for _, arguments in verbs.calls] == [0.05, 0.1]


def test_predict_prints_a_line_per_photo_on_a_terminal(verbs, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["predict", "model.onnx", "a.jpg"]) == 0
    assert lines_of(capsys.readouterr().out) == ["cat                   90.0%  a.jpg"]


def test_predict_prints_json_lines_on_request(verbs, capsys):
    assert main(["predict", "model.onnx", "a.jpg", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["label"] == "cat"


def test_predict_writes_a_file_and_says_so_on_standard_error(verbs, capsys):
    assert main(["predict", "model.onnx", "a.jpg", "--out", "x.jsonl"]) == 0
    assert json.loads(Path("x.jsonl").read_text())["path"] == "a.jpg"
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "1 prediction written to x.jsonl" in captured.err


def test_predict_refuses_an_unknown_ending_before_any_work(verbs, capsys):
    assert main(["predict", "model.onnx", "a.jpg", "--out", "x.xlsx"]) == 2
    assert verbs.calls == []


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            DataError("Class 'elm' has 2 photos.", fix="Add 3 more."),
            3,
            "Error: Class 'elm' has 2 photos.\n  fix: Add 3",
        ),
        (ModelError("m.onnx is damaged.", fix="Train again."), 4, "Error: m.onnx is damaged.\n  fix: Train again."),
        (
            DataError("'a\nb\x1b[31m' is odd.", fix="Rename it."),
            3,
            "Error: 'a\\x0ab\\x1b[31m' is odd.\n  fix: Rename it.",
        ),
        (KeyboardInterrupt(), 130, "Error: Stopped.\n  fix: Run the same command again."),
        (MemoryError(), 5, "Error: The memory of this machine is full.\n  fix: "),
        (OSError(errno.ENOSPC, "no space", "a.csv"), 5, "Error: The disk is full: a.csv.\n  fix: "),
        (PermissionError(errno.EACCES, "denied", "a.csv"), 5, "Error: Access was denied: a.csv.\n  fix: "),
    ],
)
def test_a_failure_is_two_lines_and_its_exit_code(verbs, capsys, error, code, words):
    verbs.error = error
    assert main(["train", "photos"]) == code
    captured = capsys.readouterr()
    assert captured.err.startswith(words)
    assert len(captured.err.splitlines()) == 2
    assert captured.out == ""


def test_a_bug_shows_a_traceback_and_asks_for_a_report(verbs, capsys):
    verbs.error = ZeroDivisionError("oops")
    assert main(["train", "photos"]) == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in error
    assert error.splitlines()[-1] == "This is a bug in tellapart. Please report it with the lines above."


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("train", "Missing argument 'PHOTOS'."),
        ("trian photos", "No such command 'trian'. Did you mean 'train'?"),
        ("train photos --foobar 3", "No such option: --foobar."),
        ("train photos --time soon --recipe scratch", "'soon' is not a time."),
        (
            "train photos --epochs 3",
            "The recipe 'quick' does not take the setting 'epochs': its linear head is fitted in one step, "
            "without epochs.",
        ),
        ("train photos --test ten", "'ten' is not a fraction of the photos."),
        ("train photos --test 120%", "The setting 'test' is 1.2; it must be a fraction between 0 and 1, such as 0.1."),
        (
            "train photos --recipe slow",
            "The setting 'recipe' is 'slow'; it must be one of: quick, best, scratch, classic.",
        ),
    ],
)
def test_wrong_use_is_two_lines_and_exit_code_2(verbs, capsys, arguments, problem):
    assert main(arguments.split()) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first == f"Error: {problem}"
    assert second.startswith("  fix: ")
    assert verbs.calls == []


@pytest.mark.parametrize("arguments", [["check", ""], ["predict", "m.onnx", "a.jpg", ""], ["train", "p", "--out", " "]])
def test_an_empty_argument_is_not_the_current_folder(verbs, capsys, arguments):
    assert main(arguments) == 2
    assert "is empty" in capsys.readouterr().err and verbs.calls == []


def test_without_a_verb_the_help_is_shown(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("Usage: tellapart [OPTIONS] COMMAND")


def test_the_version_is_one_line(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tellapart {tellapart.__version__}\n"


def test_python_dash_m_is_the_same_command():
    ran = subprocess.run([sys.executable, "-m", "tellapart", "--help"], capture_output=True, text=True)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Usage: tellapart [OPTIONS] COMMAND")


ENDLESS = """
import itertools, sys, types
from support import fake_verbs
from tellapart.cli.app import main

class Endless:
    class_names, warnings = fake_verbs.CLASSES, ()
    def __iter__(self):
        return itertools.cycle(fake_verbs.FakeVerbs(None).predict("m", ["a.jpg"], progress=None))

import tellapart
tellapart.verbs = sys.modules["tellapart.verbs"] = types.SimpleNamespace(predict=lambda *given, **named: Endless())
sys.exit(main(["predict", "m", "a.jpg"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_reader_who_has_had_enough_ends_it_in_silence(tmp_path):
    (tmp_path / "endless.py").write_text(ENDLESS)
    command = f'"{sys.executable}" {tmp_path / "endless.py"} | head -n 2; echo "code ${{PIPESTATUS[0]}}"'
    path = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
    ran = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, timeout=60
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines()[2] == "code 0"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENAMETOOLONG, "File name too long", "r" * 300),
        OSError(errno.EIO, "Input/output error", "a.csv"),
        OSError(errno.EMFILE, "Too many open files"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        DataError("x" * 100_000, fix="ü" * 100_000),
    ],
    ids=lambda error: str(error)[:20],
)
def test_what_the_system_refuses_is_two_short_lines(verbs, capsys, error):
    verbs.error = error
    assert main(["train", "photos"]) in (3, 5)
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 2 and len(told.encode()) < 4000
    assert "Traceback" not in told
