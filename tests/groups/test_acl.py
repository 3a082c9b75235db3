"""ACLs are what Linux and the programs getfacl and setfacl take them for."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups import Acl, Entry, read_acl, write_acl
from ccds_kernel.groups.acl import ENTER, READ, WRITE, Kind
from support.components import need_program

permissions = st.integers(0, 7)
entries = st.lists(
    st.builds(Entry, st.integers(0, 2**32 - 2), permissions), max_size=5, unique_by=lambda entry: entry.id
)
acls = st.builds(
    Acl,
    owner=permissions,
    group=permissions,
    other=permissions,
    users=entries.map(tuple),
    groups=entries.map(tuple),
    mask=st.none() | permissions,
)
PROJECT = Acl(
    owner=READ | WRITE | ENTER,
    group=0,
    other=0,
    users=(Entry(4001, READ | WRITE | ENTER),),
    groups=(Entry(4003, READ | WRITE | ENTER), Entry(4002, READ | ENTER)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder on a file system with ACLs."""
    made = tmp_path / "images"
    made.mkdir(mode=0o750)
    return made


@pytest.fixture
def tools() -> None:
    """The programs getfacl and setfacl."""
    for program in ("getfacl", "setfacl"):
        need_program(program, "apt-get install acl")


def getfacl(path: Path) -> list[str]:
    """The lines of getfacl, with numbers."""
    told = subprocess.run(["getfacl", "-nEcp", path], capture_output=True, text=True, check=True).stdout
    return told.split()


@given(acls)
def test_bytes_and_back(acl: Acl) -> None:
    """Whatever it says."""
    assert Acl.from_bytes(acl.to_bytes()) == acl


@given(acls)
def test_linux_takes_every_acl(tmp_path_factory: pytest.TempPathFactory, acl: Acl) -> None:
    """As an access ACL and as a default ACL, and gives it back; one that says what a mode can say is a mode."""
    folder = tmp_path_factory.mktemp("acl")

    written = [write_acl(folder, acl), write_acl(folder, acl, "default")]

    assert read_acl(folder) == acl
    assert read_acl(folder, "default") == acl
    assert written[1]
    folder.chmod(0o700)


@pytest.mark.usefixtures("tools")
def test_getfacl_reads_what_was_written(folder: Path) -> None:
    """The same entries in the same order."""
    write_acl(folder, PROJECT)
    write_acl(folder, Acl(7, 5, 0, groups=(Entry(4002, READ),)), "default")

    assert getfacl(folder) == [
        "user::rwx", "user:4001:rwx", "group::---", "group:4002:r-x", "group:4003:rwx", "mask::rwx", "other::---",
        "default:user::rwx", "default:group::r-x", "default:group:4002:r--", "default:mask::r-x", "default:other::---",
    ]  # fmt: skip


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("kind", ["access", "default"])
def test_what_setfacl_wrote_is_read(folder: Path, kind: Kind) -> None:
    """Whatever order it was told in; the mask is computed as setfacl computes it."""
    entries = "u::rwx,g::---,o::---,g:4003:rwx,u:4001:rwx,g:4002:r-x"
    subprocess.run(["setfacl", *(["-d"] if kind == "default" else []), "-m", entries, folder], check=True)

    assert read_acl(folder, kind) == PROJECT


def test_a_file_without_an_acl_has_what_its_mode_says(folder: Path) -> None:
    """And no default ACL."""
    folder.chmod(0o2751)

    assert read_acl(folder) == Acl(owner=7, group=5, other=1)
    assert read_acl(folder, "default") is None


def test_what_is_so_already_is_not_written(folder: Path) -> None:
    """A second look changes nothing, not even the time of the last change."""
    first = write_acl(folder, PROJECT)
    before = folder.stat().st_ctime_ns

    second = write_acl(folder, PROJECT)

    assert (first, second) == (True, False)
    assert folder.stat().st_ctime_ns == before


def test_a_mask_that_chmod_narrowed_is_seen(folder: Path) -> None:
    """`chmod g-w` takes away what the entries still seem to give."""
    write_acl(folder, PROJECT)
    folder.chmod(0o750)

    narrowed = read_acl(folder)
    mended = write_acl(folder, PROJECT)

    assert narrowed
    assert (narrowed.mask, narrowed.groups) == (5, PROJECT.groups)
    assert mended
    assert read_acl(folder) == PROJECT


def test_what_is_made_in_a_folder_gets_its_default(folder: Path) -> None:
    """Whatever the umask; a file can't be entered."""
    write_acl(folder, PROJECT, "default")
    before = os.umask(0o077)
    try:
        (folder / "inner").mkdir()
        (folder / "file").touch()
    finally:
        os.umask(before)

    file = read_acl(folder / "file")

    assert read_acl(folder / "inner") == PROJECT
    assert file
    assert (file.groups, file.mask) == (PROJECT.groups, READ | WRITE)


def test_an_open_folder_is_written_to(folder: Path) -> None:
    """By its descriptor, so that nobody can put another one in its place meanwhile."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        write_acl(handle, PROJECT)
        seen = read_acl(handle)
    finally:
        os.close(handle)

    assert seen == read_acl(folder) == PROJECT


def test_a_link_is_not_followed(folder: Path) -> None:
    """Whoever puts one there gets nothing opened elsewhere."""
    link = folder.parent / "link"
    link.symlink_to(folder)

    with pytest.raises(CcdsError, match=r"expected to write the permissions of .*/link; found a symbolic link"):
        write_acl(link, PROJECT)
    with pytest.raises(CcdsError, match=r"expected to read the permissions of .*/link; found a symbolic link"):
        read_acl(link)

    assert read_acl(folder) == Acl(7, 5, 0)


def test_a_file_system_without_acls_is_named() -> None:
    """One line that says what to do."""
    with pytest.raises(
        CcdsError, match="expected a file system with POSIX ACLs under /proc; found one that keeps none"
    ):
        write_acl(Path("/proc"), PROJECT)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """One line that names it."""
    with pytest.raises(CcdsError, match=r"expected to read the permissions of .*/gone; found No such file"):
        read_acl(tmp_path / "gone")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Acl(8, 0, 0),
        lambda: Acl(0, 0, 0, mask=9),
        lambda: Entry(1, -1),
        lambda: Entry(-1, 1),
        lambda: Entry(2**32 - 1, 1),
        lambda: Acl(0, 0, 0, users=(Entry(1, 1), Entry(1, 2))),
        lambda: Acl(0, 0, 0, groups=(Entry(1, 1), Entry(1, 1))),
    ],
)
def test_what_is_no_acl_is_refused(wrong: object) -> None:
    """Numbers that mean something else, permissions that aren't, somebody twice."""
    assert callable(wrong)
    with pytest.raises(ValueError, match="expected"):
        wrong()


def spoiled() -> Iterator[bytes]:
    """Bytes that are no ACL."""
    fine = PROJECT.to_bytes()
    yield b""
    yield fine[:-1]
    yield b"\x01" + fine[1:]
    yield fine[:-8]  # without others
    yield fine + fine[4:12]  # the owner twice
    yield fine + b"\x40\x00\x07\x00\xff\xff\xff\xff"


@pytest.mark.parametrize("value", list(spoiled()))
def test_bytes_that_are_no_acl_are_refused(value: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="expected"):
        Acl.from_bytes(value)
