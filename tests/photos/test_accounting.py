"""No photo disappears without a word: whatever the tree, each file is a row, or counted as left out with a reason."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.errors import TellapartError
from tellapart.photos.faults import Faults
from tellapart.photos.layout import rows_of_folder
from tellapart.photos.listing import Listing, walk
from tellapart.photos.scan import list_photos, scan
from tellapart.settings import LAYOUTS, ScanSettings, SourceSettings

NAMES = (
    *("train", "Training", "test", "val_set", "dev", "seg_train", "images", "cat", "Cat", "dog", "2019", "extra"),
    *("k\u00e4fer", "ka\u0308fer", "a b", ".git", "__MACOSX", "1", "-x", "caf\udce9"),
)
FILES = (
    "1.jpg",
    "2.png",
    "3",
    "notes.txt",
    "raw.cr2",
    "film.mp4",
    "._1.jpg",
    ".hidden.jpg",
    "Thumbs.db",
    "x\udce9.jpg",
)
PATHS = st.lists(
    st.builds(
        lambda folders, name: "/".join([*folders, name]),
        st.lists(st.sampled_from(NAMES), max_size=4),
        st.sampled_from(FILES),
    ),
    max_size=25,
    unique=True,
)
PATTERNS = st.lists(st.sampled_from((*NAMES[:12], "*/cat/*", "*.png", "1.jpg", "test/*", "", "/", "[")), max_size=2)
ANY_SIZE = ScanSettings(min_photos_per_class=1)


def folders_of(paths):
    return sorted({path[:at] for path in paths for at, sign in enumerate(path) if sign == "/"})


def made(root: Path, paths) -> Path:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    root.mkdir(parents=True, exist_ok=True)
    return root


def sources(draw_exclude, layout):
    return SourceSettings(exclude=tuple(draw_exclude), layout=layout)


@settings(max_examples=400, deadline=None)
@given(PATHS, PATTERNS, st.sampled_from(LAYOUTS), st.booleans())
def test_every_candidate_is_a_row_or_left_out_or_named_in_a_fault(paths, exclude, layout, groups_are_folders):
    names = sorted(path for path in paths if path.isprintable())
    listing, faults, warnings = Listing(Path("r"), names, folders_of(names)), Faults("r"), []
    try:
        rows = rows_of_folder(listing, sources(exclude, layout), faults, warnings, groups_are_folders)
    except TellapartError as error:
        assert error.problem and error.fix and "\n" not in error.problem + error.fix
        return
    assert len({row.path for row in rows}) == len(rows)
    assert all(row.label for row in rows)
    left_out = sum(listing.ignored.values())
    if not faults:
        assert len(rows) + left_out == len(names)
    else:
        (count,) = {int(problem.split()[0]) for problem in faults._problems}
        assert len(rows) + left_out + count == len(names)


@settings(max_examples=60, deadline=None)
@given(paths=PATHS, layout=st.sampled_from(LAYOUTS), for_training=st.booleans())
def test_a_tree_ends_in_a_table_that_accounts_for_it_or_in_an_error_of_ours(
    tmp_path_factory, paths, layout, for_training
):
    root = made(tmp_path_factory.mktemp("tree") / "r", paths)
    # A folder that is ignored counts as one, so only what is in no such folder is counted one by one.
    walked = walk(root)
    ignored_folders = sum(walked.ignored[kind] for kind in ("hidden folders", "system folders"))
    try:
        table = scan(root, source=SourceSettings(layout=layout), for_training=for_training, settings=ANY_SIZE)
    except TellapartError as error:
        assert error.problem and error.fix and "\n" not in error.problem + error.fix
    else:
        assert len(table) + sum(table.ignored.values()) == len(walked.files) + sum(walked.ignored.values())
        assert bool(table.ignored) <= bool(table.warnings)
    assert ignored_folders <= sum(walked.ignored.values())


@settings(max_examples=60, deadline=None)
@given(paths=PATHS)
def test_a_folder_to_predict_is_listed_whole_or_says_what_it_lacks(tmp_path_factory, paths):
    root = made(tmp_path_factory.mktemp("tree") / "r", paths)
    warnings: list[str] = []
    found = list_photos(root, warnings=warnings)
    visible = [path for path in paths if not any(step.startswith((".", "__MAC")) for step in path.split("/"))]
    text = [path for path in visible if path.isprintable() and path.rpartition("/")[2] in ("1.jpg", "2.png", "3")]
    assert sorted(map(str, found)) == sorted(str(root / path) for path in text)
    assert bool(warnings) == (len(found) < len(paths))
