"""What a lab session's server answers at all, and which of the requests that it refuses were for a download.

Listed is what JupyterLab's page asks for in its daily work. Whatever else a library brings, or will bring, is closed: raw
files, conversion, exports, proxies, the plugin manager (it could switch a menu back on), licence downloads.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from ccds_kernel.session.gate import Route, route

_KERNEL = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ASSET = r"[A-Za-z0-9@_~.\-/]+"
_WORD = r"[A-Za-z0-9@_.\-]+"
_PATH = r"(?:/[^/]+)*/?"

ROUTES: tuple[Route, ...] = (
    route("GET", r"/(?:api|logout|oauth_callback)?", None),
    route("GET", rf"/lab(?:/(?:tree|workspaces){_PATH})?/?|/doc(?:/(?:tree|workspaces){_PATH})?/?", None),
    route("GET HEAD", rf"/static/(?:lab|favicons?|logo|style|components)/{_ASSET}|/static/favicon\.ico", "v"),
    route("GET HEAD", rf"/lab/extensions/{_ASSET}|/lab/api/themes/{_ASSET}", "v"),
    route("GET HEAD", r"/kernelspecs/(?:ccds|python3)/logo-[a-z0-9]+\.(?:png|svg)", "v"),
    route("GET PUT", rf"/lab/api/settings(?:/{_WORD}(?:/|%3A|:){_WORD}(?:(?::|%3A){_WORD})?)?/?", "ids_only"),
    route("GET PUT DELETE", rf"/lab/api/workspaces(?:/{_WORD})?/?"),
    route("GET", rf"/lab/api/translations(?:/{_WORD})?/?"),
    route("GET", rf"/api/contents{_PATH}", "content type format hash contentProviderId"),
    route("POST PUT PATCH DELETE", rf"/api/contents{_PATH}"),
    route("GET", r"/api/kernelspecs/?"),
    route("GET POST", r"/api/(?:kernels|sessions|terminals)/?"),
    route("GET DELETE", rf"/api/kernels/{_KERNEL}"),
    route("POST", rf"/api/kernels/{_KERNEL}/(?:interrupt|restart)"),
    route("GET", rf"/api/kernels/{_KERNEL}/channels", "session_id"),
    route("GET PATCH DELETE", rf"/api/sessions/{_KERNEL}"),
    route("GET DELETE", r"/api/terminals/\w{1,20}"),
    route("GET", r"/terminals/websocket/\w{1,20}", None),
    route("GET", r"/api/(?:me|status|events/subscribe)", None),
    route("GET", r"/ccds/notice"),
)

_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("files", r".*/files(?:/.*)?|/files.*"),
        ("view", r"/(?:view|edit|notebooks|tree)(?:/.*)?"),
        ("nbconvert", r"/nbconvert(?:/.*)?"),
        ("voila", r"/voila(?:/.*)?"),
        ("proxy", r"/proxy(?:/.*)?"),
        ("kernelspec-file", r"/kernelspecs/.*"),
        ("extension-file", r"/(?:lab/extensions|nbextensions|lab/api/themes|custom|static)/.*"),
        ("licences", r"/lab/api/licenses.*"),
        ("contents", r"/api/contents.*"),
    )
)


def download_shape(path: str, query: dict[str, list[bytes]]) -> str | None:
    """For a refused request: one word for the download that it was shaped like; None where it was for something else.

    Args:
        path: the path behind the server's base URL, as it came; percent signs and climbs in it hide nothing.
        query: its query arguments.
    """
    plain = unquote(unquote(path))
    climbed = _climb(plain)
    for name, shape in _SHAPES:
        if shape.fullmatch(climbed):
            return name
    if "download" in query:
        return "download-argument"
    return "climb" if ".." in plain else None


def _climb(path: str) -> str:
    """`path` with its climbs climbed, as a careless server would."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/" + "/".join(parts)
