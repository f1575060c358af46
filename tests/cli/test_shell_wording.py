from tellapart.cli.shell_wording import shown_path
from tellapart.wording import estimate, interval, percent


def test_figures_hold_plain_blanks_only():
    figure = {"value": 0.9, "low": 0.82633, "high": 0.94489}
    assert (percent(0.9), interval(figure), estimate(figure)) == (
        "90.0%",
        "82.6 to 94.5%",
        "90.0% (82.6 to 94.5%)",
    )


def test_no_evidence_is_said_in_words():
    assert estimate({"value": None, "low": 0.0, "high": 1.0}) == "unknown"


def test_a_path_can_be_pasted_into_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "my photos") == "'my photos'"
