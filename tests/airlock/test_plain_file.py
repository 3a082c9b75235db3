"""What is copied into the airlock: plain files that stay as they are."""

import os
import socket
from pathlib import Path

import pytest

from ccds_kernel.airlock.plain_file import read_in_chunks
from ccds_kernel.errors import CcdsError


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a file, and one elsewhere."""
    (tmp_path / "mine" / "inner").mkdir(parents=True)
    (tmp_path / "mine" / "a.csv").write_text("mine")
    (tmp_path / "mine" / "inner" / "b.csv").write_text("inner")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.csv").write_text("secret")
    return tmp_path / "mine"


def read(folder: Path, name: str, largest: int = 100) -> bytes:
    """All of a file."""
    return b"".join(read_in_chunks(folder, name, largest))


def test_a_plain_file_is_read_whole(folder):
    """Also in a folder."""
    assert (read(folder, "a.csv"), read(folder, "inner/b.csv")) == (b"mine", b"inner")


def link(folder: Path) -> str:
    """A link to another's file."""
    (folder / "x.csv").symlink_to(folder.parent / "other" / "secret.csv")
    return "x.csv"


def link_inside(folder: Path) -> str:
    """A link to a file of one's own."""
    (folder / "x.csv").symlink_to(folder / "a.csv")
    return "x.csv"


def linked_folder(folder: Path) -> str:
    """A link to another's folder."""
    (folder / "x").symlink_to(folder.parent / "other")
    return "x/secret.csv"


def hard_link(folder: Path) -> str:
    """A second name of another's file."""
    (folder / "x.csv").hardlink_to(folder.parent / "other" / "secret.csv")
    return "x.csv"


def pipe(folder: Path) -> str:
    """A pipe that nobody writes."""
    os.mkfifo(folder / "x.csv")
    return "x.csv"


def plug(folder: Path) -> str:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "x.csv"))
    return "x.csv"


def empty(folder: Path) -> str:
    """A file without bytes."""
    (folder / "x.csv").touch()
    return "x.csv"


def large(folder: Path) -> str:
    """A file with too many bytes."""
    (folder / "x.csv").write_bytes(bytes(101))
    return "x.csv"


@pytest.mark.parametrize(
    "make",
    [link, link_inside, linked_folder, hard_link, pipe, plug, empty, large, lambda _: "inner", lambda _: "none.csv",
     lambda _: "a.csv/b"],
)  # fmt: skip
def test_anything_else_is_refused(folder, make):
    """Links of both sorts, to files or folders, pipes, sockets, folders, what isn't there; and nothing is waited for."""
    name = make(folder)

    with pytest.raises(CcdsError) as raised:
        read(folder, name)
    assert "secret" not in str(raised.value).replace(name, "")


def test_a_device_is_refused():
    """It never ends."""
    with pytest.raises(CcdsError, match="found a folder, pipe or device"):
        read(Path("/dev"), "zero")


@pytest.mark.parametrize("change", ["append", "rewrite", "truncate"])
def test_a_file_that_changes_meanwhile_is_refused(folder, change):
    """Longer, other bytes, or shorter: what was copied never was."""
    path = folder / "a.csv"
    path.write_bytes(bytes(2 * 2**20))
    chunks = read_in_chunks(folder, "a.csv", 2**30)
    next(chunks)

    with path.open("r+b") as out:
        if change == "truncate":
            out.truncate(2**20)
        else:
            out.seek(0, os.SEEK_END if change == "append" else os.SEEK_SET)
            out.write(b"changed")

    with pytest.raises(CcdsError, match=r"expected a\.csv to stay as it is while it is copied"):
        list(chunks)
