"""`ccds imaging find`, `retrieve`, `retry`, `status`, `work` from end to end, on a site's project and an archive that answers."""

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import pytest

from ccds_kernel.archive.site import staging_of
from ccds_kernel.cli import main
from ccds_kernel.imaging.retrieval.slots import one_for_all
from ccds_kernel.imaging.retrieval.staging import Staging
from support.archive import Study
from support.lying_archive import LyingArchive
from support.site import ADMINISTRATOR, act_as

STUDIES = (
    Study(1, date=date(2024, 1, 15)),
    Study(2, date=date(2024, 3, 2), station="CT8"),
    Study(3, exam_code="CTKNEE"),
)


@pytest.fixture
def archive(tmp_path) -> LyingArchive:
    """An archive with two studies that the application covers, and one that it doesn't; it sends the first one's files."""
    says = [one.write(tmp_path / "files" / str(one.number)) for one in STUDIES]
    return LyingArchive(says=[path for files in says for path in files], sends=says[0])


@pytest.fixture(autouse=True)
def site(tmp_path, monkeypatch, archive, settings):
    """The site's `ccds.toml`, in which eve runs commands."""
    with archive.served() as url:
        lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
        hub = ["[hub]", f'administrators = ["{ADMINISTRATOR}"]']
        archive_lines = ["[archive]", 'protocol = "dicomweb"', f'url = "{url}"', "keep_free_mb = 0", "attempts = 2"]
        text = "\n".join(["[paths]", *lines, *hub, *archive_lines])
        (tmp_path / "ccds.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
        act_as(monkeypatch, "eve", "HEAD-1")
        yield tmp_path


def imaging(verb: str, *more: str) -> int:
    """Runs `ccds imaging VERB` in HEAD-1."""
    return main(["imaging", verb, "--project", "HEAD-1", *more])


def test_a_terminal_is_told_how_far_fetching_is(site):
    """With what became of the studies so far; the counts are printed at its end, as they are without a terminal."""
    assert imaging("find", "--save", "heads") == 0
    terminal, inside = os.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))

    process = subprocess.Popen(
        [sys.executable, "-m", "ccds_kernel.cli", "imaging", "retrieve", "--project", "HEAD-1", "--criteria", "heads"],
        cwd=site, stdout=subprocess.PIPE, stderr=inside, text=True,
    )  # fmt: skip
    os.close(inside)
    shown = "".join(told_by(terminal))
    out, _ = process.communicate()

    drawn = [line for line in shown.split("\r") if line.startswith("fetching:")]
    assert "| 0/2 " in drawn[0]
    assert "| 2/2 " in drawn[-1]
    assert "1 arrived, 1 refused" in drawn[-1]
    assert out.splitlines()[-1] == "2 studies tried: 1 arrived, 1 refused"


def told_by(terminal: int) -> Iterator[str]:
    """What a terminal is sent, until nobody has it any more."""
    with suppress(OSError):
        while piece := os.read(terminal, 1 << 12):
            yield piece.decode(errors="replace")
    os.close(terminal)


def test_find_counts_before_anything_is_copied(capsys, settings):
    """By month, modality, scanner and exam code; what the archive answered with beyond the question is told."""
    status = imaging("find")

    assert status == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "2 studies, 6 instances of CTHEAD, MRHEAD, 2024-01-01 to 2024-03-31"
    counted = {tuple(line.split()[:-1]) for line in out.splitlines() if "█" in line}
    assert {("2024-01", "1"), ("2024-03", "1"), ("Synthetic", "One", "CT8", "1"), ("CTHEAD", "2")} <= counted
    assert "1  left out: the archive answered with them" in out
    assert not (settings.paths.projects / "HEAD-1" / "dicom").exists()


def test_find_keeps_its_criteria_and_retrieve_takes_them(capsys, settings):
    """Kept by name and version; one study proves itself, the other got the first one's files and is refused."""
    assert imaging("find", "--codes", "CTHEAD", "--save", "heads", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["studies"], found["left_out"], found["criteria"]["version"]) == (2, 1, 1)

    status = imaging("retrieve", "--criteria", "heads")

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "2 studies meet the criteria, 2 put into the queue; 1 other left out",
        "2 studies tried: 1 arrived, 1 refused",
    ]
    assert len(list((settings.paths.projects / "HEAD-1" / "dicom").rglob("*.dcm"))) == 3


def test_status_says_why_studies_are_not_there(capsys, archive):
    """Numbers, causes, and a card for each; no accession number, patient or UID."""
    archive.sends = []
    imaging("find", "--codes", "CTHEAD", "--save", "heads")
    imaging("retrieve", "--criteria", "heads-v1")
    capsys.readouterr()

    assert imaging("status", "--studies") == 0
    out = capsys.readouterr().out
    assert imaging("status", "--json") == 0
    told = json.loads(capsys.readouterr().out)

    assert "        2  failed" in out
    assert "        2  no file came\n" in out
    assert out.count("failed    tried 1 of 2, last 2") == 2
    assert told["counts"] == {"failed": 2}
    assert (told["worker"]["state"], told["worker"]["person"], told["worker"]["why"]) == ("ended", "eve", None)
    assert "worker: eve's, ended 2" in out
    assert not any(word in out + json.dumps(told) for word in ("ACC0", "PAT0", STUDIES[0].uid))


