"""The text of /etc/group and /etc/gshadow, as lines: pure functions.

A line of the one is `name:password:number:members`, of the other `name:password:administrators:members`. Lines that aren't ours,
also those that nobody understands, stay as they are to the last byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

NAME, _PASSWORD, NUMBER, MEMBERS = range(4)
FIELDS = 4


def entries(lines: Iterable[str]) -> list[list[str]]:
    """The fields of every line that has as many as a group's."""
    return [fields for line in lines if len(fields := line.split(":")) == FIELDS]


def members(lines: Iterable[str], prefix: str) -> dict[str, frozenset[str]]:
    """Every group whose name begins with `prefix`, and who is in it; of two lines for one group both count, as for the kernel."""
    found: dict[str, frozenset[str]] = {}
    for fields in entries(lines):
        if (name := fields[NAME]).startswith(prefix):
            found[name] = found.get(name, frozenset()) | frozenset(filter(None, fields[MEMBERS].split(",")))
    return found


def numbers(lines: Iterable[str]) -> dict[str, int]:
    """The number of every group; of two lines for one group the first one's."""
    found: dict[str, int] = {}
    for fields in entries(lines):
        if fields[NUMBER].isdecimal():
            found.setdefault(fields[NAME], int(fields[NUMBER]))
    return found


def group_line(name: str, number: int, people: Iterable[str]) -> str:
    """A line of /etc/group; its password lies in /etc/gshadow."""
    return f"{name}:x:{number}:{','.join(sorted(people))}"


def shadow_line(name: str, people: Iterable[str]) -> str:
    """A line of /etc/gshadow: no password lets anybody in, and nobody but root may add members."""
    return f"{name}:!::{','.join(sorted(people))}"


def rewritten(lines: Sequence[str], wanted: Mapping[str, str | None]) -> list[str]:
    """`lines` with the line of each group in `wanted` replaced; taken out where it is None, put at the end where it is new."""
    waiting = dict(wanted)
    kept = []
    for line in lines:
        name = line.split(":", 1)[0]
        if name not in wanted:
            kept.append(line)
        elif (new := waiting.pop(name, None)) is not None:
            kept.append(new)
    return [*kept, *(line for line in waiting.values() if line is not None)]
