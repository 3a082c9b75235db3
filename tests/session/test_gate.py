"""The gate as a table: what an app session's server answers at all."""

import pytest

from ccds_kernel.session.app_server import routes
from ccds_kernel.session.gate import permitted, route
from ccds_kernel.session.lab_routes import ROUTES

BASE = "/user/fay/headct-2026-app/"
KERNEL = "0f8fad5b-d9cb-469f-a165-70867728950e"

ALLOWED = [
    ("GET", "", ""),
    ("GET", "api", ""),
    ("GET", "oauth_callback", "code state"),
    ("GET", "logout", ""),
    ("GET", "voila/render/labeling.ipynb", ""),
    ("GET", "voila/render/labeling.ipynb", "redirects"),
    ("GET", "voila/static/voila.js", "v"),
    ("HEAD", "voila/static/voila.js", ""),
    ("GET", "voila/templates/ccds/static/page.css", ""),
    ("GET", "voila/labextensions/anywidget/static/remoteEntry.74a-b_c.js", ""),
    ("GET", "voila/labextensions/@jupyter-widgets/jupyterlab-manager/static/1.js", ""),
    ("GET", "voila/api/themes/@jupyterlab/theme-light-extension/index.css", ""),
    ("GET", f"api/kernels/{KERNEL}", ""),
    ("GET", f"api/kernels/{KERNEL}/channels", "session_id"),
    ("POST", f"voila/api/shutdown/{KERNEL}", "_xsrf"),
]

DENIED = [
    # other notebooks, other ways to write the one there is, arguments that change what is rendered
    ("GET", "voila/render/other.ipynb", ""),
    ("GET", "voila/render/labeling.ipynb/", ""),
    ("GET", "voila/render/labelingXipynb", ""),
    ("GET", "voila/render/Labeling.ipynb", ""),
    ("GET", "voila/render/./labeling.ipynb", ""),
    ("GET", "voila/render/x/../labeling.ipynb", ""),
    ("GET", "voila/render//labeling.ipynb", ""),
    ("GET", "voila/render/labeling.ipynb%3f", ""),
    ("GET", "voila/render/labeling%2Eipynb", ""),
    ("GET", "voila/render/%2e%2e%2fetc%2fpasswd", ""),
    ("GET", "voila/render/labeling.ipynb\n", ""),
    ("GET", "voila/render/labeling.ipynb", "template"),
    ("GET", "voila/render/labeling.ipynb", "voila-template"),
    ("GET", "voila/render/labeling.ipynb", "redirects theme"),
    ("GET", "voila/render/", ""),
    ("GET", "voila", ""),
    ("GET", "voila/tree/", ""),
    ("GET", "voila/files/labeling.ipynb", ""),
    # out of the folders of assets
    ("GET", "voila/static/../../etc/passwd", ""),
    ("GET", "voila/static/..%2f..%2fetc/passwd", ""),
    ("GET", "voila/static/%2E%2E/%2E%2E/etc/passwd", ""),
    ("GET", "voila/static/%252e%252e/etc/passwd", ""),
    ("GET", "voila/static/..\\..\\etc\\passwd", ""),
    ("GET", "voila/static//etc/passwd", ""),
    ("GET", "voila/static/voila.js", "path"),
    ("GET", "voila/templates/x/y/static/page.css", ""),
    ("GET", "voila/templates/ccds/index.html.j2", ""),
    # jupyter_server's own
    *(
        ("GET", path, "")
        for path in (
            "api/contents", "api/contents/labeling.ipynb", "api/kernels", "api/sessions", "api/kernelspecs",
            "api/terminals", "api/me", "api/status", "api/spec.yaml", "api/config/notebook", "api/events/subscribe",
            "files/labeling.ipynb", "view/x", "nbconvert/script/labeling.ipynb", "lab", "tree", "terminals/1", "metrics",
            "kernelspecs/python3/logo-64x64.png", "lsp/status", "custom/custom.css", "login", "static/notebook.js",
        )
    ),
    # methods
    ("POST", "api/kernels", ""),
    ("PUT", "api/contents/evil.ipynb", ""),
    ("DELETE", f"api/kernels/{KERNEL}", ""),
    ("POST", f"api/kernels/{KERNEL}/restart", ""),
    ("POST", f"api/kernels/{KERNEL}/interrupt", ""),
    ("PATCH", f"api/kernels/{KERNEL}", ""),
    ("POST", "voila/render/labeling.ipynb", ""),
    ("HEAD", "voila/render/labeling.ipynb", ""),
    ("OPTIONS", "api", ""),
    ("get", "api", ""),
    ("", "api", ""),
    # kernels that are none
    ("GET", "api/kernels/0f8fad5b/channels", ""),
    ("GET", f"api/kernels/{KERNEL.upper()}/channels", ""),
    ("GET", f"api/kernels/{KERNEL}/channels", "session_id token"),
    ("GET", f"voila/api/shutdown/{KERNEL}", ""),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "query"), ALLOWED)
