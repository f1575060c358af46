"""Embeddings drawn in code, and labs on them."""

import numpy as np

from tellapart.diagnosis.experiment_settings import HeadExperimentSettings
from tellapart.diagnosis.heads.head_curve import Photos
from tellapart.diagnosis.heads.head_lab import HeadLab
from tellapart.settings import HeadSettings


def draw_photos(rng, num_photos=200, num_classes=2, width=60, distance=0.5, flipped=0.0):
    """Overlapping classes; `flipped` is the share of labels that are wrong, a floor that no photo removes."""
    labels = np.arange(num_photos) % num_classes
    centres = np.random.default_rng(77).normal(size=(num_classes, width)) * distance
    embeddings = (centres[labels] + rng.normal(size=(num_photos, width))).astype(np.float32)
    noisy = rng.random(num_photos) < flipped
    labels = np.where(noisy, (labels + 1) % num_classes, labels)
    return Photos(embeddings=embeddings, labels=labels, groups=np.arange(num_photos), num_classes=num_classes)


def lab_of(photos, **changes):
    values = {
        "photos": photos,
        "class_names": tuple(f"class{number}" for number in range(photos.num_classes)),
        "num_now": round(0.89 * len(photos.labels)),
        "heads": HeadSettings(),
        "backbone": "lite0",
        "settings": HeadExperimentSettings(least_looked=50),
    }
    return HeadLab(**{**values, **changes})
