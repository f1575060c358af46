"""What the libraries that we build on are told before they are imported: send nothing, leave nothing behind.

Some of them report on their users, write into the home folder or obey settings that were made for other programs, and
each has a variable of its own that decides. All of these variables stand here. Telemetry is switched off for the whole
process, by `import tellapart`, whatever the environment says: "nothing is sent" must not hang on what another program
left there. The other settings hold only while a library is imported, so that the user's own code finds its environment
as it was.

Reads the environment; writes nothing itself; imports no library.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from tellapart.errors import ResourceError, UsageError

# Library -> the variables that stop it from sending anything, as its documentation names them.
SENDS_NOTHING: dict[str, dict[str, str]] = {
    # From 1.30 on it reports to Microsoft, on every system, and keeps a number of the machine in the home folder.
    # `disable_telemetry_events` does not stop that; only this does, and only before the library is loaded.
    "onnxruntime": {"ORT_DISABLE_TELEMETRY": "1"},
    "mlflow": {"MLFLOW_DISABLE_TELEMETRY": "true"},  # from 3.2 on, at its import and at every call
    # We use neither of these two, but what we import may come to.
    "huggingface_hub": {"HF_HUB_DISABLE_TELEMETRY": "1"},
    "ray": {"RAY_USAGE_STATS_ENABLED": "0"},
    "every library that asks": {"DO_NOT_TRACK": "1"},  # consoledonottrack.com
}

BACKENDS = {"tensorflow": "tellapart[tensorflow]", "jax": "tellapart[jax]"}  # of Keras -> what pip installs it by

# Variables that change what a library does as it is imported, and were not meant for us.
_NOT_FOR_US = (
    "KERAS_MAX_EPOCHS",
    "KERAS_MAX_STEPS_PER_EPOCH",
    "KERAS_NNX_ENABLED",
    "TF_XLA_FLAGS",  # an option in it that TensorFlow does not know ends the whole process, without an exception
    "XLA_FLAGS",
    "MPLBACKEND",  # we open no window, and a name that is none would stop the import
)
_MOST_STYLES_BYTES = 1_000_000  # matplotlib's own file, every line explained, has 43 kB


def send_nothing() -> None:
    """Switch off the telemetry of every library that is imported from now on."""
    if "onnxruntime" in sys.modules and not _is_on(os.environ.get("ORT_DISABLE_TELEMETRY")):
        # Its threads run already and nothing ends them. A warning and no error: the work itself is not affected.
        warnings.warn(
            "onnxruntime was imported before tellapart, and from version 1.30 on it reports to Microsoft. "
            "Import tellapart first, or set ORT_DISABLE_TELEMETRY=1.",
            stacklevel=3,
        )
    for variables in SENDS_NOTHING.values():
        os.environ.update(variables)


@contextmanager
def importing(library: str) -> Iterator[None]:
    """Import a library as on a machine where nobody has set anything; its files go into the cache of tellapart.

    Raises:
        UsageError: Keras is asked to run on something that is not there.
        ResourceError: the library cannot be imported.
    """
    import logging  # here: `import tellapart` comes through this module, and this would be half of its time

    settings = _settings(library)
    before = {name: os.environ.get(name) for name in settings}
    draws_already, remarks = "matplotlib" in sys.modules, logging.getLogger("matplotlib")
    level = remarks.level
    _set(settings)
    remarks.setLevel(logging.ERROR)  # on folders and styles of the user's that are not ours to mend
    try:
        with warnings.catch_warnings():  # what a library thinks of another as it is loaded is no concern of a user's
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # whatever its installation has in store
        first_line = (str(error).strip().splitlines() or [""])[0][:200].rstrip(".")
        anew = f"install it anew: {os.path.basename(sys.executable)} -m pip install --force-reinstall {library}"
        raise ResourceError(
            f"The library {library} cannot be imported: {type(error).__name__}: {first_line}.",
            fix=f"I{anew[1:]}" if isinstance(error, ImportError) else f"Mend what it names, or {anew}",
        ) from error
    finally:
        _set(before)
        remarks.setLevel(level)
        if not draws_already:
            _restore_window(before["MPLBACKEND"])


def require_keras() -> None:
    """Check, before any work, that Keras will run on a backend that we train with.

    Raises:
        UsageError: it is asked for another one, or for one that is not installed.
    """
    backend, asked = _backend_asked_for()
    if backend not in BACKENDS:
        raise UsageError(
            f"Keras would run on '{backend}' ({asked}); tellapart trains with: {', '.join(BACKENDS)}.",
            fix=f"{_without(asked)} for tellapart, or set KERAS_BACKEND=tensorflow.",
        )
    if find_spec(backend) is None or find_spec("keras") is None:
        if not asked.startswith("KERAS"):
            raise UsageError(
                "This needs Keras and TensorFlow, which are not installed; the recipe quick works without them.",
                fix=f"Install them: pip install '{BACKENDS[backend]}'.",
            )
        other = "" if backend == "tensorflow" else ", or unset KERAS_BACKEND to train with TensorFlow"
        raise UsageError(
            f"Keras would run on '{backend}' ({asked}), which is not installed.",
            fix=f"Install it: pip install '{BACKENDS[backend]}'{other}.",
        )


def _backend_asked_for() -> tuple[str, str]:
    """What Keras runs on, and who says so. A Keras that runs already keeps its backend."""
    loaded = sys.modules.get("keras")
    if loaded is not None and hasattr(loaded, "config"):
        return loaded.config.backend(), "it is imported already"
    asked = os.environ.get("KERAS_BACKEND", "").strip().lower()
    return (asked, "KERAS_BACKEND says so") if asked else ("tensorflow", "the default")


def _without(asked: str) -> str:
    return "Unset KERAS_BACKEND" if asked.startswith("KERAS") else "Start Python anew and import tellapart first"


def _settings(library: str) -> dict[str, str | None]:
    """Variables for the time of an import; None: not there."""
    from tellapart.settings import cache_folder  # here, so that `import tellapart` stays quick

    settings: dict[str, str | None] = dict.fromkeys(_NOT_FOR_US)
    styles = _own_styles()
    damaged = styles is not None and not _is_text(styles)  # it would stop the import of matplotlib
    if damaged or not os.environ.get("MPLCONFIGDIR"):  # a folder that the user chose is for such files
        settings["MPLCONFIGDIR"] = str(cache_folder() / "matplotlib")
    settings["MATPLOTLIBRC"] = None if damaged else styles
    if library == "keras":
        require_keras()
        # Its keras.json is made for other programs: another backend, channels first, half precision.
        settings["KERAS_HOME"] = str(cache_folder() / "keras")
        settings["KERAS_BACKEND"] = _backend_asked_for()[0]
    return settings


def _own_styles() -> str | None:
    """The user's matplotlibrc: in a notebook it goes on to hold, though the folder it lies in is not ours to fill."""
    home = os.path.expanduser("~")
    configured = os.path.join(os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "matplotlib")
    chosen = [os.environ.get(name) for name in ("MATPLOTLIBRC", "MPLCONFIGDIR")]
    for place in filter(None, (*chosen, configured, os.path.join(home, ".matplotlib"))):
        file = os.path.join(place, "matplotlibrc") if os.path.isdir(place) else place
        if os.path.isfile(file):
            return file
    return None


def _is_text(file: str) -> bool:
    from tellapart.reading import read_text

    try:
        read_text(file, _MOST_STYLES_BYTES)
    except (OSError, ValueError):
        return False
    return True


def _restore_window(backend: str | None) -> None:
    """Give matplotlib the way of showing figures that a notebook asks for; ours need none."""
    loaded = sys.modules.get("matplotlib")
    if backend and loaded is not None:
        with suppress(ValueError):
            loaded.rcParams["backend"] = backend


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _is_on(value: str | None) -> bool:
    return (value or "").strip().lower() in ("1", "true", "yes", "on")
