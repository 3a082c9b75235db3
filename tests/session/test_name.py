"""What a session may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.session.name import SessionKind, SessionName

PROJECTS = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,3}", fullmatch=True)
NAMES = st.one_of(
    st.builds(SessionName, PROJECTS, st.just(SessionKind.APP)),
    st.builds(SessionName, PROJECTS, st.just(SessionKind.LAB), st.integers(1, 99)),
    st.just(SessionName("", SessionKind.REPORTS)),
)


@given(NAMES)
def test_a_name_read_back_is_the_same(name: SessionName) -> None:
    """Also where the project is itself called like a kind or ends in a number."""
    written = str(name)

    read = SessionName.parse(written)

    assert read == name


@given(st.one_of(st.text(max_size=30), st.from_regex(r"[a-zA-Z0-9-]{0,12}-(lab|app)[a-z0-9-]{0,5}", fullmatch=True)))
def test_what_is_read_is_written_the_same(text: str) -> None:
    """A text is a name only when that name is written exactly so: no session has two names."""
    try:
        name = SessionName.parse(text)
    except CcdsError:
        return

    assert str(name) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "lab", "-lab", "app", "headct", "headct-lab-", "headct-lab-0", "headct-lab-1", "headct-lab-01",
        "headct-lab-100", "headct-app-2", "headct-app-1", "Headct-lab", "headct--lab", "1headct-lab", "headct_lab",
        "headct-lab\n", "headct-lab ", "../headct-lab", "headct/x-lab", "headct-lab-\uff12",
        "headct-LAB", "headct.-lab",
        "headct-reports", "reports-2", "Reports", "reports\n", "reportsx",
    ],
)  # fmt: skip
def test_nothing_else_is_a_name(text: str) -> None:
    """It is refused with one line that doesn't repeat more than the beginning."""
    with pytest.raises(CcdsError) as refused:
        SessionName.parse(text)

    assert "\n" not in str(refused.value)


def test_a_long_text_is_not_repeated() -> None:
    """What a stranger sent doesn't fill the log."""
    with pytest.raises(CcdsError) as refused:
        SessionName.parse("x" * 10_000)

    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("project", "kind", "number"),
    [
        ("headct", SessionKind.LAB, 0), ("headct", SessionKind.LAB, -1), ("headct", SessionKind.APP, 2),
        ("headct", SessionKind.REPORTS, 1), ("", SessionKind.REPORTS, 2), ("", SessionKind.LAB, 1), ("", SessionKind.APP, 1),
    ],
)  # fmt: skip
def test_what_no_session_is(project: str, kind: SessionKind, number: int) -> None:
    """A value object that couldn't be read back isn't made."""
    with pytest.raises(CcdsError):
        SessionName(project, kind, number)
