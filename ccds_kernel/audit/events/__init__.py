"""Audit events: one frozen dataclass for each thing that somebody did with a project; a file for each stage.

An event names study keys, counts and hashes, never accession numbers, names or report text. `docs/audit-events.md` lists
them all; a test compares.
"""

from __future__ import annotations

from ccds_kernel.audit.event import Event
from ccds_kernel.audit.events import (
    access,
    airlock,
    cluster,
    cohort,
    confirmation,
    dataset,
    imaging,
    irb,
    labeling,
    monitoring,
    normalization,
    session,
    usecase,
)

_FILES = (
    irb, access, session, cluster, cohort, labeling, confirmation, imaging, normalization, dataset, monitoring, usecase, airlock,
)  # fmt: skip


def kinds() -> dict[str, type[Event]]:
    """Every event class by its name."""
    return {kind.__name__: kind for file in _FILES for kind in vars(file).values() if _is_kind(kind)}


def _is_kind(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Event) and value is not Event
