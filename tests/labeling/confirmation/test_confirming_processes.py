"""Labelers in processes of their own, at the same moment, on one SQLite file."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta

from ccds_kernel.labeling.confirmation.answer import AnswerKind
from support.confirming import LABELERS, Workplace, answer, opened, settings_with
from support.processes import READY, at_once
from support.waiting import until

STUDIES = 300

OPENER = """
import os
from pathlib import Path
from ccds_kernel.labeling.confirmation.confirming import Confirming
from support.confirming import answer, opened, site_settings, undo
"""

LABELER = f"""{OPENER}
at_work = Confirming(opened(site_settings(Path(sys.argv[1])), sys.argv[2]), int(sys.argv[3]))
at_work.take(5)
{READY}while studies := at_work.take(5):
    told = [answer(study) for study in studies]
    assert all(one.counts for one in at_work.answer(told))
    assert at_work.answer([undo(told[0])])[0].counts
    assert all(one.counts for one in at_work.answer(told[1:] + [answer(studies[0])]))
"""
"""Answers five studies at a time, takes one of the answers back and gives it anew, sends the others twice, until none is left."""

TAKER = f"""{OPENER}
at_work = Confirming(opened(site_settings(Path(sys.argv[1])), sys.argv[2]), int(sys.argv[3]))
studies = at_work.take(5)
print(" ".join(study.report.study_key for study in studies), flush=True)
at_work.answer([answer(studies[0])])
print("answered", flush=True)
sys.stdin.readline()
"""
"""Takes five studies, answers one, and waits to be killed."""


def place_of(folder, studies: int) -> Workplace:
    """The project with that many studies, as every labeler opened it."""
    settings = settings_with(folder)
    place = Workplace({person: opened(settings, person) for person in LABELERS})
    place.prepare(studies)
    return place


def test_four_processes_give_each_study_one_answer(tmp_path, monkeypatch):
    """300 studies: each is answered by one of four labelers, though every fifth answer is undone and sent twice."""
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    place = place_of(tmp_path / "site", STUDIES)
    batch = place.batch()

    ends = at_once(LABELER, *((str(tmp_path / "site"), person, str(batch.id)) for person in LABELERS))

    assert ends == [0] * len(LABELERS)
    kept = place.curating().answers()
    assert Counter(stored.answer.study_key for stored in kept) == Counter(place.keys)
    assert {stored.labeler for stored in kept} == set(LABELERS)
    assert place.curating().refused_answers() == ()
    progress = place.curating().progress(batch.id)
    assert (progress.studies, progress.done) == (STUDIES, STUDIES)
    assert sum(one.confirmed for one in progress.labelers.values()) == STUDIES


def test_what_a_killed_process_held_goes_to_others_when_its_time_is_over(tmp_path, monkeypatch):
    """What it had answered stays answered; nobody gets the rest before."""
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    place = place_of(tmp_path / "site", 8)
    batch = place.batch()
    call = [sys.executable, "-c", f"import sys\n{TAKER}", str(tmp_path / "site"), "ann", str(batch.id)]
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
