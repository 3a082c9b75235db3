"""Groups in a real LDAP server keep the port's promises; what goes wrong between us and it is one line without a secret."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.groups import DirectoryUnavailableError, GroupDirectory
from ccds_kernel.groups.directory import COUNTER
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.ldap import LdapGroups
from ccds_kernel.groups.ldap_session import LdapAccount
from support.certificates import self_signed
from support.demo import free_port
from support.group_contract import PREFIX, GroupDirectoryContract, name
from support.slapd import CUT, GROUPS, PASSWORD, PEOPLE, READER, WRITER, Slapd, running_slapd


@dataclass
class Tree:
    """One server, spoken to in one way."""

    slapd: Slapd
    account: LdapAccount
    people: tuple[str, str, str] = ("ann", "ben", "eva")

    @property
    def script(self) -> str:
        """Makes `directory` in another process."""
        account = self.account
        return f"""
from pathlib import Path
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.ldap import LdapGroups
from ccds_kernel.groups.ldap_session import LdapAccount
account = LdapAccount({account.uri!r}, {account.bind_dn!r}, Path({str(account.password_file)!r}), Path({str(account.ca)!r}))
directory = LdapGroups(account, {PEOPLE!r}, {GROUPS!r}, GidRange(30000, 59999))
"""

    def connect(self) -> GroupDirectory:
        """A new client."""
        return LdapGroups(self.account, people=PEOPLE, base=GROUPS, gids=GidRange(30_000, 59_999))

    def members(self) -> dict[str, frozenset[str]]:
        """As the server's own tool reads them."""
        groups = {entry["cn"][0]: frozenset(entry.get("memberUid", ())) for entry in self.slapd.dump()}
        return {group: people for group, people in groups.items() if group != COUNTER}

    def gids(self) -> dict[str, int]:
        """As the server's own tool reads them."""
        groups = {entry["cn"][0]: int(entry["gidNumber"][0]) for entry in self.slapd.dump()}
        return {group: gid for group, gid in groups.items() if group != COUNTER}

    def state(self) -> object:
        """Each entry and the moment of its last change."""
        return sorted((entry["cn"], entry["entryCSN"]) for entry in self.slapd.dump())


@pytest.fixture
def account(slapd: Slapd, tmp_path: Path) -> LdapAccount:
    """As whom the tests speak to the server."""
    file = tmp_path / "ldap-password"
    file.touch(mode=0o600)
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return LdapAccount(slapd.encrypted_uri, WRITER, file, slapd.ca)


@pytest.fixture
def place(slapd: Slapd, account: LdapAccount) -> Iterator[Tree]:
    """The server, over TLS."""
    tree = Tree(slapd, account)

    yield tree

    groups = tree.connect()
    groups.apply(dict.fromkeys(groups.groups(PREFIX)))


class TestLdapGroups(GroupDirectoryContract):
    """Every promise."""


def of(account: LdapAccount, *, people: str = PEOPLE, base: str = GROUPS) -> LdapGroups:
    """A directory that is spoken to as `account`."""
    return LdapGroups(account, people=people, base=base, gids=GidRange(30_000, 59_999))


def test_an_open_line_is_encrypted_first(slapd: Slapd, place: Tree, account: LdapAccount) -> None:
    """StartTLS, without which this server refuses passwords."""
    directory = of(replace(account, uri=slapd.uri))

    directory.apply({name("a"): frozenset({"ann"})})

    assert place.connect().groups(PREFIX) == {name("a"): {"ann"}}


