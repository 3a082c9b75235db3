"""How long the screens Series and Quarantine hold the kernel, of which each page's request waits for the one before.

    python benchmarks/imaging_many_studies.py [--studies 100000]

A made-up project on SQLite: each study has three series that were read a second after those of the study before, a report that
says its exam code, and a verdict, with an empty file in the place of its volume. The screens' own models are asked, without a
page and without Jupyter. First the whole is gone through, which the app does beside the requests; then what a request takes:
seconds by the clock and of the processor, which a busy machine makes no longer. Not a test of reading headers, nor of a disk
that is far away.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from sqlalchemy import insert

from ccds_kernel.cohort.tables import report
from ccds_kernel.imaging.studies.overview import StudiesOverview
from ccds_kernel.imaging.studies.read_rows import keep_series
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.imaging.studies.runs import VolumeRuns
from ccds_kernel.imaging.studies.series_read import SeriesRead, read_series, to_json
from ccds_kernel.imaging.studies.tables import series_verdict, study_series
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_widgets.imaging.selection.model import SelectionModel
from support.dicom import Stack, write_stack
from support.image_studies import RULES
from support.site import ADMINISTRATOR, application, on_roster, site_settings

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
LIST = {"kind": "studies"}


class Nothing:
    """In the place of a thread that reads headers."""

    busy = False

    def begin(self, work: Callable[[], object]) -> bool:  # noqa: ARG002 - as `Errands` says
        """Begins nothing."""
        return False


def key_of(number: int) -> str:
    """The key of a study."""
    return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in reversed(range(16)))


def filled(folder: Path, studies: int) -> tuple[Project, Sequence[SeriesRead]]:
    """The project, and what was read of each study."""
    settings = site_settings(folder / "site")
    approved = application(
        id="HEAD-1", exam_codes=["CTHEAD"], data=["images", "reports"], roster=on_roster(eve="engineer")
    )
    apply_application(approved, person=ADMINISTRATOR, settings=settings)
    project = open_project("HEAD-1", Action.READ_IMAGES, person="eve", settings=settings)
    for number in range(3):
        write_stack(folder / "one" / str(number), Stack(slices=6 + number))
    series = read_series(folder / "one")
    best = max(series, key=lambda one: one.facts.images).facts
    keys = [key_of(number) for number in range(studies)]
    for key in keys:
        (project.folder / "dicom" / key).mkdir(parents=True)
        (project.folder / "nifti" / key).mkdir(parents=True)
        (project.folder / "nifti" / key / f"{best.name}.nii.gz").touch()
    now = datetime.now(UTC)
    read = {"stamp": "", "series": to_json(series)}
    made: dict[str, object] = {
        "series": best.name,
        "modality": best.modality,
        "scanner": best.scanner,
        "status": "accepted",
    }
    made |= {"files": best.images, "made_by": "eve", "made_at": now}
    with project.store.writing() as connection:
        begun = now - timedelta(seconds=studies)
        rows = [{"study_key": key, "read_at": begun + timedelta(seconds=at), **read} for at, key in enumerate(keys)]
        connection.execute(insert(study_series), rows)
        said = [{"accession": f"A{at}", "study_key": key, "exam_code": "CTHEAD"} for at, key in enumerate(keys)]
        connection.execute(insert(report), said)
        connection.execute(insert(series_verdict), [{"study_key": key, **made} for key in keys])
    ImageStudies(project).keep_rules(RULES)
    return project, series


def timed(what: str, work: Callable[[], object]) -> None:
    """Says how long `work` takes."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - begin, time.process_time() - begin_cpu
    print(f"{what:<56}{taken[0]:8.2f}{taken[1]:12.2f}", flush=True)


def main() -> None:
    """Prints a line for each request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100_000, help="of the project")
    options = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {options.studies} studies")
    print(f"{'':<56}{'clock, s':>8}{'processor, s':>12}")
    with tempfile.TemporaryDirectory() as folder:
        project, series = filled(Path(folder), options.studies)
        overview, studies = StudiesOverview(project), ImageStudies(project)
        runs = VolumeRuns(project, overview)
        page = SelectionModel(overview, studies, may_write=lambda: True, errands=Nothing())

        def read_another() -> None:
            with project.store.writing() as connection:
                keep_series(connection, key_of(0), "", series[:2])

        timed("all studies, the first time (beside the requests)", overview.outlines)
        timed("Series opens", page.start)
        timed("Series, nothing changed", lambda: page.answer(LIST))
        read_another()
        timed("Series, one study was read meanwhile", lambda: page.answer(LIST))
        timed("Quarantine: how many studies wait", runs.waiting)
        studies.keep_rules(RULES.replace("most-images", "thinnest"))
        timed("Series, other rules were kept meanwhile", lambda: page.answer(LIST))
        project.close()


if __name__ == "__main__":
    main()
