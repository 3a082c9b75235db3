"""Publishing the report, and who reads it."""

import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster import HowEnded, Records
from ccds_kernel.cluster.publication import read_report, write_report
from ccds_kernel.cluster.publish import gather, publish
from ccds_kernel.cluster.reading import PublishedCluster
from ccds_kernel.cluster.report import compute
from ccds_kernel.demo.cluster import pretended
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR
from support.waiting import until

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FOREVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from ccds_kernel.cluster.publication import write_report
from ccds_kernel.cluster.report import compute
from ccds_kernel.demo.cluster import pretended
now = datetime(2026, 11, 26, 12, tzinfo=UTC)
reports = [compute(*pretended(seed, now), now) for seed in (1, 2)]
print("ready", flush=True)
while True:
    for report in reports:
        write_report(Path(sys.argv[1]), report)
"""


def test_what_the_hub_recorded_is_gathered(settings: Settings) -> None:
    """A session of two GPUs, from 09:00 to 10:00; what ended before the first month shown isn't read."""
    records = Records(settings.paths.state)
    for job, ended in (("1", NOW - timedelta(hours=2)), ("2", NOW - timedelta(days=500))):
        records.note_submitted(
            JobId(job),
            person="sam",
            project="CHEST-1",
            session="chest-1-lab",
            priority_class=PriorityClass.FIRST,
            at=ended - timedelta(hours=1),
            gpus=2,
        )
        records.note_started(JobId(job), node="n1", at=ended - timedelta(hours=1))
        records.note_ended(JobId(job), HowEnded.STOPPED, at=ended)

    report = gather(settings, NOW)

    assert report.sessions == 1
    assert report.periods[-1].held[0].gpu_hours == 2


def test_a_site_without_records_has_an_empty_report(settings: Settings) -> None:
    """And no file of records is made by whoever reads: it might not be the hub's."""
    assert gather(settings, NOW).periods == ()
    assert not (settings.paths.state / "cluster.sqlite").exists()


def test_a_reader_sees_whole_reports_while_one_is_written_and_after_kill_9(tmp_path: Path) -> None:
    """Written again and again and killed in the middle: each time it reads as one of the two that were written."""
    whole = [compute(*pretended(seed, NOW), NOW) for seed in (1, 2)]
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", FOREVER, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            until(lambda: read_report(tmp_path), "a first report")
            during = [read_report(tmp_path) for _ in range(20)]
            os.kill(process.pid, signal.SIGKILL)

        assert all(report in whole for report in during)
        assert read_report(tmp_path) in whole


def test_publishing_is_for_administrators_and_logged(settings: Settings, entries) -> None:
    """Leadership reads and doesn't publish."""
    report = compute([], [], NOW)

    with pytest.raises(SiteAccessDenied):
        publish(report, person="lea", settings=settings)
    assert read_report(settings.paths.published) is None
    path = publish(report, person=ADMINISTRATOR, settings=settings)

    assert read_report(settings.paths.published) == report
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path.parent, path)] == [0o750, 0o640]
    assert entries()[-2:] == [("lea", "AccessDenied"), (ADMINISTRATOR, "ClusterPublished")]


def test_what_cannot_be_logged_is_neither_published_nor_shown(settings: Settings) -> None:
    """The log's file is a folder."""
    publish(compute([], [], NOW), person=ADMINISTRATOR, settings=settings)
    chain = settings.paths.audit / "_site.jsonl"
    chain.unlink()
    chain.mkdir()

    for use in (
        lambda: publish(compute([], [], NOW, pretended=True), person=ADMINISTRATOR, settings=settings),
        lambda: PublishedCluster("lea", lambda: settings).read(),
    ):
        with pytest.raises(CcdsError, match="expected to write the audit log"):
            use()

    kept = read_report(settings.paths.published)
    assert kept is not None
    assert not kept.pretended


@pytest.mark.parametrize("person", ["fay", "", "old-leader"])
def test_only_leadership_and_administrators_read(settings: Settings, entries, person: str) -> None:
    """Each look and each refusal is logged."""
    publish(compute([], [], NOW), person=ADMINISTRATOR, settings=settings)

    with pytest.raises(SiteAccessDenied, match="expected somebody of this site's leadership"):
        PublishedCluster(person, lambda: settings).read()
    for reader in ("lea", ADMINISTRATOR):
        assert PublishedCluster(reader, lambda: settings).read()

    assert entries()[-3:] == [(person, "AccessDenied"), ("lea", "ClusterRead"), (ADMINISTRATOR, "ClusterRead")]


def test_whoever_leaves_the_leadership_reads_no_more(settings: Settings) -> None:
    """The settings are read anew before each answer."""
    publish(compute([], [], NOW), person=ADMINISTRATOR, settings=settings)
    now = [settings]
    door = PublishedCluster("lea", lambda: now[0])
    door.read()

    now[0] = settings.model_copy(update={"hub": settings.hub.model_copy(update={"leadership": ()})})

    with pytest.raises(SiteAccessDenied):
        door.read()


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda text: text[: len(text) // 2], "Invalid JSON"),
        (lambda text: text.replace('"schema": 1', '"schema": 2'), "schema"),
        (lambda text: text.replace('"gpu_hours": ', '"gpu_hours": -'), "gpu_hours"),
    ],
    ids=["half", "newer schema", "negative"],
)
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, spoil, what: str) -> None:
    """Which file, what is wrong, the way out."""
    path = write_report(tmp_path, compute(*pretended(1, NOW), NOW))
    path.write_text(spoil(path.read_text()))

    with pytest.raises(CcdsError, match="run 'ccds cluster publish'") as raised:
        read_report(tmp_path)

    assert what in str(raised.value)
    assert len(str(raised.value)) < 400


def test_what_cannot_be_read_or_written_is_told_in_one_line(tmp_path: Path) -> None:
    """Which file, and who mends it."""
    report = compute([], [], NOW)
    path = write_report(tmp_path / "published", report)
    path.unlink()
    path.mkdir()
    (tmp_path / "file").touch()

    with pytest.raises(CcdsError, match=r"to read .*report\.json; found Is a directory; ask an administrator"):
        read_report(tmp_path / "published")
    with pytest.raises(CcdsError, match=r"to write .*report\.json; found Not a directory; run this as the service"):
        write_report(tmp_path / "file", report)
