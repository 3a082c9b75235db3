"""Asks a site's LSF what it is and does, and has it run one tiny job; `lsf_rules` judges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.lsf import LsfScheduler, parse, request
from ccds_kernel.batch.lsf.from_settings import lsf_commands, lsf_site
from ccds_kernel.batch.lsf.parse import NotAnAnswerError
from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.scheduler.lsf_rules import (
    cluster_name,
    judge_config,
    judge_gpus,
    judge_queues,
    judge_rule,
    read_config,
)
from ccds_kernel.doctor.scheduler.tiny_job import ForPeople, run_tiny_job
from ccds_kernel.settings import Settings

_QUEUES = ("bqueues", "-json", "-o", "queue_name priority status")


def examine_lsf(settings: Settings, people: ForPeople) -> Iterator[Finding]:
    """Everything, as far as LSF answers in the forms that we know."""
    site, commands = lsf_site(settings), lsf_commands(settings)
    try:
        version = _said(commands, "lsid")
        yield Finding("programs", Verdict.OK, version.strip().partition("\n")[0])
        jobs = parse.jobs(_records(commands, *request.ALL_JOBS), datetime.now(UTC))
        hosts = parse.hosts(_records(commands, *request.HOSTS), site.memory_unit)
        models = parse.gpu_models(_said(commands, *request.GPUS))
        queues = _records(commands, *_QUEUES)
    except (SchedulerUnavailableError, NotAnAnswerError) as error:
        found = error.found if isinstance(error, SchedulerUnavailableError) else str(error)
        yield Finding("answers", Verdict.WRONG, found, "see that LSF runs, and what [lsf] names; see docs/lsf.md")
        return
    yield Finding("answers", Verdict.OK, f"{cluster_name(version)}: {len(hosts)} hosts, {len(jobs)} jobs")
    yield from judge_queues(queues, site)
    conf = read_config(_shown(commands, "badmin", "showconf", "mbd"))
    yield from judge_config(read_config(_shown(commands, "bparams", "-a")), conf, site)
    yield from judge_rule(_shown(commands, "blimits", "-c"), conf, own_jobs=settings.sessions.helper)
    yield judge_gpus(models)
    yield from run_tiny_job(settings, lambda folder: LsfScheduler(folder, site, commands), people)


def _records(commands: Commands, *argv: str) -> list[dict[str, str]]:
    answer = commands.run(argv)
    try:
        return parse.records(answer.out, answer.err, argv[0])
    except NotAnAnswerError:
        words = parse.own_words("", answer.err) or "no answer of a form that we know"
        raise NotAnAnswerError(f"{argv[0]}: {words}") from None


def _said(commands: Commands, *argv: str) -> str:
    """What one of LSF's programs prints.

    Raises:
        SchedulerUnavailableError: it failed.
    """
    answer = commands.run(argv)
    if answer.code:
        raise SchedulerUnavailableError(
            expected=f"an answer of {argv[0]}", found=parse.own_words(answer.out, answer.err), do="see whether LSF runs"
        )
    return answer.out


def _shown(commands: Commands, *argv: str) -> str:
    """What it prints; nothing where it fails: not everybody may see everything."""
    try:
        return _said(commands, *argv)
    except SchedulerUnavailableError:
        return ""
