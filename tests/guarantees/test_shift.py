"""Parts that were dealt at random are not called different, on real photos."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnosis.suspect import LEVEL
from tellapart.evaluation.two_sample_test import tell_parts_apart
from tellapart.photos.duplicates import find_duplicates
from tellapart.progress import Silent
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training import prepare
from tellapart.training.parts_compared import compare_shares

RESPLITS, PHOTOS, TEST_SHARE = 100, 800, 0.12


@pytest.mark.guarantee
def test_at_most_one_random_split_in_twenty_is_called_a_shift(real_photos):
    settings = TrainSettings()
    table = prepare.read_table(real_photos("flowers"), settings)
    seen = prepare.embed(table, prepare.backbone_viewer(settings), settings, Silent(), ScanSettings())
    duplicates = find_duplicates(seen.sha256, seen.hashes, seen.embeddings).groups
    chances = []
    for seed in range(500, 500 + RESPLITS):
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.permutation(len(duplicates))[:PHOTOS])
        labels, groups = seen.table.labels[rows], np.unique(duplicates[rows], return_inverse=True)[1]
        is_test = (rng.random(groups.max() + 1) < TEST_SHARE)[groups]
        look = tell_parts_apart(seen.embeddings[rows], labels, groups, is_test, seed, num_permutations=200)
        chances.append((look.probability, compare_shares(labels, groups, is_test, seed)))
    called = (np.min(chances, axis=1) <= (1 - LEVEL) / 2).mean()
    below = (np.array(chances) <= 0.05).mean(axis=0)
    print(f"called different: {called:.0%} of {RESPLITS}; p <= 0.05 by look {below[0]:.0%}, by shares {below[1]:.0%}")
    print(f"mean p {np.mean(chances, axis=0).round(2)} (0.5 if uniform)")
    assert called <= 0.05
    assert (below <= 0.12).all()  # 5% and three standard errors of 100 resplits
