"""The examples inside docstrings say what really comes out."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest
from support.trained_runs import draw_busy

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


@pytest.mark.slow
def test_the_examples_for_python_come_out_as_written(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    monkeypatch.chdir(tmp_path)
    for path, hue in (("photos/elm", 20), ("photos/oak", 140), ("new", 20)):
        Path(path).mkdir(parents=True)
        for number in range(21 if path != "new" else 0):
            draw_busy(rng, hue).save(f"{path}/{number}.png")
    draw_busy(rng, 20).save("new/a.png")
    draw_busy(rng, 140).save("new/b.png")
    page = SOURCE.parent / "docs" / "python.md"
    text = "\n".join(block.split("```")[0] for block in page.read_text(encoding="utf-8").split("```python\n")[1:])
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, page.name, 0)
    tried = doctest.DocTestRunner().run(test)
    assert tried.attempted >= 10
    assert tried.failed == 0
