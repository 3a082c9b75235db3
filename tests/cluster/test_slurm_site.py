"""The lines of `hub/site/slurm/slurm.conf` are such as a real slurmctld takes, and what the doctor looks for."""

from ccds_kernel.batch.commands import DirectCommands
from ccds_kernel.batch.slurm import SlurmSite
from ccds_kernel.doctor.finding import Verdict
from ccds_kernel.doctor.scheduler.slurm import against_the_rule
from ccds_kernel.doctor.scheduler.slurm_rules import (
    judge_config,
    judge_isolation,
    judge_partitions,
    judge_plugin,
    judge_wall_time,
    read_config,
    read_partitions,
)
from ccds_kernel.settings.sessions import SessionsSettings
from support.checkout import ROOT
from support.components import need_program
from support.slurm import CONTRACT, HOW, Cluster
from support.unix import need_root, open_folder

SITE = ROOT / "hub/site/slurm"


def test_the_site_s_lines_are_taken_and_well() -> None:
    """All of them but cgroups, which need a node of their own; those are looked at as text."""
    need_program("slurmctld", HOW)
    need_root()
    ours = (SITE / "slurm.conf").read_text(encoding="utf-8")
    keys = {line.partition("=")[0] for line in ours.splitlines() if "=" in line and not line.startswith("#")}
    with open_folder() as folder:
        cluster = Cluster(folder, CONTRACT, job_submit=SITE / "job_submit.lua")
        conf = folder / "slurm.conf"
        rest = [line for line in conf.read_text().splitlines() if line.partition("=")[0] not in keys]
        here = ours.replace("proctrack/cgroup", "proctrack/linuxproc").replace("task/cgroup,task/affinity", "task/none")
        conf.write_text("\n".join([*rest, here.replace(" CPUs=", " NodeAddr=127.0.0.1 CPUs="), ""]))
        (folder / "gres.conf").write_text("")
        try:
            cluster.start_munge()
            cluster.start_controller()
            config = read_config(cluster.run("scontrol", "show", "config"))
            partitions = read_partitions(cluster.run("scontrol", "show", "partition", "--oneliner"))
            said = against_the_rule(DirectCommands(env=cluster.env), SlurmSite())
        finally:
            cluster.stop()

    found = [
        *judge_partitions(partitions, SlurmSite()),
        *judge_config(config, SlurmSite()),
        judge_plugin(config, said, own_jobs=True),
        judge_wall_time(partitions, SlurmSite(), SessionsSettings().longest_hours),
    ]
    assert {finding.name: finding.verdict for finding in found if finding.verdict is not Verdict.OK} == {}
    assert judge_isolation(read_config(ours + (SITE / "cgroup.conf").read_text(encoding="utf-8"))).verdict is Verdict.OK
