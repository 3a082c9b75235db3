"""The checkout as a thing to be tested."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def table_rows(document: str) -> list[list[str]]:
    """The cells of every row of every table in a Markdown file of the checkout, headings left out."""
    rows = []
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("|") and not line.startswith("| ---") and not following.startswith("| ---"):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def files(*folders: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """The files below these folders of the checkout that end in one of `suffixes`."""
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)
