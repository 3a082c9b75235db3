"""Who reads and writes cards, and what is kept."""

from datetime import UTC, datetime

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.site import SiteAccessDenied
from ccds_kernel.settings import Settings
from ccds_kernel.usecase import folder
from ccds_kernel.usecase.card import StoredCard
from ccds_kernel.usecase.cards import UseCases
from ccds_kernel.usecase.frequency import ExamCount

LONG_AGO = [ExamCount(code="CXR1", month="2024-01", count=50), ExamCount(code="CT1", month="2024-01", count=3)]

ASKED = {
    "list": lambda cases: cases.listed(),
    "show": lambda cases: cases.versions("effusion-chest"),
    "frequencies": lambda cases: cases.frequencies(),
    "counts": lambda cases: cases.publish_counts(tuple(LONG_AGO)),
}
WRITES = "a new card", "somebody else's card"

MAY = {
    "admin": {*ASKED, *WRITES},
    "fay": {*ASKED, *WRITES} - {"counts"},
    "fred": {*ASKED, "a new card"} - {"counts"},
    "lea": {"list", "show", "frequencies"},
    "sam": set(),
}
"""Person → what they may. fay is on the team of the card that is there; fred writes cards, too, and isn't."""


@pytest.fixture
def there(cases_of, card):
    """The card effusion-chest, added by cho."""
    cases_of("cho").add(card())


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("person", MAY)
def test_who_may_do_what(cases_of, card, events, person):
    """By one table; each refusal is an event of the site."""
    asked = ASKED | {
        "a new card": lambda cases: cases.add(card(id="new")),
        "somebody else's card": lambda cases: cases.add(card(title="Another title")),
    }
    allowed = set()

    for name, ask in asked.items():
        try:
            ask(cases_of(person))
        except SiteAccessDenied:
            continue
        allowed.add(name)

    assert allowed == MAY[person]
    denials = [who for who, event, _ in events() if event == "AccessDenied"]
    assert denials == [person] * (len(asked) - len(allowed))


def test_a_card_is_there_with_all_its_versions(cases_of, card, events):
    """The newest counts; the same card again is no version; each version is an event with its digest."""
    first, second = card(), card(title="Another title")

    changed = [cases_of("cho").add(first), cases_of("fay").add(first), cases_of("fay").add(second)]

    found = cases_of("lea").versions("effusion-chest")
    assert changed == [True, False, True]
    assert [(one.added_by, one.card) for one in found] == [("cho", first), ("fay", second)]
    assert [one.card for one in cases_of("lea").listed().ranking.ranked] == [second]
    assert [(who, detail) for who, event, detail in events() if event == "UseCaseAdded"] == [
        ("cho", {"card": "effusion-chest", "digest": first.digest}),
        ("fay", {"card": "effusion-chest", "digest": second.digest}),
    ]


@pytest.mark.usefixtures("there")
def test_the_newest_team_says_who_changes_a_card(cases_of, card):
    """Whoever left it can't any more; whoever came can."""
    team = [{"person": "cho", "role": "champion"}, {"person": "fred", "role": "fellow"}]
    cases_of("fay").add(card(team=team))

    assert cases_of("fred").add(card(team=team, title="Fred's title"))
    with pytest.raises(SiteAccessDenied, match="somebody of the card's team; found fay"):
        cases_of("fay").add(card())


def test_the_list_has_the_newest_version_of_each_card(cases_of, card, settings):
    """Ranked; a damaged file is named and hides no other card; what is no card doesn't count."""
    cases = cases_of("cho")
    cases.add(card())
    cases.add(card(scores=dict.fromkeys(settings.usecase.weights, 5)))
    cases.add(card(id="bleeding"))
    place = settings.paths.published / "usecase"
    (place / "broken.20260101T000000000000Z.json").write_text("{}", encoding="utf-8")
    (place / "notes.json").write_text("{}", encoding="utf-8")
    (place / ".effusion-chest.20270101T000000000000Z.json").write_text("{}", encoding="utf-8")

    listed = cases.listed()

    assert [(one.card.id, one.score) for one in listed.ranking.ranked] == [("effusion-chest", 5), ("bleeding", 3)]
    assert listed.damaged == ("broken",)
    with pytest.raises(CcdsError, match=r"move broken\.20260101T000000000000Z\.json elsewhere: it is damaged"):
        cases.versions("broken")


def test_a_file_with_another_card_in_it_is_not_believed(settings, cases_of, card):
    """Else one card would stand under another's name."""
    stored = StoredCard(schema=1, added_by="fay", added_at=datetime.now(UTC), card=card())
    written = folder.write_card(settings.paths.published, stored)
    written.rename(written.with_name(written.name.replace("effusion", "embolism")))

    with pytest.raises(CcdsError, match=r"expected the card embolism-chest in .*; found another one"):
        cases_of("fay").versions("embolism-chest")


def test_a_card_that_does_not_score_as_the_site_asks_is_not_added(cases_of, card, events):
    """Nothing is written, neither in the folder nor in the log."""
    with pytest.raises(CcdsError, match="found none for feasibility, data, champion"):
        cases_of("fay").add(card(scores={"impact": 3}))

    assert cases_of("fay").listed().ranking.ranked == ()
    assert events() == []


def test_a_card_that_is_not_there_is_told(cases_of):
    """With where to look."""
    with pytest.raises(CcdsError, match="found 'stroke'; see 'ccds usecase list'"):
        cases_of("lea").versions("stroke")


def test_counts_are_published_for_everybody_who_reads_cards(cases_of, settings, events):
    """Without small numbers; none before the first time. What was there is replaced."""
    assert cases_of("lea").frequencies() is None

    path, published, left = cases_of("admin").publish_counts(tuple(LONG_AGO))
    again, _, _ = cases_of("admin").publish_counts(tuple(LONG_AGO[:1]))

    assert path == again == settings.paths.published / "usecase" / "counts.json"
    assert (published.per_month(["CXR1", "CT1"]), left.small) == (50.0, ("CT1",))
    assert [one.code for one in cases_of("lea").frequencies().codes] == ["CXR1"]
    assert [(who, event) for who, event, _ in events()] == [("admin", "ExamCountsPublished")] * 2


@pytest.mark.usefixtures("there")
def test_a_card_is_closed_to_whoever_is_not_of_the_folder_s_group(settings):
    """Leadership reads by its group."""
    (written,) = (settings.paths.published / "usecase").iterdir()

    assert written.stat().st_mode & 0o777 == 0o640
    assert written.parent.stat().st_mode & 0o777 == 0o750


def test_whoever_is_taken_off_a_list_is_turned_away_at_once(settings, card):
    """The settings are read anew each time."""
    now: list[Settings] = [settings]
    cases = UseCases("fay", lambda: now[0])
    cases.add(card())

    now[0] = settings.model_copy(update={"usecase": settings.usecase.model_copy(update={"authors": ()})})

    with pytest.raises(SiteAccessDenied):
        cases.listed()
