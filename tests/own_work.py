"""How long a piece of work may take, whatever else the process or the machine is at."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Fail when the block takes more of this thread's processor time than that.

    What earlier tests left on the heap is frozen meanwhile: a full collection of it takes about a second late in a
    long run, and would be charged to whatever happens to be measured then.
    """
    gc.freeze()
    started = time.thread_time()
    try:
        yield
    finally:
        took = time.thread_time() - started
        gc.unfreeze()
    assert took < seconds, f"took {took:.2f} seconds of the processor, and may take {seconds}"
