"""What a forked process keeps of its parent's open files."""

from __future__ import annotations

import os
import sys
from collections.abc import Container
from contextlib import suppress

_FOLDER = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"


def plug(*, keep: Container[int]) -> None:
    """Put /dev/null in the place of every open file but ``keep``.

    Closing them would free their numbers for the job's own files, into which an inherited
    connection or file object, when it is collected, would still write its good-bye.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir(_FOLDER):  # noqa: PTH208 - a Path per entry costs more than the plugging
        descriptor = int(name)
        if descriptor not in keep and descriptor != null and _is_open(descriptor):
            os.dup2(null, descriptor, inheritable=False)
    os.close(null)


def standard_streams(output: int) -> None:
    """Read nothing, and write stdout and stderr to ``output``, as every program started below."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(output, 1)
    os.dup2(output, 2)


def flush_standard_streams() -> None:
    """Write what is buffered, or else it is written again by each forked process."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
