"""What the hub counts on in a Slurm's configuration: pure judgements over what `scontrol` and `sinfo` print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ccds_kernel.batch.slurm.answers import SlurmNode
from ccds_kernel.batch.slurm.render import SlurmSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.doctor.finding import Finding, Verdict

_SEE = "see docs/slurm.md"
_LEAST_AGE_S = 60
_LINE = (PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH)


def read_config(text: str) -> dict[str, str]:
    """`scontrol show config` as key → value."""
    return dict(re.findall(r"^(\w+)\s*=[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))


def read_partitions(text: str) -> dict[str, dict[str, str]]:
    """`scontrol show partition --oneliner` as name → key → value."""
    rows = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in text.splitlines()]
    return {row["PartitionName"]: row for row in rows if "PartitionName" in row}


def judge_partitions(partitions: Mapping[str, Mapping[str, str]], site: SlurmSite) -> Iterator[Finding]:
    """Whether each class has its partition, and they stand in the right order."""
    for kind, name in site.partitions.items():
        yield _judge_partition(kind, name, partitions.get(name))
    if all(site.partitions[kind] in partitions for kind in _LINE):
        tiers = [int(partitions[site.partitions[kind]].get("PriorityTier", "0")) for kind in _LINE]
        found = f"PriorityTier {tiers[0]} first, {tiers[1]} second, {tiers[2]} batch"
        if tiers[0] > tiers[1] > tiers[2]:
            yield Finding("order", Verdict.OK, found)
        else:
            yield Finding("order", Verdict.WRONG, found, f"make each lower than the one before it; {_SEE}")


def _judge_partition(kind: PriorityClass, name: str, row: Mapping[str, str] | None) -> Finding:
    title = f"partition {kind}"
    if row is None:
        return Finding(title, Verdict.WRONG, f"no {name}", f"add it, or name another one in [slurm]; {_SEE}")
    if row.get("State") != "UP":
        return Finding(
            title, Verdict.WRONG, f"{name} is {row.get('State')}", f"scontrol update PartitionName={name} State=UP"
        )
    mode, wanted = row.get("PreemptMode"), "REQUEUE" if kind is PriorityClass.BATCH else "OFF"
    if mode != wanted:
        return Finding(title, Verdict.WRONG, f"PreemptMode={mode} of {name}", f"set PreemptMode={wanted}; {_SEE}")
    return Finding(title, Verdict.OK, f"{name}, on {row.get('Nodes')}")


def judge_wall_time(partitions: Mapping[str, Mapping[str, str]], site: SlurmSite, longest_hours: int) -> Finding:
    """Whether a session may last as long as the settings let people ask for."""
    rows = {name: partitions.get(name, {}) for name in (site.partitions[kind] for kind in _LINE[:2])}
    limits = {name: row.get("MaxTime", "UNLIMITED") for name, row in rows.items()}
    short = [name for name, limit in limits.items() if 0 < _minutes(limit) < longest_hours * 60]
    if not short:
        return Finding("wall time", Verdict.OK, f"{longest_hours} h of a session fit into the partitions of nodes")
    found = ", ".join(f"MaxTime={limits[name]} of {name}" for name in short)
    return Finding(
        "wall time",
        Verdict.WRONG,
        f"{found}; sessions may ask for {longest_hours} h",
        "raise MaxTime, or lower [sessions] longest_hours",
    )


def judge_config(config: Mapping[str, str], site: SlurmSite) -> Iterator[Finding]:
    """The settings that the hub's promises rest on."""
    kind = config.get("PreemptType", "")
    yield (
        Finding("preemption", Verdict.OK, kind)
        if kind == "preempt/partition_prio"
        else Finding(
            "preemption",
            Verdict.WRONG,
            kind or "none",
            f"set PreemptType=preempt/partition_prio, or batch work never yields; {_SEE}",
        )
    )
    wait_s = _seconds(config.get("KillWait"))
    found = f"{wait_s} s from TERM to KILL, of which the wrapper takes {site.grace_s:.0f}"
    yield (
        Finding("KillWait", Verdict.OK, found)
        if wait_s > site.grace_s
        else Finding("KillWait", Verdict.WRONG, found, f"set KillWait to {site.grace_s + 10:.0f}, or ends are lost")
    )
    age_s = _seconds(config.get("MinJobAge"))
    yield (
        Finding("MinJobAge", Verdict.OK, f"a job that ended is remembered for {age_s} s")
        if age_s >= _LEAST_AGE_S
        else Finding("MinJobAge", Verdict.WEAK, f"jobs are forgotten after {age_s} s", "set MinJobAge=300")
    )
    limits = config.get("EnforcePartLimits", "")
    yield (
        Finding("impossible jobs", Verdict.OK, f"refused at once (EnforcePartLimits={limits})")
        if limits == "ALL"
        else Finding("impossible jobs", Verdict.WEAK, "wait for ever", "set EnforcePartLimits=ALL")
    )
    hidden = config.get("PrivateData", "none")
    if "job" in hidden:
        yield Finding(
            "positions",
            Verdict.WEAK,
            "others' jobs are hidden (PrivateData)",
            "make the service account an operator, or positions count its own jobs only",
        )


