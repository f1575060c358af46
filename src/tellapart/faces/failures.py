"""How a run ends: an exit code, and where something went wrong, two lines that say what and how to put it right.

A user never sees a traceback for something they can change. A traceback is a bug of ours, and says so.

Reads exceptions; writes to standard error; never imports a verb.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable

import typer

from tellapart.errors import Interrupted, ResourceError, TellapartError, UsageError
from tellapart.report.wording import readable

# The system's words for "there is no room" and "you may not write here".
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS)


def exit_code_of(work: Callable[[], None]) -> int:
    """Do the work, tell the user how it failed if it did, and give the exit code.

    0 is done and 1 a bug of ours; the others are those of `errors.py`.
    """
    try:
        work()
        sys.stdout.flush()  # here, so that a reader who has gone is met inside this block
    except typer.Exit as finished:
        return finished.exit_code
    except BrokenPipeError:
        # Whoever read the output has had enough of it (`| head`): no failure, and nothing more may be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (Exception, KeyboardInterrupt) as error:
        return _report(error)
    return 0


def _report(error: BaseException) -> int:
    known = as_user_error(error)
    if known is None:
        traceback.print_exception(error)
        print("This is a bug in tellapart. Please report it with the lines above.", file=sys.stderr)
        return 1
    # A problem often names a file, and the name of a file must neither steer the terminal nor add lines.
    print(f"Error: {readable(known.problem)}\n  fix: {readable(known.fix)}", file=sys.stderr)
    return known.exit_code


def as_user_error(error: BaseException) -> TellapartError | None:
    """The same failure in words that a user can act on; None where only we can put it right."""
    match error:
        case TellapartError():
            return error
        case typer.TyperException():
            return _wrong_use(error)
        case KeyboardInterrupt():
            return Interrupted("Stopped.", fix="Run it again; what was already computed is not done twice.")
        case MemoryError():
            return ResourceError("The memory of this machine is full.", fix="Close other programs, then run it again.")
        case OSError() if error.errno in NO_ROOM:
            return ResourceError(f"The disk is full{_where(error)}.", fix="Free some space, then run it again.")
        case OSError() if error.errno in NO_ACCESS:
            return ResourceError(
                f"Access was denied{_where(error)}.", fix="Change its permissions, or use another place."
            )
    return None


def _wrong_use(error: typer.TyperException) -> TellapartError:
    for detail in getattr(error.__cause__, "errors", list)():  # Typer wraps a parser's error, which has its own fix
        if isinstance(ours := detail.get("ctx", {}).get("error"), TellapartError):
            return ours
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "tellapart"
    problem = " ".join(error.format_message().replace("Value error, ", "").split())
    return UsageError(problem if problem.endswith((".", "?", ")")) else f"{problem}.", fix=f"See '{command} --help'.")


def _where(error: OSError) -> str:
    return f": {error.filename}" if error.filename else ""
