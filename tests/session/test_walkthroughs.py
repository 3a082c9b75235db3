"""The walk-throughs that a lab session finds in its folder."""

import hashlib
import json
from pathlib import Path

import pytest

from ccds_kernel.demo.hospital import PEOPLE
from ccds_kernel.resources import resource
from ccds_kernel.session.walkthroughs import FOLDER, lay_out


@pytest.fixture
def installed() -> dict[str, str]:
    """Name → text of what comes with ccds."""
    return {path.name: path.read_text(encoding="utf-8") for path in resource("notebooks/lab").glob("*.ipynb")}


def test_they_are_laid_once(tmp_path: Path, installed: dict[str, str]) -> None:
    """All of them, word for word, for their owner only; the next session writes nothing."""
    first, second = lay_out(tmp_path), lay_out(tmp_path)

    laid = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / FOLDER).iterdir()}
    assert laid == installed
    assert installed
    assert (sorted(first), second) == (sorted(installed), [])
    assert {path.stat().st_mode & 0o007 for path in (tmp_path / FOLDER).iterdir()} == {0}


def test_what_the_person_changed_is_theirs(tmp_path: Path, installed: dict[str, str]) -> None:
    """A notebook that was edited, or one of that name that was theirs from the begin, stays; one that was removed comes back."""
    edited, *others = sorted(installed)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / edited).write_text("mine")
    lay_out(tmp_path)
    (tmp_path / FOLDER / others[0]).write_text("mine too")

    again = lay_out(tmp_path)
    (tmp_path / FOLDER / edited).unlink()
    back = lay_out(tmp_path)

    assert again == []
    assert (tmp_path / FOLDER / others[0]).read_text() == "mine too"
    assert back == [edited]


def test_what_was_left_alone_follows_the_installed_version(tmp_path: Path, installed: dict[str, str]) -> None:
    """A notebook as an earlier version laid it is replaced by this version's."""
    name = min(installed)
    lay_out(tmp_path)
    note = tmp_path / ".ccds" / "walkthroughs.json"
    (tmp_path / FOLDER / name).write_text("as an earlier version had it")
    earlier = hashlib.sha256(b"as an earlier version had it").hexdigest()
    note.write_text(note.read_text().replace(hashlib.sha256(installed[name].encode()).hexdigest(), earlier))

    written = lay_out(tmp_path)

    assert written == [name]
    assert (tmp_path / FOLDER / name).read_text(encoding="utf-8") == installed[name]


def test_a_lost_note_is_written_again(tmp_path: Path, installed: dict[str, str]) -> None:
    """A crash between a notebook and its note: the next session notes what lies there, so that it can follow a later version."""
    lay_out(tmp_path)
    note = tmp_path / ".ccds" / "walkthroughs.json"
    before = note.read_text()
    note.unlink()

    written = lay_out(tmp_path)

    assert written == []
    assert note.read_text() == before
    assert set(installed) <= set(json.loads(before))


@pytest.mark.parametrize("junk", ["", "[]", "{", '{"normalization.ipynb": 7}'])
def test_a_damaged_note_overwrites_nothing(tmp_path: Path, installed: dict[str, str], junk: str) -> None:
    """Whatever stands in it, notebooks that are there stay."""
    lay_out(tmp_path)
    name = min(installed)
    (tmp_path / FOLDER / name).write_text("mine")
    (tmp_path / ".ccds" / "walkthroughs.json").write_text(junk)

    lay_out(tmp_path)

    assert (tmp_path / FOLDER / name).read_text() == "mine"


def test_the_demo_names_its_scientist_all_of_them(installed: dict[str, str]) -> None:
    """In the list that it prints."""
    [sam] = [person for person in PEOPLE if person.name == "sam"]

    assert [name for name in installed if name not in sam.tries] == []
