"""Import matplotlib, and draw with it the same on every machine. Every module takes it from here.

Its fonts are looked for once and remembered in the cache of tellapart. Styles that a user made for other figures, such
as text set by LaTeX, are left alone and do not apply here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

from tellapart.libraries import importing

with importing("matplotlib"):
    import matplotlib
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

# Of Okabe and Ito (2008), told apart by colour-blind eyes; the page swaps them for its own in dark mode.
INK, MUTED, GRID = "#1b1f24", "#59636e", "#d5dae0"
BLUE, ORANGE = "#0072b2", "#d55e00"
# What is about windows and the rest of the program, not about how a figure looks.
_NO_LOOKS = ("backend", "date", "docstring", "interactive", "keymap", "timezone", "tk", "toolbar", "webagg")


@contextmanager
def styled(style: Mapping[str, Any]) -> Iterator[None]:
    """Draw in matplotlib's own style with some changes, and leave all settings as they were; also as a decorator."""
    plain = {name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith(_NO_LOOKS)}
    with matplotlib.rc_context(cast(Any, {**plain, **style})):
        yield


__all__ = [
    "BLUE",
    "GRID",
    "INK",
    "MUTED",
    "ORANGE",
    "Axes",
    "Axis",
    "Figure",
    "FixedLocator",
    "LinearSegmentedColormap",
    "MaxNLocator",
    "Normalize",
    "NullLocator",
    "ScalarMappable",
    "styled",
    "to_rgb",
]
