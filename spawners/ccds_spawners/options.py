"""What a person chooses for a lab session; checked when it is made, whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ccds_kernel.errors import CcdsError

MOST_GPUS = 4
MOST_HOURS = 72
_LONGEST = 40


class OptionError(CcdsError):
    """An option that makes no sense: another choice mends it."""


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
            OptionError: an unknown option, or a value that isn't a whole number in range.
        """
        if not isinstance(values, Mapping):
            raise OptionError(expected="options with names", found=type(values).__name__, do="choose on the form")
        unknown = sorted(ascii(name)[:_LONGEST] for name in values if name not in ("gpus", "hours"))
        if unknown:
            raise OptionError(expected="the options gpus and hours", found=unknown[0], do="leave it out")
        return cls(**{str(name): _whole(str(name), value) for name, value in values.items()})


def leave_to_start(_spawner: object, _options: object) -> None:
    """The hub's hook for applying options: `ClusterSpawner.start` reads them itself, as `LabOptions`."""


def _whole(name: str, value: object) -> int:
    if isinstance(value, list) and len(value) == 1:  # as a form sends it
        value = value[0]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST:
        return int(value)
    found = ascii(value[:_LONGEST]) if isinstance(value, str) else type(value).__name__
    raise OptionError(expected=f"{name} as a whole number", found=found, do=f"choose {name} on the form")


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        # A number from a stranger may have thousands of digits.
        found = str(value) if abs(value) < 10**_LONGEST else "a far larger number"
        raise OptionError(expected=f"{name} from {least} to {most}", found=found, do=f"choose another number of {name}")
