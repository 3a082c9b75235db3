"""What a browser is told about the hub's pages: what they may load, who may frame them, that HTTPS is here to stay.

Our own pages have no inline script, and say so themselves, in a stricter policy in their head (`ccds.html`). This one is for all
pages: JupyterHub's page of administration has inline scripts, and no header can tell them apart.
"""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.static import CacheControlStaticFilesHandler
from tornado.web import StaticFileHandler

from ccds_kernel.session.page_headers import PAGE_HEADERS
from ccds_kernel.settings import Settings

YEAR_S = 365 * 24 * 3600


def content_security_policy(settings: Settings) -> str:
    """The policy of all of the hub's pages."""
    # A form's answer may lead on to a session: with subdomains that is another host.
    people = f" *.{settings.hub.host}:*" if settings.hub.subdomain_host else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self' 'unsafe-inline'",  # JupyterHub's own pages carry inline scripts
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            f"form-action 'self'{people}",
        )
    )


def page_headers(settings: Settings) -> dict[str, str]:
    """The headers of all of the hub's pages and answers."""
    headers = {
        **PAGE_HEADERS,
        "Content-Security-Policy": content_security_policy(settings),
        "Cross-Origin-Opener-Policy": "same-origin",  # a window of another site that opened the page is cut off from it
        "X-Frame-Options": "DENY",
    }
    if settings.hub.is_encrypted:
        below = "; includeSubDomains" if settings.hub.subdomain_host else ""
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}{below}"
    return headers


_FILE = PAGE_HEADERS | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox"}
"""A file that is opened as a page is nobody's: of no origin, so that no page that opened it reaches into it. No opener policy
beside it: a browser shows an error for a page with both."""


class PlainFiles(StaticFileHandler):
    """Our style and script files; a browser takes them for nothing else."""

    def set_default_headers(self) -> None:
        """Those of a file, also where there is none."""
        for name, value in _FILE.items():
            self.set_header(name, value)


# JupyterHub has no type hints.
_HubFiles: Any = CacheControlStaticFilesHandler


class HubFiles(_HubFiles):  # type: ignore[misc] # see above
    """JupyterHub's own style and script files, in the same way."""

    set_default_headers = PlainFiles.set_default_headers
