"""What the benchmarks share: photos, the floor that times are compared with, watched runs, and how figures are told.

A benchmark prints its figures with `print_table`, a `Row` each. `Row.ok` says whether a figure reached what it must:
True, False, or None where nothing was promised (an aim, a comparison). `scripts/guarantees` collects the same rows from
all benchmarks into one table, through the file that `TELLAPART_FIGURES` names, and fails where one is False. So a
benchmark does not stop at a figure that falls short; it prints all of them. A test marked `guarantee` tells its figure
with pytest's own `record_property("measured", ...)` and `record_property("must", ...)`.

The floor is the least work that any tool must do on the same photos with the same network: read, decode, resize, run
the engine. It is written here without any of the package's own code between the photos and the engine, so that it
cannot flatter it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
NUM_THREADS = 2


def photo_set(name: str) -> Path:
    """The folder of a set of real photos: below `TELLAPART_PHOTOS`, or ../shared/data beside the repository."""
    base = Path(os.environ.get("TELLAPART_PHOTOS") or REPOSITORY.parent / "shared" / "data")
    if not (base / name).is_dir():
        raise SystemExit(
            f"There is no folder of photos '{name}'.\n  fix: Set TELLAPART_PHOTOS to the folder that holds it."
        )
    return base / name


def floor_seconds(files: Sequence[Path], model: Path, output: str, side_px: int, batch: int = 2) -> float:
    """Seconds to decode, resize and run the engine over `files`, on two threads, at the best batch size we know."""
    import onnxruntime
    from PIL import Image

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def work(chunk: Sequence[Path]) -> None:
        photos = [
            np.asarray(Image.open(file).convert("RGB").resize((side_px, side_px), Image.Resampling.BICUBIC))
            for file in chunk
        ]
        session.run([output], {"photos": np.stack(photos)})

    work(files[:batch])
    start = time.perf_counter()
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        list(pool.map(work, [files[i : i + batch] for i in range(0, len(files), batch)]))
    return time.perf_counter() - start


@dataclass(frozen=True)
class Watched:
    """A process that ended."""

    seconds: float
    peak_mb: float  # 10^6 bytes, of the process and its children together
    output: str


def run_tellapart(arguments: Sequence[str], cache: Path) -> Watched:
    """Run `tellapart` in a process of its own and watch its time and memory."""
    environment = {**os.environ, "TELLAPART_CACHE": str(cache)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tellapart", *map(str, arguments)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    peak = [0.0]
    watcher = threading.Thread(target=_watch_memory, args=(process, peak))
    watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - start
    watcher.join()
    if process.returncode:
        raise SystemExit(f"tellapart {' '.join(map(str, arguments))} failed:\n{errors}")
    return Watched(seconds, peak[0], output)


def _watch_memory(process: subprocess.Popen, peak: list[float]) -> None:
    """The kernel's own high-water mark of the process, read until it ends; children are not used by tellapart."""
    while process.poll() is None:
        try:
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    peak[0] = max(peak[0], int(line.split()[1]) * 1024 / 1e6)
        except OSError:
            pass
        time.sleep(0.02)


class Row(NamedTuple):
    """One figure of a benchmark; a plain tuple of the first three serves as well."""

    what: str
    measured: str
    wanted: str  # in words, such as "must 98.3%, aim 98.6%"
    ok: bool | None = None  # whether it is what it must be; None: nothing was promised

    def to_json(self) -> str:
        """One line for the program that collects figures."""
        return json.dumps(self._asdict(), ensure_ascii=False)


def print_table(title: str, rows: Sequence[Row | tuple[str, str, str]]) -> None:
    """A small table: what, measured, must or aim; `SHORT` stands before a figure that is not what it must be."""
    rows = [row if isinstance(row, Row) else Row(*row) for row in rows]
    width = max(len(row.what) for row in rows)
    print(f"\n{title}")
    for row in rows:
        print(
            f"{'SHORT ' if row.ok is False else '      '}{row.what:<{width}}  {row.measured:<28} {row.wanted}",
            flush=True,
        )
    tell_figures(rows)


def tell_figures(rows: Sequence[Row]) -> None:
    """Hand rows to the program that collects figures, where one does."""
    if os.environ.get("TELLAPART_FIGURES"):
        with open(os.environ["TELLAPART_FIGURES"], "a", encoding="utf-8") as file:
            file.writelines(f"{row.to_json()}\n" for row in rows)
