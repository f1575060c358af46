"""Each class is left out once: what is said of kinds that nobody taught is what happens to such a kind."""

import numpy as np
import pytest

from tellapart.training.thresholds import choose_prototypes
from tellapart.training.unknown_kinds import unknown_kinds

NAMES = ("oak", "elm", "fir", "yew")


def drawn(rng, spread, num_classes=4, per_class=150):
    """Embeddings around a centre for each class, `spread` wide, the last class far from the others."""
    centres = np.zeros((num_classes, 32))
    centres[:, 0] = 1
    centres[np.arange(num_classes), 1 + np.arange(num_classes)] = 0.05
    centres[-1] = np.eye(32)[-1]
    labels = np.repeat(np.arange(num_classes), per_class)
    return centres[labels] + spread * rng.normal(size=(len(labels), 32)) / np.sqrt(32), labels


def measured(embeddings, labels, names=NAMES, groups=None):
    groups = np.arange(len(labels)) if groups is None else groups
    chosen = choose_prototypes(embeddings, labels, groups, len(names), seed=0)
    return unknown_kinds(embeddings, labels, groups, names, chosen, seed=0)


def test_a_kind_unlike_all_others_is_noticed_and_kinds_alike_are_not(rng):
    found = measured(*drawn(rng, spread=0.3))
    shares = {name: figures["noticed"]["value"] for name, figures in found["per_class"].items()}
    assert shares["yew"] == 1 and max(shares[name] for name in NAMES[:3]) < 0.2
    assert found["classes_left_out"] == 4 and found["per_class"]["oak"]["n"] == 150
    assert found["noticed"]["value"] == pytest.approx(np.mean(list(shares.values())))
    assert found["noticed"]["high"] - found["noticed"]["low"] > 0.5  # four kinds, one unlike the others: who knows


def test_of_look_alikes_one_counts(rng):
    embeddings, labels = drawn(rng, spread=0.3)
    found = measured(embeddings.repeat(2, axis=0), labels.repeat(2), groups=np.arange(len(labels)).repeat(2))
    assert found["per_class"]["elm"]["n"] == 150


def test_what_is_stated_is_what_happens_to_new_photos_of_a_kind_that_was_not_taught(rng):
    embeddings, labels = drawn(rng, spread=0.5, per_class=400)
    embeddings[labels == 2] += 0.15 * np.eye(32)[20]  # somewhat apart: some of it is noticed
    half = rng.random(len(labels)) < 0.5
    stated = measured(embeddings[half], labels[half])["per_class"]["fir"]["noticed"]
    taught = half & (labels != 2)
    chosen = choose_prototypes(embeddings[taught], labels[taught], np.arange(taught.sum()), 4, seed=0)
    left = chosen.left_out(embeddings[taught], np.arange(taught.sum()))
    limit = np.sort(left)[int(0.98 * len(left))]
    happened = (chosen.prototypes.novelty(embeddings[~half & (labels == 2)]) > limit).mean()
    assert stated["low"] - 0.1 < happened < stated["high"] + 0.1


def test_with_a_head_the_lack_of_score_counts_and_the_head_was_not_taught_the_class(rng):
    embeddings, labels = drawn(rng, spread=0.3)
    groups = np.arange(len(labels))
    chosen = choose_prototypes(embeddings, labels, groups, 4, seed=0)
    found = unknown_kinds(embeddings, labels, groups, NAMES, chosen, 0, l2_penalty=0.01)["per_class"]
    assert found["yew"]["noticed"]["value"] == 1 and len(found) == 4
    assert max(found[name]["noticed"]["value"] for name in NAMES[:3]) < 0.5


def test_with_a_head_few_classes_are_left_out(rng):
    names = tuple(f"kind {number:02}" for number in range(30))
    embeddings, labels = rng.normal(size=(300, 16)), np.arange(300) % 30
    chosen = choose_prototypes(embeddings, labels, np.arange(300), 30, seed=0)
    found = unknown_kinds(embeddings, labels, np.arange(300), names, chosen, 0, l2_penalty=1.0)
    assert found["classes_left_out"] == 5


def test_very_many_classes_are_sampled_and_their_number_is_told(rng):
    names = tuple(f"kind {number:02}" for number in range(30))
    found = measured(rng.normal(size=(300, 16)), np.arange(300) % 30, names)
    assert found["classes_left_out"] == 20 == len(found["per_class"])


@pytest.mark.parametrize(
    ("num_classes", "per_class", "why"), [(2, 100, "three classes"), (3, 10, "too few photos")], ids=str
)
def test_what_cannot_be_measured_is_not_measured_and_says_why(rng, num_classes, per_class, why):
    found = measured(*drawn(rng, 0.3, num_classes, per_class), NAMES[:num_classes])
    assert found["noticed"] is None and found["per_class"] == {} and why in found["reason"]


def test_without_prototypes_nothing_is_measured():
    nothing = np.zeros(0, int)
    assert unknown_kinds(np.zeros((0, 4)), nothing, nothing, NAMES, None, 0)["noticed"] is None
