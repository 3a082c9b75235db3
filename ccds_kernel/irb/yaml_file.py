"""Files that people write in YAML, read and checked whole: what is wrong is told with its line and key."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.yaml_text import line_of, line_of_problem, load_yaml, problem_of
from ccds_kernel.settings import invalid, offending

Form = TypeVar("Form", bound=BaseModel)


def read_checked(path: Path, form: type[Form], what: str) -> Form:
    """What the file `path` says, as a `form`; `what` is what people call such a file.

    Raises:
        CcdsError: it can't be read, is no YAML, or a key is missing, unknown, given twice or wrong; the message names line
            and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = load_yaml(text)
    except OSError as error:
        raise CcdsError(
            expected=f"to read {path}", found=error.strerror or "an error", do=f"name a readable {what}"
        ) from None
    except UnicodeDecodeError:
        raise CcdsError(
            expected=f"text in UTF-8 in {path}", found="bytes that are none", do="save the file as UTF-8"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        line = line_of_problem(error, text)
        raise CcdsError(
            expected=f"YAML in {path}{f':{line}' if line else ''}",
            found=problem_of(error),
            do="mend that line, or the one before it",
        ) from None
    try:
        return form.model_validate(values)
    except ValidationError as error:
        place = offending(error)
        raise invalid(f"{path}:{line_of(text, place)}" if place else path, error) from None
