"""What the hub may have done with the scheduler for a person, and what not, whoever took the hub over."""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from ccds_kernel.batch.commands import Answer
from ccds_kernel.batch.lsf.render import LsfSite
from ccds_kernel.batch.lsf.render import render as lsf_script
from ccds_kernel.batch.mark import Mark, folder_tag
from ccds_kernel.batch.scheduler import JobRefusedError, SchedulerUnavailableError, UnknownJobError
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.slurm.render import render as slurm_script
from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.session import root_helper, root_jobs
from ccds_kernel.session.helped import helper_start
from ccds_kernel.session.helped_commands import HelperCommands
from support.unix import UnixSite, open_folder, run_as, shared_python, sudo_rules, unix_site

HELPER = Path(root_helper.__file__)
SITE = root_helper.Site("/etc/ccds/ccds.toml", Path("/p"), Path("/run/ccds"), Path("/srv/ccds/state"), "slurm", {})
RUN = SITE.runs / "session-ann-0123456789abcdef"
START = (*helper_start(Path(SITE.config)), "server")
MARK = Mark("0" * 12, "1" * 16, PriorityClass.FIRST, "ann")
OURS, LEFT = (f"ccds1:{{tag}}:{MARK.nonce}:first:{owner}" for owner in ("{ann}", "ccdstleft"))
"""What stands with a session's job of this site."""
SPEC = JobSpec(
    name="session-ann", command=("true",), cwd=Path("/"), log=Path("/x"), owner="ann", gpus=2, gpu_model="a100", cpus=4,
    wall_minutes=90, priority_class=PriorityClass.FIRST,
)  # fmt: skip
SCRIPTS = {
    "slurm": slurm_script(SPEC, SlurmSite(start=START), RUN, MARK),
    "lsf": lsf_script(SPEC, LsfSite(start=START), RUN, MARK.text()),
}

PROGRAM = """#!/bin/sh
[ "$1" = --noheader ] && . "$(dirname "$0")/answer"
[ "$1" = --test-only ] && exec sleep 600
id -un; id -Gn; pwd; env | grep -v -e ^_= -e ^PWD= | sort | tr '\\n' ' '; echo; echo "$(basename "$0") $*"; cat
"""
"""Stands for all of a scheduler's programs: says as whom it runs, with what; asked about a job, what stands in a file."""


@pytest.fixture(scope="module")
def site() -> Iterator[UnixSite]:
    """A site whose scheduler's programs tell as whom they run."""
    more = '[sessions]\nhelper = true\n[scheduler]\nengine = "slurm"\n[slurm]\nbin = "{bin}"\nconf = "/etc/slurm.conf"'
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())
        made = stack.enter_context(unix_site("ann", "bob", more=more.format(bin=folder)))
        stack.enter_context(sudo_rules(made))
        for name in ("sbatch", "scancel", "scontrol", "squeue"):
            (folder / name).write_text(PROGRAM, encoding="utf-8")
            (folder / name).chmod(0o755)
        yield made


@pytest.mark.parametrize("engine", SCRIPTS)
def test_what_our_own_schedulers_write_is_taken(engine: str) -> None:
    """As it comes from `render`, for a session with GPUs."""
    kind = root_jobs.KINDS[engine]

    taken = root_jobs.read_script(SITE, kind, SCRIPTS[engine].encode())

    assert taken == SCRIPTS[engine]


LAST = SCRIPTS["slurm"].splitlines()[-1]


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("exec sudo", "exec sudo -u root"), ("exec ", "id; exec "), (LAST, f"id\n{LAST}"), (LAST, f"{LAST}\nid"), (LAST, ""),
        (LAST, "exec id"), (f"{LAST}\n", LAST), (str(RUN), f"{RUN}/../../.."), (str(RUN), "/home/ann"), (LAST, f"{LAST} x"),
        (str(RUN), f"{RUN};id"), ("RESTART_COUNT:-0}", "RESTART_COUNT:-0}$(id)"), ("/bin/sh", "/home/sh"), ("#!/bin/sh\n", ""),
        ("nodes=1", "nodes=$(id)"), ("nodes=1", "nodes=1\nid"), ("nodes=1", "nodes=1\r\nid"), ("nodes=1", "nodes=1 --uid=0"),
        ("nodes=1", "uid=0"), ("nodes=1", "wrap=id"), ("nodes=1", "export=ALL"), ("nodes=1", "no-kill"),
        ("nodes=1", "container-image=x"), ("output=/dev/null", "output=/home/ann/x"), ("chdir=/", "chdir=/home/ann"),
        ("#SBATCH --nodes=1", "#SBATCH\t--nodes=1"), ("#SBATCH --nodes=1", "export LD_PRELOAD=x"), ("nodes=1", "nodes=\u00b9"),
        ("nodes=1", "nodes=" + "1" * 70_000), ("nodes=1", "nodes=`id`"), ("no-requeue", "requeue"),
    ],
)  # fmt: skip
def test_no_other_script_is(there: str, here: str) -> None:
    """One command, which starts the server of a run of ours; directives of a session's; nothing for a shell to read in them."""
    changed = SCRIPTS["slurm"].replace(there, here)
    assert changed != SCRIPTS["slurm"]

    with pytest.raises(root_helper.Refused, match=r"a script (of another form|with another command|that is too long)"):
        root_jobs.read_script(SITE, root_jobs.KINDS["slurm"], changed.encode())


