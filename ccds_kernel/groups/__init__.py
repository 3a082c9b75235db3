"""The Unix groups through which the file system knows who may do what: the `GroupDirectory` port, and POSIX ACLs.

A group here is a name that begins with one of `PREFIXES`, a number, and the people in it; each data kind of each project has
its own. Where they are kept is the site's choice (`[groups] directory`): on this machine, in an LDAP directory, or nowhere.
`ccds_kernel.groups.site` makes the one that the settings name.
"""

from __future__ import annotations

from ccds_kernel.groups.acl import Acl, Entry, read_acl, write_acl
from ccds_kernel.groups.directory import PREFIXES, DirectoryUnavailableError, GroupDirectory, UnknownPeopleError

__all__ = [
    "PREFIXES", "Acl", "DirectoryUnavailableError", "Entry", "GroupDirectory", "UnknownPeopleError", "read_acl", "write_acl",
]  # fmt: skip
