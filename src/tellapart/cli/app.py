"""The command `tellapart`: one command per verb. Parse, call the verb, show its result.

Results go to standard output and everything else to standard error. Verbs, and with them every heavy library, are
imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from tellapart import __version__
from tellapart.cli import options as o
from tellapart.cli import seeing_commands
from tellapart.cli.failures import exit_code_of
from tellapart.cli.streams import make_streams_safe
from tellapart.errors import UsageError, clipped
from tellapart.settings import SourceSettings, TrainSettings

# \b keeps the lines that follow as they are.
INTRODUCTION = """A folder of photos becomes an image classifier you can trust.

\b
tellapart train photos/                       one sub-folder per class
tellapart predict photos.run/model.onnx new/  classify new photos
"""

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,  # plain help: half the lines, and what docs/cli.md shows
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `tellapart` and give its exit code; `arguments` are those of the process unless given."""
    make_streams_safe()
    atexit.register(gc.freeze)  # at the end Python would look through all of Keras for garbage: 0.7 s
    given = sys.argv[1:] if arguments is None else list(arguments)
    command = typer.main.get_command(app)

    def run() -> None:
        _require_content(given)
        # Not `app(given)`: it would answer Ctrl-C and a closed pipe itself, and on Windows expand patterns before a
        # verb sees them.
        with command.make_context("tellapart", given or ["--help"]) as context:
            command.invoke(context)

    return exit_code_of(run)


def _require_content(arguments: Sequence[str]) -> None:
    """Check that no argument is empty: a path of no characters would be taken for the current folder."""
    for number, argument in enumerate(arguments):
        if not argument.strip():
            before = f" (after {clipped(arguments[number - 1])})" if number else ""
            raise UsageError(
                f"The argument at position {number + 1}{before} is empty.",
                fix="Give a value; if it comes from a shell variable, check that the variable is set.",
            )


def _print_version(wanted: bool) -> bool:
    if wanted:
        print(f"tellapart {__version__}")
        raise typer.Exit
    return wanted