def here(site: UnixSite, script: str = SCRIPTS["slurm"]) -> str:
    """The script for this site."""
    script = script.replace(str(RUN), str(site.folder / "state" / "scheduler" / "jobs" / RUN.name))
    return script.replace(" ".join(START), f"sudo -n -- {shared_python()} -I -S {HELPER} {site.config} server")


def helper(
    site: UnixSite, *words: str, stdin: str = "", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The helper, as the hub calls it for the scheduler."""
    call = ["sudo", "-n", str(shared_python()), "-I", "-S", str(HELPER), str(site.config), "scheduler"]
    return run_as(site.users["service"], *call, *words, stdin=stdin, env=env)


def answer(site: UnixSite, text: str) -> None:
    """Lets the scheduler say `text`, with this site's people and tag in it, when it is asked whose a job is."""
    text = text.format(**site.users, tag=folder_tag(site.folder / "state" / "scheduler"))
    _answer(site, f"cat <<'END'\n{text.rstrip()}\nEND\nexit 0\n" if text else "exit 0\n")


def fail(site: UnixSite, said: str) -> None:
    """Lets its question fail with these words."""
    _answer(site, f"echo '{said}' >&2; exit 1\n")


def _answer(site: UnixSite, script: str) -> None:
    Path(site.settings.slurm.bin or "", "answer").write_text(script, encoding="utf-8")


def test_a_job_is_submitted_by_the_person_without_their_groups_and_anybody_s_environment(site: UnixSite) -> None:
    """And with the site's own slurm.conf."""
    ann = site.users["ann"]

    ended = helper(
        site, ann, "sbatch", "--parsable", stdin=here(site), env={"SBATCH_UID": "0", "SLURM_CONF": "/home/x"}
    )

    user, groups, folder, env, call, *script = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (user, groups, folder, call) == (ann, ann, "/", "sbatch --parsable")
    assert env.split() == ["HOME=/", "LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin", "SLURM_CONF=/etc/slurm.conf"]
    assert "\n".join([*script, ""]) == here(site)


MOVED = [("Partition=second",), ("TimeLimit=+30",), ("Partition=second", f"Comment={MARK.text()}")]


@pytest.mark.parametrize(
    "call", [("scancel", "12"), *(("scontrol", "update", "JobId=12", *change) for change in MOVED)]
)
def test_a_session_is_moved_made_longer_and_ended_by_root(site: UnixSite, call: tuple[str, ...]) -> None:
    """Which its owner may not do by themselves, and which has to be done when they have none of their rights any more."""
    answer(site, "{ann}|" + OURS)

    ended = helper(site, site.users["ann"], *call)

    assert ended.stdout.splitlines()[0] == "root"
    assert ended.stdout.splitlines()[4] == " ".join(call)


@pytest.mark.parametrize(("person", "said"), [("ccdstleft", "4711|" + LEFT), ("{ann}", "{ann}|written over")])
def test_whatever_became_of_its_person_and_its_mark_a_job_is_ended(site: UnixSite, person: str, said: str) -> None:
    """Of who has left the site the scheduler knows the number only; a mark is the owner's to write over."""
    answer(site, said)

    ended = helper(site, person.format(**site.users), "scancel", "12")

    assert (ended.returncode, ended.stdout.splitlines()[4]) == (0, "scancel 12")


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("{ann}", "{bob}|" + OURS), ("{ann}", "4711|" + OURS), ("{ann}", "root|x"), ("ccdstleft", "4711|" + OURS),
        ("ccdstleft", "4711|" + LEFT.replace("{tag}", "0" * 12)), ("ccdstleft", "4711|x"), ("ccdstleft", "{bob}|" + LEFT),
    ],
)  # fmt: skip
def test_nobody_else_s_job_is_ended(site: UnixSite, person: str, said: str) -> None:
    """By what the scheduler says at that moment; a number without a name may be anybody who has left."""
    answer(site, said)

    ended = helper(site, person.format(**site.users), "scancel", "12")

    assert (ended.returncode, ended.stdout) == (root_helper.REFUSED, "")


