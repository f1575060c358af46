"""Learning curves of heads: nested subsets, and judges that have not seen what they judge."""

import numpy as np
from support.synthetic import draw_photos

from tellapart.diagnosis.heads.head_curve import best_of, folds_of, measure
from tellapart.diagnosis.statistics.subsets import nested_ranks
from tellapart.settings import HeadSettings
from tellapart.training.head import try_l2_penalties


def test_a_subset_has_its_share_of_every_class(rng):
    labels = np.repeat([0, 1, 2], [400, 80, 40])
    ranks = nested_ranks(labels, np.arange(520), seed=1)
    for share in (1 / 8, 1 / 4, 1 / 2):
        assert np.bincount(labels[ranks < share]).tolist() == [400 * share, 80 * share, 40 * share]


def test_a_subset_keeps_groups_whole(rng):
    labels = rng.integers(0, 2, 200)
    groups = rng.integers(0, 40, 200)
    ranks = nested_ranks(labels, groups, seed=0)
    assert all(len(set(ranks[groups == group])) == 1 for group in set(groups))


def test_every_seed_draws_another_subset():
    labels, groups = np.arange(100) % 2, np.arange(100)
    first, again, other = (nested_ranks(labels, groups, seed) < 0.25 for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


def test_labels_without_sense_are_guessed_at_best(rng):
    """A head that had seen what it is judged on would be right more often than by chance."""
    photos = draw_photos(rng, num_photos=400, distance=0.0)
    point = measure(photos, nested_ranks(photos.labels, photos.groups, 0), folds_of(photos, 0), 0.5, HeadSettings())
    assert 0.42 < point.wrong.mean() < 0.58
    assert point.num_photos == 200 * 0.9
    assert len(point.wrong) == 400


def test_more_photos_make_fewer_errors(rng):
    photos = draw_photos(rng, num_photos=800, distance=0.25)
    ranks, folds = nested_ranks(photos.labels, photos.groups, 0), folds_of(photos, 0, 5)
    errors = [measure(photos, ranks, folds, share, HeadSettings()).wrong.mean() for share in (1 / 16, 1 / 4, 1.0)]
    assert errors[0] > errors[1] > errors[2]


def test_the_strength_is_the_one_that_the_recipe_would_choose(rng):
    from tellapart.training.head import fit_head

    photos = draw_photos(rng, num_photos=300, distance=0.3)
    folds = folds_of(photos, 0, 5)
    trial = best_of(try_l2_penalties(photos.embeddings, photos.labels, folds, 2, HeadSettings()))
    fitted = fit_head(photos.embeddings, photos.labels, photos.groups, 2, HeadSettings(num_folds=5, seed=0))
    assert trial.l2_penalty == fitted.l2_penalty
    assert (trial.logits.argmax(axis=1) == fitted.out_of_fold.argmax(axis=1)).mean() > 0.99
