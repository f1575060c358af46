"""Keras arrives without a word on either stream, and set as the networks here need it, whatever the user has set."""

import json
import subprocess
import sys
import warnings

import numpy as np
import pytest
from support.trained_runs import draw_class_folders, environment

pytestmark = pytest.mark.slow  # all but one import Keras anew


def run(code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = sys.argv[1].split(chr(10)); {code}"]
    return subprocess.run(
        [*command, "\n".join(sys.path), *arguments], capture_output=True, text=True, env={**environment(), **variables}
    )


SETTINGS_OF_OTHERS = (
    json.dumps({"backend": "torch", "image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}),
    "[1]",
)


@pytest.mark.parametrize("content", SETTINGS_OF_OTHERS, ids=["for other programs", "damaged"])
def test_importing_keras_prints_nothing_and_neither_reads_nor_writes_the_users_settings(content, tmp_path):
    settings = tmp_path / ".keras" / "keras.json"
    settings.parent.mkdir()
    settings.write_text(content)
    code = (
        "from tellapart.network.keras_setup import keras; c = keras.config; "
        "assert (c.backend(), c.image_data_format(), c.floatx()) == ('tensorflow', 'channels_last', 'float32')"
    )
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "KERAS_HOME": str(settings.parent)}
    ran = run(code, **home, KERAS_MAX_EPOCHS="x", MPLBACKEND="nonsense", PYTHONWARNINGS="error")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert [path.name for path in tmp_path.rglob("*")] == [".keras", "keras.json"]
    assert settings.read_text() == content


IN_A_NOTEBOOK = """
import sys, warnings
import keras
keras.config.set_image_data_format("channels_first"); keras.config.set_floatx("float16")
keras.config.set_dtype_policy("mixed_float16")
from tellapart import ImageClassifier
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    classifier = ImageClassifier(threads=2).fit(sys.argv[2])
    assert len(classifier.predict(sys.argv[2])) == 36
print(keras.config.image_data_format(), keras.config.floatx(), keras.config.dtype_policy().name)
print([str(warning.message) for warning in caught])
"""


def test_fit_works_beside_a_keras_that_is_set_otherwise_and_says_nothing(tmp_path):
    photos = draw_class_folders(tmp_path / "photos", num_photos=12)
    home = {"HOME": str(tmp_path), "KERAS_HOME": str(tmp_path / "keras"), "KERAS_BACKEND": "tensorflow"}
    ran = run(f"exec({IN_A_NOTEBOOK!r})", str(photos), **home)
    assert ran.stdout.splitlines() == ["channels_first float16 mixed_float16", "[]"], ran.stderr


def test_a_variable_becomes_an_array_without_a_warning(keras):
    variable = keras.Variable(np.arange(3, dtype=np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copies = [np.array(variable), np.asarray(variable), np.array(variable, copy=True)]
        copies.append(np.asarray(variable, dtype=np.float64))
        copies.append(keras.ops.convert_to_numpy(variable))
    assert all(copy.tolist() == [0, 1, 2] for copy in copies)
    np.array(variable)[0] = 7
    assert keras.ops.convert_to_numpy(variable).tolist() == [0, 1, 2]
