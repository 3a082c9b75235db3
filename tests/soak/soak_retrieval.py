"""Workers and a real archive killed at random moments while studies are fetched: each arrives once, whole, and nothing else.

    python tests/soak/soak_retrieval.py [--studies 150] [--kills 30] [--seed 0]

A worker (`ccds imaging retrieve`, two studies at once) fetches from an Orthanc, by DICOMweb, C-GET and C-MOVE in turn; at a
random moment the worker or the archive is killed, and started again. After each kill every study that the project shows has to be
whole; at the end all of them have to be there, bit for bit as the archive was given them, with nothing left in staging.
"""

# ruff: noqa: T201 - a script that prints

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydicom

from ccds_kernel.archive.site import archive_of, staging_of
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.imaging.retrieval.asking import ask_archive, keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Settings, load_settings
from support.archive import Study
from support.orthanc import AE_TITLE, OURS, PASSWORD, USER, Orthanc, running_orthanc
from support.site import ADMINISTRATOR, application, on_roster, session_of, site_settings, write_settings
from support.soak import tell
from support.waiting import until

PROTOCOLS = ("dicomweb", "c-get", "c-move")
LONGEST_S = 1.5
"""After a study was begun something is killed within so many seconds."""

MOST_RUNS = 10


def settings_file(folder: Path, orthanc: Orthanc, protocol: str) -> Path:
    """A site whose archive is `orthanc`, by that protocol."""
    path = write_settings(folder)
    how = {
        "dicomweb": [f'url = "{orthanc.url}"', f'user = "{USER}"'],
        "c-get": [],
        "c-move": ['move_address = "127.0.0.1"', f"move_port = {orthanc.destination}"],
    }
    dimse = [f'host = "127.0.0.1"\nport = {orthanc.dicom}\nae_title = "{AE_TITLE}"\nown_ae_title = "{OURS}"']
    lines = ["[archive]", f'protocol = "{protocol}"', "keep_free_mb = 0", "attempts = 20", "timeout_seconds = 10"]
    text = [path.read_text(encoding="utf-8"), *lines, *how[protocol], *([] if protocol == "dicomweb" else dimse)]
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


def retrieving(settings: Path) -> subprocess.Popen[bytes]:
    """A worker in a process of its own."""
    environment = os.environ | {"CCDS_CONFIG": str(settings)} | session_of("eve", "HEAD-1", settings)
    command = [sys.executable, "-m", "ccds_kernel.cli", "imaging", "retrieve", "--project", "HEAD-1"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def halves(dicom: Path, studies: dict[str, Study]) -> Iterator[str]:
    """A line for each study that the project shows and that isn't whole."""
    for folder in dicom.glob("[!.]*"):
        files = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.rglob("*.dcm")]
        uids = {data.StudyInstanceUID for data in files}
        if len(uids) != 1 or len(files) != studies[uids.pop()].slices:
            yield f"a folder with {len(files)} files of {len(uids)} studies"


def altered(dicom: Path, given: dict[str, bytes]) -> Iterator[str]:
    """A line for each instance that is there twice, not at all, or not as it was given."""
    there: Counter[str] = Counter()
    for path in dicom.rglob("*.dcm"):
        data = pydicom.dcmread(path)
        there[data.SOPInstanceUID] += 1
        if given.get(data.SOPInstanceUID) != data.PixelData:
            yield "an instance whose pixels aren't those that the archive was given"
    for uid in given:
        if there[uid] != 1:
            yield f"an instance that is there {there[uid]} times"


