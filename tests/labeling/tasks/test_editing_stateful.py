"""Any sequence of edits of a task's phrases, as they are kept and as the index over reports follows them: both say the same."""

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import create_engine, select

from ccds_kernel.errors import CcdsError
from ccds_kernel.labeling import rows
from ccds_kernel.labeling.confirmation.soft import soft_labels
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.rows import StoredReport
from ccds_kernel.labeling.tables import phrase as phrase_table
from ccds_kernel.labeling.task_index import ONLY, TaskIndex
from ccds_kernel.labeling.tasks import rows as task_rows
from ccds_kernel.labeling.tasks import step_rows
from ccds_kernel.labeling.tasks.editing import PhraseEditor
from ccds_kernel.labeling.tasks.history import StepKind, carried_back
from ccds_kernel.labeling.tasks.own_steps import open_steps
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from ccds_kernel.store.metadata import metadata
from support.tables import every_table

TEXTS = ["pleural effusion", "effusion and mass", "no mass", "pleural mass, effusion", "clear"]
REPORTS = [
    StoredReport(number, f"k{number}", Report(f"A{number}", (Section("findings", text),)))
    for number, text in enumerate(TEXTS)
]

any_phrase = st.builds(
    Phrase,
    st.sampled_from(["effusion", "pleural", "mass", "no mass", "clear"]),
    st.sampled_from(["A", "B", "C"]),
    excludes=st.booleans(),
)