def test_more_groups_than_one_answer_holds(place: Tree) -> None:
    """They come page by page; none is forgotten."""
    wanted = {name(f"{number}"): frozenset({"ann"}) for number in range(23)}
    directory = replace(of(place.account), page=10)

    directory.apply(wanted)

    assert directory.groups(PREFIX) == wanted
    assert len(set(place.gids().values())) == 23


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda account, _: replace(account, uri=f"ldap://127.0.0.1:{free_port()}"), "found no answer; start the server"),
        (lambda account, _: replace(account, uri=f"ldaps://127.0.0.1:{free_port()}"), "found no answer; start the server"),
        (lambda account, folder: replace(account, ca=self_signed(folder, "other")[0]), "found no encryption, or a cert"),
        (
            lambda account, _: replace(account, uri=account.uri.replace("127.0.0.1", "127.0.0.2")),
            "found no encryption, or a certificate that isn't trusted for this host",
        ),
        (lambda account, _: replace(account, ca=None), "found no encryption, or a certificate"),
        (lambda account, _: replace(account, bind_dn=f"cn=nobody,{GROUPS}"), "refuses our name or password"),
        (lambda account, _: replace(account, bind_dn="nonsense"), "refuses our name or password|no such place"),
        (lambda account, _: replace(account, bind_dn=READER), "found that we have no right to; let ldap_bind_dn write"),
        (lambda account, _: replace(account, bind_dn=CUT), "found that it cuts long answers; lift the server's size"),
    ],
    ids=["down", "down, TLS", "other signer", "other host", "no signer", "stranger", "no name", "reader", "cut short"],
)  # fmt: skip
def test_what_goes_wrong_is_one_line(
    place: Tree, account: LdapAccount, tmp_path: Path, spoil: Callable[[LdapAccount, Path], LdapAccount], told: str
) -> None:
    """It says what to do, holds no secret, and nothing was changed."""
    place.connect().apply({name(letter): frozenset({"ann"}) for letter in "abc"})
    before = place.state()

    with pytest.raises(DirectoryUnavailableError, match=told) as raised:
        of(spoil(account, tmp_path)).apply({name("a"): frozenset({"ben"}), name("b"): None, name("d"): frozenset()})

    assert place.state() == before
    assert "\n" not in str(raised.value)
    assert not any(secret in str(raised.value) for secret in (PASSWORD, WRITER, GROUPS))


@pytest.mark.parametrize("wrong", [{"people": "ou=none,dc=ccds,dc=test"}, {"base": "ou=none,dc=ccds,dc=test"}])
def test_a_place_that_is_not_there(place: Tree, account: LdapAccount, wrong: dict[str, str]) -> None:
    """The settings to mend are named."""
    before = place.state()

    with pytest.raises(DirectoryUnavailableError, match="found that it has no such place; mend ldap_people and ldap_"):
        of(account, **wrong).apply({name("a"): frozenset({"ann"})})

    assert place.state() == before


def test_a_server_that_is_killed_in_between(tmp_path: Path) -> None:
    """Said in one line; when it is back the same change is made."""
    with running_slapd("ann", "ben", "eva") as slapd:
        file = tmp_path / "password"
        file.touch(mode=0o600)
        file.write_text(PASSWORD, encoding="utf-8")
        directory = of(LdapAccount(slapd.encrypted_uri, WRITER, file, slapd.ca))
        directory.apply({name("a"): frozenset({"ann"})})
        slapd.stop()
        for call in (lambda: directory.apply({name("a"): None}), lambda: directory.groups(PREFIX)):
            with pytest.raises(DirectoryUnavailableError, match="found no answer"):
                call()
        slapd.start()

        seen = directory.groups(PREFIX)
        directory.apply({name("a"): None})

        assert seen == {name("a"): {"ann"}}
        assert directory.groups(PREFIX) == {}


def test_numbers_of_others_are_passed_over(place: Tree) -> None:
    """Groups and people of the hospital that have a number of ours keep it to themselves."""
    directory = LdapGroups(place.account, people=PEOPLE, base=GROUPS, gids=GidRange(5_000, 59_999))

    directory.apply({name("a"): frozenset(), name("b"): frozenset()})

    assert min(place.gids().values()) > 5_002


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        (PASSWORD, 0o640, "to be its owner's only; found that others may read or write it; chmod 600"),
        ("", 0o600, "found an empty file; write it there"),
        (None, 0o600, "found No such file or directory; write it there"),
    ],
    ids=["open", "empty", "missing"],
)
def test_a_password_that_can_not_be_used(account: LdapAccount, text: str | None, mode: int, told: str) -> None:
    """Before anything is sent; an empty one would log in as nobody."""
    account.password_file.unlink()
    if text is not None:
        account.password_file.touch()
        account.password_file.write_text(text, encoding="utf-8")
        account.password_file.chmod(mode)

    with pytest.raises(CcdsError, match=told):
        of(account).groups(PREFIX)


def test_signers_that_are_none(account: LdapAccount, tmp_path: Path) -> None:
    """The file is named, and the setting."""
    (tmp_path / "empty.pem").touch()

    for file in ("gone.pem", "empty.pem"):
        with pytest.raises(CcdsError, match=f"expected certificates in .*{file}; .*mend ldap_ca under"):
            of(replace(account, ca=tmp_path / file)).groups(PREFIX)


def test_no_secret_in_what_is_printed(account: LdapAccount) -> None:
    """Objects land in logs."""
    assert WRITER not in repr(of(account))
    assert PASSWORD not in repr(of(account))
