"""We as an application entity whose connections are closed when they end.

pynetdicom closes a socket only after it could shut it down, which it can't where no connection came about, or where the other
side has broken it off; and where what answers speaks no DICOM it doesn't even try. Such a socket stays open until Python's
collector comes by: a worker that tries an archive that is away would have one more with each try.
"""

from __future__ import annotations

import ssl

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation, AssociationSocket


class Entity(AE):
    """An AE that asks for associations by connections that are closed."""

    def _create_socket(
        self, assoc: Association, address: AddressInformation, tls_args: tuple[ssl.SSLContext, str] | None
    ) -> AssociationSocket:
        connection = Connection(assoc, address=address)
        connection.tls_args = tls_args
        return connection


class Connection(AssociationSocket):
    """A connection that we make."""

    def end(self) -> None:
        """Closes it, whatever became of it."""
        self._shutdown_socket()

    def _shutdown_socket(self) -> None:
        ending = self.socket
        super()._shutdown_socket()
        if ending is not None:
            ending.close()


def close(association: Association) -> None:
    """Closes the connection of an association that is over, or never came about."""
    connection = association.dul.socket
    if isinstance(connection, Connection):
        connection.end()
