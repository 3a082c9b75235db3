"""Which messages pass between an app's page and its kernel, and in what shape.

Everything that runs code, completes, inspects, reads history or debugs is dropped. What passes is rebuilt from the parsed
values, so that nothing hides in what wasn't looked at (doubled keys, parent headers, subshells). The page gets no
tracebacks: they may quote patient data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1

V1 = "v1.kernel.websocket.jupyter.org"
"""The binary protocol between page and server; without it messages come as JSON."""

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


def to_kernel(message: str | bytes, subprotocol: str | None, session: Session) -> list[Any] | None:
    """The frames of a page's message, made anew for the kernel's shell channel; None for whatever isn't permitted."""
    try:
        channel, header, metadata, content, buffers = _parsed(message, subprotocol, session)
        if not message_permitted(channel, header.get("msg_type"), content):
            return None
        if not all(isinstance(buffer, bytes | memoryview) for buffer in buffers):
            return None
        head = {key: str(header.get(key, "")) for key in _HEADER_KEYS}
        head["date"] = head["date"] or "1970-01-01T00:00:00Z"
        version = {"version": str(metadata["version"])} if "version" in metadata else {}
        return [*(session.pack(part) for part in (head, {}, version, content)), *buffers]
    except Exception:  # noqa: BLE001 - whatever is wrong with a stranger's bytes, they go nowhere
        return None


def to_page(frames: list[Any], session: Session) -> list[Any] | None:
    """The frames of a kernel's message for the page, an error without its text; None for what no widget needs."""
    _, parts = session.feed_identities(frames)
    kind = session.unpack(parts[1])["msg_type"]
    if kind not in _OUTGOING:
        return None
    if kind == "error":
        parts[4] = session.pack({"ename": "Error", "evalue": "", "traceback": []})
        return [b"<IDS|MSG>", session.sign(parts[1:5]), *parts[1:]]
    return frames


def _parsed(message: Any, subprotocol: str | None, session: Session) -> tuple[Any, Any, Any, Any, list[Any]]:  # noqa: ANN401 - str or bytes, by protocol
    # A few bytes can announce 2⁶⁴ parts, which jupyter_server would count out, and its node's memory with it.
    if subprotocol == V1:
        _require_table(message, 8, "little")
        channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call] # so in jupyter_server
        header, _parent, metadata, content = (session.unpack(part) for part in parts[:4])
        return channel, header, metadata, content, list(parts[4:])
    if isinstance(message, bytes):
        _require_table(message, 4, "big")
        values: dict[str, Any] = deserialize_binary_message(message)  # type: ignore[no-untyped-call] # so in jupyter_server
    else:
        values = json.loads(message)
    return (
        values.get("channel"), values["header"], values.get("metadata") or {}, values["content"], values.get("buffers") or [],
    )  # fmt: skip


def _require_table(message: bytes, width: int, order: Literal["little", "big"]) -> None:
    """Makes sure that the table of parts, which `message` begins with, lies inside it."""
    if (int.from_bytes(message[:width], order) + 1) * width > len(message):
        raise ValueError("more parts announced than there are bytes")
