"""`ccds airlock …`, as its users call it."""

import json
from collections.abc import Callable
from contextlib import closing, contextmanager

import pytest

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind, Verdict
from ccds_kernel.cli import main
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.identity import unix_user
from ccds_kernel.settings import load_settings
from support.airlock import PROJECT, REASON, ROSTER, SECRET, TABLE
from support.site import ADMINISTRATOR, application, on_roster, write_settings

LOOKED = "Looked at all of it."
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A site whose file the commands find; the project's roster is still to be applied. The folder is the caller's."""
    site = tmp_path / "site"
    site.mkdir()
    path = write_settings(site)
    path.write_text(
        path.read_text().replace('["admin"]', f'["{ADMINISTRATOR}", "{unix_user()}"]')
        + f'[airlock]\nreleased = "{site}/released"\n'
    )
    monkeypatch.setenv("CCDS_CONFIG", str(path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE)
    return load_settings(path)


@pytest.fixture
def i_am(place) -> Callable[[str | None], None]:
    """Gives the caller a role in the project, or none."""

    def put(role: str | None) -> None:
        mine = on_roster(**{unix_user(): role}) if role else []
        applied = application(id=PROJECT, egress="airlock", roster=[*ROSTER, *mine])
        apply_application(applied, person=ADMINISTRATOR, settings=place)

    return put


@pytest.fixture
def run(capsys) -> Run:
    """Runs a verb; its status, output and errors."""

    def run_it(verb: str, *arguments: str) -> tuple[int, str, str]:
        status = main(["airlock", verb, "--project", PROJECT, *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run_it


class Others:
    """People of the project who submit and approve, beside the one who runs the commands."""

    def __init__(self, settings) -> None:
        self._settings = settings

    def submit(self):
        """Has sam submit the table."""
        with self._airlock("sam") as airlock:
            folder = self._settings.paths.projects.parents[1]
            return airlock.submit(Kind.TABLE, REASON, folder, ["table.csv"]).submission

    def approve(self, submission, person: str) -> None:
        """Has `person` approve it."""
        with self._airlock(person) as airlock:
            airlock.review(submission.id, submission.digest, Verdict.APPROVE, LOOKED)

    @contextmanager
    def _airlock(self, person: str):
        visitor = visit(PROJECT, person=person, settings=self._settings)
        with closing(visitor.project):
            yield Airlock(visitor)


@pytest.fixture
def others(place) -> Others:
    """Those people."""
    return Others(place)


def test_an_author_submits_lists_shows_and_withdraws(run, i_am):
    """Each verb says in a line what came of it."""
    i_am("scientist")

    status, out, _ = run("submit", "--kind", "table", "--reason", REASON, "table.csv")
    submission_id = out.partition(":")[0]

    assert (status, out) == (
        0,
        f"{submission_id}: submitted; 1 file(s), two other people have to approve it\nscan (0)\n",
    )
    _, listed, _ = run("list")
    assert listed.startswith(f"{submission_id}  ")
    assert listed.endswith("waits for 2 approvals\n1 submission(s)\n")
    _, shown, _ = run("show", submission_id)
    assert f"reason  {REASON}" in shown
    assert "file    table.csv  49 bytes" in shown
    assert run("withdraw", submission_id)[1] == f"{submission_id}: withdrawn, 0 approval(s)\n"


def test_a_reviewer_approves_and_an_administrator_releases(run, i_am, others, place):
    """The one who runs this comes as a reviewer, then off the roster as an administrator."""
    i_am("champion")
    submission = others.submit()
    digest = submission.digest
    others.approve(submission, "sue")

    reviewed = run("review", submission.id, "--approve", "--digest", digest[:12], "--reason", LOOKED)
    released = run("release", submission.id)

    assert reviewed == (0, f"{submission.id}: approved, 2 approval(s)\n", "")
    assert released == (0, f"{submission.id}: released to {place.airlock.released}/{PROJECT}/{submission.id}\n", "")


@pytest.mark.parametrize("digest", ["", "0" * 64, "short"])
def test_a_review_names_what_was_looked_at(run, i_am, others, digest):
    """The digest that `show` prints, or enough of it."""
    i_am("champion")
    submission = others.submit()

    named = digest or submission.digest[:5]
    status, _, told = run("review", submission.id, "--approve", "--digest", named, "--reason", LOOKED)

    assert status == 1
    assert told.startswith("ccds: expected the submission's digest")


def test_what_the_scan_forbids_is_listed_and_not_taken(run, i_am, tmp_path):
    """Findings on stderr with their places, then the one line; status 1; nothing quoted."""
    i_am("scientist")
    (tmp_path / "table.csv").write_text(f"scanner,accession\nA,{SECRET.split()[0]}\n")

    status, out, told = run("submit", "--kind", "table", "--reason", REASON, "table.csv")

    assert (status, out) == (1, "")
    assert told == (
        "  warn: words that go with a patient (table.csv, line 1)\n"
        "  refuse: one row for each study: the column is named so (table.csv, column 2)\n"
        "ccds: expected a result with nothing in it that may not leave; found 1 finding(s), first: refuse: one row for each "
        "study: the column is named so (table.csv, column 2); take that out, and submit it again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["submit", "--kind", "table", "--reason", "short", "table.csv"], "expected a reason of at least a sentence"),
        (["submit", "--kind", "table", "--reason", REASON, "../table.csv"], "expected a relative name"),
        (["submit", "--kind", "table", "--reason", REASON, "none.csv"], "expected a plain file none.csv"),
        (["submit", "--kind", "poem", "--reason", REASON, "table.csv"], "expected --kind to be one of "),
        (["show", "0" * 12], "expected the id of a submission of this project"),
        (["review", "0" * 12, "--digest", "x", "--reason", "x"], "one of the arguments --approve --refuse is required"),
        (["release", "../../x"], "expected the id of a submission"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_in_one_line(run, i_am, arguments, told):
    """With status 1 and the way out."""
    i_am("scientist")

    status, out, error = run(*arguments)

    assert (status, out, error.count("\n")) == (1, "", 1)
    assert told in error


def test_json_is_one_document(run, i_am):
    """For scripts."""
    i_am("scientist")

    told = json.loads(run("submit", "--kind", "table", "--reason", REASON, "--json", "table.csv")[1])

    assert (told["state"], told["author"], told["findings"]) == ("submitted", unix_user(), [])
    assert json.loads(run("list", "--json")[1])[0]["id"] == told["id"]
    assert json.loads(run("show", told["id"], "--json")[1])["digest"] == told["digest"]
    assert json.loads(run("withdraw", told["id"], "--json")[1])["state"] == "withdrawn"


def test_somebody_else_is_turned_away(run, i_am, tmp_path):
    """By the project's door: a labeler who administers nothing."""
    i_am("labeler")
    settings = tmp_path / "site" / "ccds.toml"
    settings.write_text(settings.read_text().replace(f', "{unix_user()}"]', "]"))

    status, _, told = run("list")

    assert (status, told.startswith("ccds: expected a role that may review results in the airlock")) == (1, True)
