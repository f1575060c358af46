"""Copies that stand where they should not: under two labels, or on both sides of the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from tellapart.photos.table import PhotoTable
from tellapart.photos.twins import Twins


@dataclass(frozen=True, kw_only=True)
class TwinFinding:
    """Two photos that show the same, and where they stand."""

    first: str  # path
    second: str
    kind: str  # "exact" or "near"
    first_label: str
    second_label: str
    first_part: str  # "" before the photos are split
    second_part: str

    @property
    def labels_differ(self) -> bool:
        """The same photo under two labels: one of them must be wrong."""
        return self.first_label != self.second_label

    @property
    def parts_differ(self) -> bool:
        """The same photo in two parts: the test is easier than it looks."""
        return self.first_part != self.second_part


def troubling_twins(table: PhotoTable, parts: Sequence[str], twins: Twins) -> tuple[TwinFinding, ...]:
    """The pairs that a person should look at; copies side by side under one label do no harm."""
    findings = []
    for pair in twins.pairs:
        finding = TwinFinding(
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


def without_twins_outside(parts: Sequence[str], groups: np.ndarray, part: str) -> Bool[np.ndarray, " photos"]:
    """Which photos of `part` have no copy in another part."""
    inside = np.array([name == part for name in parts])
    return inside & ~np.isin(groups, groups[~inside])


def twin_warnings(findings: Sequence[TwinFinding]) -> list[str]:
    """One sentence for each kind of trouble, with an example."""
    warnings = []
    two_labels = [finding for finding in findings if finding.labels_differ]
    if two_labels:
        example = two_labels[0]
        warnings.append(
            f"{_pairs(two_labels)} the same photo under two labels, such as {example.first} and {example.second}: "
            "one label must be wrong."
        )
    two_parts = [finding for finding in findings if finding.parts_differ]
    if two_parts:
        example = two_parts[0]
        warnings.append(
            f"{_pairs(two_parts)} the same photo in two parts of your split, such as {example.first} and "
            f"{example.second}; accuracy is given with and without them."
        )
    return warnings


def _pairs(findings: Sequence[TwinFinding]) -> str:
    return f"{len(findings):,} pair{' shows' if len(findings) == 1 else 's show'}"
