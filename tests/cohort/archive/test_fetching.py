"""The screen Fetch on a real archive: studies that are asked for, and the workers that fetch them."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from ccds_kernel.archive.site import staging_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval import rows
from ccds_kernel.imaging.retrieval.request import State
from ccds_kernel.imaging.retrieval.run import SILENT
from ccds_kernel.imaging.retrieval.staging import Staging
from ccds_widgets.cohort.fetch.model import FetchModel
from ccds_widgets.cohort.site_archive import SiteArchive
from support.cohort_pages import ALL, confirming
from support.cohort_site import PROJECT, STUDIES, WANTED
from support.site import act_as
from support.waiting import until


def test_studies_are_put_into_the_queue_when_their_counts_are_confirmed(page):
    """What was counted and nothing else; those that were asked for before are no new ones."""
    page("ask", "keep", name="heads", criteria=ALL)
    first = confirming(page)
    before = page("fetch", "look", which="waiting")["counts"]["all"]
    with pytest.raises(CcdsError, match="expected the counts that are shown"):
        page("fetch", "put", digest="0" * 64)

    added = page("fetch", "put", digest=first["digest"])
    again = confirming(page)
    page("fetch", "drop")

    assert (first["studies"], first["new"], before, added) == (6, 6, 0, {"added": 6})
    assert (again["studies"], again["new"]) == (6, 0)
    told = page("fetch", "look", which="waiting")
    assert (told["confirm"], told["counts"]["waiting"], told["list"]["total"]) == (None, 6, 6)
    assert told["requested"][0]["counts"]["waiting"] == 6
    with pytest.raises(CcdsError, match="expected the counts that are shown"):
        page("fetch", "put", digest=first["digest"])


def test_a_worker_fetches_without_the_page(page, site, monkeypatch):
    """A process of its own: how fast it is and how far stands in the queue; a second one isn't started beside it."""
    act_as(monkeypatch, "sam", PROJECT)
    page("ask", "keep", name="heads", criteria=ALL)
    page("fetch", "put", digest=confirming(page)["digest"])

    page("fetch", "fetch")
    told = until(
        lambda: (one := page("fetch", "look", which="arrived"))["worker"] and one["worker"]["life"] == "ended" and one,
        "the worker to be done",
        seconds=120,
    )

    assert (told["counts"]["arrived"], told["counts"]["all"], told["start_failed"]) == (6, 6, None)
    assert (told["worker"]["person"], told["worker"]["why"]) == ("sam", None)
    assert {one["state"] for one in told["list"]["rows"]} == {"arrived"}
    assert len(list((site.settings.paths.projects / PROJECT / "dicom").glob("*/*/*.dcm"))) == 18


@pytest.mark.usefixtures("queue")
def test_a_second_worker_is_not_started(page, project):
    """Somebody's is at work, and takes what is asked for meanwhile."""
    with project.store.writing() as connection:
        rows.begin_run(connection, "eve")

    with pytest.raises(CcdsError, match="expected no other worker; found one of eve"):
        page("fetch", "fetch")
    page("fetch", "halt")

    assert page("fetch", "look", which="running")["worker"]["stops"]


def test_what_a_dead_worker_left_is_not_running(project, queue):
    """It gave no sign of life for long: what it was at is interrupted, and waits for the next one."""
    clock = [datetime.now(UTC)]
    site = SiteArchive(project)
    model = FetchModel(site, site, project=PROJECT, permit=lambda: None, now=lambda: clock[0])
    with project.store.writing() as connection:
        run = rows.begin_run(connection, "eve")
        rows.beat(connection, run, 5_000_000, 2_500_000.0)
        rows.claim(connection)
    look = {"kind": "look", "which": "running"}

    alive = model.answer(look)
    clock[0] += SILENT + timedelta(seconds=1)
    dead = model.answer(look)

    assert (alive["worker"]["life"], alive["worker"]["mb_per_s"], alive["worker"]["mb"]) == ("working", 2.5, 5.0)
    assert (alive["counts"]["running"], alive["counts"]["interrupted"]) == (1, 0)
    assert [one["state"] for one in alive["list"]["rows"]] == ["running"]
    assert (dead["worker"]["life"], dead["worker"]["mb_per_s"]) == ("gone", None)
    assert (dead["counts"]["running"], dead["counts"]["interrupted"]) == (0, 1)
    assert [one["state"] for one in dead["list"]["rows"]] == ["interrupted"]
    assert queue.counts()[State.RUNNING] == 1


