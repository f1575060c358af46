"""The dearest network that can be asked for is one that its own file may be: nobody trains what is refused."""

import pytest

from tellapart.model.inference_cost import check_cost
from tellapart.model.manifest import Manifest
from tellapart.model.wire import read_skeleton
from tellapart.network.classic import build_classic
from tellapart.network.compact import build_compact, channels_of
from tellapart.network.onnx_export import to_onnx
from tellapart.settings import WIDTHS

SIDE_PX = 512  # the most that --image-size takes
WIDEST = WIDTHS[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "build",
    [
        lambda: build_classic(10, SIDE_PX, grey=False, width=WIDEST),
        lambda: build_compact(1000, SIDE_PX, channels=channels_of(WIDEST), mirror=True),
    ],
)
def test_the_dearest_of_our_own_may_be_opened(build):
    manifest = Manifest(recipe="classic", backbone="", class_names=(), side_px=SIDE_PX)
    skeleton, constant_bytes = read_skeleton(to_onnx(build(), manifest).SerializeToString())
    assert "probabilities" in check_cost(skeleton.graph, constant_bytes, SIDE_PX)
