"""The shape of the project: layers, owners of heavy libraries, sizes, public names, documented verbs, quick answers."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import os
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import tellapart
from tellapart import errors
from tellapart.cli.app import app

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "src" / "tellapart"
FILES = sorted(PACKAGE.rglob("*.py"))

# Each imports only from those before it. A file beside the folders is a layer of its own.
LAYERS = (
    "signals",
    "errors",
    "progress",
    "temporary",
    "atomic",
    "reading",
    "workers",
    "cells",
    "paths",
    "setting_types",
    "fit_settings",
    "settings",
    "libraries",
    "drawing",
    "photos",
    "evaluation",
    "wording",
    "model",
    "engine",
    "runs",
    "network",
    "training",
    "explanations",
    "diagnosis",
    "report",
    "results",
    "verbs",
    "estimator",
    "classifier",
    "cli",
    "__init__",
    "__main__",
)

# Library -> the layers that may import it. Whatever else stands in pyproject.toml is not to be imported at all.
OWNERS = {
    "PIL": {"photos"},
    "pillow_heif": {"photos"},
    "scipy": {"photos", "evaluation", "training", "diagnosis"},
    "onnx": {"model", "network"},
    "google": {"model"},  # protobuf: tells a damaged file from one that is not ours
    "onnxruntime": {"engine"},
    "keras": {"network", "training"},
    "tensorflow": {"network", "training"},
    "sklearn": {"training", "classifier", "estimator"},  # the class tells scikit-learn what it is
    "tensorboard": {"training"},
    "mlflow": {"training"},
    "cleanlab": {"diagnosis"},
    "jinja2": {"explanations", "report"},
    "markupsafe": {"explanations", "report"},
    "matplotlib": {"drawing"},
    "typer": {"cli"},
    "rich": {"cli"},
    "textual_image": {"cli"},
    "polars": {"photos", "engine"},
    "filelock": {"temporary"},
    "platformdirs": {"settings"},
    "threadpoolctl": {"engine"},
    "numpy": set(LAYERS),
    "jaxtyping": set(LAYERS),
}

# Library -> the one file that imports it, because it has to be told something before.
ONE_DOOR = {
    "onnxruntime": "engine/session.py",
    "keras": "network/keras_setup.py",
    "tensorflow": "network/keras_setup.py",
    "matplotlib": "drawing.py",
    "mlflow": "training/tracking.py",
    "tensorboard": "training/tracking.py",
}

# Within a layer, packages keep apart; these arrows are drawn in its map.
ALLOWED_CROSSINGS = {
    *((("diagnosis", package, "statistics")) for package in ("heads", "retraining")),
    *((("training", "recipes", package)) for package in ("data", "loop", "resources")),
    *((("training", "resources", package)) for package in ("data", "loop")),
    ("training", "loop", "data"),
}

MAX_LINES, MEDIAN_LINES = 400, 150
MAX_FUNCTION_LINES, SHORT_SHARE = 40, 0.9
MAX_ARGUMENTS = 7
ONE_PER_OPTION = {
    "cli/app.py",
    "cli/seeing_commands.py",
    "classifier.py",
    "verbs/grading_verbs.py",
}  # an argument per option
HELP_SECONDS = 0.5


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def layer_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports_of(tree: ast.AST) -> set[str]:
    """Full names of everything imported anywhere in a file, inside functions too, but not for type checking only."""
    for_types = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def functions_of(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code and comments; a docstring is not held against a function."""
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    documented = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented


# Layers


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_layer_imports_only_layers_before_it(file):
    own = layer_of(file)
    assert own in LAYERS, f"give {own} a place in LAYERS and in ARCHITECTURE.md"
    used = {name.split(".")[1] for name in imports_of(tree_of(file)) if name.startswith("tellapart.")}
    used = {name for name in used if name in LAYERS}
    later = {layer for layer in used if LAYERS.index(layer) > LAYERS.index(own)}
    assert later == set()


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_heavy_library_stays_with_its_owner(file):
    roots = {name.split(".")[0] for name in imports_of(tree_of(file))} - sys.stdlib_module_names - {"tellapart"}
    unknown = {root for root in roots if root not in OWNERS}
    assert unknown == set(), "name the layer that owns it in OWNERS and in ARCHITECTURE.md"
    strangers = {root for root in roots if layer_of(file) not in OWNERS[root]}
    assert strangers == set()


