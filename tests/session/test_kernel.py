"""The `ccds` kernel: a real one, started as Jupyter starts it and driven by its messages."""

import json

import pytest

from ccds_kernel.audit.log import FileAuditSink
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.session.kernel import gpu_words
from support.kernel import KERNELSPEC, running_kernel
from support.site import ADMINISTRATOR, application, on_roster, session_of, site_settings, write_settings

OPENED = ("ann", "ProjectOpened", {"action": "open a lab session", "role": "scientist"})
REFUSED = "expected a role that may open a lab session; found bob as fellow"
OUTSIDE = (
    "ccds: expected a session of a project; found a kernel outside a session (CCDS_PROJECT is not set); "
    "start a lab session from the hub's home page"
)


@pytest.fixture
def settings(tmp_path):
    """A site with one project, on which ann is a scientist and bob a fellow."""
    settings = site_settings(tmp_path)
    applied = application(title="Effusions <b>& more</b>", roster=on_roster(ann="scientist", bob="fellow"))
    apply_application(applied, person=ADMINISTRATOR, settings=settings)
    return settings


@pytest.fixture
def events(settings):
    """Who did what in the project since it was applied, read when called."""

    def read() -> list:
        entries = FileAuditSink(settings.paths.audit).entries("CHEST-1")
        return [(entry["person"], entry["event"], entry["detail"]) for entry in entries][1:]

    return read


@pytest.fixture
def kernel(tmp_path, settings):
    """Starts a kernel of the kernelspec, in ann's session of the project unless its environment is `changed`."""
    config = write_settings(settings.paths.state.parent)

    def start(**changed):
        who = session_of(changed.pop("person", "ann"), "CHEST-1", config)
        return running_kernel(tmp_path, {"CCDS_CONFIG": str(config), "CCDS_PROJECT": "CHEST-1"} | who | changed)

    return start


def test_a_kernel_that_is_not_asked_for_the_project_does_not_open_it(kernel, events):
    """Neither its start, nor other code, nor the bare name is an audit event."""
    with kernel() as session:
        answer = session.run("kept = project\ndir(project), callable(project.require), 'project' in dir()\n1 + 1")

    assert answer.shown["text/plain"] == "2"
    assert events() == []


def test_the_first_use_opens_the_project_once(kernel, events, settings):
    """With one audit event, for the person of the session; afterwards it is a project as any other."""
    folder = settings.paths.projects / "CHEST-1"
    with kernel() as session:
        first = session.run("print(project.folder)")
        after_first = events()
        second = session.run(
            "from ccds_kernel.irb.project import Project\n"
            "from ccds_kernel.irb.roles import Action\n"
            "project.require(Action.READ_PHRASES)\n"
            "print(project.id, project.person, isinstance(project, Project), project.application.pi)"
        )

    assert first.printed == f"{folder}\n"
    assert after_first == [OPENED]
    assert second.printed == "CHEST-1 ann True Dr. Reed\n"
    assert events() == [OPENED]


def test_the_project_shows_itself(kernel, events, settings):
    """What somebody needs to know of it, as text and as HTML in which the title is text."""
    with kernel(CUDA_VISIBLE_DEVICES="0,2") as session:
        shown = session.run("project").shown
        displayed = session.run("display(project)").shown

    assert shown["text/plain"] == (
        "Project CHEST-1: Effusions <b>& more</b>\n"
        f"  folder  {settings.paths.projects / 'CHEST-1'}\n"
        "  person  ann (scientist)\n"
        "  until   2999-01-01\n"
        "  GPUs    GPU slots 0, 2"
    )
    assert "CHEST-1: Effusions &lt;b&gt;&amp; more&lt;/b&gt;" in shown["text/html"]
    assert "<b>" not in shown["text/html"]
    assert displayed == shown
    assert events() == [OPENED]


