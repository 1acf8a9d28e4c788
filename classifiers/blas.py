"""How many threads numpy's OpenBLAS takes for a product.

Many small products go fastest when each core does its own: OpenBLAS splits every one of them and waits for the
slowest part. numpy has no call for it, so the library that its wheel brings is asked directly; where numpy came
with another one, nothing changes but the speed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

_LIBRARIES = "*openblas*"
_NAMES = "scipy_openblas_{}_num_threads64_"  # of the wheels since numpy 2.0


_inside = [0, 1]  # blocks entered and not left, by any thread; the number of threads before the first
_turn = Lock()


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Products take one thread within the block, in the whole process."""
    library = _library()
    if library is None:
        yield
        return
    get, put = library[_NAMES.format("get")], library[_NAMES.format("set")]
    with _turn:
        if not _inside[0]:
            _inside[1] = int(get())
            put(1)
        _inside[0] += 1
    try:
        yield
    finally:
        with _turn:
            _inside[0] -= 1
            if not _inside[0]:
                put(_inside[1])


@cache
def _library() -> ctypes.CDLL | None:
    for path in sorted((Path(np.__file__).parent.parent / "numpy.libs").glob(_LIBRARIES)):
        with contextlib.suppress(OSError, AttributeError):
            library = ctypes.CDLL(str(path))
            library[_NAMES.format("set")]
            return library
    return None
