"""Runs of a recipe over volumes."""

from __future__ import annotations

from dataclasses import dataclass

from ccds_kernel.audit.event import Event


@dataclass(frozen=True, kw_only=True)
class NormalizationBegun(Event):
    """A run of a recipe over volumes of a project began: the recipe's hash, and how many volumes there are."""

    digest: str
    volumes: int


@dataclass(frozen=True, kw_only=True)
class NormalizationEnded(Event):
    """Such a run ended, and how: ended, stopped or broken. A run that was killed tells nothing."""

    digest: str
    state: str
    done: int
    done_before: int
    failed: int
