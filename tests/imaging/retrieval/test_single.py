"""Single studies by accession number: only what the application covers, ahead of the rest, and no number in any message."""

import io
import json
from datetime import date

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.cli import main
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.asking import ask_archive
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.retrieval.request import Outcome, State
from ccds_kernel.imaging.retrieval.single import AccessionNumbers, request_single
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.archive import Study
from support.lying_archive import LyingArchive
from support.site import act_as

HEADS = [Study(number, slices=2) for number in range(1, 4)]
KNEE = Study(4, exam_code="CTKNEE", slices=1)
OLD = Study(5, date=date(2023, 6, 1), slices=1)


@pytest.fixture
def liar(tmp_path) -> LyingArchive:
    """An archive that ignores what it is asked for, and answers with everything; else it tells the truth."""
    studies = (*HEADS, KNEE, OLD)
    return LyingArchive(says=[path for one in studies for path in one.write(tmp_path / "files" / str(one.number))])


@pytest.fixture(params=["dicomweb", "dimse"])
def archive(request, liar):
    """The adapter to it, over each protocol."""
    with liar.by_dicomweb() if request.param == "dicomweb" else liar.by_dimse() as adapter:
        yield adapter


def numbers(*studies: Study) -> AccessionNumbers:
    """Their accession numbers."""
    return AccessionNumbers.parse(one.accession for one in studies)


def test_only_those_enter_the_queue_and_only_where_the_application_covers_them(project, archive):
    """The others are told by their place in the list."""
    told = request_single(project, archive, numbers(HEADS[1], KNEE, Study(9), OLD))

    cards = RetrievalQueue(project).requests()
    assert [one.study.study_uid for one in cards] == [HEADS[1].uid]
    assert (told.keys, told.ahead) == ((cards[0].study_key,), 1)
    assert (told.unknown, told.not_covered) == ((3,), (2, 4))
    assert cards[0].urgent


def test_one_that_waits_already_goes_ahead(project, archive, criteria):
    """It is no new one; the others keep their turn."""
    queue = RetrievalQueue(project)
    queue.request(ask_archive(project, archive, criteria).meeting, criteria)

    told = request_single(project, archive, numbers(HEADS[2]))

    assert (told.ahead, told.there, told.gone) == (1, (), ())
    assert [one.study.study_uid for one in queue.requests() if one.urgent] == [HEADS[2].uid]
    assert queue.counts() == {State.WAITING: 3}


def test_what_became_of_those_that_do_not_go_ahead_is_told(project, archive, criteria):
    """One that failed waits again; one that is there, and one that was refused, go nowhere, by their place in the list."""
    queue = RetrievalQueue(project)
    queue.request(ask_archive(project, archive, criteria).meeting, criteria)
    request_single(project, archive, numbers(HEADS[0]))
    states = State.FAILED, State.ARRIVED, State.REFUSED
    with project.store.writing() as connection:
        for one in queue.requests():
            (number,) = (each.number for each in HEADS if each.uid == one.study.study_uid)
            rows.settle(connection, one.id, Outcome(states[number - 1], "why"))

    first = request_single(project, archive, numbers(*HEADS))

    assert (first.ahead, first.there) == (2, (2,))
    (waits,) = (one for one in queue.requests(State.WAITING) if one.study.study_uid == HEADS[2].uid)
    with project.store.writing() as connection:
        rows.settle(connection, waits.id, Outcome(State.REFUSED, "why"))

    second = request_single(project, archive, numbers(HEADS[2]))

    assert (second.ahead, second.there, second.gone) == (0, (), (1,))


def test_it_is_written_down_without_the_number(project, settings, archive):
    """By the digest of what the application covers, which is kept as a criteria file."""
    request_single(project, archive, numbers(HEADS[0]))

    entries = [one for one in FileAuditSink(settings.paths.audit).entries("HEAD-1") if "digest" in one["detail"]]
    (kept,) = (project.folder / "criteria").iterdir()
    assert [one["event"] for one in entries][-2:] == ["StudiesFound", "StudiesRequested"]
    assert {one["detail"]["digest"] for one in entries[-2:]} == {json.loads(kept.read_text())["digest"]}
    assert HEADS[0].accession not in json.dumps(entries)


def test_who_may_not_write_images_asks_for_nothing(open_as, archive, liar):
    """Nor is the archive asked."""
    with pytest.raises(ProjectAccessDenied):
        request_single(open_as("fay", Action.READ_IMAGES), archive, numbers(HEADS[0]))

    assert liar.asked == []


@pytest.mark.parametrize("line", ["ACC*", "ACC0000?", "A\\B", "A" * 65, "A\tB"])
def test_what_would_mean_more_than_one_study_is_refused(line):
    """By its place; the text itself isn't repeated."""
    with pytest.raises(CcdsError, match="found something else in line 2") as raised:
        AccessionNumbers.parse(["ACC00001", line])

    assert line not in str(raised.value)


def test_an_empty_list_is_told():
    """Empty lines are places, and no numbers; one that is there twice counts once."""
    assert AccessionNumbers.parse(["", " A1 ", "A1", "A2"]).places == {2: "A1", 4: "A2"}
    assert "A1" not in repr(AccessionNumbers.parse(["A1"]))
    with pytest.raises(CcdsError, match="expected accession numbers, one a line; found none"):
        AccessionNumbers.parse(["", " "])


@pytest.fixture
def command(tmp_path, monkeypatch, settings, liar):
    """Runs `ccds imaging retrieve --project HEAD-1 …` as eve, with a text on standard input."""
    with liar.served() as url:
        lines = [f'{name} = "{path}"' for name, path in settings.paths.model_dump().items()]
        archive_lines = ["[archive]", 'protocol = "dicomweb"', f'url = "{url}"', "keep_free_mb = 0"]
        (tmp_path / "ccds.toml").write_text("\n".join(["[paths]", *lines, *archive_lines]), encoding="utf-8")
        monkeypatch.setenv("CCDS_CONFIG", str(tmp_path / "ccds.toml"))
        act_as(monkeypatch, "eve", "HEAD-1")

        def run(*more: str, stdin: str = "") -> int:
            monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
            return main(["imaging", "retrieve", "--project", "HEAD-1", *more])

        yield run


def test_from_standard_input_into_the_project(command, capsys, settings):
    """What can't be had is a warning by line; the rest is fetched at once."""
    status = command("--accessions", "-", stdin=f"{HEADS[0].accession}\nACC99999\n{KNEE.accession}\n")

    out, err = capsys.readouterr()
    assert status == 0
    assert out.splitlines() == ["1 study goes ahead, of 3 accession numbers", "1 study tried: 1 arrived"]
    assert err.splitlines() == [
        "ccds: warning: line 2: the archive has no such study",
        "ccds: warning: line 3: the IRB application doesn't cover its exam code or date",
    ]
    assert len(list((settings.paths.projects / "HEAD-1" / "dicom").rglob("*.dcm"))) == 2


def test_from_a_file(command, capsys, tmp_path):
    """Or it is said that it can't be read; single studies are asked for now, or not at all."""
    (tmp_path / "list").write_text(HEADS[0].accession, encoding="utf-8")

    assert command("--accessions", str(tmp_path / "list")) == 0
    assert command("--accessions", str(tmp_path / "nothing")) == 1
    assert command("--accessions", str(tmp_path / "list"), "--queue-only") == 1
    nothing, later = capsys.readouterr().err.splitlines()
    assert nothing.endswith("a file of accession numbers, one a line; found No such file or directory; name another")
    assert "expected an archive that is asked now, for single studies; found --queue-only; leave it away" in later
