"""What is certain when training ends stands in metrics.json and in the summary at once."""

from __future__ import annotations

import numpy as np
from support.small_cases import make_case

from tellapart.training.known_facts import known_facts, shift_warnings


def facts_of(case, asked=None):
    return known_facts(asked or case.table, case.look, case.parts, case.duplicates, 0)


def test_copies_absent_classes_and_parts_of_another_kind_are_counted(tmp_path, rng):
    parts = np.repeat(["train", "validation", "test"], (200, 50, 100))
    labels = np.arange(350) % 2
    labels[250:] = 0
    embeddings = rng.normal(size=(350, 8)) + 3.0 * (parts == "test")[:, None]
    facts = facts_of(make_case(tmp_path, labels, parts, embeddings=embeddings, copies=((0, 340), (2, 200))))
    assert facts["copies"] == {"validation": 1, "test": 1}
    assert facts["classes_without"]["test"] == ["red"] or len(facts["classes_without"]["test"]) == 1
    assert not facts["dealt_at_random"]
    assert facts["shift"]["probability"] < 0.005
    assert "look different" in shift_warnings(facts)[0]


def test_parts_that_were_dealt_at_random_are_not_asked_whether_they_differ(tmp_path, rng):
    from dataclasses import replace

    parts = np.repeat(["train", "test"], (200, 100))
    case = make_case(tmp_path, np.arange(300) % 2, parts)
    facts = facts_of(case, replace(case.table, parts=("",) * 300))
    assert facts["dealt_at_random"] and facts["shift"] is None
    assert shift_warnings(facts) == []