@pytest.mark.parametrize("library", ONE_DOOR)
def test_a_library_that_must_be_told_something_has_one_door(library):
    doors = {name_of(file) for file in FILES if library in {name.split(".")[0] for name in imports_of(tree_of(file))}}
    assert doors == {ONE_DOOR[library]}


def test_predicting_never_loads_what_only_training_needs():
    heavy = "{'tensorflow', 'keras', 'sklearn', 'matplotlib', 'jinja2', 'polars', 'scipy'}"
    code = f"import sys, tellapart.engine.predictor, tellapart.cli.app; print({heavy} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert ran.stdout.strip() == "set()", ran.stderr


def test_the_verbs_load_neither_keras_nor_scikit_learn():
    code = "import sys, tellapart.verbs; print({'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert ran.stdout.strip() == "set()", ran.stderr


# Sizes


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_can_be_read_in_one_go(file):
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_the_typical_file_is_short():
    sizes = [len(file.read_text(encoding="utf-8").splitlines()) for file in FILES if file.name != "__init__.py"]
    assert statistics.median(sizes) <= MEDIAN_LINES


def test_nine_in_ten_functions_are_short():
    sizes = [lines_of(function) for file in FILES for function in functions_of(file)]
    assert sum(size <= MAX_FUNCTION_LINES for size in sizes) >= SHORT_SHARE * len(sizes)


@pytest.mark.parametrize("file", [file for file in FILES if name_of(file) not in ONE_PER_OPTION], ids=name_of)
def test_a_function_takes_few_arguments(file):
    crowded = {
        function.name
        for function in functions_of(file)
        if len(function.args.args) + len(function.args.kwonlyargs) - _has_self(function) > MAX_ARGUMENTS
    }
    assert crowded == set()


def _has_self(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(function.args.args) and function.args.args[0].arg in ("self", "cls")


# Habits


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_user_never_meets_an_assert(file):
    assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree_of(file)))


def test_the_repository_names_no_place_on_somebodys_machine():
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    private = re.compile(r"/(?:home|root|work|Users)/[A-Za-z]")
    found = [
        name
        for name in tracked.stdout.splitlines()
        if (REPOSITORY / name).is_file() and private.search((REPOSITORY / name).read_text("utf-8", errors="ignore"))
    ]
    assert [name for name in found if name != "tests/test_shape.py"] == []


def test_the_public_names_are_these():
    verbs = {*VERBS, "relabel", "open_run"} - {"demo"}
    failures = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    results = """CheckResult RunResult ExportResult EvaluateResult CompareResult PredictResult Prediction ExplainResult
        Explanation NetworkInput Question Diagnosis RelabelResult"""
    others = "ImageClassifier RunFolder TrainSettings EngineSettings SourceSettings Progress Silent Line"
    assert set(tellapart.__all__) == {*verbs, *failures, *results.split(), *others.split()}
    assert len(set(tellapart.__all__)) == len(tellapart.__all__)
    assert all(getattr(tellapart, name).__doc__ for name in tellapart.__all__)


def test_every_public_name_is_told_where_they_are_listed():
    assert [name for name in tellapart.__all__ if not re.search(rf"\b{name}\b", tellapart.__doc__ or "")] == []


@pytest.mark.parametrize("verb", sorted({*(n for n in tellapart.__all__ if n.islower())}))
def test_a_verb_takes_its_inputs_first_and_everything_else_by_name_in_one_order(verb):
    parameters = inspect.signature(getattr(tellapart, verb)).parameters.values()
    inputs = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    assert set(inputs) <= {"model", "a", "b", "photos", "run", "reviewed"} and inputs
    assert len(inputs) + len(named) == len(parameters)
    assert all(p.default is not p.empty for p in parameters if p.kind is p.KEYWORD_ONLY)
    order = "model recipe photos seed seconds settings source max_error to out force progress command".split()
    assert named == sorted(named, key=order.index)


def test_the_version_is_the_same_inside_and_outside():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == tellapart.__version__


def test_only_runs_reads_the_files_of_a_run():
    names = r"(?:run|metrics|diagnosis)\.json|(?:splits|predictions|history|duplicates|refused|label_issues)\.csv"
    reader = re.compile(rf"(?:read_json|read_text|read_rows|read_columns|open)\([^)]*\"(?:{names})\"")
    found = [name_of(file) for file in FILES if reader.search(file.read_text(encoding="utf-8"))]
    assert [name for name in found if not name.startswith("runs/")] == []


def test_no_two_modules_and_no_two_classes_share_a_name():
    modules = [file.stem for file in FILES if not file.stem.startswith("__")]
    classes = [node.name for file in FILES for node in ast.walk(tree_of(file)) if isinstance(node, ast.ClassDef)]
    assert [name for names in (modules, classes) for name, count in Counter(names).items() if count > 1] == []


