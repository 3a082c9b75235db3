"""How often exams are made, by exam code and month, from aggregate counts alone. Pure.

An administrator exports counts from the RIS or the VNA; what is published of them keeps the site's rule about small groups:
per code the months are put together until a period has at least ten exams, the last ones wait where they have fewer, and of a
code with fewer than ten in all only that is said. A month that isn't over is left out. So whatever somebody adds or subtracts
within one publication is again a sum over whole periods. The counts themselves are kept nowhere.

What isn't promised: where a later export has another number for the same month, the difference of the two publications may be
small. It is a number of exams about which nothing else is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import ExamCode
from ccds_kernel.months import Month, Span, running
from ccds_kernel.small_groups import SMALLEST, periods


class ExamCount(BaseModel):
    """How many exams of a code were made in a month, as it was exported."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: ExamCode
    month: Month
    count: Annotated[int, Field(ge=0, strict=True)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Exams(Span):
    """The exams of these months together."""

    exams: Annotated[int, Field(ge=SMALLEST)]


class CodeFrequency(_Part):
    """The exams of one code in periods that have enough; none where there are fewer than ten in all."""

    code: ExamCode
    periods: tuple[Exams, ...]

    @property
    def exams(self) -> int:
        """All that are shown."""
        return sum(period.exams for period in self.periods)


class Frequencies(_Part):
    """The whole published file: `first` to `last` are the months of the export that were over."""

    schema_version: Literal[1] = Field(1, alias="schema")
    published_at: datetime
    months: Span
    codes: tuple[CodeFrequency, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        codes = [one.code for one in self.codes]
        if len(set(codes)) < len(codes):
            raise ValueError("codes names one twice")
        return self

    def to_json(self) -> str:
        """The file's text."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"

    def of(self, code: str) -> CodeFrequency | None:
        """The exams of `code`; None where the export doesn't have it."""
        return next((one for one in self.codes if one.code == code), None)

    def per_month(self, codes: Iterable[str]) -> float:
        """Exams of `codes` in a month of the export, on average; at least, since small numbers aren't in it."""
        shown = sum(one.exams for one in map(self.of, codes) if one is not None)
        return shown / len(self.months.months)


@dataclass(frozen=True)
class Left:
    """What of the counts isn't published: exams of months that aren't over, and codes with too few exams."""

    running: int
    small: tuple[str, ...]


def frequencies(counts: Iterable[ExamCount], now: datetime) -> tuple[Frequencies, Left]:
    """What is to be published of `counts`, and what of them isn't.

    Args:
        counts: each code and month once.
        now: in UTC.

    Raises:
        CcdsError: no month of them is over.
    """
    until = running(now)
    by_code: dict[str, dict[str, int]] = defaultdict(dict)
    left = 0
    for one in counts:
        if one.month < until:
            by_code[one.code][one.month] = one.count
        else:
            left += one.count
    months = sorted({month for sizes in by_code.values() for month in sizes})
    if not months:
        raise CcdsError(
            expected=f"counts of months that were over a week ago (before {until})",
            found="none",
            do="export earlier months",
        )
    codes = tuple(CodeFrequency(code=code, periods=_periods(by_code[code])) for code in sorted(by_code))
    published = Frequencies(schema=1, published_at=now, months=Span(first=months[0], last=months[-1]), codes=codes)
    return published, Left(left, tuple(one.code for one in codes if not one.periods))


def _periods(sizes: dict[str, int]) -> tuple[Exams, ...]:
    present = {month: size for month, size in sizes.items() if size}
    return tuple(
        Exams(first=span.first, last=span.last, exams=sum(size for month, size in present.items() if month in span))
        for span in periods(present)
    )
