"""A real LDAP server on loopback, with people and a place for groups, that takes no password over an open line."""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.certificates import self_signed
from support.components import need_path, need_program
from support.demo import free_port
from support.waiting import until

BASE = "dc=ccds,dc=test"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
HOW = "apt-get install slapd"

WRITER, READER, CUT = (f"cn={name},{BASE}" for name in ("writer", "reader", "cut"))
"""Entries to bind as: may write; may only read; may write, and is given two entries at most."""

PASSWORD = "a horse on a boat"

CONFIGURATION = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/nis.schema
modulepath {modules}
moduleload back_mdb
TLSCertificateFile {pem}
TLSCertificateKeyFile {key}
security simple_bind=1
database mdb
maxsize 268435456
suffix "{BASE}"
directory {folder}/data
index objectClass,cn,uid,gidNumber eq
limits dn.exact="{CUT}" size=2
limits * size=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{WRITER}" write by dn.exact="{CUT}" write by dn.exact="{READER}" read by * none
"""


@dataclass
class Slapd:
    """One server and its folder."""

    folder: Path
    port: int
    encrypted_port: int
    ca: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """Where it is, for StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def encrypted_uri(self) -> str:
        """Where it is, for TLS from the first byte."""
        return f"ldaps://127.0.0.1:{self.encrypted_port}"

    def start(self) -> None:
        """Starts it and waits until it answers."""
        elsewhere = self.encrypted_uri.replace("127.0.0.1", "127.0.0.2")  # which its certificate doesn't name
        lines = (self.uri, self.encrypted_uri, elsewhere)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["slapd", "-f", self.folder / "slapd.conf", "-h", " ".join(lines), "-d", "0"],
                stdout=log,
                stderr=log,
            )
        until(self._answers, "slapd to answer")

    def stop(self) -> None:
        """Ends it and waits until it is gone."""
        assert self.process
        self.process.terminate()
        self.process.wait(30)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.encrypted_port)) == 0

    def dump(self, filter_: str = "(objectClass=posixGroup)") -> list[dict[str, list[str]]]:
        """Every entry that `filter_` lets through, as the server's own tool reads them from its files."""
        done = subprocess.run(
            ["slapcat", "-f", self.folder / "slapd.conf", "-b", BASE, "-a", filter_, "-o", "ldif-wrap=no"],
            capture_output=True,
            text=True,
            check=True,
        )
        entries = []
        for block in filter(None, done.stdout.split("\n\n")):
            entry: dict[str, list[str]] = {}
            for line in block.splitlines():
                key, _, value = line.partition(": ")
                entry.setdefault(key, []).append(value)
            entries.append(entry)
        return entries


@contextmanager
def running_slapd(*people: str) -> Iterator[Slapd]:
    """A server that knows `people`, each with the password `<name>'s word`; skips the test where there is no slapd."""
    need_program("slapd", HOW)
    modules = need_path(Path("/usr/lib/ldap"), HOW)
    folder = Path(tempfile.mkdtemp(prefix="ccdst-slapd-"))
    try:
        pem, key = self_signed(folder, "slapd")
        (folder / "data").mkdir()
        names = {"BASE": BASE, "WRITER": WRITER, "READER": READER, "CUT": CUT}
        text = CONFIGURATION.format(
            schema="/etc/ldap/schema", modules=modules, folder=folder, pem=pem, key=key, **names
        )
        (folder / "slapd.conf").write_text(text, encoding="utf-8")
        subprocess.run(
            ["slapadd", "-f", folder / "slapd.conf"], input=_entries(people), text=True, check=True, capture_output=True
        )
        slapd = Slapd(folder, free_port(), free_port(), pem)
        slapd.start()
        try:
            yield slapd
        finally:
            slapd.stop()
    finally:
        shutil.rmtree(folder)


def _entries(people: tuple[str, ...]) -> str:
    """The directory as it is at first, in LDIF."""
    entries = [
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: ccds\no: ccds",
        *(f"dn: {place}\nobjectClass: organizationalUnit\nou: {place[3:9]}" for place in (PEOPLE, GROUPS)),
        *(
            f"dn: {dn}\nobjectClass: applicationProcess\nobjectClass: simpleSecurityObject\ncn: {dn[3:].split(',')[0]}\n"
            f"userPassword: {PASSWORD}"
            for dn in (WRITER, READER, CUT)
        ),
        *(
            f"dn: uid={name},{PEOPLE}\nobjectClass: account\nobjectClass: posixAccount\nuid: {name}\ncn: {name}\n"
            f"objectClass: simpleSecurityObject\nuserPassword: {name}'s word\n"
            f"uidNumber: {number}\ngidNumber: {number}\nhomeDirectory: /home/{name}"
            for number, name in enumerate(people, start=5000)
        ),
    ]
    return "\n\n".join(entries)