@app.callback(help=INTRODUCTION)
def _before_any_verb(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that belong to no verb."""


@app.command()
def check(
    photos: o.Photos,
    group_by: o.GroupBy = TrainSettings.group_by,
    exclude: o.Exclude = None,
    layout: o.Layout = TrainSettings.layout,
    follow_links: o.FollowLinks = False,
    root: o.Root = TrainSettings.root,
    no_cache: o.NoCache = False,
    strict: o.Strict = False,
    threads: o.Threads = TrainSettings.threads,
    max_megapixels: o.MaxMegapixels = TrainSettings.max_megapixels,
    as_json: o.Json = False,
) -> None:
    """Check PHOTOS for problems that would prevent or harm training."""
    from tellapart import verbs
    from tellapart.cli.summary import print_json, show_check
    from tellapart.cli.terminal import Terminal

    settings = TrainSettings(
        group_by=group_by,
        exclude=tuple(exclude or ()),
        layout=layout,
        follow_links=follow_links,
        root=root,
        cache=not no_cache,
        strict=strict,
        threads=threads,
        max_megapixels=max_megapixels,
    )
    result = verbs.check(photos, settings=settings, progress=Terminal())
    if as_json:
        print_json(result.to_dict())
    else:
        show_check(result, photos, settings)


@app.command()
def train(
    photos: o.Photos,
    out: o.RunOut = None,
    recipe: o.Recipe = TrainSettings.recipe,
    backbone: o.Backbone = TrainSettings.backbone,
    epochs: o.Epochs = TrainSettings.epochs,
    seconds: o.Time = TrainSettings.seconds,
    batch_size: o.BatchSize = TrainSettings.batch_size,
    learning_rate: o.LearningRate = TrainSettings.learning_rate,
    image_size: o.ImageSize = TrainSettings.image_size,
    width: o.Width = TrainSettings.width,
    grey: o.Grey = TrainSettings.grey,
    scale_pixels: o.ScalePixels = TrainSettings.scale_pixels,
    class_weight: o.ClassWeight = TrainSettings.class_weight,
    max_error: o.MaxError = TrainSettings.max_error,
    seed: o.Seed = TrainSettings.seed,
    test: o.Test = TrainSettings.test,
    validation: o.Validation = TrainSettings.validation,
    group_by: o.GroupBy = TrainSettings.group_by,
    splits: o.Splits = TrainSettings.splits,
    exclude: o.Exclude = None,
    layout: o.Layout = TrainSettings.layout,
    follow_links: o.FollowLinks = False,
    root: o.Root = TrainSettings.root,
    no_cache: o.NoCache = False,
    strict: o.Strict = False,
    threads: o.Threads = TrainSettings.threads,
    max_megapixels: o.MaxMegapixels = TrainSettings.max_megapixels,
    track: o.Track = TrainSettings.track,
    as_json: o.Json = False,
) -> None:
    """Train a classifier and evaluate it on held-out photos.

    Ctrl-C stops training and saves a checkpoint; the same command resumes it.
    """
    from tellapart import verbs
    from tellapart.cli.summary import print_json, show_run
    from tellapart.cli.terminal import Terminal

    settings = TrainSettings(
        recipe=recipe,
        backbone=backbone,
        epochs=epochs,
        seconds=seconds,
        batch_size=batch_size,
        learning_rate=learning_rate,
        image_size=image_size,
        width=width,
        grey=grey,
        scale_pixels=scale_pixels,
        class_weight=class_weight,
        max_error=max_error,
        seed=seed,
        test=test,
        validation=validation,
        group_by=group_by,
        splits=splits,
        exclude=tuple(exclude or ()),
        layout=layout,
        follow_links=follow_links,
        root=root,
        cache=not no_cache,
        strict=strict,
        threads=threads,
        max_megapixels=max_megapixels,
        track=track,
    )
    result = verbs.train(photos, settings=settings, out=out, progress=Terminal(), command=sys.argv)
    if as_json:
        print_json(result.to_dict())
    else:
        show_run(result)


@app.command()
def evaluate(
    model: o.Model,
    photos: o.Photos,
    exclude: o.Exclude = None,
    layout: o.Layout = SourceSettings.layout,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
    max_error: o.MaxErrorNow = None,
    as_json: o.Json = False,
) -> None:
    """Evaluate a model on any labelled photos."""
    from tellapart import verbs
    from tellapart.cli.summary import print_json, show_evaluation
    from tellapart.cli.terminal import Terminal

    source = SourceSettings(
        exclude=tuple(exclude or ()),
        layout=layout,
        follow_links=follow_links,
        root=root,
        max_megapixels=max_megapixels,
    )
    result = verbs.evaluate(model, photos, source=source, max_error=max_error, progress=Terminal())
    if as_json:
        print_json(result.to_dict())
    else:
        show_evaluation(result)


@app.command()
def compare(
    a: o.ModelA,
    b: o.ModelB,
    photos: o.Photos,
    out: o.ChangedOut = None,
    exclude: o.Exclude = None,
    layout: o.Layout = SourceSettings.layout,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Compare two models on the same photos; say if the data cannot separate them."""
    from tellapart import verbs
    from tellapart.cli.summary import print_json, show_comparison
    from tellapart.cli.terminal import Terminal
    from tellapart.wording import counted

    progress = Terminal()
    source = SourceSettings(
        exclude=tuple(exclude or ()),
        layout=layout,
        follow_links=follow_links,
        root=root,
        max_megapixels=max_megapixels,
    )
    result = verbs.compare(a, b, photos, source=source, out=out, force=force, progress=progress)
    if out is not None:
        progress.note(f"{counted(len(result.changed), 'changed photo')} written to {out}")
    if as_json:
        print_json(result.to_dict())
    else:
        show_comparison(result)


@app.command()
def predict(
    model: o.Model,
    photos: o.Inputs,
    out: o.TableOut = None,
    force: o.Force = False,
    exclude: o.Exclude = None,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
    max_error: o.MaxErrorNow = None,
    as_json: o.Json = False,
) -> None:
    """Classify photos, in the order given."""
    from tellapart import verbs
    from tellapart.cli.summary import show_predictions
    from tellapart.cli.terminal import Terminal, output_is_a_file
    from tellapart.engine.predictions import write_predictions
    from tellapart.progress import Silent
    from tellapart.wording import counted

    # On a screen or in a pipe the answers themselves show how far it is, and a bar would be drawn across them.
    progress = Terminal() if out is not None or output_is_a_file() else Silent()
    source = o.input_source(exclude, follow_links, root, max_megapixels)
    predictions = verbs.predict(
        model, photos, source=source, max_error=max_error, out=out, force=force, progress=progress
    )
    for warning in predictions.warnings:
        Terminal().note(warning)
    if out is None and not as_json and sys.stdout.isatty():
        show_predictions(predictions)
        return
    count = write_predictions(predictions, predictions.class_names, out, json_lines=as_json)
    if out is not None:
        progress.note(f"{counted(count, 'prediction')} written to {out}")


@app.command()
def diagnose(
    run: o.Run,
    photos: o.PhotosNow = None,
    seconds: o.DiagnosisTime = None,
    apply: o.Apply = None,
    out: o.LabelsOut = None,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Diagnose overfitting and other causes of errors by experiments, and say what would help.

    Writes diagnosis.json and label_issues.csv into the run folder and updates report.html.
    """
    from tellapart import verbs
    from tellapart.cli.diagnosis_summary import show_diagnosis, show_relabelled
    from tellapart.cli.summary import print_json
    from tellapart.cli.terminal import Terminal

    if apply is not None:
        show_relabelled(verbs.relabel(apply, run, photos=photos, out=out, force=force))
        return
    diagnosis = verbs.diagnose(run, photos=photos, seconds=seconds, progress=Terminal())
    if as_json:
        print_json(diagnosis.to_dict())
    else:
        show_diagnosis(diagnosis, run)


@app.command()
def export(
    model: o.ModelOrRun,
    to: o.ExportFormat = "keras",
    out: o.ExportOut = None,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Write a model for another program: a Keras model that can be trained further.

    Needs TensorFlow: pip install 'tellapart[tensorflow]'.
    """
    from tellapart import verbs
    from tellapart.cli.summary import print_json
    from tellapart.cli.terminal import Terminal, plain_console

    result = verbs.export(model, to=to, out=out, force=force, progress=Terminal())
    if as_json:
        print_json(result.to_dict())
    else:
        plain_console().print(f"The Keras model is in {result.out}", soft_wrap=True, markup=False)


for verb in (seeing_commands.explain, seeing_commands.look, seeing_commands.quiz):
    app.command()(verb)


@app.command()
def demo(folder: o.DemoPhotos = None, out: o.RunOut = None, as_json: o.Json = False) -> None:
    """Train on real photos of solar cells, or on your own photos."""
    from tellapart.cli.demo import run_demo
    from tellapart.cli.terminal import Terminal

    run_demo(folder, out, Terminal(), as_json=as_json)