@pytest.mark.parametrize(
    ("accession", "line", "queued"),
    [
        (WANTED[0].accession, "It goes ahead.", True),
        (next(one for one in STUDIES if one.exam_code == "CTKNEE").accession, "doesn’t cover its exam code", False),
        ("NOSUCH", "The archive has no such study.", False),
        ("A*", "Expected accession numbers of at most", False),
    ],
)
@pytest.mark.usefixtures("at_work")
def test_one_study_is_asked_for_by_its_accession_number(page, accession, line, queued):
    """It goes ahead of those that wait; what is beyond the application doesn't come in. No answer repeats the number."""
    page("fetch", "single", accession=f" {accession} ")
    told = until(lambda: not (one := page("fetch", "look", which="waiting"))["single"]["busy"] and one, "an answer")

    assert line in told["single"]["told"]["line"]
    assert (told["single"]["told"]["study"] is not None, told["counts"]["waiting"]) == (queued, int(queued))
    assert [one["urgent"] for one in told["list"]["rows"]] == [True] * queued
    assert accession not in json.dumps(told)


def test_fetching_begins_with_one_study_where_nobody_fetches(page, site, monkeypatch):
    """Asked for by its accession number, it arrives without anything else; a card that goes ahead begins it likewise."""
    act_as(monkeypatch, "sam", PROJECT)
    page("fetch", "single", accession=WANTED[0].accession)
    told = until(lambda: not (one := page("fetch", "look", which="waiting"))["single"]["busy"] and one, "an answer")

    arrived = until(lambda: page("fetch", "look", which="arrived")["list"]["rows"], "the study", seconds=120)

    assert told["single"]["told"]["line"] == "It goes ahead; fetching begins."
    assert told["single"]["told"]["begun"]
    assert [one["study"] for one in arrived] == [told["single"]["told"]["study"]]
    assert len(list((site.settings.paths.projects / PROJECT / "dicom").glob("*/*/*.dcm"))) == 3
    until(lambda: page("fetch", "look", which="arrived")["worker"]["life"] == "ended", "the worker to end", seconds=120)


class StartedOnly(SiteArchive):
    """A site whose workers are counted, not started."""

    started = 0

    def start(self) -> None:
        """Counts."""
        self.started += 1


@pytest.mark.usefixtures("queue")
def test_a_card_that_goes_ahead_begins_fetching_where_it_can(project, site):
    """Not beside a worker that is at work, nor where the site fetches."""
    fetches = StartedOnly(project)
    model = FetchModel(fetches, fetches, project=PROJECT, permit=lambda: None)
    (study, *_) = model.answer({"kind": "look", "which": "waiting"})["list"]["rows"]
    hurry = {"kind": "hurry", "study": study["study"]}

    alone = model.answer(hurry)
    site.close_archive()
    closed = model.answer(hurry)
    site.close_archive(closed=False)
    with project.store.writing() as connection:
        rows.begin_run(connection, "eve")
    beside = model.answer(hurry)

    assert (alone["begun"], closed["begun"], beside["begun"], fetches.started) == (True, False, False, 1)


def test_whoever_starts_a_worker_while_another_ends_gets_one(project, monkeypatch):
    """It has said that it ended, but its process is there yet: what waits since would wait for nobody."""
    act_as(monkeypatch, "sam", PROJECT)
    archive = SiteArchive(project)
    archive.start()
    first = until(lambda: (run := archive.run()) and run.ended_at and run, "the first worker to end", seconds=120)

    archive.start()

    until(lambda: archive.run().begun_at > first.begun_at, "another worker to begin", seconds=120)
    until(lambda: archive.run().ended_at, "it to end", seconds=120)


@pytest.mark.parametrize("is_another_at_work", [True, False])
def test_a_worker_that_comes_second_is_no_failure(project, site, monkeypatch, is_another_at_work):
    """Two pages started one in the same second: both see the first at work. Where none is, it is told that it couldn't begin."""
    act_as(monkeypatch, "sam", PROJECT)
    archive = SiteArchive(project)
    with Staging(staging_of(site.settings), project.folder, 0).mine():
        if is_another_at_work:
            with project.store.writing() as connection:
                rows.begin_run(connection, "eve")
        archive.start()
        until(lambda: not workers(), "the second one to end", seconds=60)

        if is_another_at_work:
            assert not archive.start_failed()
        else:
            until(archive.start_failed, "it to be told")  # a moment after its end: another thread waits for that, too


def workers() -> list[psutil.Process]:
    """Those that were started here and aren't gone."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            found += [child] if "retrieve" in child.cmdline() else []
    return found


def test_a_study_that_went_ahead_is_told_of_though_no_worker_may_be_started(project):
    """The next look is answered as ever."""

    class Closed(SiteArchive):
        """A project of which somebody has just lost the right."""

        def start(self) -> None:
            raise CcdsError(expected="the right to write images", found="that it ended", do="ask")

    site = Closed(project)
    model = FetchModel(site, site, project=PROJECT, permit=lambda: None)
    look = {"kind": "look", "which": "waiting"}
    model.answer({"kind": "single", "accession": WANTED[0].accession})

    told = until(lambda: not (one := model.answer(look))["single"]["busy"] and one, "an answer")

    assert "found that it ended" in told["single"]["told"]["line"]
    assert model.answer(look)["counts"]["waiting"] == 1
