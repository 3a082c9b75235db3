"""What the file system refuses in a person's folder, in words for JupyterLab's page."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from tornado.web import HTTPError

MOST_NOTEBOOK_BYTES = 32_000_000
"""Of a notebook that opens."""


@contextmanager
def as_http() -> Iterator[None]:
    """What the file system refuses, as an answer to the page: without a path of the server's."""
    try:
        yield
    except FileNotFoundError:
        raise HTTPError(HTTPStatus.NOT_FOUND, "no such file or folder") from None
    except FileExistsError:
        raise HTTPError(HTTPStatus.CONFLICT, "that name is taken") from None
    except (PermissionError, NotADirectoryError):
        raise HTTPError(HTTPStatus.FORBIDDEN, "not a file or folder of your own here (a link, perhaps)") from None
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise HTTPError(
                HTTPStatus.FORBIDDEN,
                f"it is larger than a notebook that opens ({MOST_NOTEBOOK_BYTES // 1_000_000} MB): clear its outputs in a "
                "terminal, jupyter nbconvert --clear-output --inplace",
            ) from None
        if error.errno == errno.ELOOP:
            raise HTTPError(HTTPStatus.FORBIDDEN, "links aren't followed here") from None
        raise
