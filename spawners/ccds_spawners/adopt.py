"""Finds the job of a session that an earlier life of the hub submitted, and says whether it can be taken up."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub import orm
from sqlalchemy.orm import object_session

from ccds_kernel.batch.scheduler import Answers
from ccds_kernel.batch.states import JobId


def is_interrupted(state: dict[str, Any]) -> bool:
    """Whether `state`, a spawner's in the hub's database, is that of a start which nobody saw to its end."""
    return "up" in state and not state["up"]


def machine_name(job: JobId) -> str:
    """The person's own machine on which a session's job is, as its id says; empty for one of the site's scheduler."""
    name, slash, _ = job.partition("/")
    return name if slash else ""


async def living_job(name: str, owner: str, scheduler: Answers) -> JobId | None:
    """The job of that name, and of that owner, that lives; None where there is none.

    Raises:
        SchedulerUnavailableError: it can't be known.
    """
    mine = await asyncio.to_thread(scheduler.mine)
    return next((status.id for status in mine if (status.name, status.owner) == (name, owner)), None)


def is_known(token: str, orm_user: Any) -> bool:  # noqa: ANN401 - JupyterHub has no type hints
    """Whether the hub knows `token` as that of its user `orm_user`: a job with another one can't report to it."""
    found = orm.APIToken.find(object_session(orm_user), token) if token else None
    return found is not None and found.user is orm_user
