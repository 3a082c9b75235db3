"""Dataset snapshots as files of a project: `snapshots/dataset-<name>.json`.

Written beside and then linked to its name, so that nobody sees half of one and none is ever replaced; its permissions say that
nobody writes it. What is read is hashed again: a file that says something else than when it was written is refused.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ccds_kernel.cohort.cohort import check_name
from ccds_kernel.dataset.snapshot import DatasetSnapshot
from ccds_kernel.errors import CcdsError
from ccds_kernel.files import make_closed

_READ_ONLY = 0o440
_BEGIN, _END = "dataset-", ".json"


def path_of(folder: Path, name: str) -> Path:
    """Where the dataset of that name lies, in a project's folder of snapshots.

    Raises:
        CcdsError: a dataset can't be called so.
    """
    check_name(name)
    return folder / f"{_BEGIN}{name}{_END}"


def names(folder: Path) -> list[str]:
    """The names of the datasets in `folder`, in their order; none where there is no such folder."""
    return sorted(path.name.removeprefix(_BEGIN).removesuffix(_END) for path in folder.glob(f"{_BEGIN}*{_END}"))


def keep(folder: Path, snapshot: DatasetSnapshot) -> bool:
    """Puts `snapshot` into `folder`, made where there is none.

    Returns:
        Whether it is new: false where that very dataset was there under that name.

    Raises:
        CcdsError: another dataset has the name, or what has it can't be read; or the folder can't be written.
    """
    path = path_of(folder, snapshot.name)
    try:
        make_closed(folder)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(snapshot.to_text())
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).chmod(_READ_ONLY)
            path.hardlink_to(temporary)
        except FileExistsError:
            there = True
        else:
            there = False
        finally:
            Path(temporary).unlink()
    except OSError as error:
        raise CcdsError(
            expected="to write the project's folder snapshots",
            found=error.strerror or "an error",
            do="let whoever runs this site mend its permissions",
        ) from None
    if there and read(folder, snapshot.name).digest != snapshot.digest:
        raise CcdsError(
            expected=f"a name that no dataset has, or the dataset that '{snapshot.name}' is",
            found="another dataset of that name",
            do="give it another name: a dataset stays what it is",
        )
    return not there


def read(folder: Path, name: str) -> DatasetSnapshot:
    """The dataset of that name.

    Raises:
        CcdsError: there is none, it can't be read, or its file isn't what was written.
    """
    try:
        text = path_of(folder, name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CcdsError(
            expected="a dataset of this project",
            found="none of that name",
            do="name one that 'ccds dataset list' tells" if names(folder) else "take one with 'ccds dataset snapshot'",
        ) from None
    except OSError as error:
        raise CcdsError(
            expected="to read the dataset",
            found=error.strerror or "an error",
            do="ask whoever runs this site for access",
        ) from None
    except ValueError:
        text = ""
    snapshot = DatasetSnapshot.from_text(text)
    if snapshot.name != name:
        raise CcdsError(
            expected=f"the dataset '{name}' in its file", found="one of another name", do="restore it from the backup"
        )
    return snapshot
