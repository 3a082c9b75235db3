"""Which files a result of each kind may hold, and how large they may be. Whatever isn't here doesn't leave."""

from __future__ import annotations

from collections.abc import Mapping

from ccds_kernel.airlock.submission import Kind

MIB = 2**20

TEXTS = {".md": MIB, ".txt": MIB, ".json": 5 * MIB, ".yaml": MIB, ".yml": MIB}
"""Suffix → most bytes, of what explains a result."""

TABLES = {".csv": 5 * MIB, ".tsv": 5 * MIB}
PICTURES = {".png": 10 * MIB, ".jpg": 10 * MIB, ".jpeg": 10 * MIB, ".svg": 5 * MIB}
WEIGHTS = {".pt": 4096 * MIB, ".pth": 4096 * MIB, ".safetensors": 4096 * MIB}
NOTEBOOKS = {".ipynb": 20 * MIB}
"""Before its outputs are stripped."""

ALLOWED: Mapping[Kind, Mapping[str, int]] = {
    Kind.MODEL: WEIGHTS | TEXTS,
    Kind.TABLE: TABLES | TEXTS,
    Kind.FIGURE: PICTURES | TEXTS,
    Kind.NOTEBOOK: NOTEBOOKS | TEXTS,
}
"""Kind → suffix → most bytes."""


def described(kind: Kind) -> str:
    """What a result of `kind` may hold, for people."""
    return ", ".join(sorted(ALLOWED[kind]))
