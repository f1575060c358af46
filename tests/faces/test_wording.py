import pytest

from tellapart.faces.wording import between, percent, shown_path, with_interval


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0 %"), (0.5, "50.0 %"), (0.98654, "98.7 %"), (0.9996, "99.96 %"), (0.00004, "0.004 %"), (1.0, "100 %")],
)
def test_percent_calls_only_the_perfect_perfect(fraction, text):
    assert percent(fraction) == text


def test_no_evidence_is_said_in_words():
    nothing = {"value": None, "low": 0.0, "high": 1.0}
    assert with_interval(nothing) == "cannot tell"


def test_an_interval_has_one_decimal():
    assert between({"value": 0.9, "low": 0.82633, "high": 0.94489}) == "82.6 to 94.5 %"


def test_a_path_can_be_pasted_into_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "my photos") == "'my photos'"
