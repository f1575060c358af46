"""Verbs for people who would rather look than read: where a classifier looked, what it sees, and how it guesses.

They are commands of `tellapart` like those in `cli.py`, which registers them.
"""

from __future__ import annotations

from tellapart.errors import UsageError
from tellapart.faces import options as o


def explain(
    model: o.Model, photos: o.Inputs, out: o.PicturesOut = None, force: o.Force = False, as_json: o.Json = False
) -> None:
    """Show where on each photo a classifier looked, and why.

    A map shows what was used, not whether that was right to use.
    """
    from tellapart import verbs
    from tellapart.faces.sights import show_explanations
    from tellapart.faces.terminal import Terminal, output_is_a_file
    from tellapart.progress import Silent

    progress = Terminal() if out is not None or output_is_a_file() else Silent()
    show_explanations(verbs.explain(model, photos, out, progress, force=force), as_json=as_json)


def look(
    photos: o.ModelAndInputs,
    recipe: o.LookRecipe = None,
    out: o.PicturesOut = None,
    force: o.Force = False,
    as_json: o.Json = False,
) -> None:
    """Show photos beside what a network sees of them."""
    from pathlib import Path

    from tellapart import verbs
    from tellapart.faces.sights import show_sights

    if recipe is not None:
        found = verbs.look(photos, recipe=recipe, out=out, force=force)
    elif len(photos) < 2:
        raise UsageError(
            "A model file or a recipe is missing: it says how photos are seen.",
            fix=f"Give tellapart look MODEL {photos[0]}, or tellapart look --recipe quick {photos[0]}",
        )
    else:
        found = verbs.look(photos[1:], model=Path(photos[0]), out=out, force=force)
    show_sights(found, out, as_json=as_json)


def quiz(model: o.Model, photos: o.Photos, seed: o.QuizSeed = None, count: o.QuizCount = None) -> None:
    """Show photos by chance, with the classifier's guess and the truth.

    Photos that it was trained on are left out. Press Enter for the next one, q and Enter to end.
    """
    from tellapart import verbs
    from tellapart.faces.sights import ask

    ask(verbs.quiz(model, photos, seed), count)
