import pytest

from tellapart import wording

NOTHING_LEFT_OUT = {"fix": "", "num_seen": 0, "num_repeats": 0, "num_groups": None}


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0, "0"), (1.0, "100"), (0.5, "50.0"), (0.98449, "98.4"), (0.9994, "99.9")],
)
def test_a_percentage_has_one_decimal(fraction, text):
    assert wording.percent(fraction) == f"{text}%"


@pytest.mark.parametrize("fraction", [0.9995, 0.99999, 1 - 1e-12])
def test_nearly_all_is_never_all(fraction):
    assert "100" not in wording.percent(fraction)
    assert "100" not in wording.interval({"value": fraction, "low": 0.9, "high": fraction})


@pytest.mark.parametrize("fraction", [1e-12, 0.0004])
def test_nearly_nothing_is_never_nothing(fraction):
    assert wording.percent(fraction) == "under 0.1%"


def test_what_is_not_known_is_said_to_be_unknown():
    assert wording.percent(None) == wording.points(None) == "unknown"
    assert wording.estimate({"value": None, "low": 0.0, "high": 1.0}) == "unknown"


@pytest.mark.parametrize(("difference", "text"), [(0.0004, "0.0"), (-0.0004, "0.0"), (0.013, "+1.3"), (-0.5, "−50.0")])
def test_points_carry_their_sign_and_zero_none(difference, text):
    assert wording.points(difference) == f"{text} points"


@pytest.mark.parametrize(("seconds", "text"), [(0.0, "0.0 s"), (9.9, "9.9 s"), (9.96, "10 s"), (59.7, "1 min 0 s")])
def test_durations(seconds, text):
    assert wording.duration(seconds) == text


def test_the_verdict_without_test_photos_claims_nothing():
    assert "not measured" in wording.verdict({})
    unknown = {"n": 0, "accuracy": None, "reason": "there are no test photos", **NOTHING_LEFT_OUT}
    assert wording.verdict({"headline": unknown}).endswith("is not known: there are no test photos.")


def answering(answered, error, unsure, neither):
    figures = [{"value": value, "low": 0.0, "high": 1.0} for value in (answered, error, unsure, neither)]
    names = ("error", "unsure", "neither")
    return wording.answering(
        {"decisions": {"answered": {"share": figures[0]}, **dict(zip(names, figures[1:], strict=True))}}
    )


@pytest.mark.parametrize(
    ("figures", "begins", "ends"),
    [
        ((1.0, 0.02, 0.0, 0.0), "It answers every photo, with an error rate of 2.0", "%) by the labels given."),
        ((0.9, 0.02, 0.0, 0.1), "It answers 90.0", "the rest is marked neither."),
        ((0.9, 0.02, 0.1, 0.0), "It answers 90.0", "the rest is marked unsure."),
        ((0.0, None, 0.9, 0.1), "It answers no photo:", "too low for every one."),
        ((None, None, None, None), "", ""),
    ],
)
def test_how_many_photos_it_answers_alone_is_one_sentence(figures, begins, ends):
    sentence = answering(*figures)
    assert sentence.startswith(begins) and sentence.endswith(ends) and bool(sentence) == bool(begins)


def test_of_a_part_that_says_nothing_of_answering_nothing_is_said():
    assert wording.answering({"n": 3}) == ""


@pytest.mark.parametrize("name", ["Бельчонок", "猫", "قطة", "कुत्ता", "👩‍🌾 farm", "naïve café.jpg", "a b"])
def test_names_of_all_languages_stay_as_they_are(name):
    assert wording.readable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\tb", r"a\x09b"),
        ("\x7f", r"\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("\u2028", r"\u2028"),
        ("\u2066x", r"\u2066x"),
        ("\udc80", r"\udc80"),
    ],
)
def test_hidden_characters_are_shown_as_their_code(name, shown):
    assert wording.readable(name) == shown


def cost(asked, *points):
    curve = [{"max_error": error, "answered": {"value": share}} for error, share in points]
    return wording.costs({"max_error": asked, "curve": curve})


def test_a_limit_that_lets_few_photos_be_answered_is_told_with_looser_ones():
    told = cost(0.02, (0.02, 0.06), (0.05, 0.31), (0.1, 0.64), (0.2, 0.9))
    assert told == "At an error rate of at most 2% it answers 6.0% of photos; at 5%, 31.0%; at 10%, 64.0%."


def test_a_limit_that_lets_nearly_all_be_answered_is_told_with_stricter_ones():
    told = cost(0.02, (0.01, 0.8), (0.02, 0.95))
    assert told == ("At an error rate of at most 2% it answers 95.0% of photos; at 1%, 80.0%; at 0.5%, unknown.")


def test_a_limit_that_cannot_be_promised_is_said_to_be_none():
    told = cost(0.02, (0.05, 0.31), (0.1, 0.64))
    assert told == "An error rate of at most 2% cannot be guaranteed; at 5% it answers 31.0% of photos; at 10%, 64.0%."
    assert cost(0.02) == wording.costs(None) == ""


def test_nothing_is_said_of_strangers_where_nothing_was_measured():
    assert wording.strangers(None) == wording.strangers({"noticed": None}) == ""