class EditorAndIndex(RuleBasedStateMachine):
    """One person's edits of one task, beside another task whose phrases stand among its own."""

    def __init__(self) -> None:
        super().__init__()
        every_table()
        self.engine = create_engine("sqlite://")
        metadata.create_all(self.engine)
        self.connection = self.engine.connect()
        self.kind = TaskKind.ONE
        self.task = 0
        self.index = TaskIndex(self.kind, [])
        self.ids: dict[str, list[int]] = defaultdict(list)

    def teardown(self) -> None:
        """Nothing stays."""
        self.connection.close()
        self.engine.dispose()

    @initialize(kind=st.sampled_from(TaskKind))
    def start(self, kind) -> None:
        """A task without phrases, behind one with two."""
        other = task_rows.add_task(self.connection, Task("other"), "ann").id
        editor = PhraseEditor(self.connection, other, "ann")
        editor.append([Phrase("effusion", "X"), Phrase("mass", "Y")])
        editor.keep()
        self.kind = kind
        self.task = task_rows.add_task(self.connection, Task("t", kind), "ann").id
        self.index = TaskIndex.of(Task("t", kind), [stored.report for stored in REPORTS])

    @property
    def listed(self) -> tuple[rows.StoredPhrase, ...]:
        """What is kept."""
        return rows.phrases(self.connection, self.task)

    def any_of(self, number: int) -> tuple[rows.StoredPhrase, str, int]:
        """A phrase that is kept, with its list and place in the index."""
        stored = self.listed[number % len(self.listed)]
        name = self.index.list_of(stored.phrase)
        return stored, name, self.ids[name].index(stored.id)

    def editor(self) -> PhraseEditor:
        """A step of ann's."""
        return PhraseEditor(self.connection, self.task, "ann")

    def fitting(self, phrase: Phrase) -> Phrase:
        """`phrase` as the task takes it."""
        return Phrase(phrase.text, phrase.label, excludes=phrase.excludes and self.kind is TaskKind.SEVERAL)

    def is_listed(self, phrase: Phrase, instead_of: int = 0) -> bool:
        """Whether another phrase of the list has the same words."""
        name = self.index.list_of(phrase)
        return any(
            (one.phrase.normalised, self.index.list_of(one.phrase)) == (phrase.normalised, name)
            and one.id != instead_of
            for one in self.listed
        )

    def put(self, stored: rows.StoredPhrase) -> None:
        """Takes into the index what is kept, at its place."""
        name = self.index.list_of(stored.phrase)
        place = [one.id for one in self.listed if self.index.list_of(one.phrase) == name].index(stored.id)
        self.index.insert(stored.phrase, place)
        self.ids[name].insert(place, stored.id)

    @rule(phrase=any_phrase, place=st.integers(0, 9))
    def insert(self, phrase, place) -> None:
        """A new one anywhere; one that is there already is refused."""
        phrase, editor, place = self.fitting(phrase), self.editor(), place % (len(self.listed) + 1)
        if self.is_listed(phrase):
            with pytest.raises(CcdsError, match="that isn't on the list yet"):
                editor.insert(phrase, place)
            return
        new = editor.insert(phrase, place)
        editor.keep()
        self.put(new)

    @rule(phrases=st.lists(any_phrase, max_size=3, unique_by=lambda one: one.normalised))
    def append(self, phrases) -> None:
        """Several new ones in one step."""
        editor = self.editor()
        known = {editor.key_of(stored.phrase) for stored in editor.listed()}
        editor.append([one for one in map(self.fitting, phrases) if editor.key_of(one) not in known])
        editor.keep()
        for new in self.listed[len(known) :]:
            self.put(new)

    @precondition(lambda self: self.listed)
    @rule(which=st.integers(0, 9), phrase=any_phrase)
    def replace(self, which, phrase) -> None:
        """One becomes another, maybe of another label; the index does it by its own rule."""
        stored, name, place = self.any_of(which)
        phrase, editor = self.fitting(phrase), self.editor()
        if self.is_listed(phrase, instead_of=stored.id):
            with pytest.raises(CcdsError, match="that isn't on the list yet"):
                editor.replace(stored.id, phrase)
            return
        editor.replace(stored.id, phrase)
        editor.keep()
        self.index.replace(name, place, phrase)
        if (goal := self.index.list_of(phrase)) != name:
            self.ids[goal].append(self.ids[name].pop(place))

    @precondition(lambda self: self.listed)
    @rule(which=st.integers(0, 9), place=st.integers(0, 9))
    def move(self, which, place) -> None:
        """One goes anywhere."""
        stored, name, old = self.any_of(which)
        editor = self.editor()
        editor.move(stored.id, place % len(self.listed))
        editor.keep()
        new = [one.id for one in self.listed if self.index.list_of(one.phrase) == name].index(stored.id)
        self.index.move(name, old, new)
        self.ids[name].insert(new, self.ids[name].pop(old))

    @precondition(lambda self: self.listed)
    @rule(which=st.integers(0, 9))
    def remove(self, which) -> None:
        """One goes."""
        stored, name, place = self.any_of(which)
        editor = self.editor()
        editor.remove(stored.id)
        editor.keep()
        self.index.remove(name, place)
        self.ids[name].pop(place)

    @rule(kind=st.sampled_from([StepKind.UNDO, StepKind.REDO]))
    def step_back(self, kind) -> None:
        """A step is taken back, or done again; the index takes out what it changes, and takes it in as it is kept then."""
        steps = open_steps(step_rows.own_phrase_steps(self.connection, self.task, "ann"))
        own = steps.undo if kind is StepKind.UNDO else steps.redo
        if own is None:
            return
        assert step_rows.others_since(self.connection, self.task, "ann", own) == set()
        wanted = carried_back(step_rows.changes_of(self.connection, self.task, "ann", own.step), (), kind)
        changed = {change.phrase_id for change in wanted}
        for name, ids in self.ids.items():
            for phrase_id in changed & {*ids}:
                self.index.remove(name, ids.index(phrase_id))
                ids.remove(phrase_id)
        editor = PhraseEditor(self.connection, self.task, "ann", kind=kind, of_step=own.step)
        editor.carry_out(wanted)
        editor.keep()
        for stored in self.listed:
            if stored.id in changed:
                self.put(stored)

    @invariant()
    def both_say_the_same(self) -> None:
        """Order, and what each report is labelled; no place is empty, and the other task is as it was."""
        for name in {*self.ids, *self.index.lists}:
            kept = [one for one in self.listed if self.index.list_of(one.phrase) == name]
            assert self.ids[name] == [one.id for one in kept]
            index = self.index.lists.get(name)
            assert (index.phrases if index else ()) == tuple(one.phrase for one in kept)
        if self.task:
            self._labels_are_the_same()
        places = self.connection.scalars(select(phrase_table.c.position).order_by(phrase_table.c.position)).all()
        assert places == list(range(len(places)))
        if self.task:
            others = rows.phrases(self.connection, self.task - 1)
            assert [one.phrase.text for one in others] == ["effusion", "mass"]

    def _labels_are_the_same(self) -> None:
        task = task_rows.task(self.connection, self.task)
        said = {name: labels.to_list() for name, labels in self.index.soft_labels().items()}
        nothing = [None] * len(REPORTS)
        for one in soft_labels(task, REPORTS, self.listed):
            name = ONLY if self.kind is TaskKind.ONE else one.question
            assert said.get(name, nothing)[int(one.study_key[1:])] == one.value


TestEditorAndIndex = EditorAndIndex.TestCase
TestEditorAndIndex.settings = settings(deadline=None, max_examples=25, stateful_step_count=12)