@pytest.mark.parametrize("words", [("scancel", "12"), ("scontrol", "update", "JobId=12", "Partition=second")])
def test_no_job_and_no_answer_are_told_apart(
    site: UnixSite, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that Slurm has forgotten has ended; one of which it says nothing lives."""
    monkeypatch.setattr(sys, "executable", str(shared_python()))
    commands = HelperCommands(site.config, AsService(site))
    ann = site.users["ann"]

    for let in (lambda: answer(site, ""), lambda: fail(site, "slurm_load_jobs error: Invalid job id specified")):
        let()
        with pytest.raises(UnknownJobError):
            commands.run(words, owner=ann)
    fail(site, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    with pytest.raises(SchedulerUnavailableError, match="doesn't say whose"):
        commands.run(words, owner=ann)
    answer(site, f"{site.users['bob']}|x")
    with pytest.raises(JobRefusedError, match="another person's job"):
        commands.run(words, owner=ann)


@pytest.mark.parametrize(
    "said",
    [
        "4711|" + OURS, "{bob}|" + OURS, "{ann}|", "{ann}|by hand", "{ann}", "root|x", "{ann}|" + OURS + "\n{bob}|x",
        "{ann}|" + OURS.replace("first", "batch"), "{ann}|" + OURS.replace("{tag}", "0" * 12),
        "{ann}|" + OURS.replace("{ann}", "{bob}"), "{ann}|" + LEFT,
    ],
)  # fmt: skip
def test_nobody_else_s_job_and_no_other_job_is_moved(site: UnixSite, said: str) -> None:
    """By what the scheduler says at that moment."""
    answer(site, said)

    ended = helper(site, site.users["ann"], "scontrol", "update", "JobId=12", "Partition=interactive")

    assert (ended.returncode, ended.stdout) == (root_helper.REFUSED, "")
    assert ended.stderr == "ccds root helper: another person's job, no session's, or none\n"


@pytest.mark.parametrize(
    "words",
    [
        (), ("{ann}",), ("{ann}", "sh", "-c", "id"), ("{ann}", "/bin/sh"), ("{ann}", "../sbatch"), ("{ann}", "srun", "id"),
        ("{ann}", "sbatch", "--uid=0"), ("{ann}", "sbatch", "/home/x"), ("{ann}", "sbatch", "--wrap=id"), ("{ann}", "scancel"),
        ("{ann}", "scancel", "--user=bob"), ("{ann}", "scancel", "12", "13"), ("{ann}", "scancel", "-1"),
        ("{ann}", "scancel", "12\n"), ("{ann}", "scontrol", "shutdown"), ("{ann}", "scontrol", "update", "JobId=12", "UserID=0"),
        ("{ann}", "scontrol", "update"), ("{ann}", "scontrol", "update", "JobId=12", "JobId=13"), ("{ann}", "bkill", "1"),
        ("{ann}", "scontrol", "update", "NodeName=n1", "JobId=12"), ("{ann}", "scontrol", "update", "JobId=12", "Partition=a b"),
        ("root", "sbatch", "--parsable"), ("{service}", "sbatch", "--parsable"), ("daemon", "sbatch", "--parsable"),
        ("{ann};id", "sbatch", "--parsable"), ("nobody-of-that-name", "sbatch", "--parsable"), ("root", "scancel", "12"),
    ],
)  # fmt: skip
def test_nothing_else_is_run(site: UnixSite, words: tuple[str, ...]) -> None:
    """No other program, argument or person."""
    answer(site, "{ann}|" + OURS)

    ended = helper(site, *(word.format(**site.users) for word in words), stdin=here(site))

    assert (ended.returncode, ended.stdout) == (root_helper.REFUSED, "")
    assert ended.stderr.startswith("ccds root helper: ")


def test_a_program_that_is_not_root_s_alone_is_not_run(site: UnixSite) -> None:
    """Whoever could write it would be everybody."""
    program = Path(site.settings.slurm.bin or "", "scancel")
    shutil.chown(program, site.users["bob"])

    ended = helper(site, site.users["ann"], "scancel", "12")
    shutil.chown(program, 0)

    assert ended.stderr == "ccds root helper: scancel isn't root's alone\n"


class AsService:
    """Runs programs as the service account, as the hub does."""

    def __init__(self, site: UnixSite) -> None:
        self._site = site

    def run(self, argv: Sequence[str], *, stdin: str = "", owner: str | None = None) -> Answer:
        """See `Commands.run`."""
        assert owner is None
        ended = run_as(self._site.users["service"], *argv, stdin=stdin)
        return Answer(ended.returncode, ended.stdout, ended.stderr)


def test_the_hub_asks_by_itself_and_acts_as_the_person(site: UnixSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an owner through the helper, without one as it is; a refusal, or a program that hangs, leaves everything as it was."""
    monkeypatch.setattr(sys, "executable", str(shared_python()))
    commands = HelperCommands(site.config, AsService(site))

    mine = commands.run(("id", "-un"))
    hers = commands.run(("sbatch", "--parsable"), stdin=here(site), owner=site.users["ann"])

    assert mine.out.strip() == site.users["service"]
    assert hers.out.splitlines()[0] == site.users["ann"]
    with pytest.raises(JobRefusedError, match="not a person"):
        commands.run(("sbatch", "--parsable"), stdin=here(site), owner="root")
    with pytest.raises(JobRefusedError, match="a script of another form"):
        commands.run(("sbatch", "--parsable"), stdin="id", owner=site.users["ann"])
    with pytest.raises(SchedulerUnavailableError, match="none in time"):
        commands.run(("sbatch", "--test-only"), stdin=here(site), owner=site.users["ann"])
    assert "sleep" not in run_as(site.users["ann"], "ps", "-u", site.users["ann"], "-o", "comm=").stdout