def test_what_a_page_asks_for_is_let_through(method: str, path: str, query: str) -> None:
    """Every request of the app's page."""
    answer = permitted(routes(("labeling",)), BASE, method, BASE + path, query.split())

    assert answer


@pytest.mark.parametrize(("method", "path", "query"), DENIED)
def test_everything_else_is_not(method: str, path: str, query: str) -> None:
    """However it is written."""
    answer = permitted(routes(("labeling",)), BASE, method, BASE + path, query.split())

    assert not answer


@pytest.mark.parametrize(
    "path",
    [
        "/api", "/", "", "api", "/user/fay/headct-2026-app", "/user/fay/headct-2026-appapi", "/user/fay/other-app/api",
        "/user/fay/headct-2026-app/../headct-2026-app/api", "//user/fay/headct-2026-app/api",
        "/x/user/fay/headct-2026-app/api", "http://other/user/fay/headct-2026-app/api", "/USER/fay/headct-2026-app/api",
    ],
)  # fmt: skip
def test_only_below_the_server_s_own_address(path: str) -> None:
    """A path that names another base, or none, gets nowhere."""
    answer = permitted(routes(("labeling",)), BASE, "GET", path, [])

    assert not answer


@pytest.mark.parametrize("base", ["/user/fay/x-app/", "/user/fay/x-app"])
def test_the_base_may_be_written_either_way(base: str) -> None:
    """With and without its last slash."""
    answer = permitted(routes(("labeling",)), base, "GET", "/user/fay/x-app/api", [])

    assert answer


def test_a_person_may_have_dots_in_their_name() -> None:
    """The look for climbing paths is about what stands behind the base."""
    answer = permitted(routes(("labeling",)), "/user/a..b/x-app/", "GET", "/user/a..b/x-app/api", [])

    assert answer


def test_a_route_without_arguments_takes_none() -> None:
    """`query` lists every argument that may come; None takes any."""
    strict, open_ = route("GET", "/x"), route("GET", "/x", None)

    answers = [strict.lets("GET", "/x", []), strict.lets("GET", "/x", ["y"]), open_.lets("GET", "/x", ["y"])]

    assert answers == [True, False, True]


@pytest.mark.parametrize(
    ("method", "path", "query", "passes"),
    [
        ("GET", f"api/kernels/{KERNEL}", "1795759837061 redirects", True),
        ("GET", "ccds/notice", "redirects", True),
        ("GET", f"api/kernels/{KERNEL}", "redirects other", False),
        ("DELETE", f"api/kernels/{KERNEL}", "redirects", False),
    ],
)
def test_what_the_hub_sends_back_gets_through_to_a_lab(method: str, path: str, query: str, passes: bool) -> None:
    """A page gives a kernel up that is refused once; the hub counts what came to it while a new proxy knew no sessions."""
    answer = permitted(ROUTES, BASE, method, BASE + path, query.split())

    assert answer == passes
