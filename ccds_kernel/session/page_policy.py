"""What an app session's pages may load and reach: this site, and nothing else (Content-Security-Policy).

Whatever ends up in a page, a report's text or a script, the browser takes it to no other host.
"""

from __future__ import annotations

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


def with_policy() -> dict[str, dict[str, str]]:
    """Tornado's settings with that policy for every page."""
    return {"headers": {"Content-Security-Policy": "; ".join((*_COMMON, _SCRIPTS))}}
