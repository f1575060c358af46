"""Numbers too small to matter count as nothing while the engine works.

Below 1.2e-38 a float32 has fewer digits (it is denormal), and many processors then take twenty times as long for each
sum: a model file whose values fall that low would hold a core for minutes, with fewer operators than one of ours. No
answer depends on such numbers. ONNX Runtime has an option for it (`session.set_denormal_as_zero`), but applies it to
the thread that makes the first session, for good, with all that NumPy computes there, and to no other thread.

So the setting of the processor is changed around each run, in the thread that runs, by the C library's own means.
Source: Intel 64 and IA-32 manual, volume 1, section 10.2.3 (MXCSR); fenv.h of glibc, musl and macOS for where it is.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_FLUSH_TO_ZERO, _DENORMALS_ARE_ZERO = 1 << 15, 1 << 6
_ENVIRONMENT_BYTES = 64  # room for `fenv_t`, which has 16 or 32
_MXCSR_AT = {"linux": 28, "darwin": 4}  # its place in `fenv_t`


def _c_library() -> ctypes.CDLL | None:
    """Where the two functions are; None on processors that lose no time by denormals, and where nobody has looked."""
    if sys.platform not in _MXCSR_AT or platform.machine().lower() not in ("x86_64", "amd64"):
        return None
    try:
        library = ctypes.CDLL(None if sys.platform == "darwin" else "libm.so.6")
        return library if library.fegetenv and library.fesetenv else None
    except (AttributeError, OSError):
        return None


_LIBRARY = _c_library()


@contextmanager
def denormals_as_zero() -> Iterator[None]:
    """In this thread, until the block ends."""
    if _LIBRARY is None:
        yield
        return
    before, inside = (ctypes.create_string_buffer(_ENVIRONMENT_BYTES) for _ in range(2))
    _LIBRARY.fegetenv(before)
    ctypes.memmove(inside, before, _ENVIRONMENT_BYTES)
    control = ctypes.c_uint32.from_buffer(inside, _MXCSR_AT[sys.platform])
    control.value |= _FLUSH_TO_ZERO | _DENORMALS_ARE_ZERO
    _LIBRARY.fesetenv(inside)
    try:
        yield
    finally:
        _LIBRARY.fesetenv(before)