def test_retry_lets_what_failed_be_tried_again_so_often(capsys, archive):
    """Up to the number that the site allows; then they stay failed, and it says so."""
    archive.sends, says = [], archive.says
    imaging("find", "--codes", "CTHEAD", "--to", "2024-01-31", "--save", "heads")
    imaging("retrieve", "--criteria", "heads")
    capsys.readouterr()

    assert imaging("retry") == 0
    assert imaging("retrieve") == 0
    assert imaging("retry") == 0
    archive.sends = says[:3]
    assert imaging("retrieve") == 0

    assert capsys.readouterr().out.splitlines() == [
        "1 study waits again",
        "1 study tried: 1 failed",
        "0 studies wait again; 1 stay failed: they were tried 2 times",
        "0 studies tried",
    ]


def test_what_arrived_is_fetched_anew(capsys, archive, settings):
    """Where slices were lost, say, and the archive has them now: what was there is set aside, and not lost."""
    whole = archive.says
    archive.says = archive.sends = whole[:2]
    imaging("find", "--codes", "CTHEAD", "--to", "2024-01-31", "--save", "heads")
    imaging("retrieve", "--criteria", "heads")
    folder = settings.paths.projects / "HEAD-1"
    (before,) = (folder / "dicom").iterdir()
    capsys.readouterr()
    archive.says = archive.sends = whole[:3]

    assert imaging("retry", "--study", before.name, "--again") == 0
    assert imaging("status", "--studies") == 0
    waits = capsys.readouterr().out
    assert waits.startswith("1 study waits again\n")
    assert f"{before.name}  waiting   to be tried anew, last 2" in waits
    assert list((folder / "dicom").iterdir()) == []
    assert imaging("retry", "--study", before.name, "--again") == imaging("retry", "--again") == 1
    assert imaging("retrieve") == 0

    told = capsys.readouterr()
    assert told.out.splitlines() == ["1 study tried: 1 arrived"]
    assert "expected keys of studies that arrived in HEAD-1; found 1 other(s)" in told.err
    counted = [len(list(place.rglob("*.dcm"))) for place in (before, folder / "quarantine" / before.name / "dicom")]
    assert counted == [3, 2]


def test_what_is_only_asked_for_the_site_fetches(capsys, monkeypatch, archive):
    """As where people are Unix users: they ask, the service account fetches for those who still may."""
    assert imaging("find", "--codes", "CTHEAD", "--save", "heads", "--keep-only") == 0
    assert imaging("retrieve", "--criteria", "heads", "--queue-only") == 0
    assert capsys.readouterr().out.splitlines()[1] == (
        "asked for heads-v1: the site's worker asks the archive and fetches"
    )
    assert archive.asked == []
    act_as(monkeypatch, ADMINISTRATOR)

    status = main(["imaging", "work"])

    assert status == 0
    assert capsys.readouterr().out == "HEAD-1: 2 studies tried: 1 arrived, 1 refused\n"


def test_a_project_that_somebody_fetches_is_passed_over(capsys, monkeypatch, settings):
    """As by the timer's run before: that is no error, which the timer would mail each time."""
    act_as(monkeypatch, ADMINISTRATOR)

    with Staging(staging_of(settings), settings.paths.projects / "HEAD-1", 0).mine():
        status = main(["imaging", "work"])

    assert (status, capsys.readouterr().out) == (0, "")


def test_the_timer_s_run_before_is_left_to_it(capsys, monkeypatch, settings):
    """Where it is at it still: no second one goes from project to project."""
    act_as(monkeypatch, ADMINISTRATOR)

    with one_for_all(staging_of(settings)):
        status = main(["imaging", "work"])

    assert (status, capsys.readouterr().out) == (0, "")


def test_consecutive_studies_that_are_not_all_there_are_told(capsys):
    """The first so many as they were acquired; a hole among them is a warning."""
    imaging("find", "--codes", "CTHEAD", "--consecutive", "2", "--save", "next-two")

    status = imaging("retrieve", "--criteria", "next-two")

    assert status == 0
    assert "ccds: warning: 1 of 2 consecutive studies isn't there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["find", "--codes", "CTKNEE"], "found CTKNEE; name what it covers, or ask the principal investigator"),
        (["find", "--from", "2023-12-31"], "found 2023-12-31;"),
        (["find", "--from", "May"], "expected a day such as 2020-01-31 after --from; found 'May'"),
        (["find", "--save", "Two Words"], "expected a name of at most 40 small letters"),
        (["find", "--consecutive", "0"], "expected at least one consecutive study; found 0"),
        (["find", "--keep-only"], "expected a name to keep the criteria under; found none"),
        (["find", "--codes", "CTKNEE", "--save", "knees", "--keep-only"], "found CTKNEE;"),
        (["retrieve", "--criteria", "none"], "expected criteria of HEAD-1; found none called 'none'"),
        (["retrieve", "--study", "abc"], "expected study keys of HEAD-1's queue; found 1 other(s)"),
    ],
)
def test_what_cannot_be_asked_is_one_line(capsys, asked, told):
    """Exit status 1, nothing on stdout."""
    status = imaging(*asked)

    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert told in err


def test_who_may_not_write_images_fetches_nothing(capsys, monkeypatch):
    """A fellow sees how far it is, and neither asks nor fetches; nobody but an administrator works for all."""
    act_as(monkeypatch, "fay", "HEAD-1")

    assert imaging("status") == 0
    assert imaging("find") == imaging("retrieve") == imaging("retry") == main(["imaging", "work"]) == 1
    assert capsys.readouterr().err.count("found fay as fellow") == 3