@pytest.mark.parametrize("cell", ["project", "display(project)", "project.folder", "print(project)"])
def test_who_may_not_open_it_is_told_in_one_line(kernel, events, cell):
    """The cell fails, once, whatever it asked for; the refusal is an audit event; the kernel goes on."""
    with kernel(person="bob") as session:
        answer = session.run(cell)
        after = session.run("print('on')")

    assert answer.status == "error"
    assert answer.errors == [f"ccds: {REFUSED}; ask the principal investigator, Dr. Reed"]
    assert events() == [("bob", "AccessDenied", {"action": "open a lab session", "reason": REFUSED})]
    assert (after.status, after.printed) == ("ok", "on\n")


def test_outside_a_session_the_project_is_one_line(kernel, events):
    """Each time, and everything else works."""
    with kernel(CCDS_PROJECT="") as session:
        answers = [session.run("project"), session.run("len(str(project.id))")]
        after = session.run("print(6 * 7)")

    assert [answer.errors for answer in answers] == [[OUTSIDE], [OUTSIDE]]
    assert (after.status, after.printed) == ("ok", "42\n")
    assert events() == []


def test_a_name_of_the_person_wins(kernel, events):
    """Who calls something else `project` keeps it; `%reset` brings the session's back."""
    with kernel() as session:
        own = session.run("project = 5\nprint(project + 1)")
        unused = events()
        session.run("%reset -f")
        back = session.run("print(project.id)")

    assert own.printed == "6\n"
    assert unused == []
    assert back.printed == "CHEST-1\n"


def test_other_errors_are_shown_as_ever_and_ours_on_demand(kernel):
    """A traceback for a defect in the person's code; `%tb` gives that of a line of ours."""
    with kernel(CCDS_PROJECT="") as session:
        defect = session.run("def f():\n    return 1 / 0\nf()").errors
        ours = session.run("project.id").errors
        asked = session.run("%tb").errors

    assert "ZeroDivisionError" in defect[0]
    assert "return" in defect[0]
    assert ours == [OUTSIDE]
    assert "Traceback (most recent call last)" in asked[0]


def test_the_project_can_be_sent_to_a_worker(kernel, events):
    """Open or not, what is unpickled elsewhere is the project; not open it opens where it is used."""
    check = (
        "import multiprocessing as m\n"
        "from operator import attrgetter\n"
        "with m.get_context('spawn').Pool(1) as pool:\n"
        "    print(pool.map(attrgetter('id'), [project]))"
    )
    with kernel() as session:
        unopened = session.run(check)
        after_unopened = events()
        session.run("project.id")
        opened = session.run(check)

    assert (unopened.printed, opened.printed) == ("['CHEST-1']\n", "['CHEST-1']\n")
    assert after_unopened == [OPENED]
    assert events() == [OPENED, OPENED]


@pytest.mark.parametrize(
    ("visible", "words"),
    [
        (None, "no GPU"),
        ("", "no GPU"),
        ("0", "GPU slots 0"),
        ("1,3", "GPU slots 1, 3"),
        (" 1 , 3,", "GPU slots 1, 3"),
        ("GPU-4f2a", "GPU slots GPU-4f2a"),
        ("-1", "no GPU"),
        ("0,-1,2", "GPU slots 0"),
        ("NoDevFiles", "no GPU"),
    ],
)
def test_gpus_are_told_as_cuda_reads_them(visible, words):
    """The slots that the scheduler gave; what comes after a -1 is none."""
    assert gpu_words(visible) == words


def test_a_console_is_greeted_with_its_gpus(kernel):
    """The kernel's banner says them."""
    with kernel(CUDA_VISIBLE_DEVICES="1") as session:
        banner = session.client.kernel_info(reply=True, timeout=60)["content"]["banner"]

    assert banner.endswith("CCDS session: GPU slots 1\n")
    assert banner.startswith("Python ")


def test_the_kernelspec_is_named_for_people():
    """Front ends list it as CCDS, with a logo; they replace `python` by that of the environment."""
    spec = json.loads((KERNELSPEC / "kernel.json").read_text(encoding="utf-8"))

    assert spec["display_name"] == "CCDS"
    assert spec["argv"][0] == "python"
    assert (KERNELSPEC / "logo-svg.svg").exists()
