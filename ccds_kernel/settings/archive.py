"""`[archive]`: where studies are fetched from, by which protocol, when, and how fast."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ccds_kernel.settings.section import AbsolutePath, Port, Section

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Title = Annotated[str, Field(pattern=r"^([!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?)?$")]
"""An AE title: at most 16 signs, no backslash; empty where there is none."""

_NEEDED = {
    "none": (),
    "dicomweb": ("url",),
    "c-get": ("host", "ae_title"),
    "c-move": ("host", "ae_title", "move_address"),
}


class HoursSettings(Section):
    """Hours of some days of the week with a pace of their own: `[[archive.timetable]]`."""

    days: tuple[Day, ...] = Field(min_length=1, description="`mon` to `sun`")
    begin: time = Field(description="the first minute, such as 07:00:00")
    end: time = Field(description="the minute after the last; 00:00:00 is the end of the day")
    threads: int = Field(ge=0, le=16, strict=True, description="studies that are fetched at once; 0: none")
    mb_per_second: float | None = Field(
        None, gt=0, description="megabytes a second, all together; none: as fast as it goes"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end != time.min and self.end <= self.begin:
            raise ValueError(f"end {self.end} isn't after begin {self.begin}: hours over midnight are two entries")
        return self


class ArchiveSettings(Section):
    """Where studies are fetched from. Each protocol needs keys of its own."""

    protocol: Literal["none", "dicomweb", "c-get", "c-move"] = Field(
        "none",
        description="how the archive is spoken to: `dicomweb`, or DIMSE with `c-get` or `c-move`; `none`: not at all",
    )
    url: str = Field("", pattern=r"^(https?://[^\s#?@]+)?$", description="the DICOMweb service's address")
    user: str = Field("", max_length=64, description="the user there; empty: it asks for none")
    password_file: str = Field(
        "archive_password",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        description="the file of the state folder with that user's password, readable by its owner only",
    )
    certificate: AbsolutePath | None = Field(
        None, description="who vouches for the archive (PEM); none: whom this machine trusts"
    )
    tls: bool = Field(
        False, strict=True, description="whether DIMSE is spoken over TLS; DICOMweb is where `url` says https"
    )
    own_certificate: AbsolutePath | None = Field(
        None,
        description="our certificate for DIMSE (PEM), where the archive asks for one; a `c-move` over TLS needs it",
    )
    own_key: AbsolutePath | None = Field(
        None, description="its private key (PEM), readable by the service account only"
    )
    host: str = Field("", pattern=r"^[A-Za-z0-9.:-]*$", description="the host that speaks DIMSE")
    port: Port = Field(104, description="its DICOM port")
    ae_title: Title = Field("", description="its AE title")
    own_ae_title: Title = Field("CCDS", min_length=1, description="our AE title, which the archive has to know")
    move_address: str = Field(
        "",
        pattern=r"^[A-Za-z0-9.:-]*$",
        description="address of this machine that the archive sends to after a `c-move`",
    )
    move_port: Port = Field(11112, description="port there; open only while something is fetched")
    exam_code: str = Field(
        "ProcedureCodeSequence.CodeValue",
        pattern=r"^[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*$",
        description="the attribute that holds a study's exam code: DICOM keywords, the sequences that it lies in first",
    )
    timeout_seconds: float = Field(
        60, ge=1, le=3600, description="seconds without an answer after which it counts as away"
    )
    staging: AbsolutePath | None = Field(
        None,
        description="where studies lie until they have proven what they are, outside the projects; without it `staging` in the "
        "state folder",
    )
    attempts: int = Field(
        3, ge=1, le=20, strict=True, description="how often a study is tried, retries by hand included"
    )
    keep_free_mb: int = Field(
        10240, ge=0, strict=True, description="MiB that stay free where studies are staged and where projects lie"
    )
    threads: int = Field(
        2,
        ge=0,
        le=16,
        strict=True,
        description="studies that are fetched at once, in hours that the timetable doesn't name",
    )
    mb_per_second: float | None = Field(
        None, gt=0, description="megabytes a second then, all together; none: as fast as it goes"
    )
    timetable: tuple[HoursSettings, ...] = Field(
        (),
        description="hours with a pace of their own, by this machine's clock, the first that fits counts; docs/archive.md has an "
        "example",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        lacking = [name for name in _NEEDED[self.protocol] if not getattr(self, name)]
        if lacking:
            raise ValueError(f"protocol is {self.protocol}, and {lacking[0]} says nothing")
        if self.user and self.url.startswith("http://") and not self.url.startswith(_HERE):
            raise ValueError("url is http, and user is named: the password would cross the network in the clear")
        if (self.own_certificate is None) != (self.own_key is None):
            raise ValueError("own_certificate and own_key need each other")
        if self.protocol == "dicomweb" and (self.tls or self.own_key):
            raise ValueError("tls and own_certificate are DIMSE's; for dicomweb url says https")
        if self.own_key and not self.tls:
            raise ValueError("own_certificate is for tls, which is off")
        if self.protocol == "c-move" and self.tls and not self.own_key:
            raise ValueError("protocol is c-move over tls, and own_certificate says nothing: the archive calls us")
        return self


_HERE = ("http://127.", "http://localhost", "http://[::1]")
