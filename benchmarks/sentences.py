"""Is each sentence true? Holds what tellapart says of a run against what is known of its photos.

A text is cut into sentences. The first rule whose pattern is found in a sentence judges it; a sentence that no rule
knows is counted as not checked, never as true. The rules know what a case planted (`Truth`), and nothing of how
tellapart comes to its sentences.

Reads texts; opens no photo; writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from benchmarks import rules_of_diagnoses, rules_of_runs
from benchmarks.truth import NOT_CHECKED, Finding, Rule, Truth

RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern), rule) for pattern, rule in (*rules_of_runs.PATTERNS, *rules_of_diagnoses.PATTERNS)
)


def examine(texts: Iterable[str], truth: Truth, options: Mapping[str, frozenset[str]] | None = None) -> list[Finding]:
    """Judge every sentence of some texts.

    Args:
        texts: lines or paragraphs.
        truth: what is known.
        options: of each command, to know advice that cannot be followed; None: that is not looked at.

    >>> examine(["Nothing to do: all is well."], Truth(planted=frozenset({"leak"}), costly=True))[0].problem
    'nothing to do, though leak is planted and costs more than 2 points'
    """
    findings = []
    for sentence in (piece for text in texts for piece in sentences(text)):
        found = _by_rule(sentence, truth)
        impossible = _impossible(sentence, options) if options is not None else ""
        findings.append(Finding(sentence, impossible) if impossible else found)
    return findings


def sentences(text: str) -> list[str]:
    """Cut a text where a full stop is followed by a capital, and bring its blanks and minus signs to one form.

    >>> sentences("98.4% were right. On more, expect 1. Then")
    ['98.4% were right.', 'On more, expect 1.', 'Then']
    """
    plain = re.sub(r"\s+", " ", text.replace("−", "-")).strip()
    return [piece for piece in re.split(r"(?<=[.?!])\s+(?=[A-Z])", plain) if piece]


def _by_rule(sentence: str, truth: Truth) -> Finding:
    for pattern, rule in RULES:
        if match := re.search(pattern, sentence):
            told = rule(match, truth)
            return told if isinstance(told, Finding) else Finding(sentence, told)
    return Finding(sentence, NOT_CHECKED)


def _impossible(sentence: str, options: Mapping[str, frozenset[str]]) -> str:
    known = frozenset().union(*options.values())
    for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", sentence):
        if name not in known:
            return f"there is no option {name}"
    for verb in re.findall(r"\btellapart ([a-z]+)\b", sentence):
        if verb not in options:
            return f"there is no command {verb}"
    return ""
