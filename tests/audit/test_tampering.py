"""What a session's code can do to the audit log past the daemon: nothing as another Unix user; as the same one it is found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ccds_kernel.audit.token import TOKEN_VARIABLE, URL_VARIABLE
from support.audit import AuditSite, audit_site, body, send
from support.unix import open_folder, python_as, unix_users


def test_a_session_that_edits_the_log_as_the_same_user_is_found(site):
    """Where everything runs as one Unix user the folder is within reach: `verify` names the line."""
    for number in range(3):
        send(site, site.token(), body(fields={"phrase_id": number}))
    path = site.log.folder / "CHEST-1.jsonl"
    path.write_text(path.read_text().replace('"phrase_id":1', '"phrase_id":7'))

    ended = verify(site)
    send(site, site.token(), body())

    assert ended.returncode == 1
    assert "found line 2 that isn't as it was written" in ended.stderr
    assert "found line 2 that isn't as it was written" in verify(site).stderr


def verify(site: AuditSite) -> subprocess.CompletedProcess[str]:
    """`ccds audit verify` of the project."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "ccds_kernel.cli", "audit", "verify", "CHEST-1"],
        env=os.environ | {"CCDS_CONFIG": str(site.folder / "ccds.toml")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_unix_user_s_session_reaches_the_log_through_the_daemon_only():
    """Its events are written; folder, chain, heads and the secret of the tokens can't be read, changed, removed or replaced."""
    with (
        open_folder() as folder,
        unix_users("service", "ann") as users,
        audit_site(folder / "site", users["ann"]) as site,
    ):
        for place in (site.folder, site.settings.paths.state, *site.settings.paths.registry.rglob("*")):
            shutil.chown(place, users["service"], users["service"])
        site.folder.chmod(0o755)
        site.start(users["service"])
        token = site.token(users["ann"])
        before = list(site.log.entries("CHEST-1"))

        written = python_as(users["ann"], WRITES, env=session_of(site, token, folder))
        tried = python_as(users["ann"], TRIES, env={"SITE": str(site.folder)})

        (entry,) = site.log.entries("CHEST-1")
        assert before == []
        assert (written.stderr, tried.stderr) == ("", "")
        assert (entry["person"], entry["detail"]["phrase_id"]) == (users["ann"], 5)
        assert tried.stdout.split() == ["nothing"]
        assert site.log.verify("CHEST-1")[0] == 1
        assert (site.log.folder / "CHEST-1.jsonl").owner() == users["service"]


def session_of(site: AuditSite, token: str, folder: Path) -> dict[str, str]:
    """The environment of a session whose kernel is another Unix user than its server."""
    return {URL_VARIABLE: site.settings.audit.url, TOKEN_VARIABLE: token, "HOME": str(folder)}


WRITES = """
import getpass
from ccds_kernel.audit.events.labeling import PhraseChanged
from ccds_kernel.audit.site import session_sink
session_sink().write(PhraseChanged(person=getpass.getuser(), project="CHEST-1", change="edited", phrase_id=5))
"""
"""A kernel that writes an event."""

TRIES = """
import os
from pathlib import Path
places = [Path(os.environ["SITE"], *parts.split("/")) for parts in (
    "audit", "audit/CHEST-1.jsonl", "state", "state/audit_secret", "state/audit-heads/CHEST-1.head")]
acts = (os.listdir, lambda p: open(p, "rb"), lambda p: open(p, "ab"), os.remove, os.rmdir,
        lambda p: os.rename(p, f"{p}.x"), lambda p: os.chmod(p, 0o777), lambda p: os.link(p, "/tmp/ccdst-link"))
done = []
for place in places:
    for number, act in enumerate(acts):
        try:
            act(place)
        except (PermissionError, IsADirectoryError):
            continue
        done.append(f"{place}:{number}")
print(*(done or ["nothing"]))
"""
"""A kernel that tries everything on the log; prints what worked."""
