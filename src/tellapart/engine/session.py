"""Load a model file into ONNX Runtime, prove that it computes what it should, and run it.

One thread per run and several runs at once, not several threads inside one run: while one thread computes, the other
decodes the next photos, and no core ever waits for the other inside a layer. Measured on two cores by
benchmarks/engine.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32, UInt8

from tellapart.engine.denormals import denormals_as_zero
from tellapart.errors import ModelError, clipped
from tellapart.libraries import importing
from tellapart.model.file import ModelFile, read_model
from tellapart.model.manifest import Manifest
from tellapart.model.patterns import NUM_PATTERNS, TOLERANCE, draw_patterns, summarise_embeddings

with importing("onnxruntime"):  # the one place: `import tellapart` has switched its telemetry off by now
    import onnxruntime


class Engine:
    """A model that is loaded and proven. Safe to call from several threads at once."""

    def __init__(self, model: ModelFile):
        """Load the model and check its answers to the test patterns.

        Raises:
            ModelError: ONNX Runtime cannot load it, or it answers differently from the network that was trained.
        """
        self.path: Path = model.path
        self.manifest: Manifest = model.manifest
        self._session = _load(model)
        self.output_names: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())
        self._check_answers()

    def run(
        self, pixels: UInt8[np.ndarray, "photos side side 3"], outputs: tuple[str, ...]
    ) -> dict[str, Float32[np.ndarray, "photos ..."]]:
        """Compute the named outputs, one row per photo."""
        with denormals_as_zero():
            rows = self._session.run(list(outputs), {"photos": pixels})
        return {name: np.asarray(values) for name, values in zip(outputs, rows, strict=True)}

    def _check_answers(self) -> None:
        answers = self.manifest.answers
        expected = {"embedding", "probabilities"} if self.manifest.class_names else {"embedding"}
        expected |= {"novelty"} & set(self.output_names)
        if set(answers) != expected:
            raise self._refused(
                f"it holds reference outputs for {clipped(sorted(answers))}, expected {sorted(expected)}"
            )
        if any(len(rows) != NUM_PATTERNS for rows in answers.values()):
            raise self._refused(f"it does not hold reference outputs for {NUM_PATTERNS} test patterns")
        wanted = {name: np.array(rows, np.float64) for name, rows in answers.items()}  # (patterns, columns)
        # One at a time: the engine keeps the memory of its largest batch for good, and one wrong answer is enough.
        for number, pattern in enumerate(draw_patterns(self.manifest.side_px)):
            got = self._answer(pattern, tuple(answers))
            for name, rows in wanted.items():
                row = rows[number]
                if row.shape != got[name].shape:
                    raise self._refused(f"'{name}' has {got[name].size:,} columns, expected {row.size:,}")
                difference = np.abs(got[name] - row).max() / max(1.0, np.abs(rows).max())
                if not difference <= TOLERANCE:  # written so that not-a-number is refused too
                    raise self._refused(f"its answers to the test patterns differ by {difference:.2g} in '{name}'")

    def _answer(self, pattern: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        try:
            got = self.run(pattern[np.newaxis], names)
            got["embedding"] = summarise_embeddings(got["embedding"])
            return {name: values.reshape(-1) for name, values in got.items()}
        except Exception as error:  # a model may load and still fail at work, in as many ways as it has operators
            raise self._refused(f"it fails on the test patterns ({_first_line(error)})") from error

    def _refused(self, what: str) -> ModelError:
        return ModelError(
            f"The model file {self.path} is refused: {what}.", fix="Get the file again, or train it again."
        )


def open_engine(path: Path) -> Engine:
    """Read, check, load and prove a model file.

    Raises:
        ModelError: see `read_model` and `Engine`.
    """
    return Engine(read_model(path))


def open_classifier(path: Path) -> Engine:
    """Open a model file that must know classes.

    Raises:
        ModelError: see `open_engine`; or the file is a bare backbone.
    """
    engine = open_engine(path)
    if not engine.manifest.class_names:
        raise ModelError(
            f"The model file {path} knows no classes: it only computes embeddings.",
            fix="Give the model.onnx from a run folder.",
        )
    return engine


def _load(model: ModelFile) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what matters is raised; the rest would break into a progress bar
    try:
        return onnxruntime.InferenceSession(model.content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no base class that it exports
        raise ModelError(
            f"ONNX Runtime cannot load {model.path}: {_first_line(error)}.",
            fix="Get the file again, or train it again.",
        ) from error


def _first_line(error: Exception) -> str:
    return clipped((str(error).splitlines() or [type(error).__name__])[0], 200)
