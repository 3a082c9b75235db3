"""The Engine port: who does the work. Here (`local_engine`), or as jobs of the site's scheduler (`cluster_engine`).

Dask moves the work and its outcomes; which item is done, left or tried again is the run's to say (`run`), not Dask's.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Workers:
    """Dask workers at somebody's disposal, one thread each.

    Args:
        client: a `distributed.Client`.
        memory_each: bytes that one item may need; a larger one isn't tried.
        memory_together: bytes that all items at work at once may need; None where no worker takes memory from another.
    """

    client: Any  # a distributed.Client, which carries no type hints
    memory_each: int
    memory_together: int | None = None


class EngineLost(Exception):  # noqa: N818 - what happened
    """The engine broke down: its Dask scheduler died. What was at work is lost; a new engine can go on."""


class Engine(Protocol):
    """A place to work.

    Whoever opens one has it for themselves. It gives items no second try of its own (`allowed-failures` 0): a worker that died is
    replaced, and the run decides.
    """

    @property
    def name(self) -> str:
        """As `--engine` calls it."""

    def most_memory(self) -> int | None:
        """Bytes that one item may ever need here, whatever else is at work now; None where nobody knows.

        Raises:
            CcdsError: there isn't enough for a worker without any item; or whom it has to ask doesn't answer.
        """

    def open(self, largest: int, items: int | None = None) -> AbstractContextManager[Workers]:
        """Starts it, within seconds: workers may join, leave and be replaced later. When the context ends every process has.

        Args:
            largest: bytes that the largest item needs.
            items: how many there are: no more workers are started; None: as many as are wanted.

        Raises:
            CcdsError: it can't be started.
        """
