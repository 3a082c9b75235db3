"""The apps, and the kernel's functions behind them: each page is open already when its person's role and standing change."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import pytest

from ccds_kernel.airlock.airlock import Airlock
from ccds_kernel.airlock.door import visit
from ccds_kernel.airlock.submission import Kind
from ccds_kernel.archive.archive import StudyFound
from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.cohort.criteria import Criteria
from ccds_kernel.cohort.repository import CohortRepository
from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.retrieval.asking import keep_criteria
from ccds_kernel.imaging.retrieval.queue import RetrievalQueue
from ccds_kernel.imaging.studies.repository import ImageStudies
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.labeling.confirmation.batch import BatchItem
from ccds_kernel.labeling.confirmation.curating import Curating
from ccds_kernel.labeling.report import Report, Section
from ccds_kernel.labeling.repository import LabelingRepository
from ccds_kernel.labeling.tasks.repository import TaskRepository
from ccds_kernel.settings import Settings
from support.airlock import REASON, TABLE
from support.dicom import Stack, write_stack
from support.image_studies import KEY, RULES
from support.image_studies import name_of as series_name
from support.layers.app_pages import GAP, GAPPED, PROJECT, TASK, Pages, words_of
from support.layers.app_rules import THINGS
from support.matrix import COLLEAGUE, ROLES, Cell, all_as, in_standing, name_of
from support.site import ADMINISTRATOR, act_as, site_settings, write_settings

_CRITERIA = Criteria(frozenset({"CXR1"}), date(2019, 1, 1), date(2019, 12, 31))
_CODE_AND_DAY = ("CXR1", date(2019, 1, 2))


class AppsLayer:
    """Each `observe` makes a site anew, in which everybody opens every page as somebody who may.

    `silent` is then what was refused without a word in the audit log.
    """

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self.things = THINGS
        self._folder = folder
        self._environment = environment
        self._count = 0
        self.silent: set[Cell] = set()

    def observe(self, standing: str, roles: Iterable[str]) -> dict[Cell, bool]:
        """Opened as a fellow and as an engineer; then come the person's own role and the standing."""
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        self._environment.setenv("CCDS_CONFIG", str(write_settings(folder)))
        self._environment.setenv("CCDS_PROJECT", PROJECT)
        with ExitStack() as stack:
            settings = site_settings(folder)
            pages = self._opened(settings, folder, tuple(roles), stack)
            apply_application(in_standing(PROJECT, standing), person=ADMINISTRATOR, settings=settings)
            found = {}
            self.silent = set()
            for role, page in pages.items():
                act_as(self._environment, name_of(role), PROJECT)
                for thing, attempt in page.tries().items():
                    before = _denials(settings, name_of(role))
                    found[role, thing] = _works(attempt)
                    if not found[role, thing] and _denials(settings, name_of(role)) == before:
                        self.silent.add((role, thing))
            return found

    def _opened(self, settings: Settings, folder: Path, roles: tuple[str, ...], stack: ExitStack) -> dict[str, Pages]:
        def apply(application: IrbApplication) -> None:
            apply_application(application, person=ADMINISTRATOR, settings=settings)

        def begin(role: str) -> Pages:
            act_as(self._environment, name_of(role), PROJECT)
            return pages[role]

        results = folder / "results"
        results.mkdir()
        (results / "table.csv").write_text(TABLE)
        apply(all_as(PROJECT, "engineer"))
        _image_study(settings, stack)
        queued = _queued_study(settings, stack)
        scheduler = LocalScheduler(folder / "state" / "scheduler", capacity=Capacity(cpus=1, memory_mb=1000))
        stack.callback(scheduler.shutdown, cancel_jobs=True)
        colleague_s = open_project(PROJECT, Action.LOAD_REPORTS, person=COLLEAGUE, settings=settings)
        stack.callback(colleague_s.store.close)
        text = " ".join(["guard", *(word for role in ROLES for word in words_of(role))])
        texts = {"ACC1": text, "ACC2": "for a further batch"}
        loaded = [Report(accession, (Section("findings", said),), *_CODE_AND_DAY) for accession, said in texts.items()]
        LabelingRepository(colleague_s).load_reports(loaded)
        CohortRepository(colleague_s).keep("kept", _CRITERIA)
        stored, _ = LabelingRepository(colleague_s).reports()
        colleague_airlock = visit(PROJECT, person=COLLEAGUE, settings=settings)
        stack.callback(colleague_airlock.project.close)
        submitted = Airlock(colleague_airlock).submit(Kind.TABLE, REASON, results, ["table.csv"]).submission

        pages = {role: Pages(role, results, stack) for role in roles}
        for role in roles:
            begin(role).open_as_engineer(scheduler, submitted.id, submitted.digest, queued)
        apply(all_as(PROJECT, "fellow"))
        batch = _batch(settings, stored.study_key, roles, stack)
        for role in roles:
            begin(role).open_as_fellow(batch, stored.study_key)
        return pages


@contextmanager
def apps_layer(folder: Path) -> Iterator[AppsLayer]:
    """Apps of sites in `folder`."""
    with pytest.MonkeyPatch.context() as environment:
        yield AppsLayer(folder, environment)


def _image_study(settings: Settings, stack: ExitStack) -> None:
    """A study with one series, and its volume; rules that choose it. Another one with a gap, in quarantine."""
    series = Stack(slices=3)
    dicom = settings.paths.projects / PROJECT / "dicom"
    write_stack(dicom / KEY / "one", series)
    write_stack(dicom / GAPPED / "one", GAP)[2].unlink()
    project = open_project(PROJECT, Action.WRITE_IMAGES, person=COLLEAGUE, settings=settings)
    stack.callback(project.close)
    studies = ImageStudies(project)
    studies.keep_rules(RULES)
    for key, chosen in ((KEY, series), (GAPPED, GAP)):
        studies.overrule(key, series_name(chosen), "to be looked at")
        studies.make_volumes(key)


def _queued_study(settings: Settings, stack: ExitStack) -> str:
    """Criteria that are kept, and a study that waits in the queue by them; its key."""
    project = open_project(PROJECT, Action.WRITE_IMAGES, person=COLLEAGUE, settings=settings)
    stack.callback(project.close)
    kept = keep_criteria(project, "kept", _CRITERIA)
    queue = RetrievalQueue(project)
    queue.request([StudyFound("1.2.3", "ACC3", None, ("CXR1",), _CRITERIA.first)], kept)
    (waiting,) = queue.requests()
    return waiting.study_key


def _batch(settings: Settings, study_key: str, roles: Sequence[str], stack: ExitStack) -> int:
    """A batch of the one study, for everybody; as one of them made it."""
    project = open_project(PROJECT, Action.CURATE_LABELS, person=name_of(roles[0]), settings=settings)
    stack.callback(project.close)
    (stored,) = TaskRepository(project).tasks()
    TaskRepository(project).change(TASK, stored.task, stored.task.with_labels(["Seen"]))
    curating = Curating(project, TASK)
    items = [BatchItem(study_key, None, frozenset({"Seen"}))]
    batch = curating.make_batch("for everybody", items, overlap=len(ROLES)).id
    for role in roles:
        curating.assign(batch, name_of(role))
    return batch


def _denials(settings: Settings, person: str) -> int:
    entries = FileAuditSink(settings.paths.audit).entries(PROJECT)
    return sum(one["event"] == "AccessDenied" and one["person"] == person for one in entries)


def _works(attempt: Callable[[], object]) -> bool:
    """Whether it isn't refused. That it would work otherwise is shown by those who may."""
    try:
        attempt()
    except CcdsError:
        return False
    return True
