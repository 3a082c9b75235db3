"""`ccds imaging retrieve --accessions`: single studies, by accession numbers that never stand on a command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ccds_kernel.cli._wording import counted

if TYPE_CHECKING:
    from ccds_kernel.irb.project import Project


def request_accessions(project: Project, source: str, *, queue_only: bool) -> None:
    """Asks for the studies in the file `source` (`-`: standard input), and says what became of each that can't be had.

    Raises:
        CcdsError: the file can't be read, says something else, or the archive isn't to be asked now.
        ArchiveAway: the archive is.
    """
    from ccds_kernel.archive.site import archive_of
    from ccds_kernel.errors import CcdsError
    from ccds_kernel.imaging.retrieval.single import AccessionNumbers, request_single

    if queue_only:
        raise CcdsError(
            expected="an archive that is asked now, for single studies",
            found="--queue-only",
            do="leave it away; or ask for criteria, and name with --study which of their studies go ahead",
        )
    wanted = AccessionNumbers.parse(_lines(source))
    told = request_single(project, archive_of(project.settings), wanted)
    print(f"{ahead(told.ahead)}, of {counted(len(wanted.places), 'accession number')}")
    _tell(told.there, "the project has it")
    _tell(told.gone, "it was refused, or tried as often as the site allows; see 'ccds imaging status --studies'")
    _tell(told.unknown, "the archive has no such study")
    _tell(told.not_covered, "the IRB application doesn't cover its exam code or date")


def ahead(studies: int) -> str:
    """How many studies are fetched before the others, in words."""
    return "1 study goes ahead" if studies == 1 else f"{studies} studies go ahead"


def _tell(places: Sequence[int], what: str) -> None:
    if places:
        lines = f"line{'s' if len(places) > 1 else ''} {', '.join(map(str, places))}"
        print(f"ccds: warning: {lines}: {what}", file=sys.stderr)


def _lines(source: str) -> list[str]:
    from ccds_kernel.errors import CcdsError

    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "bytes that are no text"
        raise CcdsError(expected="a file of accession numbers, one a line", found=found, do="name another") from None
    return text.splitlines()
