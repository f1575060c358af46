from __future__ import annotations

import pytest

from tellapart.errors import DataError
from tellapart.photos.faults import REFUSAL_CODES, Faults, refusal


@pytest.mark.parametrize("code", sorted(REFUSAL_CODES))
def test_every_refusal_is_one_plain_sentence(code):
    details = {"reason": "no.", "megabytes": 9, "limit": 3, "format": "a", "megapixels": 1, "width": 0, "height": 0}
    details |= {"before": "then", "when": "now"}
    sentence = refusal(code, **details, got="this").sentence
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_all_faults_of_a_source_are_told_in_two_lines():
    faults = Faults("photos")
    faults.add("this is wrong", "do this")
    faults.add("that is wrong", "do that")
    with pytest.raises(DataError) as told:
        faults.raise_if_any()
    assert str(told.value) == "2 faults in photos: this is wrong; that is wrong.\n  fix: do this; do that."


def test_no_fault_raises_nothing():
    Faults("photos").raise_if_any()
