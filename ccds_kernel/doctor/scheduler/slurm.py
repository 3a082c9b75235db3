"""Asks a site's Slurm what it is and does, and has it run one tiny job; `slurm_rules` judges."""

from __future__ import annotations

from collections.abc import Iterator

from ccds_kernel.batch.commands import Commands
from ccds_kernel.batch.scheduler import SchedulerUnavailableError
from ccds_kernel.batch.slurm.answers import own_words, read_jobs, read_nodes
from ccds_kernel.batch.slurm.client import SlurmScheduler
from ccds_kernel.batch.slurm.from_settings import slurm_commands, slurm_site
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.doctor.finding import Finding, Verdict
from ccds_kernel.doctor.scheduler.slurm_rules import (
    judge_config,
    judge_gpus,
    judge_isolation,
    judge_partitions,
    judge_plugin,
    judge_wall_time,
    read_config,
    read_partitions,
)
from ccds_kernel.doctor.scheduler.tiny_job import ForPeople, run_tiny_job
from ccds_kernel.settings import Settings


def examine_slurm(settings: Settings, people: ForPeople) -> Iterator[Finding]:
    """Everything, as far as Slurm answers."""
    site, commands = slurm_site(settings), slurm_commands(settings)
    try:
        yield Finding("programs", Verdict.OK, _said(commands, "sinfo", "--version").strip())
        jobs = read_jobs(_said(commands, "squeue", "--json", "--all", "--states=all"))
        nodes = read_nodes(_said(commands, "sinfo", "--json", "--all"))
        config = read_config(_said(commands, "scontrol", "show", "config"))
        partitions = read_partitions(_said(commands, "scontrol", "show", "partition", "--oneliner"))
    except SchedulerUnavailableError as error:
        yield Finding("answers", Verdict.WRONG, error.found, "see that slurmctld and munge run, and what [slurm] names")
        return
    yield Finding(
        "answers", Verdict.OK, f"{config.get('ClusterName', 'slurmctld')}: {len(nodes)} nodes, {len(jobs)} jobs"
    )
    yield from judge_partitions(partitions, site)
    yield judge_wall_time(partitions, site, settings.sessions.longest_hours)
    yield from judge_config(config, site)
    yield judge_gpus(nodes)
    yield judge_isolation(config)
    yield judge_plugin(config, against_the_rule(commands, site), own_jobs=settings.sessions.helper)
    yield from run_tiny_job(settings, lambda folder: SlurmScheduler(folder, site, commands), people)


def _said(commands: Commands, *argv: str) -> str:
    """What one of Slurm's programs prints.

    Raises:
        SchedulerUnavailableError: it failed.
    """
    answer = commands.run(argv)
    if answer.code:
        raise SchedulerUnavailableError(
            expected=f"an answer of {argv[0]}", found=own_words(answer.err), do="see whether Slurm runs"
        )
    return answer.out


def against_the_rule(commands: Commands, site: SlurmSite) -> str:
    """What Slurm says to many tasks in the partition of first nodes; it is asked only, nothing is submitted."""
    partition = site.partitions[PriorityClass.FIRST]
    script = f"#!/bin/sh\n#SBATCH --partition={partition} --array=0-1 --time=1 --output=/dev/null\ntrue\n"
    return commands.run(("sbatch", "--test-only"), stdin=script).err
