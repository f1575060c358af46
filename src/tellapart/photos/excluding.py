"""`--exclude`: what the user leaves out, by class, file, folder or pattern; a slip of the pen is told, not obeyed."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Sequence
from fnmatch import translate

from tellapart.errors import UsageError
from tellapart.photos.faults import name_some
from tellapart.photos.part_names import confusable, normal


class Exclusion:
    """The patterns of one source, and which of them have left something out."""

    def __init__(self, patterns: Sequence[str]):
        """Take the patterns as the user gave them."""
        self._patterns = {pattern: normal(pattern).rstrip("/") for pattern in patterns}
        self._paths = {given: re.compile(_expression(pattern)) for given, pattern in self._patterns.items() if pattern}
        # All at once, because nearly every path matches none.
        self._any = re.compile("|".join(each.pattern for each in self._paths.values()) or "(?!)")
        self._used: set[str] = set()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._patterns)

    def takes(self, path: str, label: str = "") -> bool:
        """Whether a photo is left out: by its class, its own name, a folder that it lies in, or a pattern.

        >>> [Exclusion(["old/*"]).takes("old/1.jpg"), Exclusion(["cat"]).takes("cat/1.jpg")]
        [True, True]
        """
        path, label = normal(path), normal(label)
        if not self._any.match(path) and not (label and self.names(label)):
            return False
        self._used.update(given for given, pattern in self._patterns.items() if pattern and pattern == label)
        self._used.update(given for given, expression in self._paths.items() if expression.match(path))
        return True

    def names(self, name: str) -> bool:
        """The same as `takes_name` of a folder that may be none of these, so that nothing is left out by it yet."""
        return normal(name) in self._patterns.values()

    def takes_name(self, name: str) -> bool:
        """Whether a class, or a folder above the classes, is left out by its name."""
        hits = [given for given, pattern in self._patterns.items() if pattern == normal(name)]
        self._used.update(hits)
        return bool(hits)

    def require_use(self, names: Collection[str], where: object, deeper: Collection[str] = ()) -> None:
        """Check that every pattern left something out: one that does not keeps what should go.

        Args:
            names: classes, and folders that can be left out by their names.
            where: the source, for a person.
            deeper: names of folders that can only be left out by patterns.

        Raises:
            UsageError: a pattern matched nothing.
        """
        unused = [given for given in self._patterns if given not in self._used]
        if not unused:
            return
        known = sorted({normal(name) for name in names} - {""})
        told = f"; there are {name_some(known, most=8)}" if known else ""
        raise UsageError(
            f"--exclude {shlex.quote(unused[0])} matches nothing in {where}{told}.",
            fix=_nearest(unused[0], known, deeper),
        )


def _nearest(pattern: str, known: Collection[str], deeper: Collection[str]) -> str:
    """What may have been meant."""
    if normal(pattern) in deeper:
        return f"For a folder below a class give a pattern: --exclude {shlex.quote(f'*/{pattern}/*')}"
    alike = {confusable(name): name for name in known}
    near = difflib.get_close_matches(confusable(pattern), alike, n=1, cutoff=0.5)
    return f"Did you mean --exclude {shlex.quote(alike[near[0]])}?" if near else "Correct it, or leave it out."


def _expression(pattern: str) -> str:
    """What matches a path that a pattern leaves out: a file of this name, what lies in a folder, or a pattern of it."""
    exact = re.escape(pattern)
    return f"(?s:.*/)?{exact}\\Z|{exact}/|{translate(pattern)}"
