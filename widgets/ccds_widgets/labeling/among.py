"""Which reports a page walks through: those of a phrase, of two phrases in conflict, or those that hold some words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ccds_kernel.labeling.phrase import LONGEST
from ccds_widgets import requests

Index = Annotated[int, Field(ge=0, le=10**9)]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Text = Annotated[str, Field(max_length=2 * LONGEST)]
"""Twice the longest phrase, so that one that is too long, or blank, is told so by `Phrase`, in its words."""


class OfPhrase(requests.Request):
    """The reports of phrase `phrase`: all that it matches, those that it captures, those that an earlier one captures instead,
    those that get its uncertain label, or those that it doesn't match because it is negated there; or those that would have
    another label, or none, if it were "not if negated", or weren't.
    """

    by: Literal["phrase"]
    phrase: RowId
    which: Literal["matched", "captured", "shadowed", "uncertain", "negated", "if negated"] = "captured"


class Words(requests.Request):
    """The reports that hold `text`, as whole words or anywhere."""

    by: Literal["words"]
    text: Text
    whole: bool = True


class Conflict(requests.Request):
    """The reports that one phrase captures and another one would give another label."""

    by: Literal["conflict"]
    captured_by: RowId
    hidden: RowId


Among = Annotated[OfPhrase | Words | Conflict, Field(discriminator="by")]
