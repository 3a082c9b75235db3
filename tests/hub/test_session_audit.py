"""Sessions and the audit log: their token, their begin and end, and what they do while the daemon is away."""

import subprocess
import sys
from typing import Any

import psutil
import pytest

from ccds_kernel.audit.site import audit_log
from ccds_kernel.audit.token import TOKEN_VARIABLE
from support.demo import LAB, PROJECT, Demo, processes_of
from support.hub import HubSite
from support.waiting import until

OPENS = (
    "from ccds_kernel.irb.project import open_project, Action; print(open_project(sys.argv[1], Action.OPEN_LAB).person)"
)


def server_of(site: HubSite) -> psutil.Process:
    """The server of the lab session that runs."""
    (server,) = processes_of(site.folder, f"CCDS_SESSION={LAB}", "jupyterhub.singleuser")
    return server


def events(site: HubSite) -> list[dict[str, Any]]:
    """The project's chain, which must be whole."""
    log = audit_log(site.settings)
    log.verify(PROJECT)
    return list(log.entries(PROJECT))


def denials(site: HubSite) -> int:
    """How often somebody was turned away, in the project's chain or the site's."""
    log = audit_log(site.settings)
    return sum(entry["event"] == "AccessDenied" for name in ("", PROJECT) for entry in log.entries(name))


def opens(server: psutil.Process, project: str = PROJECT, **env: str) -> subprocess.CompletedProcess[str]:
    """Code of that session opens a project."""
    return subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; {OPENS}", project],
        env=server.environ() | env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(hub_site: HubSite) -> Demo:
    """A hub on a site of its own."""
    return hub_site.start()


def test_a_session_s_events_stand_in_the_log_from_its_begin_to_its_end(hub_site: HubSite, demo: Demo) -> None:
    """What it does comes with its name; its token stands in no argument, log or answer of the hub."""
    client = demo.login("sam")
    demo.start(client, "sam", LAB)
    server = server_of(hub_site)
    token = server.environ()[TOKEN_VARIABLE]

    opened = opens(server)
    listed = client.get(f"{demo.url}/hub/api/users/sam", timeout=20).text
    arguments = [" ".join(process.cmdline()) for process in processes_of(hub_site.folder)]
    demo.stop(client, "sam", LAB)
    until(lambda: events(hub_site)[-1]["event"] == "SessionEnded", "the session's end in the log")

    found = [(entry["event"], entry["person"], entry.get("session")) for entry in events(hub_site)]
    assert opened.stdout == "sam\n"
    assert found[-4:] == [
        ("ProjectOpened", "sam", None),  # the hub, before it starts
        ("SessionStarted", "sam", None),
        ("ProjectOpened", "sam", LAB),
        ("SessionEnded", "sam", None),
    ]
    assert events(hub_site)[-1]["detail"] == {"session": LAB, "reason": "it was stopped"}
    logs = [path.read_text(errors="replace") for path in hub_site.folder.rglob("*.log")]
    assert logs
    assert [text for text in [listed, *arguments, *logs] if token in text] == []


def test_what_a_session_does_while_the_daemon_is_away_is_written_down_when_it_ends(
    hub_site: HubSite, demo: Demo
) -> None:
    """By the hub, with the time at which it happened, whether or not another session of that name ever runs."""
    client = demo.login("sam")
    demo.start(client, "sam", LAB)
    assert hub_site.audit
    hub_site.audit.kill()
    hub_site.audit.wait()
    opened = opens(server_of(hub_site))
    away = [entry for entry in events(hub_site) if "claimed" in entry]
    demo.stop(client, "sam", LAB)
    until(lambda: events(hub_site)[-1]["event"] == "SessionEnded", "the session's end in the log")
    left = [entry for entry in events(hub_site) if "claimed" in entry]
    hub_site.audit = hub_site._start("ccds_hub.audit_daemon")

    demo.start(client, "sam", LAB)
    opens(server_of(hub_site))
    demo.stop(client, "sam", LAB)

    delivered = [entry for entry in events(hub_site) if entry.get("session") == LAB][-2:]
    assert (opened.stdout, away) == ("sam\n", [])
    assert [(entry["event"], entry["session"]) for entry in left] == [("ProjectOpened", LAB)]
    assert ["claimed" in entry for entry in delivered] == [True, False]
    assert delivered[0]["claimed"] < delivered[0]["time"] <= delivered[1]["time"]


def test_a_token_of_one_session_opens_nothing_in_another_s_name(hub_site: HubSite, demo: Demo) -> None:
    """Somebody else's name, a token of nobody, another project: refused, and each try stands in the log."""
    client = demo.login("sam")
    demo.start(client, "sam", LAB)
    server = server_of(hub_site)
    token = server.environ()[TOKEN_VARIABLE]
    before = denials(hub_site)

    tried = [
        opens(server, JUPYTERHUB_USER="fay"),
        opens(server, **{TOKEN_VARIABLE: token[:-2] + ("AA" if token[-2:] != "AA" else "BB")}),
        opens(server, "OTHER-1"),
    ]
    demo.stop(client, "sam", LAB)

    assert [(ended.returncode, ended.stdout) for ended in tried] == [(1, "")] * 3
    assert denials(hub_site) == before + 3
