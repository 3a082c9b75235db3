"""The websocket between JupyterLab's page and a kernel: to the kernel all passes, to the page as much as `OutputPace` lets."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from ccds_kernel.session.output_pace import MOST_BYTES, OutputPace

SETTING = "ccds_output_pace"
"""Where the server's settings hold its `OutputPace`."""

_HELD_BACK = (
    f"ccds: this session has sent {MOST_BYTES // 1_000_000} MB to its page within a minute; what follows in this minute isn't "
    "shown. Show a part of it, or a smaller figure."
)


# jupyter_server leaves much of it without types.
_Connection: Any = ZMQChannelsWebsocketConnection


class LabChannel(_Connection):  # type: ignore[misc] # see above
    """The kernel websocket of a lab session."""

    _told_of = ""

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Passes the message on, or says, once for each request that it answers, that it is held back."""
        pace: OutputPace = self.websocket_handler.settings[SETTING]
        if pace.lets(sum(len(part) for part in outgoing_msg)):
            super().handle_outgoing_message(stream, outgoing_msg)
            return
        _, (_signature, header, parent, *_) = self.session.feed_identities(outgoing_msg)
        answered = self.session.unpack(parent) or self.session.unpack(header)
        if answered["msg_id"] != self._told_of:
            self._told_of = answered["msg_id"]
            self.write_stderr(_HELD_BACK, answered)
