"""The page of a widget, without a browser."""

import json
from typing import Any


class Page:
    """The other end of a widget's comm: sends requests, keeps what comes back."""

    comm_id = "page"

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []

    def send(self, data=None, metadata=None, buffers=None) -> None:  # noqa: ARG002 - a comm's signature
        """Takes a message in; it must be JSON."""
        self.received.append(json.loads(json.dumps(data, allow_nan=False)))

    def on_msg(self, callback) -> None:
        """The widget asks to be called for each message; `ask` does so."""
        self._tell = callback

    def close(self, *_args, **_more) -> None:
        """Nothing to close."""

    def ask(self, content: Any) -> dict[str, Any]:
        """Sends a custom message; returns the answer."""
        self.received.clear()
        self._tell({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        return self.received[0]["content"]


def page_of(widget) -> Page:
    """Connects a page to `widget`."""
    page = Page()
    widget.comm = page
    return page
