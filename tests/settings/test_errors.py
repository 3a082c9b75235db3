"""The one line that a person sees."""

import pickle

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.rules import ProjectAccessDenied


def test_an_error_is_one_line_of_three_parts():
    """White space, however it came in, becomes single blanks."""
    error = CcdsError(expected="a file\n in UTF-8", found="\tnone ", do="save\r\nit")

    assert str(error) == "expected a file in UTF-8; found none; save it"


@pytest.mark.parametrize("sign", ["\x1b", "\x00", "\x9b", "\u202e", "\udc80"])
def test_an_error_gives_no_orders_to_a_terminal(sign):
    """Names of files end up in messages: what isn't printable is replaced."""
    error = CcdsError(expected="x", found=f"a{sign}b", do="y")

    assert error.found == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("kind", [CcdsError, ProjectAccessDenied])
def test_an_error_comes_out_of_a_worker_process(kind):
    """Pickled and read again it is the same kind and says the same."""
    error = kind(expected="x", found="y", do="z")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(again), str(again), again.do) == (kind, "expected x; found y; z", "z")
