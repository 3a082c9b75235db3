"""Groups in an LDAP directory: `posixGroup` entries with `memberUid` (RFC 2307), as sssd and nslcd read them on every node.

The groups of RFC 2307bis, whose members are names of entries, were decided against: sssd's default schema and OpenLDAP's own
are this one. Each group is one entry and each change of it one operation: a group is never half changed, a list of groups can be.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock

from ccds_kernel.groups.directory import (
    COUNTER,
    PREFIXES,
    Changes,
    DirectoryUnavailableError,
    check_changes,
    check_people,
)
from ccds_kernel.groups.gids import GidRange
from ccds_kernel.groups.ldap_session import LdapAccount, session
from ccds_kernel.groups.quiet_ldap3 import RESULT_SUCCESS, escape_filter_chars, exceptions, ldap3

PAGING = "1.2.840.113556.1.4.319"
"""The control of RFC 2696, by which a long answer comes in pages."""

PEOPLE_AT_ONCE = 100
"""People asked for in one filter."""

ROUNDS = 8
"""How often a change is tried when another program changes the same groups meanwhile."""

PAUSE_S = 0.02
"""How long the first such change may be waited for; twice as long each time."""


class _OvertakenError(Exception):
    """Somebody else changed what we were about to change."""


@dataclass(frozen=True)
class _Entry:
    """One group as the directory has it."""

    dn: str
    gid: int
    members: frozenset[str]


@dataclass(frozen=True)
class LdapGroups:
    """The groups of an LDAP directory.

    Args:
        account: the server, and as whom we speak to it.
        people: the entry below which people are, as `posixAccount` with `uid`.
        base: the entry below which groups are; ours are made right below it.
        gids: numbers for new groups.
        page: how many entries are asked for at once: servers cut longer answers, or refuse them.
    """

    account: LdapAccount
    people: str
    base: str
    gids: GidRange
    page: int = 500
    _turn: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)
    """Threads of one process take turns: overtaking each other, one of many could lose every time."""

    @property
    def keeps(self) -> bool:
        """As the port says."""
        return True

    def groups(self, prefix: str) -> dict[str, frozenset[str]]:
        """As the port says."""
        with session(self.account) as connection:
            found = self._entries(connection, prefix)
        return {name: entry.members for name, entry in found.items() if name != COUNTER}

    def knows(self, people: Iterable[str]) -> frozenset[str]:
        """As the port says; small and capital letters count, as they do in a group."""
        asked = sorted(set(people))
        found: set[str] = set()
        with session(self.account) as connection:
            for start in range(0, len(asked), PEOPLE_AT_ONCE):
                names = "".join(f"(uid={escape_filter_chars(name)})" for name in asked[start : start + PEOPLE_AT_ONCE])
                filter_ = f"(&(objectClass=posixAccount)(|{names}))"
                for _, values in self._search(connection, self.people, filter_, ["uid"]):
                    found.update(values["uid"])
        return frozenset(asked) & found

    def apply(self, changes: Changes) -> None:
        """As the port says. Whoever loses access loses it before anybody gets some, in case it fails half way."""
        check_changes(changes)
        check_people(changes, self)
        with self._turn, session(self.account) as connection:
            for overtaken in range(ROUNDS):
                try:
                    self._change(connection, changes)
                except _OvertakenError:
                    time.sleep(random.uniform(0, PAUSE_S * 2**overtaken))  # noqa: S311 - no secret: unlike the other's
                    continue
                return
        raise DirectoryUnavailableError(
            expected="to change groups without somebody else changing the same ones",
            found=f"{ROUNDS} times that somebody did",
            do="let one program manage these groups",
        )

    def _change(self, connection: ldap3.Connection, changes: Changes) -> None:
        """Does what isn't so yet.

        Raises:
            _OvertakenError: somebody else changes the same groups.
        """
        prefixes = {prefix for prefix in PREFIXES for name in changes if name.startswith(prefix)}
        found = {name: entry for prefix in prefixes for name, entry in self._entries(connection, prefix).items()}
        there = {name: entry for name, entry in found.items() if name in changes and changes[name] != entry.members}
        for name, entry in sorted(
            there.items(), key=lambda item: not item[1].members - (changes[item[0]] or frozenset())
        ):
            people = changes[name]
            if people is None:
                _obey(connection, connection.delete, entry.dn)
            else:
                _obey(connection, connection.modify, entry.dn, {"memberUid": [(ldap3.MODIFY_REPLACE, sorted(people))]})
        new = {name: people for name, people in changes.items() if people is not None and name not in found}
        for (name, people), gid in zip(new.items(), self._reserved(connection, len(new)), strict=True):
            self._add(connection, name, gid, people)

    def _reserved(self, connection: ldap3.Connection, wanted: int) -> list[int]:
        """`wanted` numbers that nobody else gets: the counter moves in one operation that fails if it has moved already."""
        if not wanted:
            return []
        counter = self._entries(connection, COUNTER).get(COUNTER)
        used = {
            int(value)
            for base in (self.base, self.people)
            for _, values in self._search(connection, base, "(gidNumber=*)", ["gidNumber"])
            for value in values["gidNumber"]
        }
        if counter is None:
            taken, after = self.gids.take(wanted, counter=None, used=used)
            self._add(connection, COUNTER, after, frozenset())
        else:
            taken, after = self.gids.take(wanted, counter=counter.gid, used=used - {counter.gid})
            moved = [(ldap3.MODIFY_DELETE, [str(counter.gid)]), (ldap3.MODIFY_ADD, [str(after)])]
            _obey(connection, connection.modify, counter.dn, {"gidNumber": moved})
        return taken

    def _add(self, connection: ldap3.Connection, name: str, gid: int, people: frozenset[str]) -> None:
        attributes: dict[str, object] = {"cn": name, "gidNumber": str(gid)}
        if people:
            attributes["memberUid"] = sorted(people)
        _obey(connection, connection.add, f"cn={name},{self.base}", ["posixGroup"], attributes)

    def _entries(self, connection: ldap3.Connection, prefix: str) -> dict[str, _Entry]:
        """Every group whose name begins with `prefix`."""
        filter_ = f"(&(objectClass=posixGroup)(cn={escape_filter_chars(prefix)}*))"
        found = {}
        for dn, values in self._search(connection, self.base, filter_, ["cn", "gidNumber", "memberUid"]):
            if not values["gidNumber"]:  # every group has one: we aren't let see all of it
                raise exceptions.LDAPInsufficientAccessRightsResult
            for name in values["cn"]:
                if name.startswith(prefix):  # the server doesn't tell capitals from small letters
                    found[name] = _Entry(dn, int(values["gidNumber"][0]), frozenset(values["memberUid"]))
        return found

    def _search(
        self, connection: ldap3.Connection, base: str, filter_: str, attributes: list[str]
    ) -> Iterator[tuple[str, dict[str, list[str]]]]:
        """Every entry below `base` that `filter_` lets through: where it is, and the values of each of `attributes`."""
        cookie = None
        while cookie != b"":
            connection.search(
                base, filter_, ldap3.SUBTREE, attributes=attributes, paged_size=self.page, paged_cookie=cookie
            )
            _check(connection)
            for answer in connection.response or ():
                if answer["type"] != "searchResEntry":
                    raise exceptions.LDAPReferralResult  # a part of the answer lies elsewhere
                raw = answer["raw_attributes"]
                yield answer["dn"], {name: [value.decode() for value in raw.get(name, ())] for name in attributes}
            paging = connection.result.get("controls", {}).get(PAGING)
            cookie = paging["value"]["cookie"] if paging else b""


def _check(connection: ldap3.Connection) -> None:
    """Raises what ldap3 lets pass: that an answer is cut short, and that another server has to be asked."""
    if connection.result["result"] != RESULT_SUCCESS:
        raise exceptions.LDAPOperationResult(result=connection.result["result"])


def _obey(connection: ldap3.Connection, operation: Callable[..., object], *arguments: object) -> None:
    """Makes the server do it.

    Raises:
        _OvertakenError: what is to be changed isn't as it was read.
    """
    try:
        operation(*arguments)
    except _OVERTAKEN:
        raise _OvertakenError from None
    _check(connection)


_OVERTAKEN = (
    exceptions.LDAPEntryAlreadyExistsResult,
    exceptions.LDAPNoSuchObjectResult,
    exceptions.LDAPNoSuchAttributeResult,
    exceptions.LDAPAttributeOrValueExistsResult,
)
