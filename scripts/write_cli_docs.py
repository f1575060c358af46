"""Write docs/cli.md from the command line itself, so that the two can never disagree.

Run:  python scripts/write_cli_docs.py
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from pathlib import Path

from typer.models import ArgumentInfo, OptionInfo

from tellapart.cli.app import app

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"

HEAD = """# Command line

Written by `scripts/write_cli_docs.py`; a test fails when it is out of date.

Progress goes to standard error and results to standard output. `--json` prints results for other programs.
`NO_COLOR=1` turns colours off; piped output has none. `TELLAPART_CACHE` names the folder for what can be made again.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a bug of tellapart: please report it |
| 2 | wrong use: an option, argument or setting |
| 3 | the photos cannot be used as they are |
| 4 | the model file is refused |
| 5 | out of disk or memory, or a place that cannot be written |
| 130 | stopped with Ctrl-C |
| 143 | stopped by SIGTERM, as services and schedulers send it (129: by a hang-up) |
"""


def cli_docs() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_verb(command.callback) for command in app.registered_commands if command.callback)])


def _verb(callback: Callable[..., None]) -> str:
    name = callback.__name__
    hints = typing.get_type_hints(callback, include_extras=True)
    parameters = [
        (key, info, inspect.signature(callback).parameters[key].default)
        for key, hint in hints.items()
        for info in getattr(hint, "__metadata__", ())
    ]
    arguments = [(info, default) for _, info, default in parameters if isinstance(info, ArgumentInfo)]
    options = [(key, info, default) for key, info, default in parameters if isinstance(info, OptionInfo)]
    usage = " ".join(["tellapart", name, *(_argument_usage(info, default) for info, default in arguments), "[OPTIONS]"])
    rows = [f"| `{info.metavar}` | {_cell(info.help)} | |" for info, _ in arguments]
    rows += [
        f"| `{_flags(key, info)}` | {_cell(info.help)} | {_default(info, value)} |" for key, info, value in options
    ]
    table = "\n".join(["| | | default |", "|---|---|---|", *rows])
    return f"## {name}\n\n{inspect.getdoc(callback)}\n\n```text\n{usage}\n```\n\n{table}\n"


def _argument_usage(info: ArgumentInfo, default: object) -> str:
    return f"{info.metavar}" if default is inspect.Parameter.empty else f"[{info.metavar}]"


def _flags(key: str, info: OptionInfo) -> str:
    # Inside Annotated, Typer takes the first name for a default.
    given = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    flags = ", ".join(given) or f"--{key.replace('_', '-')}"
    return _cell(f"{flags} {info.metavar or ''}".strip())


def _default(info: OptionInfo, default: object) -> str:
    if isinstance(info.show_default, str):
        return info.show_default
    if default is None or default is False:
        return ""
    return f"{default:g}" if isinstance(default, float) else f"{default}"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(cli_docs(), encoding="utf-8", newline="\n")
