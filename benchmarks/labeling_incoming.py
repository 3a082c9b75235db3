"""Reports from HL7 v2, FHIR, Parquet and CSV: time and memory of reading a file as `ccds labeling load` does, without a database.

    python benchmarks/labeling_incoming.py [--reports 20000]

The reports are made up (seeded): 30 lines each, in HL7 one OBX per line. The peers are hl7 (python-hl7), which the tests need,
and hl7apy and fhir.resources where they are installed; each parses some of the same messages, and nothing more. Each format is
read in a process of its own; the memory is that process's largest, less that of one that reads a file of one report.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import importlib.metadata
import json
import multiprocessing
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import polars as pl

from ccds_kernel.labeling.csv_files import write_rows
from ccds_kernel.labeling.incoming.fhir_resources import DiagnosticReport, read_as
from ccds_kernel.labeling.incoming.hl7_message import parse
from ccds_kernel.labeling.incoming.source import Format, ReportSource
from ccds_kernel.labeling.incoming.survey import standing_reports, survey
from ccds_kernel.labeling.report_file import ReportColumns

_T = TypeVar("_T")

LINES = 30
PEER_MESSAGES = 300
SLOW_PEER_MESSAGES = 5
WORDS = (
    "no", "acute", "pleural", "effusion", "or", "pneumothorax", "the", "heart", "is", "of", "normal", "size", "lungs", "are",
    "clear", "stable", "mild", "left", "lower", "lobe",
)  # fmt: skip
COLUMNS = ReportColumns("accession", ("text",))
SUFFIXES = {Format.CSV: "csv", Format.PARQUET: "parquet", Format.HL7: "hl7", Format.FHIR: "ndjson"}


def made_up_lines(chance: random.Random) -> list[str]:
    """The lines of one report."""
    lines = [" ".join(chance.choices(WORDS, k=9)).capitalize() + "." for _ in range(LINES)]
    return [f"FINDINGS: {lines[0]}", *lines[1:-2], f"IMPRESSION: {lines[-2]}", lines[-1]]


def hl7_message(number: int, lines: Iterable[str]) -> str:
    """An ORU message of one report."""
    obr = f"OBR|1|P{number}|F{number}|CXR1^CHEST^L|||20200501101112|||||||||||A{number}|||||||F"
    obx = (f"OBX|{place}|TX|71020^CHEST^L||{line}||||||F" for place, line in enumerate(lines, 1))
    header = f"MSH|^~\\&|RIS|H|CCDS|C|20200501101500||ORU^R01^ORU_R01|{number}|P|2.5.1"
    return "".join(f"{segment}\r" for segment in (header, "PID|1||0^^^H^MR||DOE^JANE", obr, *obx))


def fhir_line(number: int, lines: Iterable[str]) -> str:
    """A DiagnosticReport with the text as issued."""
    data = base64.b64encode("\n".join(lines).encode()).decode()
    resource_ = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": {"coding": [{"system": "urn:x", "code": "CXR1"}]},
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": f"A{number}"}],
        "effectiveDateTime": "2020-05-01T10:11:12+02:00",
        "presentedForm": [{"contentType": "text/plain", "data": data}],
    }
    return json.dumps(resource_) + "\n"


def write_files(folder: Path, count: int) -> None:
    """The same `count` reports in each format."""
    chance = random.Random(2026)  # noqa: S311 - made-up texts, nothing secret
    reports = [made_up_lines(chance) for _ in range(count)]
    names = [f"A{number}" for number in range(count)]
    joined = ["\n".join(lines) for lines in reports]
    with (folder / "r.hl7").open("w", newline="") as file:
        file.writelines(hl7_message(number, lines) for number, lines in enumerate(reports))
    with (folder / "r.ndjson").open("w") as file:
        file.writelines(fhir_line(number, lines) for number, lines in enumerate(reports))
    write_rows(folder / "r.csv", ("accession", "text"), zip(names, joined, strict=True))
    pl.DataFrame({"accession": names, "text": joined}).write_parquet(folder / "r.parquet")


def read(path: Path, format_: Format) -> tuple[float, int, int]:
    """Seconds to read it twice, as loading does; how many reports count; the process's largest memory in bytes."""
    source = ReportSource(path, format_, COLUMNS if format_ in {Format.CSV, Format.PARQUET} else None)
    begin = time.perf_counter()
    found = survey(source.entries())
    count = sum(1 for _ in standing_reports(source.entries(), found))
    return time.perf_counter() - begin, count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_own_process(do: Callable[..., _T], *arguments: object) -> _T:
    """What `do` returns. A process's largest memory begins with its parent's: so whatever takes much is done this way."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(do, arguments)


def timed(parse: Callable[[str], object], messages: list[str]) -> float:
    """Milliseconds for each of `messages`."""
    begin = time.perf_counter()
    for message in messages:
        parse(message)
    return (time.perf_counter() - begin) / len(messages) * 1e3


def peers(hl7_text: str, fhir_text: str) -> None:
    """What taking messages apart takes here, and what it takes libraries, each where it is installed."""
    messages = [f"MSH{rest}" for rest in hl7_text.split("MSH")[1 : PEER_MESSAGES + 1]]
    lines = fhir_text.splitlines()[:PEER_MESSAGES]
    ours = (
        ("ours (HL7)", lambda text: parse(text.encode().rstrip(b"\r").split(b"\r"), "utf-8"), messages),
        ("ours (FHIR)", lambda text: read_as(DiagnosticReport, json.loads(text)), lines),
    )
    for name, do, texts in ours:
        print(f"{name:25} {timed(do, texts):9.3f} ms per report, parsing once (n = {len(texts)})")
    wanted = (
        ("hl7", "hl7", "parse", messages),
        ("hl7apy", "hl7apy.parser", "parse_message", messages[:SLOW_PEER_MESSAGES]),
        ("fhir.resources", "fhir.resources.diagnosticreport", "DiagnosticReport", lines),
    )
    for package, module, name, texts in wanted:
        try:
            found = getattr(importlib.import_module(module), name)
        except ImportError:
            print(f"{package:16} isn't installed")
            continue
        took = timed(getattr(found, "model_validate_json", found), texts)
        print(
            f"{package:16} {importlib.metadata.version(package):8} {took:9.3f} ms per report, parsing once (n = {len(texts)})"
        )


def main() -> None:
    """Prints a line per format and per peer."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=int, default=20_000)
    count = parser.parse_args().reports
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, {count} reports of {LINES} lines"
    )
    with tempfile.TemporaryDirectory() as name:
        folder, one = Path(name), Path(name) / "one"
        one.mkdir()
        in_own_process(write_files, folder, count)
        in_own_process(write_files, one, 1)
        for format_, suffix in SUFFIXES.items():
            path = folder / f"r.{suffix}"
            took, counted, most = in_own_process(read, path, format_)
            _, _, least = in_own_process(read, one / f"r.{suffix}", format_)
            print(
                f"{format_.value:16} {path.stat().st_size / 1e6:6.1f} MB {took / counted * 1e3:9.2f} ms per report, read twice; "
                f"{(most - least) / 1e6:6.1f} MB more memory than for one (n = {counted})"
            )
        with (folder / "r.hl7").open(newline="") as file:
            messages = file.read(4_000_000)
        with (folder / "r.ndjson").open() as file:
            lines = file.read(4_000_000)
        peers(messages, lines)


if __name__ == "__main__":
    main()
