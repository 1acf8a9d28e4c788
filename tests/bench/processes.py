"""What processes have used so far, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of(pids: Iterable[int]) -> float:
    """Processor seconds of these processes, without their children."""
    return sum(_ticks(pid)[0] for pid in pids) / TICKS


def family_seconds_of(pid: int) -> float:
    """Processor seconds of a process and its children, those that ended included."""
    own, ended = _ticks(pid)
    return (own + ended + sum(_ticks(child)[0] for child in _children(pid))) / TICKS


def megabytes_of(pid: int) -> float:
    """Memory that a process and its children hold now."""
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (pid, *_children(pid)))
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def own_megabytes_of(pid: int) -> float:
    """The same without what is read from files and could be read again: their heaps."""
    lines = [Path(f"/proc/{each}/status").read_text().splitlines() for each in (pid, *_children(pid))]
    anonymous = [int(line.split()[1]) for each in lines for line in each if line.startswith("RssAnon:")]
    return sum(anonymous) * 1024 / 1e6


def _children(pid: int) -> list[int]:
    """Those of every thread: each lists what it started."""
    lists = [tasks.read_text().split() for tasks in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(child) for children in lists for child in children]


def _ticks(pid: int) -> tuple[int, int]:
    """Of the process itself, and of its children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # ended meanwhile; its parent counts it from now on
        return 0, 0
    user, system, user_of_ended, system_of_ended = (int(ticks) for ticks in fields[11:15])
    return user + system, user_of_ended + system_of_ended
