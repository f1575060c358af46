"""`python -m tellapart` is the same as `tellapart`."""

import sys

from tellapart.faces.cli import main

if __name__ == "__main__":
    sys.exit(main())
