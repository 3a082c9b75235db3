"""Taking a MIME multipart answer apart while it comes: a part is handed out when the delimiter after it was seen. Pure.

An answer that breaks off may look like one that ended: many archives say no length beforehand and close the connection when they
are through. Only the closing delimiter tells, which dicomweb-client doesn't look for: it hands out half of a part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

_LINE = b"\r\n"
_HEAD_ENDS = _LINE * 2


class BrokenMessage(Exception):  # noqa: N818 - its caller tells the person
    """The message ended before its closing delimiter, or is none."""


def parts(chunks: Iterable[bytes], content_type: str) -> Iterator[bytearray]:
    """The bodies of a message's parts, in their order; one part and one chunk are in memory.

    Args:
        chunks: the message, cut anywhere.
        content_type: its header of that name, with the boundary.

    Raises:
        BrokenMessage: at its end, or at once where there is no boundary.
    """
    delimiter = _LINE + b"--" + _boundary(content_type)
    data, looked_at, is_preamble = bytearray(_LINE), 0, True  # the first delimiter may stand at the very beginning
    for chunk in chunks:
        data += chunk
        # After a delimiter two more bytes say whether it is the closing one.
        while 0 <= (at := data.find(delimiter, looked_at)) <= len(data) - len(delimiter) - 2:
            if not is_preamble:
                yield data[_head_ends(data, at) : at]
            is_preamble = False
            is_last = data.startswith(b"--", at + len(delimiter))
            del data[: at + len(delimiter)]
            looked_at = 0
            if is_last:
                return
        looked_at = max(0, len(data) - len(delimiter) - 1)
    raise BrokenMessage


def _boundary(content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_maintype() != "multipart" or not boundary:
        raise BrokenMessage
    return boundary.encode()


def _head_ends(data: bytearray, end: int) -> int:
    """Where the body of a part that lies before `end` begins: after an empty line; a head may have no lines before it."""
    at = data.find(_HEAD_ENDS, 0, end)
    return end if at < 0 else at + len(_HEAD_ENDS)
