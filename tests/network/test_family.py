"""Backbones by name."""

import pytest

from tellapart.errors import UsageError
from tellapart.network.family import BACKBONES, checkpoint_path, find_backbone


@pytest.mark.parametrize("name", ["lite0", "lite1", "lite2"])
def test_a_backbone_is_found_and_its_weights_are_installed(name):
    assert checkpoint_path(find_backbone(name)).is_file()


def test_an_unknown_backbone_is_told_with_those_there_are():
    with pytest.raises(UsageError, match="lite0, lite1, lite2"):
        find_backbone("resnet50")


def test_names_are_their_keys():
    assert all(name == backbone.name for name, backbone in BACKBONES.items())
