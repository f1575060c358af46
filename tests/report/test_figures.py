import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import pytest

from tellapart.evaluation.calibration import ReliabilityBin
from tellapart.evaluation.intervals import wilson_interval
from tellapart.report.figures import accuracy_figure, confusion_figure, reliability_figure
from tellapart.report.svg import figure_svg


def svg_texts(figure):
    return [text.text for text in ElementTree.fromstring(figure_svg(figure, name="c", description="d")).iter("text")]


def part(right, total):
    return {
        "n": total,
        "accuracy": wilson_interval(right, total).to_dict(),
        "confusion": [[right, total - right], [0, 0]],
    }


def test_the_accuracy_chart_says_the_figures_in_text():
    gap = {"value": 0.14, "low": 0.1, "high": 0.2}
    texts = svg_texts(accuracy_figure({"train": part(990, 1000), "test": part(85, 100)}, gap))
    for shown in ("99.0%", "85.0%", "gap +14.0 points", "1,000 photos", "100 photos", "train", "test"):
        assert shown in texts


@pytest.mark.parametrize("right", [0, 1, 50, 100])
def test_the_accuracy_chart_can_draw_any_accuracy(right):
    axes = accuracy_figure({"test": part(right, 100)}).axes[0]
    start, end = axes.get_xlim()
    assert start <= wilson_interval(right, 100).low
    assert end > 1


def test_the_reliability_chart_has_a_point_for_each_bin():
    bins = [ReliabilityBin(50, 0.6, wilson_interval(20, 50)), ReliabilityBin(50, 0.95, wilson_interval(48, 50))]
    points = reliability_figure(bins).axes[0].lines[-1]
    assert list(points.get_xdata()) == [0.6, 0.95]
    assert list(points.get_ydata()) == [0.4, 0.96]


def test_the_confusion_chart_takes_any_class_name():
    texts = svg_texts(confusion_figure([[3, 1], [0, 1234]], ["$x^$", "猫<b>"]))
    for shown in ("$x^$", "猫<b>", "1,234"):
        assert shown in texts


def test_figures_leave_the_settings_of_matplotlib_alone():
    before = dict(matplotlib.rcParams)
    svg_texts(accuracy_figure({"test": part(9, 10)}))
    assert dict(matplotlib.rcParams) == before


def test_colours_follow_the_theme_of_the_page():
    svg = str(figure_svg(accuracy_figure({"train": part(9, 10), "test": part(8, 10)}), name="c", description="d"))
    assert "stroke-first" in svg
    assert "stroke-second" in svg
    assert "fill-ink" in svg
    assert "#" not in svg.replace("url(#c-", "").replace('href="#c-', "")


def test_no_window_system_is_touched():
    code = "import sys, tellapart.report.page; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
