"""`--group-by`: photos that must stay together because they show one thing, such as one patient or one plant."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from tellapart.errors import UsageError
from tellapart.photos.layout import Row


def check_group_by(group_by: str | None, *, is_sheet: bool) -> None:
    """Raise `UsageError` for a rule that cannot work with this kind of source, before the folder is walked."""
    if group_by == "column" and not is_sheet:
        raise UsageError(
            "--group-by column needs a table of photos, and this source is a folder.",
            fix="Use --group-by folder, or a CSV file with the columns path,label,group.",
        )
    if group_by not in (None, "folder", "column"):
        try:
            re.compile(group_by)
        except re.error as error:
            raise UsageError(
                f"--group-by '{group_by}' is no regular expression: {error}.",
                fix="Use folder, column or a pattern such as '(patient[0-9]+)_'.",
            ) from None


def group(rows: list[Row], group_by: str | None, warnings: list[str]) -> list[Row]:
    """The rows with their group keys; a photo to which the rule gives no key gets "", a group of its own.

    Columns and folders give their keys where rows are made. Equal names of folders below two classes are one group: the
    same patient may have both.
    """
    if group_by in (None, "column", "folder"):
        grouped = rows
    else:
        key = _pattern_key(group_by)
        grouped = [replace(row, group=key(row.path)) for row in rows]
    alone = sum(not row.group for row in grouped)
    if group_by is not None and alone:
        warnings.append(
            f"--group-by {group_by} gives no group to {alone} of {len(rows)} photos; each is its own group."
        )
    return grouped


def _pattern_key(pattern: str) -> Callable[[str], str]:
    """The first bracketed group of the pattern in the relative path, or all that it matched."""
    search = re.compile(pattern).search

    def key(path: str) -> str:
        match = search(path)
        if match is None:
            return ""
        return (match[1] if match.re.groups else match[0]) or ""

    return key
