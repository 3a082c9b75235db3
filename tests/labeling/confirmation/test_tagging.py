"""Strata tags from several labelers, each seeing their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.confirmation.curation_rows import Curation, CurationKind
from ccds_kernel.labeling.confirmation.tagging import Tagging, own_tags
from support.confirming import HandClock


def tagging(place, person, batch):
    """A labeler's tags."""
    return Tagging(place.projects[person], batch.id, clock=place.clock)


def curated(place):
    """What the log says of tags, and of gold labels and final words."""
    return [one["detail"] for one in place.project.audit.entries("CHEST-1") if one["event"] == "StudyCurated"]


def test_a_labeler_sees_their_own_tags_and_leaves_those_of_others(either):
    """What another one gave is neither shown nor taken back; what one gave is replaced."""
    batch = either.batch(overlap=2)
    key = either.keys[0]
    ann, bob = (either.at_work(person, batch).take(1)[0] for person in ("ann", "bob"))
    mine, his = tagging(either, "ann", batch), tagging(either, "bob", batch)

    mine.tag(ann.lease, key, ["motion"])
    his.tag(bob.lease, key, ["artefact", "mimic"])
    shown = mine.own([key]), his.own([key])
    mine.tag(ann.lease, key, ["post-surgical"])
    after = mine.own([key]), his.own([key])
    mine.tag(ann.lease, key, [])

    assert shown == ({key: {"motion"}}, {key: {"artefact", "mimic"}})
    assert after == ({key: {"post-surgical"}}, {key: {"artefact", "mimic"}})
    assert (mine.own([key]), his.own([key])) == ({}, {key: {"artefact", "mimic"}})


def test_the_same_tags_again_change_nothing(place):
    """A page that got no acknowledgement sends them once more; there is one event."""
    batch = place.batch()
    held = place.at_work("ann", batch).take(1)[0]

    for _ in range(2):
        tagging(place, "ann", batch).tag(held.lease, held.report.study_key, ["motion"])

    assert curated(place) == [
        {"task_id": 1, "study_key": held.report.study_key, "kind": "strata", "change": "said"},
    ]


@pytest.mark.parametrize(
    ("person", "tags", "expected"),
    [
        ("ann", ["colour"], "strata tags of the task"),
        ("bob", ["motion"], "a study of this batch that you were given"),
        ("cy", ["motion"], "a study of this batch that you were given"),
    ],
)
def test_tags_that_never_can_be_are_told(place, person, tags, expected):
    """One that the task doesn't have; a study that somebody else was given; a batch that was withdrawn meanwhile."""
    batch = place.batch()
    held = {person: place.at_work(person, batch).take(1)[0] for person in ("ann", "cy")}
    place.curating().withdraw(batch.id, "cy")
    study = held.get(person, held["ann"])

    refusal = tagging(place, person, batch).tag(study.lease, study.report.study_key, tags)

    assert refusal.expected.startswith(expected)
    assert curated(place) == []


def test_a_tag_that_two_give_stands_when_one_takes_it_back(either):
    """Each sees it as their own, whoever gave it first, and as long as it is."""
    batch = either.batch(overlap=2)
    key = either.keys[0]
    held = {person: either.at_work(person, batch).take(1)[0].lease for person in ("ann", "bob")}
    for person, lease in held.items():
        tagging(either, person, batch).tag(lease, key, ["motion"])

    shown = [tagging(either, person, batch).own([key]) for person in held]
    tagging(either, "bob", batch).tag(held["bob"], key, [])
    after = [tagging(either, person, batch).own([key]) for person in held]

    assert shown == [{key: {"motion"}}] * 2
    assert after == [{key: {"motion"}}, {}]


TAGS = st.frozensets(st.sampled_from("abc"))


@given(said=st.lists(st.tuples(st.sampled_from(["ann", "bob"]), TAGS), max_size=8))
def test_ones_own_tags_are_those_that_one_said_last(said):
    """Whatever others said before or after."""
    now = HandClock().now
    history = [Curation("s", CurationKind.STRATA, tags, "", person, now) for person, tags in said]

    for person in ("ann", "bob"):
        mine = [tags for whose, tags in said if whose == person]
        assert own_tags(history, person) == (mine[-1] if mine else frozenset())
