"""Our side of receiving instances over DIMSE: what a C-STORE is answered with, and the service that a C-MOVE sends to.

It listens only while studies are fetched, all the time from the first to the last: another program that wants the same port is
told so when it begins. It takes instances only from the archive's AE title, and only those of a request that is under way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, cycle
from secrets import randbelow
from threading import Lock

from pynetdicom import AllStoragePresentationContexts, build_context, evt, register_uid
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext
from pynetdicom.service_class import StorageServiceClass
from pynetdicom.transport import ThreadedAssociationServer

from ccds_kernel.archive.associations import IMPATIENT, Peer, hang_up
from ccds_kernel.archive.questions import HIGHEST_NUMBER
from ccds_kernel.archive.received import Inbox
from ccds_kernel.archive.transfer_syntaxes import EVERY
from ccds_kernel.errors import CcdsError
from ccds_kernel.quiet_pydicom import quiet_pydicom

_MOST_ASSOCIATIONS = 1000
"""Far beyond the threads that a site may have; pynetdicom's own limit is ten, beyond which the archive can't send."""

_TO_RELEASE_S = 2.0
_TAKEN, _NO_ROOM, _NOT_EXPECTED = 0x0000, 0xA700, 0x0124


@dataclass
class Receiving:
    """One study that is being received.

    Attributes:
        inbox: where it goes.
        broken: what went wrong on our side, after which nothing more is taken.
    """

    inbox: Inbox
    broken: OSError | None = None

    def take(self, event: Event) -> int:
        """Writes one instance; the status that the archive is answered."""
        if self.broken is None:
            try:
                self.inbox.put(event.encoded_dataset())
            except OSError as error:
                self.broken = error
        return _TAKEN if self.broken is None else _NO_ROOM


class StorageService:
    """Takes what the archive `peer` was asked to move.

    Args:
        peer: the archive, and what we call ourselves.
        address: of this machine, on which it listens.
        port: likewise.
    """

    def __init__(self, peer: Peer, address: str, port: int) -> None:
        self._peer = peer
        self.port = port
        self._address = address
        self._lock = Lock()
        self._expected: dict[int, Receiving] = {}
        # From anywhere on: what the archive still sends for a worker that was killed must not be taken for this one's.
        begin = 1 + randbelow(HIGHEST_NUMBER)
        self._numbers = cycle(chain(range(begin, HIGHEST_NUMBER + 1), range(1, begin)))
        self._server: ThreadedAssociationServer | None = None
        self._listeners = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listens meanwhile; from any thread, and while others do so already.

        Raises:
            CcdsError: the port isn't free.
        """
        with quiet_pydicom():
            with self._lock:
                if self._server is None:
                    self._server = self._started()
                self._listeners += 1
            try:
                yield
            finally:
                with self._lock:
                    self._listeners -= 1
                    if not self._listeners and self._server is not None:
                        self._server.shutdown()
                        _end_associations(self._server)
                        self._server = None

    @contextmanager
    def receiving(
        self, study: Receiving, sop_classes: Collection[str] = (), syntaxes: Collection[str] = ()
    ) -> Iterator[int]:
        """Listens for the instances of one study; the message id that its C-MOVE is to have.

        Args:
            study: what becomes of it.
            sop_classes: that it has, those among them that only a maker knows, where they are known beforehand.
            syntaxes: transfer syntaxes, likewise.

        Raises:
            CcdsError: the port isn't free.
        """
        with self.listening():
            with self._lock:
                number = next(number for number in self._numbers if number not in self._expected)
                if self._server is not None:
                    self._server.contexts = _with(self._server.contexts, sop_classes, syntaxes)
                self._expected[number] = study
            try:
                yield number
            finally:
                with self._lock:
                    del self._expected[number]
                    if not self._expected and self._server is not None:
                        _end_associations(self._server)

    def _started(self) -> ThreadedAssociationServer:
        entity = self._peer.entity()
        entity.require_calling_aet = [self._peer.title]
        entity.require_called_aet = True
        entity.maximum_associations = _MOST_ASSOCIATIONS
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), list(EVERY))
        try:
            server = entity.start_server(
                (self._address, self.port),
                block=False,
                ssl_context=None if self._peer.tls is None else self._peer.tls.called,
                evt_handlers=[IMPATIENT, (evt.EVT_C_STORE, self._take)],
            )
        except OSError as error:
            raise CcdsError(
                expected=f"to listen on {self._address} port {self.port} for what the archive sends",
                found=error.strerror or "an error",
                do="end what listens there, or name another port in archive.move_port and at the archive",
            ) from None
        if server is None:
            raise TypeError("expected a server that runs in a thread; found one that blocked")
        return server

    def _take(self, event: Event) -> int:
        number = event.request.MoveOriginatorMessageID if isinstance(event.request, C_STORE) else None
        with self._lock:
            if number is None and len(self._expected) == 1:
                (study,) = self._expected.values()
            else:
                found = self._expected.get(number or 0)
                if found is None:
                    return _NOT_EXPECTED
                study = found
        return study.take(event)


def _with(
    contexts: list[PresentationContext], sop_classes: Collection[str], syntaxes: Collection[str]
) -> list[PresentationContext]:
    """The contexts and those for further classes, all with further transfer syntaxes: a new list, which may be read meanwhile."""
    known = {str(one.abstract_syntax): list(map(str, one.transfer_syntax)) for one in contexts}
    wanted = {one: known.get(one, list(EVERY)) for one in (*known, *sop_classes)}
    further = {one: [*has, *(syntax for syntax in syntaxes if syntax not in has)] for one, has in wanted.items()}
    if further == known:
        return contexts
    for one in further.keys() - known.keys():
        # Without this pynetdicom takes a maker's own class for no storage, and answers itself.
        register_uid(one, f"Storage_{one.replace('.', '_')}", StorageServiceClass)
    return [build_context(one, has) for one, has in further.items()]


def _end_associations(server: ThreadedAssociationServer) -> None:
    """Lets nothing come any more of what was asked for before. An archive may keep an association for as long as it likes."""
    for association in server.active_associations:
        association.join(_TO_RELEASE_S)
        if association.is_alive():
            hang_up(association)
