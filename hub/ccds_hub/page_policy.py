"""What a browser is told about the hub's pages: what they may load, who may frame them, that HTTPS is here to stay.

Our own pages have no inline script, and say so themselves, in a stricter policy in their head (`ccds.html`). This one is for all
pages: JupyterHub's page of administration has inline scripts, and no header can tell them apart.
"""

from __future__ import annotations

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


class PlainFiles(StaticFileHandler):
    """Our style and script files; a browser takes them for nothing else."""

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's signature
        """Adds the one header that matters for files."""
        self.set_header("X-Content-Type-Options", "nosniff")
