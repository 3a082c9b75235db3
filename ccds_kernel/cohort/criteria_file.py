"""Criteria as a file of the project: versioned, hashed, never overwritten.

`<project>/criteria/<name>-v<version>.json` says which studies somebody asked an archive for, who kept that and when. A digest
over all of it is in it: who changes it by hand makes another file, and is told so. Other criteria under the same name are the
next version, which names the digest of the one before; so what was asked for, and what before that, can always be told.

With `consecutive` the criteria mean the first so many studies in the order in which they were acquired, without choosing among
them: what validation and deployment are judged on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ccds_kernel.cohort.cohort import check_name
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed, write_whole

FOLDER = "criteria"
FORMAT = "ccds-criteria-1"
_VERSION = re.compile(r"-v([1-9][0-9]{0,5})\.json$")


@dataclass(frozen=True)
class VersionedCriteria:
    """Criteria under a name, in one version.

    Args:
        project: the IRB application's id.
        name: as a cohort's.
        version: 1 and up.
        criteria: exam codes and study dates.
        consecutive: how many studies at most, the first acquired first; None: all that meet the criteria.
        previous: the digest of the version before; None for the first.
        kept_by: who kept them; None as long as they aren't kept.
        kept_at: when, in UTC, to the second.

    Raises:
        CcdsError: they can't be called so, or no study is asked for.
    """

    project: str
    name: str
    version: int
    criteria: Criteria
    consecutive: int | None = None
    previous: str | None = None
    kept_by: str | None = None
    kept_at: datetime | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.consecutive is not None and self.consecutive < 1:
            raise CcdsError(
                expected="at least one consecutive study", found=f"{self.consecutive}", do="name how many are wanted"
            )

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal."""
        return hashlib.sha256(json.dumps(self._content(), sort_keys=True).encode()).hexdigest()

    def text(self) -> str:
        """The file's text."""
        return json.dumps(self._content() | {"digest": self.digest}, indent=2) + "\n"

    def says_the_same(self, other: VersionedCriteria) -> bool:
        """Whether both ask for the same studies."""
        return (self.criteria, self.consecutive) == (other.criteria, other.consecutive)

    def _content(self) -> dict[str, object]:
        criteria = self.criteria
        return {
            "format": FORMAT,
            "project": self.project,
            "name": self.name,
            "version": self.version,
            "exam_codes": list(criteria.codes),
            "study_dates": [f"{criteria.first}", f"{criteria.last}"],
            "consecutive": self.consecutive,
            "previous": self.previous,
            "kept_by": self.kept_by,
            "kept_at": self.kept_at and self.kept_at.isoformat(),
        }


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal["ccds-criteria-1"]
    project: str
    name: str
    version: Annotated[int, Field(ge=1)]
    exam_codes: list[str]
    study_dates: Annotated[list[str], Field(min_length=2, max_length=2)]
    consecutive: int | None
    previous: str | None
    kept_by: str
    kept_at: str
    digest: str


def read_criteria(path: Path, project: str) -> VersionedCriteria:
    """The criteria in `path`, which are those of project `project`.

    Raises:
        CcdsError: it can't be read, is no such file, was changed, or is another project's.
    """
    try:
        found = _File.model_validate_json(path.read_bytes())
        first, last = map(date.fromisoformat, found.study_dates)
        kept_at = datetime.fromisoformat(found.kept_at)
    except OSError as error:
        raise _wrong(path, error.strerror or "an error", "name a readable file") from None
    except ValidationError as error:
        first_error = error.errors()[0]
        place = ".".join(map(str, first_error["loc"])) or "the file"
        raise _wrong(path, f"{place}: {first_error['msg']}", "name one that 'ccds imaging find --save' wrote") from None
    except ValueError:
        raise _wrong(
            path, "study_dates or kept_at that are no days", "name one that 'ccds imaging find --save' wrote"
        ) from None
    criteria = Criteria(frozenset(found.exam_codes), first, last)
    read = VersionedCriteria(
        found.project,
        found.name,
        found.version,
        criteria,
        found.consecutive,
        found.previous,
        found.kept_by,
        kept_at,
    )
    if read.digest != found.digest:
        raise _wrong(path, "one that was changed since", "make a new version with 'ccds imaging find --save'")
    if read.project != project:
        raise _wrong(path, "another project's", f"name one of {project}")
    return read


