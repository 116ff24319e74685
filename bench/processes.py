"""What processes cost: CPU time and memory, by name."""

from collections.abc import Mapping
from pathlib import Path

import psutil

CpuSeconds = dict[str, float]


def cpu_seconds(processes: Mapping[str, int]) -> CpuSeconds:
    """User and system time so far of each process and of what it started, ended or not, in seconds.

    A process that is gone is left out. `bench` is this process, without what it started.
    """
    own = psutil.Process().cpu_times()
    found: CpuSeconds = {"bench": own.user + own.system}
    for name, pid in processes.items():
        try:
            tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        found[name] = sum(map(_own_and_ended, tree))
    return found


def spent(before: CpuSeconds, after: CpuSeconds) -> CpuSeconds:
    """What was spent between two looks, of processes that were there both times."""
    return {name: after[name] - seconds for name, seconds in before.items() if name in after}


def peak_resident_mb(processes: Mapping[str, int]) -> dict[str, float]:
    """The most memory that each process has held, in 10⁶ bytes, where the system says so; else what it holds now.

    Postgres' processes share most of theirs, so theirs is what they hold now, shared pages counted once.
    """
    found = {}
    for name, pid in processes.items():
        try:
            process = psutil.Process(pid)
            children = process.children(recursive=True)
            found[name] = round((_shared_once([process, *children]) if children else _peak(process)) / 1e6, 1)
        except psutil.Error:
            continue
    return found


def resident_mb(pid: int) -> float:
    """What a process holds now, in 10⁶ bytes."""
    return round(psutil.Process(pid).memory_info().rss / 1e6, 1)


def _own_and_ended(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # ended since: now among its parent's
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _peak(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return float(process.memory_info().rss)


def _shared_once(tree: list[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        try:
            full = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        total += getattr(full, "pss", full.uss)
    return total
