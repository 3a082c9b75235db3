"""Whether a zip file is its members and nothing else.

A zip's readers follow its directory and step over whatever lies before, between and behind the members; there an image could
travel unseen.
"""

from __future__ import annotations

import re
import struct
import zipfile
from typing import IO

_LOCAL = struct.Struct("<4s5H3L2H")
_DIRECTORY_ENTRY, _END, _END_64 = 46, 22, 76
_DESCRIPTORS = (16, 24)
_STREAMED = 0x08
_EXTRA = re.compile(rb"(?:\x01\x00\x10\x00.{16})?(?:FB..Z*)?", re.DOTALL)
"""Sizes beyond 4 GiB, and the padding with which torch aligns its arrays."""


def is_gapless(source: IO[bytes], archive: zipfile.ZipFile, size: int) -> bool:
    """Whether every byte of the open file `source`, of `size` bytes, belongs to a member of `archive` or to its directory.

    Raises:
        struct.error: a member's header is cut off.
    """
    ends = (0,)  # where a member may begin: behind the one before, with or without its descriptor
    for member in sorted(archive.infolist(), key=lambda one: one.header_offset):
        if member.header_offset not in ends:
            return False
        source.seek(member.header_offset)
        fields = _LOCAL.unpack(source.read(_LOCAL.size))
        names, extras = fields[-2:]
        if source.read(names) != member.orig_filename.encode() or not _EXTRA.fullmatch(source.read(extras)):
            return False
        end = member.header_offset + _LOCAL.size + names + extras + member.compress_size
        ends = tuple(end + more for more in _DESCRIPTORS) if member.flag_bits & _STREAMED else (end,)
    entries = sum(_DIRECTORY_ENTRY + len(one.filename) + len(one.extra) for one in archive.infolist())
    return archive.start_dir in ends and size - archive.start_dir in {entries + _END, entries + _END + _END_64}
