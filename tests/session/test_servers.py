"""The settings with which a session's server is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import zmq
from jupyter_client.manager import KernelManager
from traitlets.config import Config
from zmq.utils.monitor import recv_monitor_message

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session import app_server, lab_server
from ccds_kernel.session.apps import APPS, OPENED_BY, apps_of_this_session
from ccds_kernel.session.gate import permitted
from ccds_kernel.session.lab_contents import LabContents
from ccds_kernel.session.lab_refusal import NoFiles
from ccds_kernel.session.name import SessionKind
from support.site import ADMINISTRATOR, application, on_roster, site_settings, write_settings


def test_a_lab_serves_the_folder_it_runs_in_and_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab in the session's own folder, without news and without a look for updates: hospital networks are closed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CCDS_SESSION_FOLDER", str(tmp_path / "server"))
    config = Config()

    lab_server.configure(config)

    assert config.ServerApp.root_dir == str(tmp_path)
    assert config.ServerApp.default_url == "/lab"
    assert config.ServerApp.jpserver_extensions["voila.server_extension"] is False
    assert config.LabApp.news_url is None
    assert config.LabApp.check_for_updates_class == "jupyterlab.NeverCheckForUpdate"


@pytest.fixture(autouse=True)
def app_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment of an app session of a fellow, as the hub makes it; nothing leaves the project."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setenv("CCDS_CONFIG", str(write_settings(site)))
    monkeypatch.setenv("CCDS_SESSION", "headct-app")
    monkeypatch.setenv("JUPYTERHUB_USER", "ann")
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/headct-app/")
    monkeypatch.setenv("PIP_PYTHON", "")  # a lab's server sets it for all that it starts; afterwards it is as it was
    apply_application(application(id="HEADCT"), person=ADMINISTRATOR, settings=site_settings(site))


def test_an_app_has_every_lock() -> None:
    """No terminals, no extension but Voilà and the gate, the widget channel, no template or file of the page's choice."""
    config = Config()

    app_server.configure(config)
    on = {name for name, wanted in config.ServerApp.jpserver_extensions.items() if wanted}

    assert on == {"voila.server_extension", "ccds_kernel.session.app_server"}
    assert config.ServerApp.terminals_enabled is False
    assert config.ServerApp.kernel_websocket_connection_class is app_server.WidgetChannel
    assert config.ServerApp.authorizer_class is app_server.AppAuthorizer
    assert config.VoilaConfiguration.allow_template_override == "NO"
    assert config.VoilaConfiguration.allow_theme_override == "NO"
    assert config.VoilaConfiguration.file_allowlist == []
    assert config.VoilaConfiguration.strip_sources is True
    assert config.VoilaConfiguration.show_tracebacks is False