def judge_gpus(nodes: Sequence[SlurmNode]) -> Finding:
    """Whether Slurm knows of GPUs to hand out."""
    models: dict[str, int] = {}
    for node in nodes:
        if node.gpus:
            model = node.gpu_model or "of no model"
            models[model] = models.get(model, 0) + node.gpus
    if not models:
        return Finding("GPUs", Verdict.WRONG, "none declared", f"set GresTypes=gpu, and Gres= on the nodes; {_SEE}")
    return Finding("GPUs", Verdict.OK, ", ".join(f"{count} {model}" for model, count in sorted(models.items())))


def judge_isolation(config: Mapping[str, str]) -> Finding:
    """Whether a job can reach a GPU that it wasn't given."""
    by_cgroup = "cgroup" in config.get("ProctrackType", "") and "task/cgroup" in config.get("TaskPlugin", "")
    constrained = config.get("ConstrainDevices", "no").lower() == "yes"
    if by_cgroup and constrained:
        return Finding("isolation", Verdict.OK, "a job reaches its own GPUs only (ConstrainDevices)")
    lacking = "ConstrainDevices" if by_cgroup else "proctrack/cgroup and task/cgroup"
    return Finding(
        "isolation",
        Verdict.WEAK,
        f"no isolation claimed: CUDA_VISIBLE_DEVICES only, without {lacking}",
        f"set what hub/site/slurm has for cgroups; {_SEE}",
    )


def judge_plugin(config: Mapping[str, str], said: str, *, own_jobs: bool) -> Finding:
    """Whether the rule of the second node holds in Slurm itself, and only where it knows persons.

    Args:
        config: of Slurm.
        said: what it said to a job against the rule.
        own_jobs: whether sessions are their people's jobs ([sessions] helper); else to Slurm all are one person's.
    """
    loaded = "lua" in config.get("JobSubmitPlugins", "")
    bites = loaded and "ccds:" in said
    if not own_jobs:
        if not bites:
            return Finding("second-node rule", Verdict.OK, "the hub keeps it: all sessions are one Unix user's")
        return Finding(
            "second-node rule",
            Verdict.WRONG,
            "all sessions are one Unix user's: job_submit.lua takes all but one for second nodes",
            f"remove job_submit.lua; {_SEE}",
        )
    if bites:
        return Finding("second-node rule", Verdict.OK, "job_submit.lua holds it")
    found = "job_submit.lua is loaded, but not ours" if loaded else "only the hub holds it: no job_submit plugin"
    return Finding("second-node rule", Verdict.WEAK, found, f"install hub/site/slurm/job_submit.lua; {_SEE}")


def _minutes(limit: str) -> int:
    """Of `3-00:00:00`; 0 for no limit."""
    found = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d+):\d+", limit)
    days, hours, minutes = (int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    return (days * 24 + hours) * 60 + minutes


def _seconds(text: str | None) -> int:
    """Of `30 sec`."""
    found = re.match(r"\d+", text or "")
    return int(found[0]) if found else 0
