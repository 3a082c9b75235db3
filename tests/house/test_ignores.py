"""Every ignore says why."""

import re
import tokenize

import pytest

from support.checkout import ROOT, files

FOLDERS = ("ccds_kernel", "hub", "spawners", "widgets", "tests", "benchmarks")
SOURCES = list(files(*FOLDERS, suffixes=(".py",)))
IGNORE = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no|pyright:|mypy:|nosec|pylint:)", re.IGNORECASE)
WITH_REASON = re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*|# type: ignore\[[a-z-]+(, ?[a-z-]+)*\] # \S.*")


def without_reason(comment: str) -> bool:
    """Whether a comment ignores something without saying why."""
    return bool(IGNORE.match(comment)) and not WITH_REASON.match(comment)


def test_every_ignore_in_the_code_has_its_reason():
    """`# noqa: X - reason`, `# type: ignore[x] # reason`; each names what it ignores."""
    silent = []
    for path in SOURCES:
        with path.open("rb") as source:
            silent += [
                f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"
                for token in tokenize.tokenize(source.readline)
                if token.type == tokenize.COMMENT and without_reason(token.string)
            ]

    assert len(SOURCES) > 100
    assert silent == []


def test_every_ignore_in_the_configuration_has_its_reason():
    """Rules that pyproject.toml switches off, for all files or for some."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.search(r"\nignore = \[\n(.*?)\n\[tool\.ruff\.lint\.pycodestyle\]", text, re.DOTALL)[1].splitlines()
    rules = [line for line in lines if re.search(r'"[A-Z]+\d*"', line)]

    assert len(rules) > 5
    assert [line.strip() for line in rules if not re.search(r"# \S", line)] == []


@pytest.mark.parametrize(
    ("comment", "silent"),
    [
        ("# noqa", True),
        ("# noqa: S101", True),
        ("# noqa: S101 -", True),
        ("# noqa: S101 - tells mypy", False),
        ("# noqa: S101, D102 - both", False),
        ("# type: ignore", True),
        ("# type: ignore[misc]", True),
        ("# type: ignore[misc] # no type hints", False),
        ("# type: ignore[name-defined] # noqa: F821 - put there by JupyterHub", False),
        ("# pragma: no cover", True),
        ("# why this is so", False),
    ],
)
def test_a_reason_is_recognised(comment, silent):
    """In the forms that this project uses."""
    assert without_reason(comment) is silent
