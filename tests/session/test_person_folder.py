"""A folder whose owner puts traps into it: the server that reads it follows none."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from ccds_kernel.session.person_folder import PersonFolder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A person's folder `home`, and beside it what isn't theirs."""
    (tmp_path / "home" / "inside").mkdir(parents=True)
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "secret.py").write_text("secret")
    (tmp_path / "home" / "own.py").write_text("own")
    return tmp_path


@pytest.fixture
def files(place: Path):
    """The folder as the server has it."""
    opened = PersonFolder(place / "home")
    yield opened
    opened.close()


TRAPS = [
    "link.py", "folder/secret.py", "hard.py", "pipe.py", "inside/up/secret.py", "../beside/secret.py", "a/../own.py", "device",
]  # fmt: skip


@pytest.fixture
def traps(place: Path) -> None:
    """Each kind of trap once."""
    home, secret = place / "home", place / "beside" / "secret.py"
    (home / "link.py").symlink_to(secret)
    (home / "folder").symlink_to(secret.parent)
    (home / "hard.py").hardlink_to(secret)
    (home / "inside" / "up").symlink_to("../../beside")
    os.mkfifo(home / "pipe.py")
    (home / "device").symlink_to("/dev/null")


@pytest.mark.usefixtures("traps")
@pytest.mark.parametrize("path", TRAPS)
@pytest.mark.parametrize("what", ["read", "append", "copy"])
def test_no_trap_is_opened(files: PersonFolder, place: Path, path: str, what: str) -> None:
    """Refused by the file system itself; what isn't theirs stays as it is."""
    deed = {
        "read": lambda: files.read(path, 100),
        "append": lambda: files.append(path, b"x"),
        "copy": lambda: files.copy(path, "new.py"),
    }

    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the trap
        deed[what]()

    assert (place / "beside" / "secret.py").read_text() == "secret"


@pytest.mark.usefixtures("traps")
def test_what_replaces_a_link_replaces_the_link(files: PersonFolder, place: Path) -> None:
    """Writing, renaming over and removing are about the name in the folder, never about where it leads."""
    files.write("link.py", b"new")
    files.write("hard.py", b"new")
    files.remove("folder")

    assert (place / "home" / "link.py").read_text() == "new"
    assert not (place / "home" / "link.py").is_symlink()
    assert [path.read_text() for path in (place / "beside").iterdir()] == ["secret"]
    with pytest.raises(OSError):  # noqa: PT011 - as above
        files.write("inside/up/new.py", b"x")


@pytest.mark.usefixtures("traps")
def test_traps_are_not_listed(files: PersonFolder) -> None:
    """Links and pipes aren't there; a file with a second name is, and doesn't open."""
    assert sorted(files.entries("")) == ["hard.py", "inside", "own.py"]


def test_a_folder_that_becomes_a_link_meanwhile_leads_nowhere(files: PersonFolder, place: Path) -> None:
    """The swap between the look and the opening, thousands of times: never once another's bytes."""
    home, over, read = place / "home", Event(), []
    (home / "x").mkdir()
    (home / "x" / "secret.py").write_text("own")

    def swap() -> None:
        while not over.is_set():
            (home / "x").rename(home / "y")
            (home / "x").symlink_to(place / "beside")
            (home / "x").unlink()
            (home / "y").rename(home / "x")

    swapping = Thread(target=swap)
    swapping.start()
    tries = 0
    while tries < 4000 or not read:
        tries += 1
        with suppress(OSError):
            read.append(files.read("x/secret.py", 100))
    over.set()
    swapping.join()

    assert set(read) == {b"own"}


def test_files_are_written_whole_and_keep_being_programs(files: PersonFolder, place: Path) -> None:
    """No half of one is left; a script stays one; others get nothing."""
    script = place / "home" / "run.sh"
    script.write_text("#!/bin/sh")
    script.chmod(0o750)

    files.write("run.sh", b"#!/bin/sh\ntrue")
    files.make_folder("made")
    files.make_folder("made")

    assert script.read_text().endswith("true")
    assert stat.S_IMODE(script.stat().st_mode) & 0o117 == 0o110
    assert sorted(path.name for path in (place / "home").iterdir()) == ["inside", "made", "own.py", "run.sh"]


def test_a_name_that_is_taken_stays(files: PersonFolder, place: Path) -> None:
    """Neither a copy nor a new name nor a folder replaces what is there."""
    (place / "home" / "other.py").write_text("other")

    for deed in (
        lambda: files.rename("own.py", "other.py"),
        lambda: files.copy("own.py", "other.py"),
        lambda: files.make_folder("own.py"),
    ):
        with pytest.raises(FileExistsError):
            deed()

    assert (place / "home" / "other.py").read_text() == "other"


def test_a_large_file_is_not_read_whole(files: PersonFolder, place: Path) -> None:
    """It stops at what was asked for at most."""
    with (place / "home" / "large.py").open("wb") as large:
        large.truncate(10**12)

    with pytest.raises(OSError, match="too large"):
        files.read("large.py", 2_000_000)
