"""What opens in JupyterLab's editor: source that a person writes, and nothing that is data.

The name alone doesn't decide: a volume that is renamed to `.py` stays a volume. Every format of the field (DICOM, NIfTI, gzip,
NumPy, HDF5, PNG, Parquet, SQLite, PyTorch) has bytes that no source has, so they needn't be listed: text is UTF-8 without control
characters. What was made into text on purpose (base64 in a comment) opens; `docs/limits.md` says so.
"""

from __future__ import annotations

import re

MOST_BYTES = 2_000_000
SUFFIXES = frozenset(
    {
        ".cfg", ".css", ".ini", ".ipynb", ".jl", ".js", ".md", ".py", ".r", ".rst", ".sh", ".toml", ".yaml", ".yml",
    }
)  # fmt: skip

_CONTROL = re.compile(r"[^\t\n\r\f\x20-\x7e\x80-\U0010ffff]|[\x80-\x9f]")
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


class NotSource(Exception):  # noqa: N818 - an answer about a file, no failure
    """The file is no source; the text says in what it differs."""


def is_named_as_source(name: str) -> bool:
    """Whether a file of this name may be source at all."""
    return "." in name[1:] and f".{name.rpartition('.')[2].lower()}" in SUFFIXES


def source_text(name: str, content: bytes) -> str:
    """The text of source file `name` (a byte order mark stays).

    Raises:
        NotSource: by its name, its size or its bytes it is none.
    """
    if not is_named_as_source(name):
        raise NotSource("its name says that it is no source")
    if len(content) > MOST_BYTES:
        raise NotSource(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotSource("it is no text in UTF-8") from None
    if _CONTROL.search(text.removeprefix(_MARK)):
        raise NotSource("it holds bytes that no text has")
    return text
