"""At what scale to train again, so that a dozen trainings fit into the time of one.

A run that took a quarter of an hour cannot be repeated a dozen times in ten minutes. So the experiments are smaller:
first with fewer photos, as few as the time demands, on squares of three eighths of the side; where all photos fit, or
larger squares take hardly longer, on those. The number of epochs stays that of the run, for that is what memorising
depends on. With more time the experiments come nearer to the run, and in the end are the run.

A run of few epochs would be left with a handful of steps, in which no network learns anything. There, photos stay as
many as learning takes, and fewer experiments are made.

Everything here is a function of plain numbers; nothing is read, written or trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SHARES_OF_SIDE = (1.0, 3 / 4, 1 / 2, 3 / 8)
_LEAST_SIDE_PX = 32
_LEAST_PHOTOS = 64  # fewer teach nothing
_HELD_OUT = (400, 2000)  # fewest and most photos to judge on: with 2,000, 20% that differ are known to a point
_JUDGED_PER_TRAINED = 1.5  # so that judging, some forty times in all, takes a tenth of the time and not most of it
_LEAST_HELD_OUT = 1000
_SPARED = 0.25  # of the training photos may be held out for judging, where there are few validation photos
_WORTH_A_SIDE = 0.8  # of the photos that small squares leave time for are enough, where they are seen larger
# Photos gone through in a training. `scratch` learnt nothing in 1,300, what there is to learn in 3 epochs of 3,000.
_LEAST_PASSES = 10_000
_LEAST_TRAININGS = 6.0  # for which there must be time all the same: two or three changes, each of them twice


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How large a training is."""

    side_px: int  # of the squares, at the end of training
    num_photos: int
    num_more: int = 0  # further photos, which are added once to see what more photos bring
    num_held_out: int  # photos that are judged
    epochs: int

    def words(self) -> str:
        """As it is told to people.

        >>> Scale(side_px=56, num_photos=2000, num_held_out=2000, epochs=15).words()
        'at 56 px, with 2,000 photos and 15 epochs'
        """
        return f"at {self.side_px} px, with {self.num_photos:,} photos and {self.epochs} epochs"


def sides_of(side_px: int, stride: int = 1) -> tuple[int, ...]:
    """The sides that experiments may have, largest first.

    Args:
        side_px: side in pixels of the run.
        stride: a side must be a multiple of it.

    >>> sides_of(150), sides_of(128, 32)
    ((150, 112, 75, 56), (128, 96, 64, 32))
    """
    sides = {max(_LEAST_SIDE_PX, int(side_px * share) // stride * stride) for share in _SHARES_OF_SIDE}
    return tuple(sorted((side for side in sides if side <= side_px), reverse=True)) or (side_px,)


def speeds_at(sides: Sequence[int], measured: Mapping[int, float]) -> dict[int, float]:
    """Photos a second at each side, from those at the one or two sides that were measured.

    A step costs something whatever its photos are, most in a narrow network, and more by the square of the side.

    >>> speeds_at((64, 32), {32: 1000.0}), speeds_at((128, 64, 32), {32: 1000.0, 64: 1000.0})[128]
    ({64: 250.0, 32: 1000.0}, 1000.0)
    """
    small, large = min(measured), max(measured)
    per_pixel = 1 / (measured[small] * small**2)  # seconds
    if large > small:
        per_pixel = max(1 / measured[large] - 1 / measured[small], 0.0) / (large**2 - small**2)
    fixed = max(1 / measured[small] - per_pixel * small**2, 0.0)  # seconds a photo
    return {side: 1 / (fixed + per_pixel * side**2) for side in sides}


def choose_scale(run: Scale, seconds: float, photos_per_second: Mapping[int, float], num_trainings: float) -> Scale:
    """The scale nearest to the run's at which the experiments fit into the time.

    Args:
        run: the run that is asked about; its held-out photos are those of validation.
        seconds: for all experiments.
        photos_per_second: in training, for every side that may be used.
        num_trainings: how many times all photos of the experiments are gone through for all epochs, in all. Fewer,
            where each would teach nothing.

    >>> run = Scale(side_px=150, num_photos=7200, num_held_out=800, epochs=15)
    >>> choose_scale(run, 600.0, {150: 100.0, 75: 400.0}, 12.0).num_photos
    1333
    """
    spared = min(max(_LEAST_HELD_OUT - run.num_held_out, 0), int(_SPARED * run.num_photos))
    most = run.num_photos - spared  # photos to train on
    once = {side: seconds * speed / run.epochs for side, speed in photos_per_second.items()}  # photos in one training
    planned = {side: num_photos / num_trainings for side, num_photos in once.items()}
    wanted = min(_WORTH_A_SIDE * max(planned.values()), most)
    chosen = max(side for side, num_photos in planned.items() if num_photos >= wanted)
    least = max(_LEAST_PHOTOS, min(_LEAST_PASSES / run.epochs, once[chosen] / _LEAST_TRAININGS))
    num_photos = int(min(max(planned[chosen], least), most))
    num_more = min(num_photos, most - num_photos)
    if num_more < num_photos / 2:  # too few for a difference that is seen; they judge
        num_more = 0
    judged = int(min(max(_JUDGED_PER_TRAINED * num_photos, _HELD_OUT[0]), _HELD_OUT[1]))
    there = run.num_held_out + run.num_photos - num_photos - num_more
    return Scale(
        side_px=chosen,
        num_photos=num_photos,
        num_more=num_more,
        num_held_out=min(judged, there),
        epochs=run.epochs,
    )
