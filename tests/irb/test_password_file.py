"""The password file: who is let in, what is kept, and that it tells nobody who has an account."""

import hashlib
import json
import sys

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.password_file import hashed, is_password, matches, password_file, write_passwords

PASSWORDS = {"ann": "correct horse", "bob": "pässwörd"}


@pytest.fixture
def path(settings):
    """The password file of a site."""
    path = password_file(settings)
    write_passwords(path, PASSWORDS)
    return path


def hashes_made(call) -> int:
    """How often `call` makes the hash that costs the time."""
    made = []
    sys.setprofile(lambda _frame, kind, what: made.append(kind) if (kind, what) == ("c_call", hashlib.scrypt) else None)
    try:
        call()
    finally:
        sys.setprofile(None)
    return len(made)


@pytest.mark.parametrize(
    ("person", "password", "right"),
    [
        ("ann", "correct horse", True),
        ("bob", "pässwörd", True),
        ("ann", "pässwörd", False),
        ("ann", "Correct horse", False),
        ("ann", "", False),
        ("Ann", "correct horse", False),
        ("eve", "correct horse", False),
        ("eve", "", False),
        ("", "", False),
    ],
)
def test_only_the_right_password_of_a_known_person(path, person, password, right):
    """Everything else is a plain no."""
    assert is_password(path, person, password) is right


def test_an_unknown_person_costs_as_much_as_a_wrong_password(path):
    """One hash either way: the time to the answer doesn't tell who has an account."""
    known = hashes_made(lambda: is_password(path, "ann", "wrong"))
    unknown = hashes_made(lambda: is_password(path, "eve", "wrong"))

    assert (known, unknown) == (1, 1)


def test_no_password_is_kept(path):
    """Only salted hashes, a new salt each time, readable by the owner only."""
    text = path.read_text(encoding="utf-8")

    assert "horse" not in text
    assert hashed("same") != hashed("same")
    assert matches("same", hashed("same"))
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kept", ["", None])
def test_a_record_without_a_hash_lets_nobody_in(path, kept):
    """Not even with an empty password."""
    path.write_text(json.dumps({"ann": kept}))

    assert not is_password(path, "ann", "")


@pytest.mark.parametrize("content", ["", "{", "[]", '"ann"', '{"ann": 7}', '{"ann": "no hash"}', '{"ann": "zz:00"}'])
def test_a_damaged_file_is_told(path, content):
    """One line without anything of what is in it; nobody gets in."""
    path.write_text(content)

    with pytest.raises(
        CcdsError, match=r"expected hashes of passwords in .*; found something else; write the file anew"
    ):
        is_password(path, "ann", "")


def test_a_missing_file_is_told(path):
    """A site that never wrote one."""
    path.unlink()

    with pytest.raises(CcdsError, match="found No such file or directory; write it anew"):
        is_password(path, "ann", "correct horse")
