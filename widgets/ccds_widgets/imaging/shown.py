"""What both screens are told in the same words."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

StudyKey = Annotated[str, Field(pattern=r"^[a-z2-7]{16}$")]
SeriesName = Annotated[str, Field(pattern=r"^series-[0-9a-f]{20}$")]
Begin = Annotated[int, Field(ge=0, lt=2**31)]
Note = Annotated[str, Field(max_length=1000)]
"""More than a note may have, so that one that is too long is told so in the kernel's words."""
