"""From the site's settings to JupyterHub's configuration; `hub/jupyterhub_config.py` only calls this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyterhub.handlers.base import Template404

from ccds_hub import reconciler, session_api
from ccds_hub.authenticator import log_people_in
from ccds_hub.cards import Cards
from ccds_hub.landing import home
from ccds_hub.limits import LimitsHandler
from ccds_hub.page_policy import HubFiles, PlainFiles, page_headers
from ccds_hub.policy_loop import PolicyLoop
from ccds_hub.proxy import proxy_token, require_encryption
from ccds_hub.state_folder import closed_folder
from ccds_kernel.audit.events.cluster import NodeMovedBack
from ccds_kernel.audit.site import audit_log
from ccds_kernel.cluster.records import Records
from ccds_kernel.errors import CcdsError
from ccds_kernel.resources import resource
from ccds_kernel.session.hub_scheduler import hub_scheduler
from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings, settings_file
from ccds_spawners import extend, handshake, use_reports
from ccds_spawners.audit import project_id_of
from ccds_spawners.capacities import Capacities
from ccds_spawners.cluster import ClusterSpawner
from ccds_spawners.contents import ContentsCounter, contents_of
from ccds_spawners.nodes import LiveNodes
from ccds_spawners.options import leave_to_start
from ccds_spawners.watch import JobWatch

ADMINISTRATOR_SCOPES = [
    "admin-ui", "list:users", "read:users", "list:services", "read:hub", "read:metrics", "delete:servers",
]  # fmt: skip
"""What a site's administrator may do in the hub: see everything, stop sessions. Not in it: to enter other people's sessions, to
start any for them, or to change people (whoever gives their own account another person's name is that person)."""

PERSON_SCOPES = [
    "read:users:name!user", "read:users:groups!user", "users:activity!user", "servers!user", "access:servers!user",
]  # fmt: skip
"""What everybody may do in the hub: start, enter and stop their own sessions, which ask the hub who they are. Not in it: tokens
of their own (one that lies about opens all that its person may open, for as long as it is good), and to share a session."""

SERVER_SCOPES = ["users:activity!user", "access:servers!server"]
"""What a session's own token opens: that very session, and the hub's clock of activity."""


def configure(c: Any, settings: Settings) -> None:  # noqa: ANN401 - traitlets' lazy configuration object
    """Fills `c`, JupyterHub's configuration, from the site's settings.

    Raises:
        CcdsError: the state folder can't be made and closed to others; people on other machines would speak plain HTTP; or the
            certificate or the way to log in can't be used.
    """
    require_encryption(settings)
    require_helper(settings)
    state = closed_folder(settings.paths.state)
    _hub(c, settings, state)
    _proxy(c, settings)
    _people(c, settings)
    contents = ContentsCounter(contents_of(settings))
    cards = _sessions(c, settings, contents)
    _pages(c, settings, contents, cards)


def require_helper(settings: Settings) -> None:
    """Makes sure that groups protect something: code that runs as the service account is in need of none.

    Raises:
        CcdsError: people are Unix users, and their code would run as the service account.
    """
    if settings.groups.directory != "none" and not settings.sessions.helper:
        raise CcdsError(
            expected=f"code to run as its person where [groups] directory is {settings.groups.directory}",
            found="[sessions] helper = false, by which it runs as the service account",
            do="install the root helper (docs/running.md) and set helper = true",
        )


def _hub(c: Any, settings: Settings, state: Path) -> None:  # noqa: ANN401 - as above
    hub = settings.hub
    c.JupyterHub.bind_url = f"{'https' if hub.certificate else 'http'}://{hub.address}:{hub.port}/"
    if hub.public_url:
        c.JupyterHub.public_url = f"{hub.public_url}/"
    c.JupyterHub.subdomain_host = hub.subdomain_host
    c.JupyterHub.cookie_host_prefix_enabled = bool(hub.subdomain_host and hub.is_encrypted)
    c.JupyterHub.cookie_max_age_days = hub.login_hours / 24
    c.JupyterHub.oauth_token_expires_in = hub.login_hours * 3600
    c.JupyterHub.hub_bind_url = hub.api_url
    c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
    c.JupyterHub.cleanup_servers = False  # sessions are the scheduler's: they outlive the hub
    c.JupyterHub.allow_named_servers = True
    # The scheduler queues. A limit here would count what waits there, and one person's waiting nodes would shut out all others.
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.extra_handlers = [
        *handshake.HANDLERS,
        *extend.HANDLERS,
        *use_reports.HANDLERS,
        ("/limits", LimitsHandler),
        ("/logo", Template404),  # JupyterHub's picture, which no page of ours shows, comes without our headers
        (r"/ccds-static/((?:ccds|cards|options)\.(?:css|js))", PlainFiles, {"path": str(resource("hub/static"))}),
    ]
    c.JupyterHub.tornado_settings = {
        "headers": page_headers(settings),
        "static_handler_class": HubFiles,
        "cookie_options": {"samesite": "Lax", **({"secure": True} if hub.is_encrypted else {})},
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
    log_people_in(c, settings)
    c.JupyterHub.services = [reconciler.service()]
    c.JupyterHub.load_roles = [
        {
            "name": "site-administrator",
            "description": "Keeps the hub; enters nobody's session",
            "scopes": ADMINISTRATOR_SCOPES,
            "users": list(settings.hub.administrators),
        },
        {"name": "user", "description": "Starts, enters and stops their own sessions", "scopes": PERSON_SCOPES},
        {"name": "server", "description": "One session's own token", "scopes": SERVER_SCOPES},
        {
            "name": reconciler.NAME,
            "description": "Keeps the hub's groups as rosters say",
            "scopes": list(reconciler.SCOPES),
            "services": [reconciler.NAME],
        },
    ]


def _sessions(c: Any, settings: Settings, contents: ContentsCounter) -> Cards:  # noqa: ANN401 - as above
    scheduler = hub_scheduler(settings)
    c.JupyterHub.spawner_class = ClusterSpawner
    c.ClusterSpawner.settings = settings
    c.ClusterSpawner.scheduler = scheduler
    watch, nodes = JobWatch(scheduler, settings.scheduler.tick_s), LiveNodes()
    capacities, records = Capacities(scheduler), Records(settings.paths.state)
    c.ClusterSpawner.watch = watch
    c.ClusterSpawner.nodes = nodes
    c.ClusterSpawner.capacities = capacities
    c.CcdsHub.policy = PolicyLoop(scheduler, watch, nodes, _moves_into(settings), tick=settings.scheduler.tick_s)
    c.ClusterSpawner.contents = contents
    c.ClusterSpawner.records = records
    c.ClusterSpawner.environment = {"CCDS_CONFIG": str(settings_file().resolve())}
    c.ClusterSpawner.env_keep = ["LANG", "LC_ALL", "TZ"]
    c.ClusterSpawner.apply_user_options = leave_to_start
    # A node may be days in coming, and keeps its place; the page says why.
    c.ClusterSpawner.start_timeout = 366 * 24 * 3600
    c.ClusterSpawner.http_timeout = 60
    c.ClusterSpawner.poll_interval = 10
    if settings.static.machines:
        _machines(c, settings)
    cards = Cards(settings, records, nodes)
    c.JupyterHub.extra_handlers += session_api.handlers(capacities, cards)
    return cards


def _machines(c: Any, settings: Settings) -> None:  # noqa: ANN401 - as above
    """Lets the lab sessions of people who have a machine run there.

    Raises:
        CcdsError: dockerspawner isn't installed.
    """
    try:
        from ccds_spawners.docker import SiteSpawner  # noqa: PLC0415 - an extra: a hub without machines needs none
        from ccds_spawners.fleet import Fleet  # noqa: PLC0415 - likewise
    except ModuleNotFoundError:
        raise CcdsError(
            expected="dockerspawner, for [static] machines",
            found="none",
            do="install it: pip install 'ccds[docker]'",
        ) from None
    c.JupyterHub.spawner_class = SiteSpawner
    c.CcdsDockerSpawner.fleet = Fleet(settings)


def _moves_into(settings: Settings) -> Callable[[NodeMovedBack], None]:
    """A function that writes into the audit log, with its session's project, what was moved back."""

    def write(event: NodeMovedBack) -> None:
        project = project_id_of(SessionName.parse(event.session), settings)
        audit_log(settings).write(replace(event, project=project))

    return write


def _pages(c: Any, settings: Settings, contents: ContentsCounter, cards: Cards) -> None:  # noqa: ANN401 - as above
    c.JupyterHub.template_paths = [str(resource("hub/templates"))]
    c.JupyterHub.template_vars = {"offered": home(settings, contents), "cards_now": cards.for_page}
    c.JupyterHub.default_url = "/hub/home"
    c.JupyterHub.redirect_to_server = False
