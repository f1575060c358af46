"""Keras arrives without a word on either stream."""

import subprocess
import sys

import pytest


@pytest.mark.slow
def test_importing_keras_prints_nothing():
    code = "import sys; sys.path[:0] = sys.argv[1].split(chr(10)); from tellapart.network.quiet import keras"
    ran = subprocess.run([sys.executable, "-c", code, "\n".join(sys.path)], capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
