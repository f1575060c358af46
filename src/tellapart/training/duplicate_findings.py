"""Copies that stand where they should not: under two labels, or on both sides of the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from tellapart.photos.table import PhotoTable

if TYPE_CHECKING:  # not at run time: predicting needs the words of this module and not the libraries of that one
    from tellapart.photos.duplicates import Duplicates


@dataclass(frozen=True, kw_only=True)
class MisplacedDuplicate:
    """Two photos that show the same, and where they stand."""

    first: str  # path
    second: str
    kind: str  # "exact" or "near"
    first_label: str
    second_label: str
    first_part: str = ""  # "" before the photos are split
    second_part: str = ""

    @property
    def labels_differ(self) -> bool:
        """The same photo under two labels: one of them must be wrong."""
        return self.first_label != self.second_label

    @property
    def parts_differ(self) -> bool:
        """The same photo in two parts: the test is easier than it looks."""
        return self.first_part != self.second_part


def misplaced_duplicates(
    table: PhotoTable, parts: Sequence[str], duplicates: Duplicates
) -> tuple[MisplacedDuplicate, ...]:
    """The pairs that a person should look at; copies side by side under one label do no harm."""
    findings = []
    for pair in duplicates.pairs:
        finding = MisplacedDuplicate(
            first=table.paths[pair.first],
            second=table.paths[pair.second],
            kind=pair.kind,
            first_label=table.class_names[table.labels[pair.first]],
            second_label=table.class_names[table.labels[pair.second]],
            first_part=parts[pair.first],
            second_part=parts[pair.second],
        )
        if finding.labels_differ or finding.parts_differ:
            findings.append(finding)
    return tuple(findings)


def without_duplicates_outside(parts: Sequence[str], groups: np.ndarray, part: str) -> Bool[np.ndarray, " photos"]:
    """Which photos of `part` have no copy in another part."""
    inside = np.array([name == part for name in parts])
    return inside & ~np.isin(groups, groups[~inside])


def duplicate_warnings(findings: Sequence[MisplacedDuplicate]) -> list[str]:
    """One sentence for each kind of trouble, with an example.

    Exact copies are a fact; near copies are a likeness, and two things in a series may look the same and rightly
    differ in label.
    """
    warnings = []
    for kind, labels, parts in (
        ("exact", "are duplicates with two labels", "are duplicates in two splits"),
        ("near", "look alike but have two labels", "look alike across two splits"),
    ):
        two_labels = [finding for finding in findings if finding.kind == kind and finding.labels_differ]
        if two_labels:
            advice = "one label must be wrong" if kind == "exact" else "check whether one is wrong"
            warnings.append(f"{_pairs(two_labels)} {labels}, such as {_example(two_labels[0])}: {advice}.")
        two_parts = [finding for finding in findings if finding.kind == kind and finding.parts_differ]
        for of_test, so in (
            (True, "such test photos are excluded from the accuracy"),
            (False, "the validation figures may be better than they should be"),
        ):
            pairs = [each for each in two_parts if ("test" in (each.first_part, each.second_part)) == of_test]
            if pairs:
                warnings.append(f"{_pairs(pairs)} {parts}, such as {_example(pairs[0])}: {so}.")
    return warnings


def _pairs(findings: Sequence[MisplacedDuplicate]) -> str:
    return f"{len(findings):,} pair{'' if len(findings) == 1 else 's'} of photos"


def _example(finding: MisplacedDuplicate) -> str:
    return f"{finding.first} and {finding.second}"
