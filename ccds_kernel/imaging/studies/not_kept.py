"""What people are told where the disk doesn't let a study's outcome be kept."""

from __future__ import annotations

import errno

from ccds_kernel.errors import CcdsError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def not_kept(error: OSError) -> CcdsError:
    """What the system said, and whose affair it is: room, rights, or the disk itself."""
    if error.errno in _FULL:
        do = "make room on the disk of the projects; the same command then goes on"
    elif error.errno in _CLOSED:
        do = "ask the administrators of this site who may write the project's folders nifti and quarantine"
    else:
        do = "ask the administrators of this site to look at the project's folders dicom, nifti and quarantine"
    return CcdsError(
        expected="to read a study's files and to set aside what is no volume any more",
        found=error.strerror or type(error).__name__,
        do=do,
    )
