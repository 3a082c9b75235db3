"""What a session's pages may load and reach: this site, and nothing else (Content-Security-Policy).

Whatever ends up in a page, a report's text or a script, the browser takes it to no other host.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ccds_kernel.session.page_headers import PAGE_HEADERS

_COMMON = (
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",  # widgets set styles
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_SCRIPTS = "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:"
"""Inline: how Jupyter hands a page its settings. Eval: how it compiles the schemas of these. blob: where widgets' modules lie."""


def with_policy() -> dict[str, dict[str, Any]]:
    """Tornado's settings with that policy for every page of an app; no page that opened one reaches into it."""
    return _settings({"Cross-Origin-Opener-Policy": "same-origin"}, *_COMMON, _SCRIPTS)


_SANDBOX = "sandbox allow-scripts allow-same-origin allow-forms allow-modals allow-popups"
"""Everything that JupyterLab does but downloads: a link to data that code put into an output saves nothing. What such a page
opens is in the same sandbox (no `allow-popups-to-escape-sandbox`): code would else open any page of this origin without one and
save by way of that. The hub's pages and apps have an opener policy, and a browser shows none that has one in a tab that was
opened from a sandbox; JupyterLab's commands for the hub lead there in their own tab instead, see `hub_extension`."""


def with_lab_policy() -> dict[str, dict[str, Any]]:
    """Tornado's settings with the policy for JupyterLab's pages: that of apps, and the browser saves nothing."""
    return _settings({}, *_COMMON, _SCRIPTS, _SANDBOX)


def _settings(more: dict[str, str], *policy: str) -> dict[str, dict[str, Any]]:
    return {
        "headers": {**PAGE_HEADERS, **more, "Content-Security-Policy": "; ".join(policy)},
        # The hub's word about its cookies, which jupyter_server passes by for this one: HTTPS only, where that is spoken.
        "xsrf_cookie_kwargs": {
            "path": os.environ["JUPYTERHUB_SERVICE_PREFIX"],
            **json.loads(os.environ.get("JUPYTERHUB_COOKIE_OPTIONS", "{}")),
        },
    }
