"""Any sequence of changes of a task's phrases, undone here and there, on the task index and on the reference beside it.

Reports are made of few words, so that phrases match often, share words, nest, repeat and stand beside cues; of sentences whose
ends are known; and of sections of which one is left out.
"""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ccds_kernel.labeling.cues import Cues
from ccds_kernel.labeling.matches import Conflict, Counts, Preview
from ccds_kernel.labeling.phrase import Phrase
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.task_index import TaskIndex
from ccds_kernel.labeling.tasks.task import Task, TaskKind
from support.labeling_reference import CERTAIN, NEGATED, UNCERTAIN, Reference, WrittenSection

CUES = Cues(
    negation_before=["no", "without", "no sign of"],
    negation_after=["is excluded", "isn't there"],
    uncertainty_before=["possible", "may be", "?"],
    uncertainty_after=["possible", "cannot be excluded"],
    look_alikes=["no change"],
    scope_ends=["but", ";"],
    negation_right_after=["absent"],
    uncertainty_right_after=["likely"],
    scope_ends_backward=[","],
    affirmation_right_after=["stable"],
    negation_opening=["gone"],
)
LEFT_OUT = "indication"

findings = st.sampled_from(["effusion", "mass", "straße", "STRASSE", "İ", "e\u0301", "ﬁ", "fi", "effu\u00adsion", "²"])
cue_words = st.sampled_from(
    [
        *("no", "NO", "without", "no sign of", "is excluded", "absent", "possible", "may be", "cannot be excluded"),
        *("no change", "but", ";", "?", ",", "sign", "of", "excluded", "(no", "no)", "nodule"),
        *("isn\u2019t there", "likely", "stable", "gone", ":"),
    ]
)
words = st.one_of(findings, findings, cue_words)
spaces = st.sampled_from([" ", " ", " ", "  ", "\u00a0", "\t"])
ends = st.sampled_from(
    [(". ", ""), ("! ", ""), ("? ", ""), (".\r\n\r\n", ""), ("\n \n", ""), (".\n", "- "), ("\n", "* ")]
)
"""What ends a sentence, and the mark of the next one where that is an item of a list."""


@st.composite
def written_sections(draw, name: str) -> WrittenSection:
    """A section of up to four sentences, some broken into lines; those have neither capitals nor colons, with which lines end
    sentences.
    """
    sentences: list[str] = []
    mark = ""
    broken = draw(st.booleans())
    used = words.filter(lambda word: word == word.casefold() != ":") if broken else words
    between = spaces | st.just("\n") if broken else spaces
    for _ in range(draw(st.integers(0, 4))):
        chosen = draw(st.lists(used, min_size=1, max_size=7))
        end, next_mark = draw(ends)
        if end == "\n" or chosen[-1] == "?":  # "of" goes on over a line feed, and a mark of its own ends nothing
            chosen.append("nodule")
        sentences.append(mark + chosen[0] + "".join(draw(between) + word for word in chosen[1:]) + end)
        mark = next_mark
    return WrittenSection(name, tuple(sentences))


written_reports = st.tuples(written_sections(LEFT_OUT), written_sections("findings"), written_sections("impression"))
texts = st.lists(words, min_size=1, max_size=3).map(" ".join)
phrases = st.builds(
    Phrase,
    texts,
    st.sampled_from(["A", "B", "C"]),
    negatable=st.booleans(),
    uncertain_label=st.none() | st.sampled_from(["perhaps", "absent"]),
)
"""Phrases as both kinds of task take them."""