def test_without_a_lock_there_is_no_app_server(tmp_path: Path) -> None:
    """jupyter_server would only warn of an extension that fails, and serve everything; an app's server ends."""
    (tmp_path / "broken_lock.py").write_text(
        "def _load_jupyter_server_extension(_server_app):\n    raise RuntimeError\n"
    )
    code = """
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config
from ccds_kernel.session.app_server import configure
config = Config()
configure(config)
config.ServerApp.jpserver_extensions["broken_lock"] = True
ServerApp(config=config).initialize([])
print("it serves")
"""
    own = {"HOME": str(tmp_path), "PYTHONPATH": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | own, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.rstrip().endswith("RuntimeError")


def test_nobody_else_on_the_node_reads_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app kernel's messages go over loopback ports that anybody may connect to: without its key the door stays shut."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    app_server.configure(config)
    manager = KernelManager(config=config, kernel_name="ccds", connection_file=str(tmp_path / "kernel.json"))
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    with zmq.Context() as context, context.socket(zmq.SUB) as stranger:
        events = stranger.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
        stranger.subscribe(b"")

        stranger.connect(f"tcp://127.0.0.1:{manager.iopub_port}")
        met = recv_monitor_message(events)["event"]
        answer = client.execute_interactive("1", timeout=60)

        stranger.disable_monitor()
        events.close()
    client.stop_channels()
    manager.shutdown_kernel(now=True)

    assert met == zmq.EVENT_DISCONNECTED
    assert answer["content"]["status"] == "ok"


def test_what_a_lab_starts_is_given_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plain kernel has no environment of its person's: pip would write into the installation."""
    monkeypatch.setenv("CCDS_SESSION_FOLDER", str(tmp_path))
    lab_server.configure(Config())

    ended = subprocess.run(
        [sys.executable, "-m", "pip", "install", "six"], capture_output=True, text=True, check=False, timeout=60
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("ccds: expected an environment of your own for pip; found none here")


@pytest.mark.parametrize("kind", ["lab", "app"])
def test_a_server_that_can_not_be_configured_ends(tmp_path: Path, kind: str) -> None:
    """Jupyter only logs an error in its configuration file, and would serve everything without a lock."""
    config = Path(lab_server.__file__).with_name(f"{kind}_config.py")
    own = {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path), "CCDS_SESSION": "no session's name"}

    ended = subprocess.run(
        [sys.executable, "-P", "-m", "jupyter_server", f"--config={config}", "--no-browser"],
        env={name: value for name, value in os.environ.items() if not name.startswith(("CCDS_", "JUPYTER"))} | own,
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert ended.returncode == 1
    assert "is running at" not in ended.stderr


def test_a_lab_has_every_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate, the authorizer, contents and files of ours, kernels and extensions from the installation only."""
    monkeypatch.setenv("CCDS_SESSION_FOLDER", str(tmp_path))
    config = Config()

    lab_server.configure(config)
    kernels = lab_server.InstalledKernels(config=config).kernel_dirs

    assert config.ServerApp.jpserver_extensions["ccds_kernel.session.lab_server"] is True
    assert config.ServerApp.reraise_server_extension_failures is True
    assert config.ServerApp.contents_manager_class is LabContents
    assert config.ContentsManager.files_handler_class is NoFiles
    assert all(Path(folder).is_relative_to(sys.prefix) for folder in (*kernels, *config.LabApp.labextensions_path))
    assert config.LabApp.extra_labextensions_path == []


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("contents", True),
        ("kernels", True),
        ("terminals", True),
        ("nbconvert", False),
        ("server", False),
        ("config", False),
    ],
)
def test_the_lab_s_authorizer_holds_without_the_gate(resource: str, allowed: bool) -> None:
    """Conversion, shutdown and configuration are closed to everybody."""
    assert lab_server.LabAuthorizer().is_authorized(None, None, "read", resource) is allowed


def test_every_app_has_its_notebook() -> None:
    """The list of apps and the folder of notebooks say the same."""
    config = Config()

    app_server.configure(config)

    assert {path.stem for path in Path(config.ServerApp.root_dir).glob("*.ipynb")} == {
        app for apps in APPS.values() for app in apps
    }


@pytest.mark.parametrize(
    ("session", "served"), [("headct-app", ["labeling", "cohort"]), ("reports", ["monitoring", "cluster"])]
)
def test_a_session_serves_its_own_apps_and_no_others(
    monkeypatch: pytest.MonkeyPatch, session: str, served: list[str]
) -> None:
    """A fellow's session has no page for leadership, nor the other way round; it opens with its own."""
    monkeypatch.setenv("CCDS_SESSION", session)
    config = Config()

    app_server.configure(config)
    apps = {app for each in APPS.values() for app in each}
    let = app_server.routes(apps_of_this_session())
    open_to_it = {app for app in apps if permitted(let, "/", "GET", f"/voila/render/{app}.ipynb", ())}

    assert config.ServerApp.default_url == f"/voila/render/{served[0]}.ipynb"
    assert open_to_it == set(served)


@pytest.mark.parametrize(
    ("role", "egress", "served"),
    [
        ("fellow", "airlock", ("labeling", "cohort", "airlock")), ("fellow", "locked", ("labeling", "cohort")),
        ("champion", "airlock", ("airlock",)), ("scientist", "airlock", ("cohort", "airlock")),
    ],
)  # fmt: skip
def test_an_app_session_serves_what_is_open_to_its_person(
    tmp_path: Path, role: str, egress: str, served: tuple[str, ...]
) -> None:
    """Each app of the project has its own door; the first that is open is what the session opens with."""
    changed = application(id="HEADCT", egress=egress, roster=on_roster(ann=role))
    apply_application(changed, person=ADMINISTRATOR, settings=site_settings(tmp_path / "site"))
    config = Config()

    app_server.configure(config)

    assert apps_of_this_session() == served
    assert config.ServerApp.default_url == f"/voila/render/{served[0]}.ipynb"


@pytest.mark.parametrize(("role", "egress"), [("champion", "locked"), ("radiologist", "airlock")])
def test_without_an_open_app_there_is_no_app_server(tmp_path: Path, role: str, egress: str) -> None:
    """Somebody on the roster whose role opens no page."""
    changed = application(id="HEADCT", egress=egress, roster=on_roster(ann=role))
    apply_application(changed, person=ADMINISTRATOR, settings=site_settings(tmp_path / "site"))

    with pytest.raises(CcdsError, match="start it from the home page"):
        app_server.configure(Config())


def test_every_app_of_a_project_says_what_opens_it() -> None:
    """An app without a door of its own would be open to everybody who has the session."""
    assert set(OPENED_BY) == set(APPS[SessionKind.APP])


@pytest.mark.parametrize("session", ["headct-lab", "", "reports-app-2"])
def test_no_app_server_for_another_session(monkeypatch: pytest.MonkeyPatch, session: str) -> None:
    """Without the name of an app session there is no server."""
    monkeypatch.setenv("CCDS_SESSION", session)

    with pytest.raises((CcdsError, KeyError)):
        app_server.configure(Config())


@pytest.mark.parametrize(
    ("action", "resource", "method", "allowed"),
    [
        ("read", "kernels", "GET", True), ("execute", "kernels", "GET", True), ("read", "api", "GET", True),
        ("write", "kernels", "POST", False), ("read", "kernels", "POST", False), ("execute", "kernels", "DELETE", False),
        ("read", "contents", "GET", False), ("write", "contents", "PUT", False), ("execute", "terminals", "GET", False),
        ("execute", "server", "POST", False), ("read", "sessions", "GET", False), ("read", "nbconvert", "GET", False),
    ],
)  # fmt: skip
def test_the_authorizer_holds_without_the_gate(action: str, resource: str, method: str, allowed: bool) -> None:
    """Of jupyter_server's own interfaces only what a page needs to reach its kernel."""

    class Handler:
        class request:  # noqa: N801 - tornado's name for it
            pass

    Handler.request.method = method

    assert app_server.AppAuthorizer().is_authorized(Handler, None, action, resource) is allowed
