import io
from types import SimpleNamespace

import pytest
from rich.console import Console
from support.headlines import headline_of

from tellapart.cli import demo
from tellapart.cli.app import main
from tellapart.errors import DataError, UsageError
from tellapart.progress import Silent


@pytest.fixture
def small_package(tmp_path, monkeypatch):
    """Stands in for the package elpv-dataset: four cells."""
    data = tmp_path / "package" / "data"
    (data / "images").mkdir(parents=True)
    rows = [("cell0001.png", "1.0"), ("cell0002.png", "0.0"), ("cell0003.png", "0.3333333333333333")]
    rows.append(("cell0004.png", "0.6666666666666666"))
    for name, _ in rows:
        (data / "images" / name).write_bytes(name.encode())
    (data / "labels.csv").write_text("".join(f"images/{name}  {probability}   mono\n" for name, probability in rows))
    monkeypatch.setattr(demo, "NUM_PHOTOS", len(rows))
    monkeypatch.setattr(demo, "_package_data", lambda: data)
    return data


def test_a_cell_is_defective_from_a_probability_of_one_half(small_package):
    labels = demo.read_labels(small_package / "labels.csv")
    assert list(labels.values()) == ["defective", "functional", "functional", "defective"]


def test_cells_are_copied_into_one_folder_per_class(small_package, tmp_path):
    target = demo.solar_cells(tmp_path / "copies", Silent())
    copies = sorted(path.relative_to(target).as_posix() for path in target.rglob("*.png"))
    assert copies == [
        "defective/cell0001.png",
        "defective/cell0004.png",
        "functional/cell0002.png",
        "functional/cell0003.png",
    ]


def test_an_interrupted_copy_is_completed_the_next_time(small_package, tmp_path):
    target = demo.solar_cells(tmp_path / "copies", Silent())
    (target / "defective" / "cell0001.png").unlink()
    demo.solar_cells(tmp_path / "copies", Silent())
    assert (target / "defective" / "cell0001.png").read_bytes() == b"cell0001.png"


def test_nothing_is_written_into_the_package(small_package, tmp_path):
    before = sorted(small_package.rglob("*"))
    demo.solar_cells(tmp_path / "copies", Silent())
    assert sorted(small_package.rglob("*")) == before


def test_an_incomplete_package_is_refused(small_package, monkeypatch):
    monkeypatch.setattr(demo, "NUM_PHOTOS", 2_624)
    with pytest.raises(DataError, match="lists 4 photos; the published set has 2,624"):
        demo.read_labels(small_package / "labels.csv")


def test_a_missing_package_tells_the_line_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        demo.solar_cells(tmp_path, Silent())
    assert "pip install 'tellapart[demo]'" in caught.value.fix


def test_the_demo_shows_published_figures_licence_and_difference_in_protocol(verbs, small_package, monkeypatch, capsys):
    monkeypatch.setenv("TELLAPART_CACHE", str(verbs.folder.parent / "cache"))
    assert main(["demo"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for words in ("82.44%", "88.42%", "82.6 to 94.5%", "CC BY-NC-SA 4.0", "Not the same test"):
        assert words in out


def test_the_demo_trains_on_a_folder_of_the_user_without_published_figures(verbs, capsys):
    assert main(["demo", "my-photos"]) == 0
    assert str(verbs.calls[0][1][0]) == "my-photos"
    assert "published" not in capsys.readouterr().out


def test_the_comparison_fits_80_columns():
    console = Console(file=io.StringIO(), width=80)
    part = {"n": 262, "accuracy": {"value": 0.85, "low": 0.8, "high": 0.89}}
    demo.show_comparison(
        SimpleNamespace(metrics={"train": {"n": 2100}, "test": part, "headline": headline_of(part)}), console
    )
    assert max(map(len, console.file.getvalue().splitlines())) <= 80


def test_the_demo_package_has_what_the_demo_reads():
    pytest.importorskip("elpv_dataset", reason="the extra [demo] is not installed")
    labels = demo.read_labels(demo._package_data() / "labels.csv")
    assert sorted(set(labels.values())) == ["defective", "functional"]
