"""What a person chooses for a lab session; checked when it is made, whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError

MOST_GPUS = 4
MOST_HOURS = 72


@dataclass(frozen=True)
class LabOptions:
    """GPUs (0 to 4) and hours (1 to 72) of a lab session."""

    gpus: int = 1
    hours: int = 8

    def __post_init__(self) -> None:
        _check("gpus", self.gpus, 0, MOST_GPUS)
        _check("hours", self.hours, 1, MOST_HOURS)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> LabOptions:
        """Reads what a form, a link or the API sent; what isn't there has its default, and what isn't known is refused.

        Raises:
            CcdsError: an unknown option, or a value that isn't a whole number in range.
        """
        unknown = set(values) - {"gpus", "hours"}
        if unknown:
            raise CcdsError(expected="the options gpus and hours", found=f"{min(unknown)[:40]!r}", do="leave it out")
        return cls(**{name: _whole(name, value) for name, value in values.items()})


def leave_to_start(_spawner: object, _options: object) -> None:
    """The hub's hook for applying options: `ClusterSpawner.start` reads them itself, as `LabOptions`."""


def _whole(name: str, value: object) -> int:
    if isinstance(value, list) and len(value) == 1:  # as a form sends it
        value = value[0]
    text = str(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool) and text.isascii() and text.isdigit():
        return int(text[:6])
    raise CcdsError(expected=f"{name} as a whole number", found=repr(value)[:40], do=f"choose {name} on the form")


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise CcdsError(
            expected=f"{name} from {least} to {most}", found=str(value), do=f"choose another number of {name}"
        )
