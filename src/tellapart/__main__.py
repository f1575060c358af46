"""The process `tellapart`, or `python -m tellapart`: signals first, then the command line.

Loading the command line takes a fifth of a second, in which Ctrl-C would end in a traceback.
"""

from __future__ import annotations

import sys

from tellapart import signals


def main() -> int:
    """Run the command line and give its exit code."""
    signals.end_at_once()
    from tellapart.cli.app import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
