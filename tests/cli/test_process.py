"""The command as a process: signals, closed or narrow streams, and readers that have gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and descriptors as on POSIX")

# A process whose verbs are stand-ins; `train` waits for ever inside a stage, so that it can be stopped.
PROCESS = """
import sys, time, types
from pathlib import Path
from support.fake_verbs import FakeVerbs
import tellapart

fake = FakeVerbs(Path("run"))

def train(photos, *, settings, out, progress, command):
    with progress.stage("Embedding"):
        try:
            print("started", file=sys.stderr, flush=True)
            time.sleep(60)
        finally:
            Path("put-away").touch()

verbs = types.SimpleNamespace(check=fake.check, evaluate=fake.evaluate, predict=fake.predict, train=train)
tellapart.verbs = sys.modules["tellapart.verbs"] = verbs
from tellapart.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The words that start the process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent.parent), *sys.path]))
    (tmp_path / "process.py").write_text(PROCESS)
    return [sys.executable, "process.py"]


@posix_only
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_stops_the_work_puts_it_away_and_gives_the_code_of_shells(command, number, code):
    process = subprocess.Popen([*command, "train", "photos"], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and "started" in process.stderr.readline()
    process.send_signal(getattr(signal, number))
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert rest.splitlines()[-2:] == ["Error: Stopped.", "  fix: Run the same command again."]
    assert "Traceback" not in rest
    assert Path("put-away").exists()


@posix_only
def test_a_signal_that_the_caller_ignores_stays_ignored(command):
    ignoring = f"trap '' HUP; exec {sys.executable} process.py train photos"
    process = subprocess.Popen(["bash", "-c", ignoring], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and "started" in process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


@posix_only
def test_ctrl_c_while_the_command_line_is_loaded_shows_no_traceback(command):
    early = "import os, signal, sys\nfrom tellapart import signals\nsignals.end_at_once()\nos.kill(os.getpid(), 2)\n"
    ran = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr.splitlines() == ["Error: Stopped.", "  fix: Run the same command again."]


@posix_only
def test_the_command_answers_signals_before_it_loads_anything(command):
    loaded = "import sys, tellapart.__main__; print({'typer', 'rich', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True).stdout.strip() == "set()"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii"])
@pytest.mark.parametrize("verb", [["check", "ржавчина"], ["evaluate", "m.onnx", "photos"], ["check", "x", "--json"]])
def test_an_encoding_that_lacks_a_letter_never_fails_a_verb(command, monkeypatch, encoding, verb):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    ran = subprocess.run([*command, *verb], capture_output=True)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout) > 20 and b"Traceback" not in ran.stderr


@posix_only
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_failure(command, closed):
    ran = subprocess.run(["bash", "-c", f"{sys.executable} process.py check photos {closed}"], capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")


@posix_only
def test_no_file_of_ours_gets_the_number_of_a_closed_stream(command):
    code = (
        "from tellapart.cli.streams import make_streams_safe; make_streams_safe(); print(open('x', 'w').fileno() > 2)"
    )
    run = f'{sys.executable} -c "{code}" <&- 2>&-'
    assert subprocess.run(["bash", "-c", run], capture_output=True, text=True).stdout.strip() == "True"


@posix_only
def test_progress_that_nobody_reads_does_not_end_the_work(command):
    ran = subprocess.run(
        ["bash", "-c", f"{sys.executable} process.py check photos 2>/dev/full"], capture_output=True, text=True
    )
    assert ran.returncode == 0 and "3 " in ran.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_results_that_find_no_room_are_two_lines(command):
    ran = subprocess.run(
        ["bash", "-c", f"{sys.executable} process.py check photos >/dev/full"], capture_output=True, text=True
    )
    assert ran.returncode == 5
    assert len(ran.stderr.splitlines()) == 2 and ran.stderr.startswith("Error: The disk is full")
