"""Datasets."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class DatasetTaken(Event):
    """Normalized volumes with labels and a split were put into a file of the project; `digest` is the SHA-256 of what it says."""

    digest: str
    studies: int
    volumes: int
