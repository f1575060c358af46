"""The examples inside docstrings say what really comes out."""

import doctest
import importlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"
WITH_EXAMPLES = [file for file in sorted(SOURCE.rglob("*.py")) if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", WITH_EXAMPLES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_the_examples_of_a_module_come_out_as_written(file):
    module = importlib.import_module(".".join(file.relative_to(SOURCE).with_suffix("").parts))
    tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    examples = [example for test in doctest.DocTestFinder().find(module) for example in test.examples]
    skipped = [example for example in examples if example.options.get(doctest.SKIP)]
    assert tried.attempted == len(examples) - len(skipped)
    assert examples
    assert tried.failed == 0
