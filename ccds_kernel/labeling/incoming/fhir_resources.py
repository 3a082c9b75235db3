"""What is read of FHIR resources (R4 and R5: the elements are the same), everything else left aside.

Models of our own and not fhir.resources: its 8.3 takes some sixteen times as long for a report
(`benchmarks/labeling_incoming.py`), and refuses a whole report for what is odd in an element that nobody reads here, R4's
imagingStudy among them. A reason why a resource isn't one names the element, never its content.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.labeling.incoming.version import Odd

_Model = TypeVar("_Model", bound=BaseModel)

Resource = dict[str, Any]
"""A resource as it came."""


class _Element(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Coding(_Element):
    """A code in a code system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(_Element):
    """Codes that mean the same, and what somebody wrote for it."""

    coding: list[Coding] = Field(default_factory=list)
    text: str | None = None


class Identifier(_Element):
    """A number, what kind of number, whose, and whether it still is."""

    use: str | None = None
    type: CodeableConcept = CodeableConcept()
    system: str | None = None
    value: str | None = None


class Reference(_Element):
    """To another resource: by its address, or by its number."""

    reference: str | None = None
    identifier: Identifier | None = None


class Attachment(_Element):
    """A document: its bytes in base64, or elsewhere."""

    contentType: str | None = None  # noqa: N815 - as FHIR calls it
    data: str | None = None


class Period(_Element):
    """From when."""

    start: str | None = None


class Ordered(_Element):
    """A ServiceRequest or ImagingStudy, for its numbers."""

    identifier: list[Identifier] = Field(default_factory=list)


class Observation(_Element):
    """A result: here, one in words."""

    status: str | None = None
    code: CodeableConcept = CodeableConcept()
    valueString: str | None = None  # noqa: N815 - as FHIR calls it
    hasMember: list[Reference] = Field(default_factory=list)  # noqa: N815 - as FHIR calls it


class Meta(_Element):
    """About the resource itself."""

    lastUpdated: str | None = None  # noqa: N815 - as FHIR calls it


class ReportHead(_Element):
    """Of a report, which study's it is, how far it counts, and when it was sent: this is read where the rest can't be, too."""

    status: str
    issued: str | None = None
    meta: Meta = Meta()
    identifier: list[Identifier] = Field(default_factory=list)
    basedOn: list[Reference] = Field(default_factory=list)  # noqa: N815 - as FHIR calls it
    imagingStudy: list[Reference] = Field(default_factory=list)  # noqa: N815 - as R4 calls it
    study: list[Reference] = Field(default_factory=list)
    """`imagingStudy` in R5."""
    contained: list[Resource] = Field(default_factory=list)


class DiagnosticReport(ReportHead):
    """A report."""

    code: CodeableConcept = CodeableConcept()
    effectiveDateTime: str | None = None  # noqa: N815 - as FHIR calls it
    effectivePeriod: Period = Period()  # noqa: N815 - as FHIR calls it
    presentedForm: list[Attachment] = Field(default_factory=list)  # noqa: N815 - as FHIR calls it
    result: list[Reference] = Field(default_factory=list)
    conclusion: str | None = None


class BundleEntry(_Element):
    """One resource of a Bundle, and its address."""

    fullUrl: str | None = None  # noqa: N815 - as FHIR calls it
    resource: Resource | None = None


class Bundle(_Element):
    """Resources together."""

    entry: list[BundleEntry] = Field(default_factory=list)


def read_as(model: type[_Model], resource: Resource) -> _Model:
    """`resource` as a `model`.

    Raises:
        Odd: an element has another form than FHIR gives it.
    """
    try:
        return model.model_validate(resource)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise Odd(f"its element {where} isn't what FHIR has there") from None
