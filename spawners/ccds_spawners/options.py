"""What a person chooses for a lab session, checked twice: on its own when it is made, and against what the site has.

Who sent it doesn't matter: a form, a link, the API, or somebody who wrote the request by hand. An error names the option, so
that a form shows it beside its field, and quotes little of what came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from ccds_kernel.errors import CcdsError

MOST_GPUS = 4
MOST_HOURS = 24 * 365
ANY = ""
"""What a form, or a link, sends for any model, and for the site's own installation."""

_LONGEST = 40
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_NUMBER = re.compile(r"-[1-9][0-9]*|[0-9]+")
_WORDS = {"gpus": "GPUs", "gpu_model": "GPU model"}
"""What the form calls an option that it doesn't call by its name."""


class OptionError(CcdsError):
    """An option that makes no sense: another choice mends it. `option` is its name; empty where it is none of them."""

    def __init__(self, *, expected: str, found: str, do: str, option: str = "") -> None:
        super().__init__(expected=expected, found=found, do=do)
        self.option = option


@dataclass(frozen=True)
class LabOptions:
    """What a lab session is asked for. The project isn't among it: that is the session's own.

    Args:
        gpus: 0 to 4.
        hours: whole hours, 1 to a year; a site has a limit of its own.
        gpu_model: as the site names it; None for any.
        image: the name of one of the site's images; None for the site's own installation.

    Raises:
        OptionError: a number out of range, or a name that none can be.
    """

    gpus: int = 1
    hours: int = 8
    gpu_model: str | None = None
    image: str | None = None

    def __post_init__(self) -> None:
        _check("gpus", self.gpus, 0, MOST_GPUS)
        _check("hours", self.hours, 1, MOST_HOURS)
        _check_name("gpu_model", self.gpu_model, _MODEL)
        _check_name("image", self.image, _IMAGE)

    @classmethod
    def from_mapping(cls, values: Mapping[str, object], longest_hours: int = MOST_HOURS) -> LabOptions:
        """Reads what a form, a link or the API sent; what isn't there has its default, and what isn't known is refused.

        Raises:
            OptionError: an unknown option, or a value that isn't one.
        """
        if not isinstance(values, Mapping):
            raise OptionError(expected="options with names", found=type(values).__name__, do="choose on the form")
        unknown = sorted(ascii(name)[:_LONGEST] for name in values if name not in NAMES)
        if unknown:
            raise OptionError(expected=f"the options {', '.join(NAMES)}", found=unknown[0], do="leave it out")
        read = {str(name): _READ[str(name)](str(name), _alone(value)) for name, value in values.items()}
        if "hours" in read:
            _check("hours", read["hours"], 1, longest_hours)  # type: ignore[arg-type] # its reader gives a number
        return cls(**read)  # type: ignore[arg-type] # each reader gives its field's type

    def as_values(self) -> dict[str, int | str]:
        """As a form and a link have them; `from_mapping` reads it back."""
        return {
            "gpus": self.gpus,
            "gpu_model": self.gpu_model or ANY,
            "hours": self.hours,
            "image": self.image or ANY,
        }


NAMES = tuple(field.name for field in fields(LabOptions))


def leave_to_start(_spawner: object, _options: object) -> None:
    """The hub's hook for applying options: `ClusterSpawner.start` reads them itself, as `LabOptions`."""


def _alone(value: object) -> object:
    """The value, out of the list of one in which a form sends it."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _whole(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value):
        return int(value)
    raise _wrong(name, f"{called(name)} as a whole number", _quote(value))


def _name(name: str, value: object) -> str | None:
    if value is None or value == ANY:
        return None
    if isinstance(value, str):
        return value
    raise _wrong(name, f"{called(name)} as a name", _quote(value))


_READ = {"gpus": _whole, "hours": _whole, "gpu_model": _name, "image": _name}


def _check(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        # A number from a stranger may have thousands of digits.
        found = str(value) if abs(value) < 10**_LONGEST else "a far larger number"
        raise OptionError(
            expected=f"{called(name)} from {least} to {most}",
            found=found,
            do=f"choose another number of {called(name)}",
            option=name,
        )


def _check_name(name: str, value: str | None, form: re.Pattern[str]) -> None:
    if value is not None and not form.fullmatch(value):
        raise _wrong(name, f"{called(name)} as the site names it", _quote(value))


def called(option: str) -> str:
    """An option by the name that its field on the form has, within a sentence."""
    return _WORDS.get(option, option)


def _wrong(option: str, expected: str, found: str) -> OptionError:
    return OptionError(expected=expected, found=found, do=f"choose {called(option)} on the form", option=option)


def _quote(value: object) -> str:
    if isinstance(value, str):
        return ascii(value[:_LONGEST])
    if isinstance(value, list | tuple):
        return f"{len(value)} values" if value else "no value"
    return "nothing" if value is None else f"a value of type {type(value).__name__}"
