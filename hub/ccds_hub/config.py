"""From the site's settings to JupyterHub's configuration; `hub/jupyterhub_config.py` only calls this."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler

from ccds_hub.authenticator import PasswordFileAuthenticator, RosterPamAuthenticator
from ccds_hub.landing import home
from ccds_hub.proxy import proxy_token
from ccds_hub.state_folder import closed_folder
from ccds_kernel.batch.site import scheduler_of
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
        CcdsError: the state folder can't be made and closed to others.
    """
    state = closed_folder(settings.paths.state)
    _hub(c, settings, state)
    _proxy(c, settings)
    _people(c, settings)
    _sessions(c, settings)
    _pages(c, settings)


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


def _proxy(c: Any, settings: Settings) -> None:  # noqa: ANN401 - as above
    c.ConfigurableHTTPProxy.should_start = False  # it is a process of its own: see ccds_hub.proxy
    # Seconds until a proxy that was restarted has its routes again: JupyterHub looks whenever it notes who was active.
    c.JupyterHub.last_activity_interval = 15
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub.proxy_api_port}"
    c.ConfigurableHTTPProxy.auth_token = proxy_token(settings)


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
    c.JupyterHub.template_vars = {"offered": home(settings)}
    c.JupyterHub.default_url = "/hub/home"
    c.JupyterHub.redirect_to_server = False
