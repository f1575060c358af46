"""Inside the block numbers too small to matter are nothing, in this thread only; outside nothing has changed."""

import threading

import numpy as np
import pytest

from tellapart.engine import denormals
from tellapart.engine.denormals import denormals_as_zero

TINY, ONE = np.array([1e-39], np.float32), np.array([1], np.float32)


@pytest.mark.skipif(denormals._LIBRARY is None, reason="this processor or system is left as it is")
def test_tiny_numbers_are_nothing_inside_and_in_this_thread_only():
    elsewhere = []
    with denormals_as_zero():
        assert (TINY * ONE)[0] == 0
    assert (TINY * ONE)[0] > 0
    thread = threading.Thread(target=lambda: elsewhere.append((TINY * ONE)[0] > 0))
    thread.start()
    thread.join()
    assert elsewhere == [True]


def test_after_an_error_everything_is_as_before():
    with pytest.raises(ValueError), denormals_as_zero():
        raise ValueError
    assert (TINY * ONE)[0] > 0
