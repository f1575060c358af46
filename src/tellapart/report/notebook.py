"""How a classifier and its results show themselves in a notebook: a small page, and figures on request.

The page is escaped text in plain HTML, without styles or scripts of its own, so that every notebook shows it. Figures
load matplotlib only when they are asked for.

Reads results and, for curves, the run folder; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tellapart.errors import UsageError
from tellapart.model.manifest import Manifest
from tellapart.runs.folder import RunFolder
from tellapart.wording import count, estimate, readable, verdict

if TYPE_CHECKING:
    from tellapart.report.displays import Display

_MOST_CLASSES = 12  # rows of the table
_SHOWN_CLASSES = 8  # names in a title
_TRAIN = "ImageClassifier().fit(PHOTOS) trains one."


@dataclass(frozen=True, kw_only=True)
class NotebookView:
    """What can be shown of a classifier or a result; what is not known is empty."""

    title: str
    class_names: Sequence[str] = ()
    part: Mapping[str, Any] | None = None  # of metrics.json
    headline: Mapping[str, Any] | None = None  # of metrics.json
    folder: Path | None = None  # of the run
    notes: Sequence[str] = ()


class NotebookDisplays:
    """What a classifier and its results have in common: they show themselves, and draw figures."""

    def _viewed(self) -> NotebookView:
        """What there is to show."""
        raise NotImplementedError

    def plot_confusion(self) -> Display:
        """The confusion matrix: what was taken for what.

        Raises:
            UsageError: nothing was graded.
        """
        from tellapart.report.displays import confusion_display

        viewed = self._viewed()
        if not viewed.part:
            raise UsageError("There are no figures to draw: nothing has been evaluated yet.", fix=_TRAIN)
        return confusion_display(viewed.part, viewed.class_names)

    def plot_history(self) -> Display:
        """Accuracy after each epoch, with the epoch that was kept.

        Raises:
            UsageError: the run has no epochs, or its folder is gone.
        """
        from tellapart.report.displays import history_display

        return history_display(_history(self._viewed().folder))

    def plot_learning_curve(self) -> Display:
        """Accuracy over the number of training photos, with a forecast for more.

        Raises:
            UsageError: the run was not diagnosed, or nothing can be said.
        """
        from tellapart.report.displays import learning_curve_display

        return learning_curve_display(_forecast(self._viewed().folder))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return _html(self._viewed())


def viewed_model(manifest: Manifest, folder: Path) -> NotebookView:
    """What can be shown of a model file, which may lie in its run folder."""
    names = ", ".join(manifest.class_names[:_SHOWN_CLASSES])
    return NotebookView(
        title=f"Classes: {names}{', …' * (len(manifest.class_names) > _SHOWN_CLASSES)}; recipe {manifest.recipe}",
        class_names=manifest.class_names,
        part=manifest.metrics.get("test"),
        headline=manifest.metrics.get("headline"),
        folder=folder if (folder / "run.json").is_file() else None,
    )


def _history(folder: Path | None) -> list[dict[str, str]]:
    rows = RunFolder(_known(folder)).history()
    if not rows:
        raise UsageError(
            f"There is no training history in {folder}: 'quick' has no epochs.",
            fix="Train with the recipe 'best', 'scratch' or 'classic' to get a training history.",
        )
    return list(rows)


def _forecast(folder: Path | None) -> dict[str, Any]:
    diagnosis = RunFolder(_known(folder)).diagnosis()
    if not diagnosis:
        raise UsageError(
            f"The run in {folder} has not been diagnosed, so there is no learning curve.",
            fix=f"Run: tellapart diagnose {folder}",
        )
    if not diagnosis.get("forecast"):
        raise UsageError(
            "The diagnosis could not measure a learning curve.", fix=f"Give it more time: tellapart diagnose {folder}"
        )
    return diagnosis["forecast"]


def _known(folder: Path | None) -> Path:
    if folder is None:
        raise UsageError("The run folder is unknown.", fix="Load the model.onnx inside its run folder.")
    return folder


def _html(viewed: NotebookView) -> str:
    from markupsafe import Markup

    lines = [Markup("<p><strong>{}</strong></p>").format(readable(viewed.title))]
    if viewed.part:
        lines.append(Markup("<p>{}</p>").format(verdict({"headline": viewed.headline})))
        lines.append(_class_table(viewed.part))
    if viewed.notes:
        notes = Markup("").join(Markup("<li>{}</li>").format(readable(note)) for note in viewed.notes)
        lines.append(Markup("<ul>{}</ul>").format(notes))
    if viewed.folder is not None:
        lines.append(Markup("<p>Results are in <code>{}</code></p>").format(readable(str(viewed.folder))))
    return str(Markup("\n").join(lines))


def _class_table(part: Mapping[str, Any]) -> Any:
    """Classes, the hardest first, with their recall."""
    from markupsafe import Markup

    def recall(item: tuple[str, Mapping[str, Any]]) -> float:
        value = item[1]["recall"]["value"]
        return 2.0 if value is None else value

    hardest = sorted(part["per_class"].items(), key=recall)
    row = Markup("<tr><td>{}</td><td>{}</td><td>{}</td></tr>")
    rows = [
        row.format(readable(name), count(one["n"]), estimate(one["recall"])) for name, one in hardest[:_MOST_CLASSES]
    ]
    head = Markup("<tr><th>class</th><th>photos</th><th>recall</th></tr>")
    more = len(hardest) - _MOST_CLASSES
    tail = Markup("<p>and {} more classes</p>").format(more) if more > 0 else Markup("")
    return Markup("<table><thead>{}</thead><tbody>{}</tbody></table>{}").format(head, Markup("").join(rows), tail)
