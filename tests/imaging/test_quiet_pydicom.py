"""Silence while archives are spoken to, by one thread or several; before and after it pydicom warns as ever."""

import logging
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from pydicom.dataset import Dataset

from ccds_kernel.quiet_pydicom import quiet_pydicom

ODD = "1.2.0840.7"


def warned() -> bool:
    """Whether pydicom warns of a UID that DICOM doesn't allow."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        Dataset().StudyInstanceUID = ODD
    return bool(seen)


def test_only_inside_of_it(caplog):
    """A value is taken as it is, and neither warned of nor logged; afterwards it is again."""
    level = logging.getLogger("pydicom").level

    with quiet_pydicom():
        data = Dataset()
        data.StudyInstanceUID = ODD
        inside = caplog.text

    assert (data.StudyInstanceUID, inside) == (ODD, "")
    assert warned()
    assert logging.getLogger("pydicom").level == level


def test_until_the_last_of_several_threads_is_through():
    """Another one that ends earlier doesn't end it for the rest."""
    first_is_in, second_is_out = Event(), Event()

    def first() -> bool:
        with quiet_pydicom():
            first_is_in.set()
            assert second_is_out.wait(30)
            return warned()

    def second() -> None:
        assert first_is_in.wait(30)
        with quiet_pydicom():
            pass
        second_is_out.set()

    with ThreadPoolExecutor(2) as pool:
        loud, _ = pool.submit(first), pool.submit(second).result()

    assert not loud.result()
    assert warned()
