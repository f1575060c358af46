"""Each strange, broken or hostile file of Pillow's own test set appears exactly once, with the code that was agreed on.

The table holds names and codes only. Where versions of the libraries inside Pillow differ, a code may name two, such as
"damaged|truncated".
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

TABLE = Path(__file__).with_name("odd_images.csv")
LOOK = """
import json, pathlib, sys, time, warnings
from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo, to_pixels
warnings.simplefilter("error")
root, found = pathlib.Path(sys.argv[1]), []
for file in sorted(path for path in root.rglob("*") if path.is_file()):
    before = time.thread_time()
    try:
        code = "ok" if to_pixels(open_photo(file, min_side_px=224).image, 64).shape == (64, 64, 3) else "wrong shape"
    except PhotoRefused as refused:
        code = refused.code
    found.append([file.relative_to(root).as_posix(), code, time.thread_time() - before])
status = pathlib.Path("/proc/self/status")  # ru_maxrss would count what the process that started this one held
lines = status.read_text().splitlines() if status.exists() else []
peak = next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0)
print(json.dumps([found, peak]))
"""


def rows() -> list[tuple[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["code"]) for row in csv.DictReader(file)]


def test_the_table_names_each_file_once():
    names = [name for name, _ in rows()]
    assert len(names) == len(set(names)) == 1050


def test_every_odd_image_ends_as_agreed_within_the_budget(real_photos):
    odd = real_photos("odd-images")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(odd)], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    found, peak_mb = json.loads(done.stdout)
    expected = dict(rows())
    assert [name for name, _, _ in found] == sorted(expected, key=lambda name: Path(name).parts)
    wrong = {name: code for name, code, _ in found if code not in expected[name].split("|")}
    assert wrong == {}
    assert max(seconds for _, _, seconds in found) < 3
    assert peak_mb < 900  # 600 above what the interpreter and its libraries take
