"""The phrases as the app follows them: whatever was changed, it is as if it had been opened just now."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.tasks.task import Label, Task, TaskKind
from ccds_widgets.labeling.task_phrases import Place, TaskPhrases

REPORTS = [
    Report(f"A{n}", (Section("findings", text),))
    for n, text in enumerate(["red", "no red", "red blue", "possible blue", "green, red", "", "BLUE green"])
]
LABELS = ("x", "y")


@dataclass(frozen=True)
class Kept:
    """A phrase as a repository lists it."""

    id: int
    phrase: Phrase


def task_of(kind: TaskKind) -> Task:
    """A task of the two labels."""
    return Task("colours", kind, tuple(Label(name, n) for n, name in enumerate(LABELS)))


@st.composite
def lists(draw, kind: TaskKind) -> list[Kept]:
    """A list as it may be kept: ids and words each once (for each label, where it is decided by itself)."""
    ids = draw(st.lists(st.integers(1, 6), unique=True))
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(["red", "blue", "green", "no red"]), st.sampled_from(LABELS)),
            unique_by=(lambda key: key) if kind is TaskKind.SEVERAL else (lambda key: key[0]),
            min_size=0,
            max_size=len(ids),
        )
    )
    kept = []
    for row, (text, label) in zip(ids, keys, strict=False):
        negatable, uncertain = draw(st.booleans()), draw(st.sampled_from([None, "z"]))
        excludes = kind is TaskKind.SEVERAL and draw(st.booleans())
        kept.append(Kept(row, Phrase(text, label, negatable, uncertain, excludes)))
    return kept


kinds = st.sampled_from(TaskKind)


@given(kinds.flatmap(lambda kind: st.tuples(st.just(kind), st.lists(lists(kind), min_size=1, max_size=5))))
def test_following_is_opening_anew(drawn):
    """After any sequence of changes, by whomever, labels, phrases and counts are those of a list that was just opened."""
    kind, steps = drawn
    followed = TaskPhrases(task_of(kind), REPORTS)

    for kept in steps:
        before = followed.revision, followed.shown()
        followed.follow(task_of(kind), kept)

        opened = TaskPhrases(task_of(kind), REPORTS)
        opened.follow(task_of(kind), kept)
        assert {**followed.shown(), "revision": 0} == {**opened.shown(), "revision": 0}
        changed = {**before[1], "revision": 0} != {**followed.shown(), "revision": 0}
        assert changed <= (followed.revision > before[0])


@given(lists(TaskKind.SEVERAL), st.data())
def test_a_place_in_a_label_s_list_is_one_in_the_order_that_is_kept(kept, data):
    """A phrase that is put there stands, within its list, at the place that was asked for; the order of all others stays."""
    phrases = TaskPhrases(task_of(TaskKind.SEVERAL), REPORTS)
    phrases.follow(task_of(TaskKind.SEVERAL), kept)
    label = data.draw(st.sampled_from(LABELS))
    own = phrases.ids.get(label, [])
    position = data.draw(st.integers(0, len(own)))

    at = phrases.at(Place(label, position))

    order = [one.id for one in kept]
    grown = [*order[:at], 99, *order[at:]]
    assert [row for row in grown if row in {*own, 99}] == [*own[:position], 99, *own[position:]]


@given(lists(TaskKind.SEVERAL).filter(bool), st.data())
def test_a_move_within_a_label_s_list_is_one_in_the_order_that_is_kept(kept, data):
    """Likewise for a phrase that is there."""
    phrases = TaskPhrases(task_of(TaskKind.SEVERAL), REPORTS)
    phrases.follow(task_of(TaskKind.SEVERAL), kept)
    moved = data.draw(st.sampled_from([one.id for one in kept]))
    own = phrases.ids[phrases.place(moved).name]
    position = data.draw(st.integers(0, len(own) - 1))

    at = phrases.at_after_move(moved, position)

    order = [one.id for one in kept if one.id != moved]
    order.insert(at, moved)
    assert [row for row in order if row in own].index(moved) == position
