"""Kill a training run at random moments, and see whether the same command ends with the same model.

Run:     python -m benchmarks.kill [--kills 20] [--epochs 12] [--photos 1200]      (about 90 s a run, 20 minutes in all)
Does:    trains `scratch` for a fixed number of epochs once without a stop; then does so again and again, ends the
         process itself (SIGKILL, by its id) at random moments, several times in a run, and gives the same command again
Expect:  20 of 20 go on and end with the same weights, byte for byte
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import Row, photo_set, print_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--photos", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        photos = _some_photos(folder / "photos", options.photos)
        train(photos, folder / "warm", folder, 1).wait()  # fills the cache, so that all runs take the same time
        begin = time.perf_counter()
        finish(train(photos, folder / "whole", folder, options.epochs))
        seconds = time.perf_counter() - begin
        wanted = digest(folder / "whole")
        print(f"  a whole run takes {seconds:.0f} s", flush=True)
        same = killed = run = 0
        while killed < options.kills:
            run += 1
            out, kills = folder / f"killed{run}", 0
            while killed + kills < options.kills:
                moment = chance.uniform(0, 0.6 * seconds)
                process = train(photos, out, folder, options.epochs)
                if ended(process, moment):
                    break
                had = sorted(path.name for path in out.glob("checkpoint/step*"))[-1:] if out.exists() else []
                print(f"  run {run}: killed after {moment:5.1f} s at {had or 'nothing'}", flush=True)
                kills += 1
            if not (out / "model.onnx").exists():
                finish(train(photos, out, folder, options.epochs))
            equal = digest(out) == wanted
            killed, same = killed + kills, same + kills * equal
            print(f"  run {run} ended with {'the same model' if equal else 'ANOTHER MODEL'}", flush=True)
            shutil.rmtree(out)
    rows = [Row("the same model after kill -9", f"{same} of {options.kills}", "must all", same == options.kills)]
    print_table("Killed runs", rows)


def train(photos: Path, out: Path, folder: Path, epochs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tellapart", "train", str(photos), "--out", str(out), "--recipe", "scratch"]
    command += ["--epochs", str(epochs), "--size", "96"]
    environment = {**os.environ, "TELLAPART_CACHE": str(folder / "cache")}
    with open(folder / "log.txt", "ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a run ended well within some time; else it is killed."""
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise SystemExit(f"a run ended with exit code {process.returncode}")


def digest(run: Path) -> str:
    return hashlib.sha256((run / "model.onnx").read_bytes()).hexdigest()


def _some_photos(target: Path, count: int) -> Path:
    source = photo_set("catsdogs") / "train"
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        (target / folder.name).mkdir(parents=True)
        for file in sorted(folder.glob("*.jpg"))[: count // 2]:
            shutil.copy(file, target / folder.name / file.name)
    return target


if __name__ == "__main__":
    main()
