"""500 names that would run a script, break out of the page, reorder it or steer a terminal, if nobody took care."""

from dataclasses import replace

from support.drawn_facts import metrics_of
from tellapart.report.facts import Answer, LabelIssue, MemorisedPhoto, Photo, Refusal
from tellapart.training.duplicate_findings import MisplacedDuplicate

_PARTS = (
    "<script>window.ran=1</script>",
    "</script><script>window.ran=1</script>",
    '"><img src=x onerror=window.ran=1>',
    "'><svg onload=window.ran=1>",
    "' onmouseover='window.ran=1' x='",
    '" autofocus onfocus="window.ran=1',
    "</style><style>@import 'https://example.com'</style>",
    "</title></section></main></body></html>",
    "<!-- <![CDATA[ ]]> -->",
    "<iframe src=javascript:window.ran=1></iframe>",
    "<a href=javascript:window.ran=1>cat</a>",
    "<dialog open><form action=https://example.com><button>",
    "<base href=https://example.com/>",
    "<meta http-equiv=refresh content=0;url=https://example.com>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "{{ ''.__class__ }}{% include '/etc/passwd' %}",
    "evil\u202egpj.exe",
    "\u2067\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627\u2069",
    "line\nbreak\r\nand\ttab",
    "\x1b[31mred\x1b]0;title\x07\x00",
    "not utf-8 \udcff\ud800",
    "$\\frac{1}{0}$ \\x0a \\u202e",
    "`${window.ran=1}`",
    "x" * 200,
    "\U0001f469\u200d\U0001f52c\u0301\u0327" * 3,
)
HOSTILE_NAMES = tuple(f"{part}{number}" for number in range(20) for part in _PARTS)


def hostile_facts(whole, rng, names):
    """The report `whole`, but every class, file, setting and sentence is named by a stranger; each name is a class."""
    assert len(HOSTILE_NAMES) == len(set(HOSTILE_NAMES)) == 500
    file = whole.examples["cat"][0].file
    photos = [Photo(path=path, file=file, label=label) for path, label in zip(names, names[::-1], strict=True)]
    answers = tuple(
        Answer(path=path, file=file, label=label, predicted=said, probability=0.9, decision="unsure")
        for path, label, said in zip(names, names[: len(names) // 2] * 2, names[1:] + names[:1], strict=True)
    )
    name = names[0]
    points = {"value": 0.1, "low": 0.05, "high": 0.2}
    return replace(
        whole,
        title=name,
        class_names=names,
        metrics=metrics_of(rng, names, 3 * len(names)),
        answers=answers,
        examples={photo.label: (photo,) for photo in photos},
        num_photos={label: {"train": 3} for label in names},
        engine=None,
        refused=tuple(Refusal(path, path, path) for path in names),
        duplicates=tuple(
            MisplacedDuplicate(first=path, second=path, kind="near", first_label=path, second_label=name)
            for path in names
        ),
        diagnosis={
            **whole.diagnosis,
            "verdict": {"cause": name, "share": None, "sentence": name},
            "suspects": {each: {"points": points, "sentence": each} for each in names[:25]},
            "todo": [{"do": each, "suspect": each, "points": None, "proven": True} for each in names[:25]],
        },
        label_issues=tuple(LabelIssue(path=path, file=file, label=path, suggestion=name, score=0.9) for path in names),
        memorised=tuple(MemorisedPhoto(path=path, file=file, label=path, score=0.9) for path in names),
        warnings=names[:25],
        settings={each: each for each in names[:25]},
        versions={each: each for each in names[:25]},
        seconds={each: 1.0 for each in names[:25]},
        made={each: each for each in names[:25]},
    )
