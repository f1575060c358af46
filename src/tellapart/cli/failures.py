"""How a run ends: an exit code, and where something went wrong, two lines that say what and how to put it right.

A user never sees a traceback for something they can change. A traceback is a bug of ours, and says so.

What the system refuses (a name that is too long, a broken disk, too many open files) is the user's to put right as
well. Whatever a message quotes, it stays short enough to be read.

Reads exceptions; writes to standard error; never imports a verb.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

import typer

from tellapart import signals
from tellapart.atomic import NO_ROOM
from tellapart.errors import Interruption, ResourceError, TellapartError, UsageError
from tellapart.wording import readable

# The system's words for "you may not write here".
NO_ACCESS = (errno.EACCES, errno.EPERM, errno.EROFS)
_OTHER_REFUSALS = {  # errno -> what to do about it
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ELOOP: "Repair the link, which leads to itself.",
    errno.ENOTDIR: "Correct the path: one of its folders is a file.",
    errno.EISDIR: "Name a file in that folder.",
    errno.EIO: "Check the disk or its cable, then run it again.",
    errno.EMFILE: "Allow more open files, for example with: ulimit -n 4096",
    errno.ENFILE: "Close other programs, then run it again.",
    errno.EAGAIN: "Close other programs, then run it again.",
    errno.ETIMEDOUT: "Check the connection to the disk, then run it again.",
    **({errno.ESTALE: "Check the connection to the disk, then run it again."} if hasattr(errno, "ESTALE") else {}),
    errno.EINVAL: "Choose another name or place: the system does not take this one.",
    errno.EILSEQ: "Choose another name: the system does not take these characters.",
}
_NO_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "can't start new thread", "oom when allocating")
MOST_BYTES = 1600  # of each line: a person reads no more, and a log keeps it whole


def exit_code_of(work: Callable[[], None]) -> int:
    """Do the work, tell the user how it failed if it did, and give the exit code.

    0 is done and 1 a bug of ours; the others are those of `errors.py`, or of the signal that ended the work.
    """
    with signals.stoppable():
        try:
            code = _code_of(work)
        except KeyboardInterrupt:  # a second one, while the first was told
            code = Interruption.exit_code
        ended_by = signals.last()
    # Who sends another signal than Ctrl-C is a program, and must learn that the work ended because of it.
    return code if ended_by in (None, signals.signal.SIGINT) else signals.exit_code(ended_by)


def _code_of(work: Callable[[], None]) -> int:
    try:
        work()
        sys.stdout.flush()  # here, so that a reader who has gone is met inside this block
    except typer.Exit as finished:
        return finished.exit_code
    except BrokenPipeError:
        # Whoever read the output has had enough of it (`| head`): no failure, and nothing more may be written.
        _give_up_output()
    except (Exception, KeyboardInterrupt) as error:
        return _report(error)
    return 0


def _give_up_output() -> None:
    """Send what is still in the buffer nowhere, or Python would fail on it once more at its end."""
    with suppress(OSError, ValueError):  # a stand-in has no descriptor
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(error: BaseException) -> int:
    known = as_user_error(error)
    if known is None:
        traceback.print_exception(error)
        print("This is a bug in tellapart. Please report it with the lines above.", file=sys.stderr)
        return 1
    # A problem often names a file, and the name of a file must neither steer the terminal nor add lines.
    problem, fix = (shortened(readable(text), MOST_BYTES) for text in (known.problem, known.fix))
    print(f"Error: {problem}\n  fix: {fix}", file=sys.stderr)
    if isinstance(error, OSError) and error.filename is None:  # standard output itself may be what is full
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            _give_up_output()
    return known.exit_code


def shortened(text: str, most_bytes: int) -> str:
    """The text, its middle left out where it is long.

    >>> shortened("a" * 100, 20)
    'aaaaaaaa … aaaaaaaa'
    """
    if len(text.encode("utf-8", "replace")) <= most_bytes:
        return text
    half = (most_bytes - 4) // 2
    content = text.encode("utf-8", "replace")
    return f"{content[:half].decode('utf-8', 'ignore')} … {content[-half:].decode('utf-8', 'ignore')}"


def as_user_error(error: BaseException) -> TellapartError | None:
    """The same failure in words that a user can act on; None where only we can put it right."""
    match error:
        case TellapartError():
            return error
        case typer.TyperException():
            return _wrong_use(error)
        case _ if isinstance(error, KeyboardInterrupt) or signals.last() is not None:
            return Interruption("Stopped.", fix="Run the same command again.")
        case MemoryError():
            return _no_memory()
        case OSError() if error.errno in NO_ROOM:
            return ResourceError(f"The disk is full{_where(error)}.", fix="Free some space, then run it again.")
        case OSError() if error.errno in NO_ACCESS:
            return ResourceError(
                f"Access was denied{_where(error)}.", fix="Change its permissions, or use another place."
            )
        case OSError() if error.errno == errno.ENOMEM:
            return _no_memory()
        case OSError() if error.errno in _OTHER_REFUSALS:
            reason = error.strerror or os.strerror(error.errno)
            return ResourceError(f"{reason}{_where(error)}.", fix=_OTHER_REFUSALS[error.errno])
        case Exception() if any(sign in str(error).lower() for sign in _NO_MEMORY):  # of the engine or of TensorFlow
            return _no_memory()
    return None


def _no_memory() -> ResourceError:
    return ResourceError("The memory of this machine is full.", fix="Close other programs, then run it again.")


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
