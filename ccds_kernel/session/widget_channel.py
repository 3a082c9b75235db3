"""The websocket between an app's page and its kernel, for messages of widgets only: see `widget_message`.

What remains open by the widget protocol: the page can set any synced trait of any widget. Widgets take every trait and
message as untrusted input.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from ccds_kernel.session.widget_message import to_kernel, to_page


class WidgetChannel(ZMQChannelsWebsocketConnection):
    """The kernel websocket of an app session."""

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Passes a permitted message on, rebuilt; drops every other."""
        if not self.channels:
            return
        frames = to_kernel(incoming_msg, self.subprotocol, self.session)
        if frames is None:
            self.log.warning("app session: dropped a message that isn't a widget's")
            return
        self.session.send_raw(self.channels["shell"], frames)

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Passes on what widgets need; an error without its text."""
        frames = to_page(outgoing_msg, self.session)
        if frames is not None:
            super().handle_outgoing_message(stream, frames)
