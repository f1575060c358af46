"""Files that are nearly right, changed by chance: only our own error escapes, and most are refused."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper
from support.small_models import small_manifest, small_model

from tellapart.engine.session import open_classifier
from tellapart.errors import ModelError
from tellapart.model.manifest import METADATA_KEY, UNSEALED
from tellapart.model.seal import sealed

# The same examples in every run, and no deadline, because another process may take the processor.
STEADY = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), max_examples=100
)

SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats() | st.text(max_size=20)
    | st.sampled_from([UNSEALED, "sha256", "embedding", 10**400, -1, 0, 0.5, 1e308, "\ud800", "\0", "..", 2**63])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)


def outcome(path, content: bytes) -> str:
    """What a file is answered with: "refused" or "accepted"; anything but our error is a failure of the test."""
    path.write_bytes(content)
    try:
        open_classifier(path)
    except ModelError as error:
        assert len(str(error).splitlines()) == 2
        assert len(str(error)) < 1000
        return "refused"
    return "accepted"


def with_text(text: str) -> bytes:
    proto = small_model()
    helper.set_model_props(proto, {METADATA_KEY: text})
    content = proto.SerializeToString(deterministic=True)
    try:
        return sealed(content)
    except ValueError:
        return content


def places(value, path=()):
    """Every place in a JSON value, as keys from the top."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


OWN = json.loads(small_manifest(thresholds={"unsure": 0.5}, metrics={"test": {"n": 3}}, versions={"a": "1"}).to_json())


def replaced(path: tuple, new: object) -> object:
    values = json.loads(json.dumps(OWN))
    if not path:
        return new
    place = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return values


def test_another_value_at_any_place_of_the_manifest(tmp_path):
    seen = []

    @STEADY
    @given(st.sampled_from(list(places(OWN))), VALUES)
    def mutate(place, value):
        text = json.dumps(replaced(place, value))
        seen.append(outcome(tmp_path / "model.onnx", with_text(text)))

    mutate()
    assert seen.count("refused") >= 0.8 * len(seen)


@pytest.mark.parametrize("value", [None, True, "x", -1, 0, 1e308, 10**30, [], {}, [[]], [None], {"x": None}], ids=repr)
def test_an_odd_value_at_every_place_of_the_manifest(tmp_path, value):
    seen = [outcome(tmp_path / "model.onnx", with_text(json.dumps(replaced(place, value)))) for place in places(OWN)]
    assert seen.count("refused") >= 0.6 * len(seen)


def test_any_value_beside_the_others_is_refused(tmp_path):
    @STEADY
    @given(st.text(max_size=9), VALUES)
    def mutate(key, value):
        if key not in OWN:
            assert outcome(tmp_path / "model.onnx", with_text(json.dumps(OWN | {key: value}))) == "refused"

    mutate()


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 9), st.binary(max_size=9)), min_size=1, max_size=4
)


@pytest.mark.parametrize("forged", [False, True], ids=["checksum as it was", "checksum made to fit"])
def test_bytes_cut_out_and_put_in_anywhere(tmp_path, forged):
    """Where the checksum is made to fit, what means nothing is accepted, such as another name of an operator."""
    seen = []
    plain = small_model().SerializeToString(deterministic=True)

    @STEADY
    @given(EDITS)
    def mutate(edits):
        content = plain if forged else sealed(plain)
        for place, cut, put in edits:
            at = int(place * len(content))
            content = content[:at] + put + content[at + cut :]
        if content == (plain if forged else sealed(plain)):
            return
        try:
            content = sealed(content) if forged else content
        except ValueError:
            pass
        seen.append(outcome(tmp_path / "model.onnx", content))

    mutate()
    assert seen.count("refused") >= (0.6 if forged else 1) * len(seen)
    assert len(seen) > 60


@pytest.mark.slow
def test_another_byte_at_every_place_with_a_checksum_that_fits(tmp_path):
    plain = small_model().SerializeToString(deterministic=True)
    seen = []
    for at in range(0, len(plain), 3):
        for flip in (1, 0x80):
            content = plain[:at] + bytes([plain[at] ^ flip]) + plain[at + 1 :]
            try:
                seen.append(outcome(tmp_path / "model.onnx", sealed(content)))
            except ValueError:
                continue
    assert seen.count("refused") >= 0.5 * len(seen)
