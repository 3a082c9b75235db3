"""`[audit]`: the daemon that writes the audit log for sessions and jobs."""

from __future__ import annotations

from pydantic import Field

from ccds_kernel.settings.section import AbsolutePath, Port, Section


class AuditSettings(Section):
    """The daemon that writes the audit log for sessions and jobs."""

    address: str = Field(
        "127.0.0.1",
        pattern=r"^[A-Za-z0-9.-]+$",
        description="address that the audit daemon listens on, and under which sessions reach it",
    )
    port: Port = Field(8082, description="port that the audit daemon listens on")
    heads: AbsolutePath | None = Field(
        None,
        description="the second place, where the chains' heads are kept: best on another disk than the log; without it "
        "`audit-heads` in the state folder",
    )

    @property
    def url(self) -> str:
        """Where sessions reach the daemon."""
        return f"http://{self.address}:{self.port}"
