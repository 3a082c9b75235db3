"""What a run says where the disk doesn't let it keep what became of a study."""

import errno
import os

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.converting import make_study
from ccds_kernel.imaging.studies.not_kept import not_kept
from support.image_studies import KEY, RULES


@pytest.mark.parametrize(
    ("number", "do"),
    [
        (errno.ENOSPC, "make room on the disk"),
        (errno.EDQUOT, "make room on the disk"),
        (errno.EACCES, "who may write the project's folders"),
        (errno.EROFS, "who may write the project's folders"),
        (errno.EIO, "to look at the project's folders"),
    ],
)
def test_each_kind_of_refusal_has_its_remedy(number, do) -> None:
    """Room, rights, or the disk itself; the system's own words beside it, and no path."""
    told = not_kept(OSError(number, os.strerror(number), "/srv/secret"))

    assert (told.found, do in told.do, "secret" in str(told)) == (os.strerror(number), True, False)


def test_what_can_t_be_set_aside_is_told_as_it_is(studies_of, study, folder, settings) -> None:  # noqa: ARG001 - files
    """A file lies where the project's quarantine would be: nothing is kept, and it is no matter of rights or room."""
    root = settings.paths.projects / "HEAD-1"
    studies = studies_of("eve")
    studies.keep_rules(RULES)
    brief = studies.brief(KEY)
    made = make_study(folder, root / "nifti", KEY, brief)
    (root / "nifti" / KEY / "series-old.nii.gz").touch()
    (root / "quarantine").touch()

    with pytest.raises(CcdsError, match=r"found Not a directory; .* to look at the project's folders"):
        studies.keep_made(KEY, brief, made)
