"""App notebooks are thin, and no page names a host that isn't ours."""

import ast
import json
import re

import pytest

from support.checkout import ROOT, files

APPS = list(files("notebooks/apps", suffixes=(".ipynb",)))
LABS = list(files("notebooks/lab", suffixes=(".ipynb",)))
PAGES = [
    *files(
        "hub/templates",
        "hub/static",
        "hub/proxy/pages",
        "notebooks/templates",
        suffixes=(".html", ".j2", ".js", ".css", ".json", ".svg"),
    ),
    *files("widgets", suffixes=(".js", ".css", ".html", ".svg")),
    *APPS,
    *LABS,
]
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml", "http://www.w3.org/1999/xlink")
HOST = re.compile(r"""(?:\b(?:https?|wss?|ftp):|["'(=])//[\w.-]*\w""")
LONGEST = 15
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def name_of(path) -> str:
    """The path within the checkout."""
    return str(path.relative_to(ROOT))


def cells(path) -> list[dict]:
    """The notebook's code cells."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def code_of(path) -> str:
    """All its code."""
    return "\n".join("".join(cell["source"]) for cell in cells(path))


def test_there_are_apps_and_pages():
    """The tests below look at something."""
    assert APPS
    assert LABS
    assert {path.suffix for path in PAGES} >= {".html", ".j2", ".js", ".css", ".ipynb"}


@pytest.mark.parametrize("path", [*APPS, *LABS], ids=name_of)
def test_a_notebook_is_thin(path):
    """At most 15 lines of code, no function, no class: what it does stands in the packages, where it is tested."""
    code = code_of(path)

    assert 0 < len([line for line in code.splitlines() if line.strip()]) <= LONGEST
    assert [node for node in ast.walk(ast.parse(code)) if isinstance(node, DEFINITIONS)] == []


@pytest.mark.parametrize("path", APPS, ids=name_of)
def test_an_app_imports_widgets_and_the_door_to_a_project(path):
    """Nothing else."""
    tree = ast.walk(ast.parse(code_of(path)))

    imported = [
        name
        for node in tree
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    ]

    assert [name for name in imported if not re.match(r"ccds_widgets\b|ccds_kernel\.irb\b", name)] == []


@pytest.mark.parametrize("path", [*APPS, *LABS], ids=name_of)
def test_a_notebook_is_stored_without_outputs(path):
    """What a run printed, or how often it ran, is nobody else's."""
    assert [cell["outputs"] for cell in cells(path) if cell["outputs"]] == []
    assert {cell["execution_count"] for cell in cells(path)} == {None}


@pytest.mark.parametrize("path", LABS, ids=name_of)
def test_a_walk_through_runs_in_our_kernel(path):
    """There `project` is at hand."""
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "ccds"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_page_names_no_other_host(path):
    """Hospital networks are closed: nothing is fetched from, sent to or linked to anywhere else."""
    text = path.read_text(encoding="utf-8")
    for namespace in NAMESPACES:
        text = text.replace(namespace, "")

    assert HOST.findall(text) == []


@pytest.mark.parametrize(
    "text",
    [
        'src="https://cdn.example.org/x.js"',
        "url(//fonts.example.org/a)",
        "src='//cdn/x'",
        "new WebSocket('ws://host/')",
        "href=//cdn.example.org",
    ],
)
def test_a_host_is_recognised(text):
    """In each form in which a page might name one."""
    assert HOST.search(text)


@pytest.mark.parametrize("text", ["// a comment", "a // b", "/hub/home//", "s.replace(/\\/\\//, '')", "x = '//'"])
def test_what_is_no_host_is_not(text):
    """Comments and our own paths."""
    assert not HOST.search(text)
