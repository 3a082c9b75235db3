"""What the page of the series screen may ask for: one class per request, checked to the letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from ccds_kernel.imaging.selection.rules_file import LONGEST
from ccds_widgets import requests
from ccds_widgets.imaging.asked import Begin, Note, Picture, SeriesName, StudyKey

RulesText = Annotated[str, Field(max_length=LONGEST)]
Which = Literal["all", "none", "overruled", "unread"]


class List(requests.Request):
    """A page of the studies, from number `begin` on: all, those without a series, those overruled, those not read yet.

    Only those of an exam code, where `code` says one, and whose keys begin with `key`.
    """

    kind: Literal["studies"]
    which: Which = "all"
    code: Annotated[str, Field(max_length=32)] | None = None
    key: Annotated[str, Field(max_length=64)] = ""
    begin: Begin = 0


class Show(requests.Request):
    """One study with every series."""

    kind: Literal["study"]
    study: StudyKey


class Overrule(requests.Request):
    """This series is the study's volume, above the rules; None: none is."""

    kind: Literal["overrule"]
    study: StudyKey
    series: SeriesName | None
    note: Note


class Rules(requests.Request):
    """The rules, and who kept which when."""

    kind: Literal["rules"]


class TryRules(requests.Request):
    """What other rules would change."""

    kind: Literal["try"]
    text: RulesText


class KeepRules(requests.Request):
    """These rules hold from now on, if those with the digest `seen` still do; None: if still none do."""

    kind: Literal["keep"]
    text: RulesText
    seen: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None


Request = List | Show | Picture | Overrule | Rules | TryRules | KeepRules

_REQUESTS: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="kind")])


def parse(content: object) -> Request:
    """`content`, as it came from the page, as a request.

    Raises:
        CcdsError: it is none. The content isn't quoted.
    """
    return requests.parsed(content, _REQUESTS)
