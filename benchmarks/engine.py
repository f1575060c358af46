"""How to run the engine fastest: batch size, and several runs at once against several threads in one run.

Run:     python -m benchmarks.engine
Expect:  two runs of one thread each at batch 2 are fastest on two cores, 1.3 times batch 32 (see LOG.md)
Noise:   5%; the order of trials alternates and the median of five is printed
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from benchmarks.common import NUM_THREADS
from tellapart.model.patterns import draw_patterns
from tellapart.network.backbone_file import backbone_engine
from tellapart.network.family import find_backbone

NUM_PHOTOS = 256


def main() -> None:
    """Measure and print photos/s for each way."""
    path = backbone_engine(find_backbone("lite0")).path
    sessions = {threads: _session(str(path), threads) for threads in (1, NUM_THREADS)}
    photos = np.tile(draw_patterns(224), (NUM_PHOTOS // 4, 1, 1, 1))
    trials = [(batch, threads) for batch in (1, 2, 4, 8, 16, 32) for threads in sessions]
    rates: dict[tuple[int, int], list[float]] = {trial: [] for trial in trials}
    for repeat in range(5):
        for batch, threads in trials if repeat % 2 else reversed(trials):
            rates[batch, threads].append(_photos_per_second(sessions[threads], photos, batch, NUM_THREADS // threads))
    print("batch   photos/s, 2 runs of 1 thread   photos/s, 1 run of 2 threads")
    for batch in sorted({batch for batch, _ in trials}):
        print(f"{batch:>5}   {statistics.median(rates[batch, 1]):>28.0f}   {statistics.median(rates[batch, 2]):>28.0f}")


def _session(path: str, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _photos_per_second(session: onnxruntime.InferenceSession, photos: np.ndarray, batch: int, runs: int) -> float:
    start = time.perf_counter()
    with ThreadPoolExecutor(runs) as pool:
        list(
            pool.map(
                lambda i: session.run(["embedding"], {"photos": photos[i : i + batch]}), range(0, len(photos), batch)
            )
        )
    return len(photos) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
