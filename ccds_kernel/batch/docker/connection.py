"""The clients of one machine's Docker daemon, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker
import requests
from docker.errors import APIError, DockerException

from ccds_kernel.batch.docker.machine import Machine
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError

API_VERSION = "1.41"
TIMEOUT_S = 8
CREATE_S = 120
"""Seconds that a daemon may take to lay out a container, or to clear one away: on some storage drivers it copies the image."""

_CONFLICT, _SERVER_ERROR = 409, 500


class Connection:
    """One machine's daemon: `looking`, a client for questions, and `making`, one for what takes long.

    Args:
        machine: the machine.
        timeout_s: how long its daemon may take for an answer.
    """

    def __init__(self, machine: Machine, timeout_s: float = TIMEOUT_S) -> None:
        self.machine = machine
        self._timeout_s = timeout_s
        self._clients: dict[float, docker.APIClient] = {}

    @property
    def looking(self) -> docker.APIClient:
        """The client for questions."""
        return self._client(self._timeout_s)

    @property
    def making(self) -> docker.APIClient:
        """The client for what takes long."""
        return self._client(max(self._timeout_s, CREATE_S))

    def close(self) -> None:
        """Lets go of the connections; the next question makes new ones."""
        while self._clients:
            self._clients.popitem()[1].close()

    @contextmanager
    def sense(self) -> Iterator[None]:
        """Makes sense of what goes wrong inside.

        Raises:
            SchedulerUnavailableError: the daemon didn't answer, or only with an error of its own.
            JobRefusedError: it refuses.
        """
        try:
            yield
        except APIError as error:
            if error.status_code is None or error.status_code >= _SERVER_ERROR or error.status_code == _CONFLICT:
                raise self._away() from None  # a conflict: something goes away just now, the next try finds it gone
            raise self.refusal(error) from None
        except (DockerException, requests.RequestException):
            raise self._away() from None

    def refusal(self, error: APIError) -> JobRefusedError:
        """What the daemon said, for the person who is refused."""
        return JobRefusedError(
            expected=f"Docker on {self.machine.name} to take this session",
            found=f"its answer: {str(error.explanation)[:200]}",
            do="show this to the administrators of this site",
        )

    def _away(self) -> SchedulerUnavailableError:
        return SchedulerUnavailableError(
            expected=f"Docker on {self.machine.name} to answer",
            found="no answer that makes sense",
            do="try again; tell the administrators of this site if it lasts",
        )

    def _client(self, timeout_s: float) -> docker.APIClient:
        if timeout_s not in self._clients:
            tls: docker.tls.TLSConfig | bool = False
            if folder := self.machine.tls:
                tls = docker.tls.TLSConfig(
                    client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
                    ca_cert=str(folder / "ca.pem"),
                    verify=True,
                )
            made = docker.APIClient(self.machine.docker, version=API_VERSION, timeout=timeout_s, tls=tls)
            self._clients[timeout_s] = made
        return self._clients[timeout_s]
