"""HL7 v2 messages and FHIR resources as systems send them; nobody in them lives."""

import base64
import json
from typing import Any

MSH = "MSH|^~\\&|RIS|HOSPITAL|CCDS|CENTRE|{time}||ORU^R01^ORU_R01|{number}|P|2.5.1||||||{charset}"
PID = "PID|1||0000^^^HOSPITAL^MR||DOE^JANE"


def obr(
    accession: str = "A1", status: str = "F", code: str = "CXR1", time: str = "20200501101112", changed: str = ""
) -> str:
    """An OBR as in HL7 v2.5.1, 7.4.1: OBR-4 the exam, OBR-7 its time, OBR-18 the accession number, OBR-22 when the report was
    changed, OBR-25 the status.
    """
    begin = ["OBR", "1", "P1", "F1", f"{code}^CHEST^L", "", "", time, *[""] * 10, accession]
    return "|".join([*begin, "", "", "", changed, "", "", status])


def obx(text: str, code: str = "71020^CHEST^L", kind: str = "TX", status: str = "F") -> str:
    """An OBX as in HL7 v2.5.1, 7.4.2: OBX-2 the type, OBX-3 what it is, OBX-5 the value, OBX-11 the status."""
    return f"OBX|1|{kind}|{code}||{text}||||||{status}"


def oru(
    *segments: str,
    number: int = 1,
    charset: str = "",
    encoding: str = "utf-8",
    end: str = "\r",
    time: str = "20200501101500",
) -> bytes:
    """A message of `segments`, each with its end."""
    lines = [MSH.format(number=number, charset=charset, time=time), PID, *segments]
    return "".join(line + end for line in lines).encode(encoding)


def mllp(message: bytes) -> bytes:
    """`message` as it goes over the wire: between 0x0B and 0x1C 0x0D."""
    return b"\x0b" + message + b"\x1c\r"


def attachment(text: str, kind: str = "text/plain", encoding: str = "utf-8") -> dict[str, str]:
    """A FHIR Attachment that has `text`."""
    return {"contentType": kind, "data": base64.b64encode(text.encode(encoding)).decode()}


def diagnostic_report(accession: str | None = "A1", status: str = "final", **elements: Any) -> dict[str, Any]:
    """A FHIR DiagnosticReport of a chest radiograph; an element that is None is left out."""
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}
    report = {
        "resourceType": "DiagnosticReport",
        "status": status,
        "code": {"coding": [{"system": "urn:hospital:exams", "code": "CXR1", "display": "CHEST"}]},
        "identifier": accession and [{"type": kind, "system": "urn:hospital:accessions", "value": accession}],
        "subject": {"display": "DOE, JANE"},
        "effectiveDateTime": "2020-05-01T10:11:12+02:00",
        **elements,
    }
    return {name: value for name, value in report.items() if value is not None}


def ndjson(*resources: object) -> bytes:
    """One resource per line."""
    return "".join(json.dumps(resource) + "\n" for resource in resources).encode()