class TaskIndexAgainstReference(RuleBasedStateMachine):
    """After any sequence of changes the index says what the reference says.

    Attributes:
        changes: how many were made, those taken back counted once more.
    """

    def __init__(self) -> None:
        super().__init__()
        self.index = TaskIndex(TaskKind.ONE, [])
        self.reference = Reference([], [], CUES, several=False)
        self.undoing: list[tuple[Callable[[], object], dict[str, list[Phrase]]]] = []
        self.changes = 0

    @initialize(kind=st.sampled_from(TaskKind), written=st.lists(written_reports, min_size=1, max_size=8))
    def start(self, kind, written) -> None:
        """Reports to begin with."""
        task = Task("any", kind, left_out=frozenset({LEFT_OUT.upper()}), cues=CUES)
        reports = [
            Report(f"A{number}", tuple(Section(section.name, section.text) for section in sections))
            for number, sections in enumerate(written)
        ]
        self.index = TaskIndex.of(task, reports)
        self.reference = Reference(written, {LEFT_OUT}, CUES, several=kind is TaskKind.SEVERAL)

    def _keep(self, undo: Callable[[], object]) -> None:
        """Remembers how the index goes back to what the reference says now, before it is changed."""
        self.changes += 1
        self.undoing.append((undo, {name: list(listed) for name, listed in self.reference.lists.items()}))

    def _fits(self, phrase: Phrase, *, instead_of: Phrase | None = None) -> bool:
        listed = self.reference.lists.get(self.reference.list_of(phrase), [])
        return all(one.normalised != phrase.normalised or one is instead_of for one in listed)

    def _any_place(self, data) -> tuple[str, int]:
        filled = sorted(name for name, listed in self.reference.lists.items() if listed)
        name = data.draw(st.sampled_from(filled))
        return name, data.draw(st.integers(0, len(self.reference.lists[name]) - 1))

    @rule(phrase=phrases, excludes=st.booleans(), data=st.data())
    def insert(self, phrase, excludes, data) -> None:
        """A new phrase anywhere, with its preview."""
        phrase = self._as_task_takes_it(phrase, excludes=excludes)
        if not self._fits(phrase):
            return
        name = self.reference.list_of(phrase)
        listed = self.reference.lists.get(name, [])
        position = data.draw(st.integers(0, len(listed)))
        self._keep(lambda: self.index.remove(name, position))
        assert self.index.preview(phrase) == self._expected_preview(phrase)
        self.index.insert(phrase, position)
        self.reference.lists.setdefault(name, []).insert(position, phrase)

    @precondition(lambda self: any(self.reference.lists.values()))
    @rule(data=st.data())
    def remove(self, data) -> None:
        """Any phrase goes."""
        name, position = self._any_place(data)
        phrase = self.reference.lists[name][position]
        self._keep(lambda: self.index.insert(phrase, position))
        assert self.index.remove(name, position) == phrase
        self.reference.lists[name].pop(position)

    @precondition(lambda self: any(self.reference.lists.values()))
    @rule(data=st.data())
    def move(self, data) -> None:
        """Any phrase to any place of its list."""
        name, old = self._any_place(data)
        new = data.draw(st.integers(0, len(self.reference.lists[name]) - 1))
        self._keep(lambda: self.index.move(name, new, old))
        self.index.move(name, old, new)
        self.reference.lists[name].insert(new, self.reference.lists[name].pop(old))

    @precondition(lambda self: any(self.reference.lists.values()))
    @rule(other=phrases, same_words=st.booleans(), excludes=st.booleans(), data=st.data())
    def replace(self, other, same_words, excludes, data) -> None:
        """Any phrase becomes another, or the same one with other options."""
        name, position = self._any_place(data)
        before = self.reference.lists[name][position]
        text = before.text if same_words else other.text
        phrase = self._as_task_takes_it(
            Phrase(text, other.label, other.negatable, other.uncertain_label), excludes=excludes
        )
        if not self._fits(phrase, instead_of=before):
            return
        goal = self.reference.list_of(phrase)
        if goal == name:
            self._keep(lambda: self.index.replace(name, position, before))
            self.reference.lists[name][position] = phrase
        else:
            end = len(self.reference.lists.get(goal, []))
            self._keep(lambda: (self.index.remove(goal, end), self.index.insert(before, position)))
            self.reference.lists.setdefault(goal, []).append(phrase)
            self.reference.lists[name].pop(position)
        self.index.replace(name, position, phrase)

    @precondition(lambda self: self.undoing)
    @rule()
    def undo(self) -> None:
        """The newest change is taken back."""
        self.changes += 1
        undo, before = self.undoing.pop()
        undo()
        self.reference.lists = before

    @invariant()
    def says_what_the_reference_says(self) -> None:
        """Holds after every step: phrases, labels, counts, reports, conflicts."""
        for name in {*self.index.lists, *self.reference.lists}:
            self._compare(name)

    def _compare(self, name: str) -> None:
        listed = self.reference.lists.get(name, [])
        index = self.index.lists.get(name)
        if index is None:
            assert not listed
            return
        matching = self.reference.matching(name)
        first = [found[0] if found else -1 for found in matching]
        labels = self.reference.labels(name)
        soft = index.soft_labels()
        assert index.phrases == tuple(listed)
        assert index.first.tolist() == first
        assert soft.to_list() == labels
        assert {label: count for label, count in soft.counts.items() if count} == {
            label: labels.count(label) for label in set(labels) - {None}
        }
        for position, (phrase, counts) in enumerate(zip(listed, index.counts, strict=True)):
            raw = [report for report, found in enumerate(matching) if position in found]
            captured = [report for report in raw if first[report] == position]
            uncertain = self.reference.with_verdict(phrase, UNCERTAIN)
            negated = self.reference.with_verdict(phrase, NEGATED)
            assert counts == Counts(len(captured), len(raw), len(raw) - len(captured), len(uncertain), len(negated))
            assert index.reports_of(position).tolist() == raw
            assert index.reports_of(position, captured_only=True).tolist() == captured
            assert index.uncertain_reports_of(position).tolist() == uncertain
            assert index.negated_reports_of(position).tolist() == negated
        conflicts = self.reference.conflicts(name)
        assert set(index.conflicts()) == {Conflict(*pair, len(reports)) for pair, reports in conflicts.items()}
        assert index.reports_in_conflict().tolist() == sorted(
            {one for reports in conflicts.values() for one in reports}
        )
        for (captured_by, hidden), reports in conflicts.items():
            assert index.reports_in_conflict(captured_by, hidden).tolist() == reports

    def _as_task_takes_it(self, phrase: Phrase, *, excludes: bool) -> Phrase:
        return Phrase(
            phrase.text, phrase.label, phrase.negatable, phrase.uncertain_label, excludes and self.reference.several
        )

    def _expected_preview(self, phrase: Phrase) -> Preview:
        name = self.reference.list_of(phrase)
        raw = self.reference.with_verdict(phrase, CERTAIN, UNCERTAIN)
        matching = self.reference.matching(name)
        holders = [matching[report][0] for report in raw if matching[report]]
        return Preview(
            raw=len(raw),
            captured_if_last=len(raw) - len(holders),
            captured_if_first=len(raw),
            takes_from={holder: holders.count(holder) for holder in set(holders)},
            uncertain=len(self.reference.with_verdict(phrase, UNCERTAIN)),
            negated=len(self.reference.with_verdict(phrase, NEGATED)),
        )
