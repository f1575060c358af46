"""No text that reaches users holds a retired word: the field has terms for these things, and users search for them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

# Retired -> what is said now.
RETIRED = {
    r"\d (?:%|\xa0%|&nbsp;%)(?!})": "98.4%, without a blank",
    r"\btwins\.csv\b|\bdoubts\.csv\b": "duplicates.csv, label_issues.csv",
    r"\b[Ll]ook-?alikes?\b": "near-duplicates",
    r"\bby chance\b": "random(ly)",
    r"\bby heart\b": "memorised",
    r"\btoo little restraint\b|\bkeeps the network from memorising\b": "too little regularisation",
    r"\bchang(?:ed|ing) views\b|\bviews that change\b": "augmentation",
    r"\b(?:answered|named) (?:rightly|wrongly|correctly)\b|\bright when named\b": "correct, recall, precision",
    r"\bof 100 (?:photos|unseen photos)\b|\bmore of 100\b": "percentage points",
    r"--(?:rate|batch|size)(?![-\w])": "--learning-rate, --batch-size, --image-size",
    r"\bforeign weights\b": "pretrained weights",
    r"\bthe (?:training|test|validation) part\b|\b(?:another|two) parts?\b": "split",
    r"\bwhere it looked\b": "attribution map",
    r"\bnobody can tell\b": "cannot be told",
    r"\ban empty text\b|\bno shares of 1\b|\boperators of its own\b": "an empty string, sum to 1, custom operators",
    r"\btold from the rest\b|\bdealt (?:out|from)\b": "separated, split",
}


def _literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings of a module that are no docstrings; an f-string with its holes left out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    own = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and node.body
           and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in own:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            pieces = (piece.value if isinstance(piece, ast.Constant) else "7" for piece in node.values)
            yield node.lineno, "".join(map(str, pieces))


def user_facing() -> Iterator[tuple[str, int, str]]:
    """File, line and text of what users read: literals of the source, templates, README, docs (with the CLI's help)."""
    for file in sorted((REPOSITORY / "src").rglob("*.py")):
        for line, text in _literals(ast.parse(file.read_text(encoding="utf-8"))):
            yield file.name, line, text
    pages = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "src").rglob("*.html")]
    for file in sorted(pages):
        for line, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            yield file.name, line, text


@pytest.mark.parametrize("retired", RETIRED)
def test_no_user_reads_a_retired_word(retired):
    found = [f"{file}:{line}: {text[:120]}" for file, line, text in user_facing() if re.search(retired, text)]
    assert not found, f"say {RETIRED[retired]}"


def test_the_search_sees_strings_docs_and_templates():
    assert {"wording.py", "README.md", "glossary.md", "accuracy.html"} <= {file for file, _, _ in user_facing()}
