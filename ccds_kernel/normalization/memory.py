"""How much memory a session has: what its scheduler or container allows it, not what its machine has."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import psutil


def session_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may use: the least of the machine's memory, the limits of its control groups, and its own.

    Args:
        root: where /proc and /sys/fs/cgroup are.
    """
    limits = [psutil.virtual_memory().total, *_group_limits(root)]
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    if own != resource.RLIM_INFINITY:
        limits.append(own)
    return min(limits)


def _group_limits(root: Path) -> Iterator[int]:
    """The limits of the control groups that this process is in, version 1 or 2; none where there are no groups."""
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            top, name = root / "sys" / "fs" / "cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "sys" / "fs" / "cgroup" / "memory", "memory.limit_in_bytes"
        else:
            continue
        group = top / path.lstrip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(top):
                break
            try:
                limit = (folder / name).read_text().strip()
            except OSError:
                continue  # a container sees its own group at the top, under the path that it has outside
            if limit.isdigit():  # else "max"
                yield int(limit)
