"""The site's doors: administrators, and who reads what is published."""

import pytest

from ccds_kernel.irb.site import SiteAccessDenied, reads_published, require_administrator, require_leadership
from ccds_kernel.settings import Settings
from support.site import ADMINISTRATOR, application, on_roster

WHO = {ADMINISTRATOR: (True, True), "lea": (False, True), "ann": (False, False), "": (False, False)}
"""Person → may administer, may read what is published."""


@pytest.fixture
def led(settings) -> Settings:
    """The site's settings, with lea as its leadership."""
    hub = settings.hub.model_copy(update={"leadership": ("lea",)})
    return settings.model_copy(update={"hub": hub})


@pytest.mark.parametrize("person", WHO)
def test_who_comes_through_which_door(person, led, entries):
    """Leadership reads what is published, administrators do both, nobody else does either; each refusal is logged."""
    answers = []
    for require in (require_administrator, require_leadership):
        try:
            require("look", person=person, settings=led)
        except SiteAccessDenied:
            answers.append(False)
        else:
            answers.append(True)

    assert tuple(answers) == WHO[person]
    assert reads_published(person, led) is WHO[person][1]
    assert [(who, event) for who, event, _ in entries()] == [(person, "AccessDenied")] * answers.count(False)


def test_a_role_on_a_roster_opens_no_door_of_the_site(apply, entries, led):
    """Leadership of a project is named in ccds.toml, not on the project's roster; the refusal says whom to ask."""
    apply(application(roster=on_roster(pat="leadership", fay="fellow", sam="scientist")))

    for person in ("pat", "fay", "sam"):
        with pytest.raises(SiteAccessDenied, match=r"found \w+; ask one of \[hub\] administrators in ccds\.toml"):
            require_leadership("read what is published", person=person, settings=led)

    reason = "expected somebody of this site's leadership; found pat"
    assert entries()[0] == ("pat", "AccessDenied", {"action": "read what is published", "reason": reason})