def hunt(folder: Path, orthanc: Orthanc, options: argparse.Namespace) -> list[str]:
    """Runs it; the broken promises."""
    chance = random.Random(options.seed)  # noqa: S311 - to be the same again
    studies = [Study(number, slices=chance.randint(1, 40)) for number in range(1, options.studies + 1)]
    given: dict[str, bytes] = {}
    for study in studies:
        files = study.write(folder / "given" / str(study.number))
        given |= {data.SOPInstanceUID: data.PixelData for data in map(pydicom.dcmread, files)}
        orthanc.add(files)
    by_uid = {one.uid: one for one in studies}
    settings = queued(folder, orthanc)
    dicom = settings.paths.projects / "HEAD-1" / "dicom"
    broken: list[str] = []
    killed: Counter[str] = Counter()
    with closing(open_project("HEAD-1", Action.WRITE_IMAGES, person="eve", settings=settings)) as project:
        queue = RetrievalQueue(project)
        for number in range(options.kills):
            if not queue.counts()[State.WAITING] + queue.counts()[State.RUNNING]:
                break
            worker = retrieving(settings_file(folder, orthanc, PROTOCOLS[number % len(PROTOCOLS)]))
            before = queue.counts()[State.ARRIVED]
            until(lambda: worker.poll() is not None or queue.counts()[State.ARRIVED] > before, "a study", seconds=120)  # noqa: B023 - is called here
            time.sleep(chance.random() * LONGEST_S)
            killed[kill(worker, orthanc, chance)] += 1
            broken += halves(dicom, by_uid)
        for _ in range(MOST_RUNS):
            queue.retry()
            retrieving(settings_file(folder, orthanc, chance.choice(PROTOCOLS))).wait(600)
            if queue.counts() == {State.ARRIVED: options.studies}:
                break
        counts, causes = queue.counts(), queue.causes()
    if counts != {State.ARRIVED: options.studies}:
        broken.append(f"at the end: {dict(counts)}, {dict(causes)}")
    broken += altered(dicom, given)
    broken += [f"left: {path.name}" for path in (staging_of(settings) / "HEAD-1").iterdir()]
    broken += [f"left: {path.name}" for path in dicom.glob(".*")]
    events = FileAuditSink(settings.paths.audit).entries("HEAD-1")
    arrivals = [one["detail"] for one in events if one["event"] == "StudyArrived"]
    first = Counter(one["study_key"] for one in arrivals if not one["repeated"])
    broken += [f"{count} arrivals of one study that aren't called repeated" for count in first.values() if count > 1]
    if len({one["study_key"] for one in arrivals}) < options.studies:
        broken.append("an arrival isn't written down")
    print(
        f"{options.studies} studies, {len(given)} instances; killed: {dict(killed)}; {len(arrivals)} arrivals written down, "
        f"{len(arrivals) - first.total()} of them as repeated"
    )
    return broken


def queued(folder: Path, orthanc: Orthanc) -> Settings:
    """A site with the project HEAD-1, in whose queue all studies are; its settings."""
    site = site_settings(folder)
    approved = {
        "id": "HEAD-1",
        "exam_codes": ["CTHEAD"],
        "study_dates": ["2024-01-01", "2024-03-31"],
        "data": ["images"],
    }
    apply_application(application(**approved, roster=on_roster(eve="engineer")), person=ADMINISTRATOR, settings=site)
    password = site.paths.state / "archive_password"
    password.touch(0o600)
    password.write_text(PASSWORD, encoding="utf-8")
    settings = load_settings(settings_file(folder, orthanc, "dicomweb"))
    with closing(open_project("HEAD-1", Action.WRITE_IMAGES, person="eve", settings=settings)) as project:
        criteria = Criteria(frozenset({"CTHEAD"}), date(2024, 1, 1), date(2024, 3, 31))
        versioned = keep_criteria(project, "heads", criteria, None)
        RetrievalQueue(project).request(ask_archive(project, archive_of(settings), versioned).meeting, versioned)
    return settings


def kill(worker: subprocess.Popen[bytes], orthanc: Orthanc, chance: random.Random) -> str:
    """Kills one of the two, and waits until the worker is gone; which."""
    if chance.random() < 0.5:
        worker.send_signal(signal.SIGKILL)
        worker.wait(60)
        return "worker"
    orthanc.kill()
    worker.wait(120)
    orthanc.start()
    return "archive"


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=150)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccds-soak-") as folder, running_orthanc() as orthanc:
        broken = hunt(Path(folder), orthanc, options)
    print(f"{time.monotonic() - begin:.0f} s")
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
