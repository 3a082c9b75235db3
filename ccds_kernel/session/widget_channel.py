"""The websocket between an app's page and its kernel, for messages of widgets only.

Everything that runs code, completes, inspects, reads history or debugs is dropped. What passes is rebuilt from the parsed
values, so that nothing hides in what wasn't looked at (doubled keys, parent headers, subshells). The page gets no
tracebacks: they may quote patient data.

What remains open by the widget protocol: the page can set any synced trait of any widget. Widgets take every trait and
message as untrusted input.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

_V1 = "v1.kernel.websocket.jupyter.org"
_QUESTIONS = frozenset({"kernel_info_request", "comm_info_request"})
_COMM_METHODS = frozenset({"update", "request_state", "request_states", "echo_update", "custom"})
_HEADER_KEYS = ("msg_id", "msg_type", "session", "username", "version", "date")
_OUTGOING = frozenset(
    {
        "status", "comm_open", "comm_msg", "comm_close", "display_data", "update_display_data", "clear_output", "error",
        "kernel_info_reply", "comm_info_reply",
    }
)  # fmt: skip


def message_permitted(channel: object, message_type: object, content: Mapping[str, Any]) -> bool:
    """Whether an app's page may send this message to its kernel."""
    if channel != "shell" or not isinstance(message_type, str):
        return False
    if message_type == "comm_open":
        return content.get("target_name") == "jupyter.widget.control"
    if message_type == "comm_msg":
        data = content.get("data")
        method = data.get("method") if isinstance(data, Mapping) else None
        return isinstance(method, str) and method in _COMM_METHODS
    return message_type in _QUESTIONS


class WidgetChannel(ZMQChannelsWebsocketConnection):
    """The kernel websocket of an app session."""

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Passes a permitted message on, rebuilt; drops every other."""
        if not self.channels:
            return
        try:
            parts = self._rebuilt(incoming_msg)
        except Exception:  # noqa: BLE001 - whatever is wrong with a stranger's bytes, they go nowhere
            parts = None
        if parts is None:
            self.log.warning("app session: dropped a message that isn't a widget's")
            return
        self.session.send_raw(self.channels["shell"], parts)

    def _rebuilt(self, message: Any) -> list[Any] | None:  # noqa: ANN401 - str or bytes, by protocol
        """The frames of a permitted message, made anew; None for one that isn't permitted."""
        channel, header, metadata, content, buffers = self._parse(message)
        if not message_permitted(channel, header.get("msg_type"), content):
            return None
        if not all(isinstance(buffer, bytes | memoryview) for buffer in buffers):
            return None
        head = {key: str(header.get(key, "")) for key in _HEADER_KEYS}
        head["date"] = head["date"] or "1970-01-01T00:00:00Z"
        version = {"version": str(metadata["version"])} if "version" in metadata else {}
        return [*(self.session.pack(part) for part in (head, {}, version, content)), *buffers]

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Passes on what widgets need; an error without its text."""
        _, parts = self.session.feed_identities(outgoing_msg)
        message_type = self.session.unpack(parts[1])["msg_type"]
        if message_type not in _OUTGOING:
            return
        if message_type == "error":
            parts[4] = self.session.pack({"ename": "Error", "evalue": "", "traceback": []})
            outgoing_msg = [b"<IDS|MSG>", self.session.sign(parts[1:5]), *parts[1:]]
        super().handle_outgoing_message(stream, outgoing_msg)

    def _parse(self, message: Any) -> tuple[Any, dict[str, Any], dict[str, Any], dict[str, Any], list[bytes]]:  # noqa: ANN401 - str or bytes, by protocol
        if self.subprotocol == _V1:
            channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call] # so in jupyter_server
            header, _parent, metadata, content = (self.session.unpack(part) for part in parts[:4])
            return channel, header, metadata, content, list(parts[4:])
        if isinstance(message, bytes):
            values: dict[str, Any] = deserialize_binary_message(message)  # type: ignore[no-untyped-call] # so in jupyter_server
        else:
            values = json.loads(message)
        return (
            values.get("channel"),
            values["header"],
            values.get("metadata") or {},
            values["content"],
            values.get("buffers") or [],
        )
