"""A matplotlib figure as SVG that belongs in the page.

matplotlib writes a document of its own: styles in attributes (which a strict content security policy forbids), ids
that repeat from figure to figure, fixed colours. Here they become presentation attributes, ids with the chart's name in
front, and classes that follow the light and dark colours of the page. Text stays text, to be read aloud and found.
"""

from __future__ import annotations

import re
import warnings
from io import StringIO
from xml.etree import ElementTree

from markupsafe import Markup

from tellapart import wording
from tellapart.drawing import Figure, styled
from tellapart.report import figures

_THEME = {  # colour that a figure is drawn with -> its name in style.css
    figures.INK: "ink",
    figures.MUTED: "muted",
    figures.GRID: "grid",
    figures.BLUE: "first",
    figures.ORANGE: "second",
}
_REFERENCE = re.compile(r"#([\w-]+)")


def figure_svg(figure: Figure, *, name: str, description: str) -> Markup:
    """The figure as an `<svg>` element for an HTML page.

    Args:
        figure: drawn by `figures`.
        name: unique in the page; put before every id.
        description: what a person who cannot see the chart should know.
    """
    written = StringIO()
    with warnings.catch_warnings(), styled({"svg.fonttype": "none", "svg.hashsalt": name}):
        # matplotlib's font may lack a letter of a class name; the browser's fonts have it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(written.getvalue())
    _remove(root, "metadata", "style")
    referenced = {match for element in root.iter() for value in element.attrib.values() for match in _references(value)}
    for element in root.iter():
        _adopt(element, name, referenced)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "class": "chart",
        "role": "img",
        "aria-label": wording.readable(description),
        "stroke-linejoin": "round",
    }
    return Markup(ElementTree.tostring(root, encoding="unicode"))  # noqa: S704 (ElementTree has escaped all text)


def _adopt(element: ElementTree.Element, name: str, referenced: set[str]) -> None:
    """Rewrite one element in place: no namespace, no style attribute, themed colours, unique ids."""
    element.tag = element.tag.rpartition("}")[2]
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    attributes |= _presentation(attributes.pop("style", ""))
    identity = attributes.pop("id", None)
    if identity in referenced:
        attributes["id"] = f"{name}-{identity}"
    for key in ("href", "clip-path"):
        if key in attributes:
            attributes[key] = _REFERENCE.sub(rf"#{name}-\1", attributes[key])
    classes = []
    for kind in ("fill", "stroke"):
        themed = _THEME.get(attributes.get(kind, "").lower())
        if themed:
            del attributes[kind]
            classes.append(f"{kind}-{themed}")
    if element.tag == "text" and not {"fill-ink", "fill-muted"} & set(classes):
        classes.append("fill-ink")  # matplotlib leaves out a fill that it takes for the default
    if classes:
        attributes["class"] = " ".join(classes)
    element.attrib = attributes


def _presentation(style: str) -> dict[str, str]:
    """Declarations of a style attribute as attributes; of `font`, only the size, because the page chooses the family.

    >>> _presentation("font: 9px 'DejaVu Sans', sans-serif; text-anchor: middle")
    {'font-size': '9px', 'text-anchor': 'middle'}
    """
    attributes = {}
    for declaration in filter(str.strip, style.split(";")):
        key, _, value = (text.strip() for text in declaration.partition(":"))
        if key == "font":
            size = re.search(r"[\d.]+px", value)
            key, value = "font-size", size.group() if size else "9px"
        attributes[key] = value
    return attributes


def _references(value: str) -> list[str]:
    return _REFERENCE.findall(value) if value.startswith(("#", "url(#")) else []


def _remove(root: ElementTree.Element, *tags: str) -> None:
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.rpartition("}")[2] in tags]:
            parent.remove(child)
