"""What the benchmarks share: where photos are, the floor that times are compared with, and how a run is watched.

The floor is the least work that any tool must do on the same photos with the same network: read, decode, resize, run
the engine. It is written here without any of the package's own code between the photos and the engine, so that it
cannot flatter it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

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


def print_table(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """A small table: what, measured, must or aim."""
    width = max(len(row[0]) for row in rows)
    print(f"\n{title}")
    for what, measured, wanted in rows:
        print(f"  {what:<{width}}  {measured:<28} {wanted}")
