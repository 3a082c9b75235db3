"""A dataset snapshot as training code takes it: MONAI's list of dictionaries, or the entries of a data list.

```python
from ccds_kernel.dataset.loading import load

training = load(project, "heads-2026", "training")
monai.data.CacheDataset(training, transform)
```
"""

from __future__ import annotations

from typing import Any

from ccds_kernel.dataset.entry import SPLITS, Entry
from ccds_kernel.dataset.sides import SIDES
from ccds_kernel.dataset.snapshot import DatasetSnapshot
from ccds_kernel.dataset.snapshots import DatasetSnapshots
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.project import Project


def load(project: Project, name: str, side: str | None = None, *, hard: bool = False) -> list[dict[str, Any]]:
    """The volumes of a dataset as a MONAI data list.

    Args:
        project: whose dataset.
        name: the dataset's.
        side: training, validation or test; all of them, where it isn't given.
        hard: whether the labels are to be 1 and 0 instead of how likely the answer is yes.

    Returns:
        A map for each volume, in the order of their paths: `image`, the absolute path of a .nii.gz; `label`, a float from 0 to 1,
        or with `hard` the whole number 0 or 1; `study`, the study key; `split`, its side.

    Raises:
        ProjectAccessDenied: this person may not train here, or not see labels.
        CcdsError: there is no such dataset or side, or the dataset's file was changed.
    """
    if side is not None and side not in SIDES:
        raise CcdsError(
            expected=f"a side of the split ({', '.join(SIDES)})", found=repr(side)[:40], do="name one of these, or none"
        )
    snapshot = DatasetSnapshots(project).read(name)
    return [
        {
            "image": str(project.folder / item.image),
            "label": item.label if hard else item.chance,
            "study": item.study,
            "split": item.side,
        }
        for item in (snapshot.items if side is None else snapshot.of(side))
    ]


def to_entries(snapshot: DatasetSnapshot) -> list[Entry]:
    """The entries of a data list: what is trained and validated on. What is held back for the test is in none."""
    return [Entry(item.image, item.label, item.side) for item in snapshot.items if item.side in SPLITS]
