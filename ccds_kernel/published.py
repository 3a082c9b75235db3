"""Files that a stage publishes: written whole below the site's folder `published`, read by that folder's group and nobody else.

What is in them is checked to the letter when it is read: whoever reads isn't who wrote it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed, write_whole
from ccds_kernel.settings import invalid

Form = TypeVar("Form", bound=BaseModel)


def write_published(published: Path, folder: str, name: str, text: str) -> Path:
    """Puts file `name` in its place in `folder` of `published`; a reader sees the old one or the new one, whole.

    Raises:
        CcdsError: it can't be written.
    """
    path = published / folder / name
    try:
        make_closed(published, folder)
        write_whole(path, text, 0o640)
    except OSError as error:
        raise CcdsError(
            expected=f"to write {path}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
    return path


def read_published(path: Path, form: type[Form], *, anew: str) -> Form | None:
    """What file `path` holds in JSON; None where there is none.

    Raises:
        CcdsError: it can't be read, or isn't of this form; then `anew` says what to do.
    """
    try:
        return form.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}",
            found=error.strerror or "an error",
            do="ask an administrator of this site to mend its permissions",
        ) from None
    except ValidationError as error:
        wrong = invalid(path.name, error)
        raise CcdsError(expected=wrong.expected, found=wrong.found, do=anew) from None
