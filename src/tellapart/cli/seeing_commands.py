"""Verbs for people who would rather look than read: where a classifier looked, what it sees, and how it guesses.

They are commands of `tellapart` like those in `cli.py`, which registers them.
"""

from __future__ import annotations

from tellapart.cli import options as o
from tellapart.errors import UsageError
from tellapart.settings import SourceSettings


def explain(
    model: o.Model,
    photos: o.Inputs,
    out: o.PicturesOut = None,
    force: o.Force = False,
    exclude: o.Exclude = None,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
    as_json: o.Json = False,
) -> None:
    """Show which regions of each photo drive the prediction (attribution maps).

    A map shows what the classifier used, not whether it should have.
    """
    from tellapart import verbs
    from tellapart.cli.seeing_summary import show_explanations
    from tellapart.cli.terminal import Terminal, output_is_a_file
    from tellapart.progress import Silent

    progress = Terminal() if out is not None or output_is_a_file() else Silent()
    source = o.input_source(exclude, follow_links, root, max_megapixels)
    result = verbs.explain(model, photos, source=source, out=out, force=force, progress=progress)
    for warning in result.warnings:
        Terminal().note(warning)
    show_explanations(result, as_json=as_json)


def look(
    photos: o.ModelAndInputs,
    recipe: o.LookRecipe = None,
    out: o.PicturesOut = None,
    force: o.Force = False,
    exclude: o.Exclude = None,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
    as_json: o.Json = False,
) -> None:
    """Show photos next to the network input made from them."""
    from pathlib import Path

    from tellapart import verbs
    from tellapart.cli.seeing_summary import show_sights
    from tellapart.cli.terminal import Terminal

    source = o.input_source(exclude, follow_links, root, max_megapixels)
    if recipe is not None:
        found = verbs.look(photos, recipe=recipe, source=source, out=out, force=force, progress=Terminal())
    elif len(photos) < 2:
        raise UsageError(
            "A model file or a recipe is missing; it determines the network input.",
            fix=f"Use tellapart look MODEL {photos[0]}, or tellapart look --recipe quick {photos[0]}",
        )
    else:
        model = Path(photos[0])
        found = verbs.look(photos[1:], model=model, source=source, out=out, force=force, progress=Terminal())
    show_sights(found, out, as_json=as_json)


def quiz(
    model: o.Model,
    photos: o.Photos,
    seed: o.QuizSeed = None,
    count: o.QuizCount = None,
    exclude: o.Exclude = None,
    layout: o.Layout = SourceSettings.layout,
    follow_links: o.FollowLinks = False,
    root: o.Root = SourceSettings.root,
    max_megapixels: o.PhotoMegapixels = SourceSettings.max_megapixels,
) -> None:
    """Show random photos with the classifier's guess and the true label.

    Training photos are left out. Press Enter for the next one, q and Enter to end.
    """
    from tellapart import verbs
    from tellapart.cli.seeing_summary import ask
    from tellapart.cli.terminal import Terminal

    source = SourceSettings(
        exclude=tuple(exclude or ()),
        layout=layout,
        follow_links=follow_links,
        root=root,
        max_megapixels=max_megapixels,
    )
    ask(verbs.quiz(model, photos, seed=seed, source=source, progress=Terminal()), count)