def test_a_class_is_named_by_a_noun():
    classes = {node.name for file in FILES for node in ast.walk(tree_of(file)) if isinstance(node, ast.ClassDef)}
    nouns = {"Need", "Listing", "Finding", "_FolderMeaning"}
    participle = re.compile(r"_?[A-Z][a-z]+(ed|ing)|_?(Built|Held|Seen|Known|Dealt|Told|Chosen|Cut)")
    assert {name for name in classes if participle.fullmatch(name)} <= nouns


def test_there_is_no_drawer_for_odds_and_ends():
    assert [name_of(file) for file in FILES if file.stem in ("utils", "helpers", "misc", "common")] == []


# Documentation


VERBS = [command.callback.__name__ for command in app.registered_commands if command.callback]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_explained_in_the_readme(verb):
    assert f"`{verb}`" in (REPOSITORY / "README.md").read_text(encoding="utf-8")


def test_every_verb_has_a_line_of_help():
    assert all(command.callback.__doc__ for command in app.registered_commands if command.callback)


def test_the_reference_of_the_command_line_is_up_to_date():
    written = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    spec = importlib.util.spec_from_file_location("write_cli_docs", REPOSITORY / "scripts" / "write_cli_docs.py")
    assert spec and spec.loader
    writer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(writer)
    assert written == writer.cli_docs(), "run: python scripts/write_cli_docs.py"


def test_the_readme_opens_with_commands_that_exist():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(scripts/\w+)", readme.split("##")[0], flags=re.MULTILINE)
    assert commands[:2] == ["scripts/demo", "scripts/test"]
    assert all(os.access(REPOSITORY / command, os.X_OK) for command in commands)


def test_every_verb_in_the_readme_is_a_verb():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^tellapart (\w+)", readme, flags=re.MULTILINE)) <= set(VERBS)


def test_an_archive_of_the_source_holds_what_its_own_tests_read():
    build = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    included = set(build["targets"]["sdist"]["include"])
    assert {name for name in included if not (REPOSITORY / name).exists()} == set()
    ours = {"src", "tests", "docs", "scripts", "benchmarks", *(path.name for path in REPOSITORY.glob("*.md"))}
    assert ours <= included


@pytest.mark.parametrize("page", sorted(path.name for path in (REPOSITORY / "docs").glob("*.md")))
def test_every_page_of_the_documentation_is_in_its_contents(page):
    assert f": {page}\n" in (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md"])
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (REPOSITORY / page).read_text(encoding="utf-8"))
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []


@pytest.mark.parametrize("folder", sorted({file.parent for file in FILES} - {PACKAGE}), ids=name_of)
def test_a_folder_carries_a_map_with_one_line_for_each_file(folder):
    told = ast.get_docstring(tree_of(folder / "__init__.py")) or ""
    listed = re.findall(r"^ *([a-z_0-9]+\.py|[a-z_0-9]+/)(?= +\S)", told, flags=re.MULTILINE)
    packages = [f"{path.parent.name}/" for path in folder.glob("*/__init__.py")]
    there = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert sorted(listed) == sorted([*packages, *there])


def test_packages_of_a_layer_do_not_import_each_other_unless_its_map_says_so():
    crossing = set()
    for file in FILES:
        layer, *inner = file.relative_to(PACKAGE).parts[:-1] or [""]
        for name in imports_of(tree_of(file)) if inner else ():
            parts = name.split(".")
            is_package = len(parts) > 3 and (PACKAGE / layer / parts[2] / "__init__.py").exists()
            if parts[:2] == ["tellapart", layer] and is_package and parts[2] != inner[0]:
                crossing.add((layer, inner[0], parts[2]))
    assert crossing == ALLOWED_CROSSINGS


def test_every_layer_is_on_the_map():
    page = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists())
    assert [name for name in folders if f"{name}/" not in page] == []


# Quick answers


def test_help_answers_at_once():
    resource = pytest.importorskip("resource")  # time of the processor: others may be at work on this machine

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "tellapart", "--help"], check=True, capture_output=True, env=environment()
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(5)) <= HELP_SECONDS


def test_the_import_loads_nothing_that_only_work_needs():
    code = "import sys, tellapart; print({'json', 'logging', 'numpy', 'typer', 'tempfile'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment())
    assert (said.stdout, said.stderr) == ("set()\n", "")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")])}