def save_criteria(
    folder: Path, project: str, name: str, criteria: Criteria, consecutive: int | None, *, person: str
) -> VersionedCriteria:
    """Keeps criteria as the next version of `name`; those that the newest version has already are that one.

    Args:
        folder: the project's directory.
        project: the IRB application's id.
        name: what they are called.
        criteria: exam codes and study dates.
        consecutive: see `VersionedCriteria`.
        person: who keeps them.

    Raises:
        CcdsError: they can't be called so, a version can't be read, or the file can't be written.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    wanted = VersionedCriteria(project, name, 1, criteria, consecutive, None, person, now)
    try:
        place = make_closed(folder, FOLDER)
        while True:
            newest = max((_version_of(path, name) for path in place.iterdir()), default=0)
            if newest:
                before = read_criteria(path_of(folder, name, newest), project)
                if before.says_the_same(wanted):
                    return before
                wanted = replace(wanted, version=newest + 1, previous=before.digest)
            unfinished = place / f".{name}.{os.getpid()}"
            write_whole(unfinished, wanted.text(), 0o640)
            try:
                os.link(unfinished, path_of(folder, name, wanted.version))
            except FileExistsError:
                continue  # somebody else's version came between
            finally:
                unfinished.unlink()
            return wanted
    except OSError as error:
        raise CcdsError(
            expected=f"to keep {name} among the project's criteria",
            found=error.strerror or "an error",
            do="ask who administers this site",
        ) from None


def named_criteria(folder: Path, project: str, named: str) -> VersionedCriteria:
    """The criteria that the project has under `named`: a name, for the newest version, or a name and a version, `heads-v2`.

    Raises:
        CcdsError: it has none, or as `read_criteria`.
    """
    name, _, version = named.rpartition("-v")
    if not (name and version.isdigit()):
        place = folder / FOLDER
        check_name(named)
        newest = max((_version_of(path, named) for path in place.iterdir()), default=0) if place.is_dir() else 0
        name, version = named, str(newest)
    check_name(name)
    path = path_of(folder, name, int(version))
    if not path.is_file():
        raise CcdsError(
            expected=f"criteria of {project}",
            found=f"none called {named[:60]!r}",
            do="keep some: 'ccds imaging find --save'",
        )
    return read_criteria(path, project)


def all_criteria(folder: Path, project: str) -> tuple[tuple[VersionedCriteria, ...], tuple[CcdsError, ...]]:
    """All that the project keeps, what was kept last first; and what is wrong with each file that can't be read.

    Args:
        folder: the project's directory.
        project: the IRB application's id.

    Raises:
        CcdsError: the folder can't be read.
    """
    found, wrong = [], []
    try:
        paths = sorted(path for path in (folder / FOLDER).iterdir() if _VERSION.search(path.name))
    except FileNotFoundError:
        return (), ()
    except OSError as error:
        raise _wrong(folder / FOLDER, error.strerror or "an error", "ask who administers this site") from None
    for path in paths:
        try:
            found.append(read_criteria(path, project))
        except CcdsError as error:
            wrong.append(error)
    found.sort(key=lambda one: (f"{one.kept_at}", one.name, one.version), reverse=True)
    return tuple(found), tuple(wrong)


def path_of(folder: Path, name: str, version: int) -> Path:
    """Where the criteria `name` of that version lie, in the project's directory `folder`."""
    return folder / FOLDER / f"{name}-v{version}.json"


def _version_of(path: Path, name: str) -> int:
    """The version of the criteria `name` that `path` is; 0 where it is none."""
    found = _VERSION.fullmatch(path.name.removeprefix(name)) if path.name.startswith(name) else None
    return int(found[1]) if found else 0


def _wrong(path: Path, found: str, do: str) -> CcdsError:
    return CcdsError(expected=f"a criteria file in {path.name[:80]!r}", found=found, do=do)
