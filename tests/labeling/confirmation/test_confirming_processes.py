"""Labelers in processes of their own, at the same moment, on one SQLite file or one server."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from ccds_kernel.labeling.confirmation.batch_counts import BatchCounts
from ccds_kernel.labeling.confirmation.batch_rows import StoredBatch
from ccds_kernel.settings import Settings
from support.confirming import LABELERS, Workplace, answer, opened, settings_with
from support.postgresql import each_engine, in_session, session_environment
from support.processes import READY, at_once
from support.waiting import until

STUDIES = 300

OPENER = """
import json
import os
from pathlib import Path
from ccds_kernel.labeling.confirmation.confirming import Confirming
from ccds_kernel.settings import Settings
from support.confirming import answer, opened, undo
os.environ.update(json.loads(sys.argv[4]))
settings = Settings.model_validate_json(Path(sys.argv[1]).read_text())
at_work = Confirming(opened(settings, sys.argv[2]), int(sys.argv[3]))
"""
"""Opens the project as a session does, by arguments: the site's settings, who, the batch, and the session's environment."""

LABELER = f"""{OPENER}
at_work.take(5)
{READY}while studies := at_work.take(5):
    told = [answer(study) for study in studies]
    assert all(one.counts for one in at_work.answer(told))
    assert at_work.answer([undo(told[0])])[0].counts
    assert all(one.counts for one in at_work.answer(told[1:] + [answer(studies[0])]))
"""
"""Answers five studies at a time, takes one of the answers back and gives it anew, sends the others twice, until none is left."""

TAKER = f"""{OPENER}
studies = at_work.take(5)
print(" ".join(study.report.study_key for study in studies), flush=True)
at_work.answer([answer(studies[0])])
print("answered", flush=True)
sys.stdin.readline()
"""
"""Takes five studies, answers one, and waits to be killed."""


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Iterator[Settings]:
    """A site on each engine in turn."""
    for database in each_engine(request, tmp_path / "site" / "state", schema="chest-1"):
        yield settings_with(tmp_path / "site", **database)


@pytest.fixture
def place(settings, monkeypatch) -> Iterator[Workplace]:
    """The project as every labeler opened it, without studies."""
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    projects = {}
    for person in LABELERS:
        projects[person] = opened(settings, person)
        with in_session(settings, "CHEST-1", person):
            assert projects[person].store
    yield Workplace(projects)
    for project in projects.values():
        project.close()


@pytest.fixture
def call_of(settings, tmp_path):
    """The arguments with which a process of somebody's opens a batch."""
    path = tmp_path / "settings.json"
    path.write_text(settings.model_dump_json(), encoding="utf-8")

    def arguments(person: str, batch: StoredBatch) -> tuple[str, ...]:
        return str(path), person, str(batch.id), json.dumps(session_environment(settings, "CHEST-1", person))

    return arguments


def test_four_processes_give_each_study_one_answer(place, call_of):
    """300 studies: each is answered by one of four labelers, though every fifth answer is undone and sent twice."""
    place.prepare(STUDIES)
    batch = place.batch()

    ends = at_once(LABELER, *(call_of(person, batch) for person in LABELERS))

    assert ends == [0] * len(LABELERS)
    kept = place.curating().answers()
    assert Counter(stored.answer.study_key for stored in kept) == Counter(place.keys)
    assert {stored.labeler for stored in kept} == set(LABELERS)
    assert all(stored.refused is None for stored in place.curating().every_answer())
    assert place.curating().counts()[batch.id] == BatchCounts(STUDIES, STUDIES, {})
    assert {stored.answer.kind for stored in kept} == {AnswerKind.CONFIRM}


def test_what_a_killed_process_held_goes_to_others_when_its_time_is_over(place, call_of):
    """What it had answered stays answered; nobody gets the rest before."""
    place.prepare(8)
    batch = place.batch()
    call = [sys.executable, "-c", f"import sys\n{TAKER}", *call_of("ann", batch)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as page:
        held = page.stdout.readline().split()
        assert page.stdout.readline() == "answered\n"
        page.kill()
    until(lambda: page.poll() is not None, "the page to be gone")
    place.clock.now = place.curating().answers()[0].at

    before = place.at_work("bob", batch).take(8)
    place.clock.pass_by(timedelta(minutes=11))
    after = place.at_work("cy", batch).take(4)

    assert held == place.keys[:5]
    assert [study.report.study_key for study in before] == place.keys[5:]
    assert [study.report.study_key for study in after] == place.keys[1:5]
    acknowledged = place.at_work("cy", batch).answer([answer(study, AnswerKind.SKIP) for study in after])
    assert all(one.counts for one in acknowledged)
