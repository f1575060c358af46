"""Results come in order, ahead of the reader but not far; whoever stops does not wait."""

import subprocess
import sys
import threading
import time

import pytest

from tellapart.workers import in_order


def test_results_are_in_the_order_of_the_items():
    def work(number):
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(in_order(work, range(50), 4)) == [number * number for number in range(50)]


def test_nothing_to_do_gives_nothing_and_starts_no_thread():
    before = threading.active_count()
    assert list(in_order(str, [], 4)) == [] and threading.active_count() == before


def test_items_are_taken_ahead_but_not_far():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    results = in_order(str, items(), 2, ahead=5)
    assert next(results) == "0" and len(taken) <= 6
    results.close()


def test_an_error_of_the_work_takes_the_place_of_its_result():
    results = in_order(lambda number: 1 // number, [1, 0, 1], 2)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_an_error_of_the_items_reaches_the_reader():
    def items():
        yield 1
        raise OSError("ended badly")

    with pytest.raises(OSError, match="ended badly"):
        list(in_order(str, items(), 2))


def test_all_threads_have_ended_when_the_results_have():
    list(in_order(str, range(20), 3))
    assert [thread for thread in threading.enumerate() if thread.name.startswith("tellapart")] == []


def test_who_stops_early_does_not_wait_for_what_is_under_way():
    release, ended, stop = threading.Event(), threading.Event(), threading.Event()

    def work(number):
        if number:
            release.wait(60)
            ended.set()
        return number

    results = in_order(work, [0, 1, 1], 2, stop=stop)
    next(results)
    results.close()
    assert stop.is_set() and not ended.is_set()
    release.set()


def test_a_process_that_is_interrupted_ends_though_a_thread_never_does():
    code = """
import threading
from tellapart.workers import in_order

begun = threading.Event()

def work(number):
    begun.set()
    threading.Event().wait()

def items():
    yield 1
    begun.wait()
    raise KeyboardInterrupt

try:
    list(in_order(work, items(), 2))
except KeyboardInterrupt:
    print("stopped")
"""
    path = "import sys; sys.path[:0] = " + repr(sys.path)
    done = subprocess.run([sys.executable, "-c", path + code], capture_output=True, timeout=60, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
