"""`[airlock]`: where reviewed results go."""

from __future__ import annotations

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Section


class AirlockSettings(Section):
    """Where reviewed results go; beside the projects, not in them."""

    released: AbsolutePath | None = Field(
        None,
        description="where released results are put, one folder per project; written by the service account only. Without it "
        "nothing can be released",
    )
