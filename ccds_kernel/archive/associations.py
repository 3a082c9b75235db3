"""Associations with an archive: how one is asked for, what went wrong where there is none, and questions over it (C-FIND).

An archive answers to those whom it knows by their AE title, and says by a code why it turns somebody away. A person is told
which.
"""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import _config, evt
from pynetdicom.association import Association
from pynetdicom.events import Event, EventHandlerType
from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation

from ccds_kernel.archive.archive import ArchiveAway
from ccds_kernel.archive.connections import Entity, close
from ccds_kernel.archive.questions import PENDING, Heard, Questions
from ccds_kernel.archive.tls import Tls
from ccds_kernel.errors import CcdsError
from ccds_kernel.quiet_pydicom import quiet_pydicom

_SUCCESS = 0x0000
_TOO_MANY = (0xA700, 0xFE00)
_CALLING, _CALLED = 3, 7
"""Reasons of a rejection: the title that calls, the one that is called."""

# It logs identifiers of patients and studies, and makes lines of them even where nobody reads these.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False


class TooManyAnswers(CcdsError):  # noqa: N818 - what an archive says
    """The archive has more answers than it gives."""


class QueryRefused(ArchiveAway):
    """The archive takes no such question."""


class _Unanswered(ArchiveAway):
    """It closed the connection and didn't say why."""


@dataclass(frozen=True)
class Peer:
    """An archive as an application entity, and what we call ourselves.

    Attributes:
        host: its host.
        port: its DICOM port.
        title: its AE title.
        ours: our AE title.
        timeout_s: seconds without an answer after which it counts as away.
        tls: what connections are secured with; None: nothing.
    """

    host: str
    port: int
    title: str
    ours: str
    timeout_s: float = 60
    tls: Tls | None = None

    def entity(self) -> Entity:
        """Ourselves, with this peer's patience."""
        entity = Entity(self.ours)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = entity.connection_timeout = self.timeout_s
        return entity

    def away(
        self,
        found: str,
        do: str = "see whether the archive is well, then go on",
        kind: type[ArchiveAway] = ArchiveAway,
    ) -> ArchiveAway:
        """The line that says what it did."""
        return kind(
            expected=f"the archive {self.title} at {self.host} port {self.port} to serve {self.ours}",
            found=found,
            do=do,
        )

    @contextmanager
    def associated(
        self,
        contexts: Sequence[tuple[UID, Sequence[UID] | None]],
        *,
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
        handlers: Sequence[EventHandlerType] = (),
    ) -> Iterator[Questions]:
        """An association with these presentation contexts (without transfer syntaxes: the usual ones), released at the end.

        Raises:
            ArchiveAway: there is none, and why.
        """
        with quiet_pydicom():
            try:
                association, heard = self._established(contexts, roles, handlers)
            except _Unanswered:  # a busy archive closes connections: asked once more
                association, heard = self._established(contexts, roles, handlers)
            try:
                yield Questions(association, heard, self.timeout_s)
            finally:
                if association.is_established:
                    association.release()
                close(association)

    def _established(
        self,
        contexts: Sequence[tuple[UID, Sequence[UID] | None]],
        roles: Sequence[SCP_SCU_RoleSelectionNegotiation],
        handlers: Sequence[EventHandlerType],
    ) -> tuple[Association, Heard]:
        entity, heard = self.entity(), Heard()
        for abstract, syntaxes in contexts:
            if syntaxes is None:
                entity.add_requested_context(abstract)
            else:
                entity.add_requested_context(abstract, list(syntaxes))
        association = entity.associate(
            self.host,
            self.port,
            ae_title=self.title,
            ext_neg=list(roles),
            evt_handlers=[IMPATIENT, *heard.handlers, *handlers],
            tls_args=None if self.tls is None else (self.tls.calling, self.host),
        )
        if not association.is_established:
            close(association)
            raise self._why_none(association)
        return association, heard

    def _why_none(self, association: Association) -> ArchiveAway:
        answer = association.acceptor.primitive
        if association.is_rejected and isinstance(answer, A_ASSOCIATE):
            why = f"an association rejected ({answer.result_str}; {answer.source_str}): {answer.reason_str}"
            return self.away(why, self._to_do(answer.diagnostic))
        try:
            with socket.create_connection((self.host, self.port), self.timeout_s) as probe:
                if self.tls is not None:
                    self.tls.calling.wrap_socket(probe, server_hostname=self.host).close()
        except ssl.SSLCertVerificationError:
            why = "a certificate that nobody vouches for, or not for that host"
            return self.away(why, "name who vouches for it in archive.certificate, and in archive.host its name there")
        except ssl.SSLError:
            return self.away("no TLS that we speak", "see that archive.port is its port for DICOM over TLS")
        except OSError as error:
            why = error.strerror or "no connection"
            return self.away(why, "see whether the archive runs, and that archive.host and archive.port are its own")
        if association.rejected_contexts:
            return self.away("no service that was asked for", "ask whoever runs it to let us query and retrieve")
        do = "see that archive.port is its DICOM port" + (
            ", and that it takes archive.own_certificate" if self.tls else ""
        )
        return self.away("a connection that was closed without an answer", do, _Unanswered)

    def _to_do(self, reason: int | None) -> str:
        if reason == _CALLING:
            return f"let the archive know us as {self.ours}, or name in archive.own_ae_title whom it knows"
        if reason == _CALLED:
            return "name its AE title in archive.ae_title"
        return "ask whoever runs the archive"


def _limit_waits(event: Event) -> None:
    connection = event.assoc.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.settimeout(event.assoc.network_timeout)


IMPATIENT: EventHandlerType = (evt.EVT_CONN_OPEN, _limit_waits)
"""Lets a connection that falls silent in the middle of a message count as closed: pynetdicom's own limits are for whole messages,
and it waits for the rest of one for ever."""


def hang_up(association: Association) -> None:
    """Ends an association at once: aborting waits for the rest of a message that perhaps never comes, and for an answer."""
    connection = association.dul.socket
    if connection is not None and connection.socket is not None:
        with suppress(OSError):  # closed meanwhile
            connection.socket.shutdown(socket.SHUT_RDWR)


def ask(peer: Peer, questions: Questions, identifier: Dataset) -> list[Dataset]:
    """Everything that the archive answers to one question.

    Raises:
        TooManyAnswers: it has more than it gives.
        ArchiveAway: it refuses, or is gone.
    """
    answers = []
    try:
        for answer in questions.find(identifier):
            code = answer.status
            if code in PENDING:
                told = questions.data_set(answer)
                if told is None:
                    raise peer.away("an answer that can't be read", "ask whoever runs the archive")
                answers.append(told)
            elif code in _TOO_MANY:
                raise TooManyAnswers(
                    expected="all answers of the archive", found=f"status 0x{code:04X}", do="ask for fewer days at once"
                )
            elif code is None:
                raise peer.away(
                    "a connection that it closed when it was asked",
                    f"let the archive know us as {peer.ours}, if it doesn't; else see whether it is well",
                )
            elif code != _SUCCESS:
                raise peer.away(f"status 0x{code:04X} for a query", "ask whoever runs the archive", QueryRefused)
    except (ValueError, RuntimeError):
        raise peer.away("a connection that is closed, or no query service") from None
    return answers
