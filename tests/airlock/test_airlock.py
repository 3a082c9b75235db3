"""Submitting: who may, what, that it is copied whole or not at all, and what is written down of it. Reviews: `test_review`."""

import stat
import subprocess
import sys

import pytest

from ccds_kernel.airlock.airlock import RefusedByScanError
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.finding import Severity
from ccds_kernel.airlock.submission import Kind, State, Verdict
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied
from support.airlock import NOTEBOOK, PROJECT, SECRET, TABLE, WHY
from support.site import ADMINISTRATOR
from support.waiting import until


def test_a_submission_is_copied_and_sealed(submit, drop, results):
    """Read-only, and what its author does to the original later doesn't touch it."""
    submission = submit().submission
    folder = drop / submission.id

    (results / "table.csv").write_text("changed")

    assert (folder / "table.csv").read_text() == TABLE
    assert stat.S_IMODE((folder / "table.csv").stat().st_mode) == 0o440
    assert stat.S_IMODE(folder.stat().st_mode) == 0o550
    assert submission.state is State.SUBMITTED


def test_of_a_notebook_only_the_source_is_submitted(submit, results, drop):
    """Its outputs never come into the airlock."""
    (results / "a.ipynb").write_text(NOTEBOOK)

    submitted = submit("a.ipynb", kind=Kind.NOTEBOOK)

    assert SECRET not in (drop / submitted.submission.id / "a.ipynb").read_text()
    assert submitted.findings == ()


@pytest.mark.parametrize(
    ("content", "reason"), [(f"scanner,note\nA,{SECRET}\n", ""), (TABLE, f"It says: {SECRET}"), ("n\n" * 4000, "")]
)
def test_what_may_not_leave_is_not_taken(submit, results, as_, content, reason):
    """Nothing of it is kept; the message quotes nothing."""
    (results / "table.csv").write_text(content)

    with pytest.raises(RefusedByScanError) as raised:
        submit(**({"reason": reason} if reason else {}))

    assert {finding.severity for finding in raised.value.findings} >= {Severity.REFUSE}
    assert "hyperdense" not in str(raised.value) + repr(raised.value.findings)
    airlock = as_("sam")
    assert airlock.submissions() == ()
    assert list((airlock.visitor.project.folder / "airlock").iterdir()) == []


def test_that_it_was_tried_is_in_the_log(submit, results, events):
    """With how many findings, and none of the words."""
    (results / "table.csv").write_text(f"scanner,note\nA,{SECRET}\n")

    with pytest.raises(RefusedByScanError):
        submit()

    ((person, event, detail),) = events()
    assert (person, event, detail["by"], detail["findings"] > 0) == ("sam", "ResultRefused", "scan", True)


def test_a_locked_project_lets_nothing_out(submit, approve, amend, as_, drop):
    """Neither a new result nor one under review: one line says so, and whom to ask."""
    submission = submit().submission
    amend(egress="locked")

    for step in (submit, lambda: approve(submission, "sue")):
        with pytest.raises(ProjectAccessDenied, match="'egress: locked', by which nothing leaves; ask the principal"):
            step()
    assert as_("sue").review(submission.id, submission.digest, Verdict.REFUSE, WHY).state is State.REFUSED
    assert len(list(drop.iterdir())) == 1


@pytest.mark.parametrize("person", ["cher", "lars", "nobody", ADMINISTRATOR])
def test_who_may_not_submit_is_refused(submit, person):
    """A champion reviews, a labeler and somebody not on the roster have nothing here; nor has an administrator."""
    with pytest.raises(ProjectAccessDenied):
        submit(person=person)


def test_every_kind_takes_its_own_files_only(submit, results):
    """Told before anything is copied."""
    (results / "a.pt").write_bytes(b"x")

    with pytest.raises(CcdsError, match=r"expected files that a table may have .* found one that ends in \.pt"):
        submit("a.pt")


def test_an_author_takes_a_submission_back(submit, as_, approve, events):
    """And nobody else does; after that it is over."""
    submission = submit().submission
    with pytest.raises(CcdsError, match="expected its author to withdraw it"):
        as_("sue").withdraw(submission.id)

    assert as_("sam").withdraw(submission.id).state is State.WITHDRAWN

    with pytest.raises(CcdsError, match="found one that is withdrawn"):
        approve(submission, "sue")
    assert events()[-1][:2] == ("sam", "ResultWithdrawn")


_FILLS = """
import sys
from pathlib import Path
from ccds_kernel.airlock.drop import Drop, store
with Drop(Path(sys.argv[1])).filling("0123456789ab") as folder:
    store([b"half"], folder, "a.csv")
    print("filled", flush=True)
    sys.stdin.read()
"""


def test_half_a_submission_is_never_seen_and_swept_away(submit, as_, drop, settings):
    """While its process lives it is left alone; after `kill -9` the next submission removes it, and no other one."""
    kept = submit().submission
    project = str(settings.paths.projects / PROJECT)
    filling = subprocess.Popen(
        [sys.executable, "-c", _FILLS, project], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert filling.stdout.readline() == "filled\n"
    second = submit().submission
    while_alive = (drop / "0123456789ab").exists()
    seen = {one.id for one in as_("sue").submissions()}

    filling.kill()
    filling.communicate()
    third = submit().submission

    assert while_alive
    assert seen == {kept.id, second.id}
    assert {path.name for path in drop.iterdir()} == {kept.id, second.id, third.id}


@pytest.mark.usefixtures("site")
def test_killed_anywhere_a_submission_is_whole_or_not_there(settings, as_, results, drop):
    """Four processes killed while they submit again and again: what is listed is whole, and nothing else is left in the end."""
    code = f"""
import sys
from pathlib import Path
from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind
from ccds_kernel.settings import Settings
settings = Settings.model_validate_json(sys.stdin.read())
airlock = Airlock(visit({PROJECT!r}, person="sam", settings=settings))
print("ready", flush=True)
while True:
    airlock.submit(Kind.TABLE, "A table for the paper, aggregates only.", Path({str(results)!r}), ["table.csv"])
"""
    for number in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        process.stdin.write(settings.model_dump_json())
        process.stdin.close()
        assert process.stdout.readline() == "ready\n"
        before = len(list(drop.iterdir())) if drop.exists() else 0
        until(lambda wanted=before + 1 + number: drop.exists() and len(list(drop.iterdir())) >= wanted, "submissions")
        process.kill()
        process.wait()
        process.stdout.close()

    airlock = as_("sam")
    airlock.submit(Kind.TABLE, "A table for the paper, aggregates only.", results, ["table.csv"])
    listed = airlock.submissions()

    assert all(airlock.read(one, one.files[0]) == TABLE.encode() for one in listed)
    assert {path.name for path in drop.iterdir()} == {one.id for one in listed}


def test_a_project_of_others_is_closed(site):
    """Nor does its administrator's door open one that isn't there."""
    for person in ("nobody", ADMINISTRATOR):
        with pytest.raises(ProjectAccessDenied):
            visit("SECRET-9", person=person, settings=site)
