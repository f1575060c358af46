import io
import threading

import pytest
from rich.console import Console

from tellapart.cli.terminal import Terminal
from tellapart.progress import Progress


def console(*, terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=80, highlight=False, markup=False, no_color=True)


def test_it_is_a_progress():
    watcher: Progress = Terminal(console(terminal=False))
    assert callable(watcher.stage) and callable(watcher.note)


def test_a_finished_stage_leaves_one_line_when_piped():
    piped = console(terminal=False)
    with Terminal(piped).stage("Embedding", 8000) as advance:
        advance(3000)
        advance(5000)
    assert piped.file.getvalue() == "Embedding                          8,000   0.0 s\n"


def test_nothing_moves_when_piped():
    piped = console(terminal=False)
    with Terminal(piped).stage("Embedding", 10) as advance:
        advance(5)
        assert piped.file.getvalue() == ""


def test_a_terminal_shows_a_bar_with_the_count_while_it_runs():
    screen = console(terminal=True)
    with Terminal(screen).stage("Embedding", 8000) as advance:
        advance(3000)
    assert " of 8,000" in screen.file.getvalue()


def test_a_failed_stage_leaves_no_line_that_says_it_is_done():
    piped = console(terminal=False)
    with pytest.raises(ValueError, match="half way"), Terminal(piped).stage("Embedding", 10):
        raise ValueError("half way")
    assert piped.file.getvalue() == ""


def test_stages_may_run_beside_each_other():
    screen = console(terminal=True)
    watcher = Terminal(screen)
    with watcher.stage("Decoding", 2) as decoded, watcher.stage("Embedding", 2) as embedded:
        decoded(2)
        embedded(2)
    assert "Decoding" in screen.file.getvalue() and "Embedding" in screen.file.getvalue()


def test_steps_from_many_threads_are_all_counted():
    piped = console(terminal=False)
    with Terminal(piped).stage("Embedding", 4000) as advance:
        threads = [threading.Thread(target=lambda: [advance(1) for _ in range(1000)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "4,000" in piped.file.getvalue()


def test_a_note_is_a_line_of_its_own():
    piped = console(terminal=False)
    Terminal(piped).note("3 photos of [cat] refused")
    assert piped.file.getvalue() == "Note: 3 photos of [cat] refused\n"
