"""What the hub counts on in an LSF's configuration: pure judgements over what LSF's programs print.

How `bparams -a`, `badmin showconf mbd` and `blimits -c` lay their lines out is from memory: a line that isn't found makes a
finding that says so, never one that all is well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ccds_kernel.batch.lsf.render import LsfSite
from ccds_kernel.batch.spec import PriorityClass
from ccds_kernel.doctor.finding import Finding, Verdict

LIMIT = "ccds_first_node"
_SEE = "see docs/lsf.md"
_LINE = (PriorityClass.FIRST, PriorityClass.SECOND, PriorityClass.BATCH)
_ON = ("y", "yes", "1")


def read_config(text: str) -> dict[str, str]:
    """`bparams -a` and `badmin showconf mbd` as key → value, without what stands in brackets behind a number."""
    found = re.findall(r"^\s*([A-Z][A-Z0-9_]+)\s*=[ \t]*(.*?)[ \t]*(?:\([^)]*\))?[ \t]*$", text, re.MULTILINE)
    return {key: value.strip('"') for key, value in found}


def cluster_name(text: str) -> str:
    """The cluster that lsid names; "LSF" where it names none."""
    found = re.search(r"My cluster name is (\S+)", text)
    return found[1] if found else "LSF"


def judge_queues(queues: Sequence[Mapping[str, str]], site: LsfSite) -> Iterator[Finding]:
    """Whether each class has its queue, open, and they stand in the right order."""
    known = {queue.get("QUEUE_NAME", ""): queue for queue in queues}
    for kind, name in site.queues.items():
        title = f"queue {kind}"
        status = known.get(name, {}).get("STATUS", "")
        if name not in known:
            yield Finding(title, Verdict.WRONG, f"no {name}", f"add it, or name another one in [lsf]; {_SEE}")
        elif not status.startswith("Open:Act"):
            yield Finding(title, Verdict.WRONG, f"{name} is {status}", f"badmin qopen {name}; badmin qact {name}")
        else:
            yield Finding(title, Verdict.OK, name)
    priorities = [known.get(site.queues[kind], {}).get("PRIORITY", "") for kind in _LINE]
    if all(priority.isdecimal() for priority in priorities):
        first, second, batch = map(int, priorities)
        found = f"PRIORITY {first} first, {second} second, {batch} batch"
        if first > second > batch:
            yield Finding("order", Verdict.OK, found)
        else:
            yield Finding("order", Verdict.WRONG, found, f"make each lower than the one before it; {_SEE}")


def judge_config(params: Mapping[str, str], conf: Mapping[str, str], site: LsfSite) -> Iterator[Finding]:
    """The settings that the hub's promises rest on.

    Args:
        params: of lsb.params.
        conf: of lsf.conf; empty where it isn't shown.
        site: how we ask for things.
    """
    gpus = "ngpus_physical" in params.get("PREEMPTABLE_RESOURCES", "").split()
    yield (
        Finding("preemption", Verdict.OK, "batch work makes room with its GPUs")
        if gpus
        else Finding(
            "preemption", Verdict.WRONG, "GPUs aren't among PREEMPTABLE_RESOURCES", f"add ngpus_physical; {_SEE}"
        )
    )
    if not conf:
        yield Finding("lsf.conf", Verdict.UNSEEN, "badmin showconf mbd shows nothing", "run it as LSF's administrator")
        return
    unit = conf.get("LSF_UNIT_FOR_LIMITS", "KB").upper()
    yield (
        Finding("memory", Verdict.OK, f"limits in {unit}")
        if unit == site.memory_unit
        else Finding("memory", Verdict.WRONG, f"LSF_UNIT_FOR_LIMITS is {unit}", f'say memory_unit = "{unit}" in [lsf]')
    )
    for title, key, lacking in (
        ("ending", "LSB_USE_SEQUENTIAL_SIGNAL", "sessions with several cores are killed without a chance to end"),
        ("extending", "LSB_MOD_ALL_JOBS", "a running session can't be extended"),
    ):
        is_on = conf.get(key, "").lower() in _ON
        yield (
            Finding(title, Verdict.OK, f"{key}={conf[key]}")
            if is_on
            else Finding(title, Verdict.WEAK, lacking, f"set {key}=Y in lsf.conf; {_SEE}")
        )
    yield judge_isolation(conf)


def judge_isolation(conf: Mapping[str, str]) -> Finding:
    """Whether a job reaches its own GPUs only."""
    enforced = set(conf.get("LSB_RESOURCE_ENFORCE", "").split())
    if {"gpu", "memory"} <= enforced:
        return Finding(
            "isolation", Verdict.OK, f"cgroups for {', '.join(sorted(enforced))}; of GPUs for jobs that have some"
        )
    return Finding(
        "isolation",
        Verdict.WEAK,
        "none: a job can use GPUs or memory that aren't its own",
        f'set LSB_RESOURCE_ENFORCE="cpu memory gpu" in lsf.conf; {_SEE}',
    )


def judge_rule(limits: str, conf: Mapping[str, str], *, own_jobs: bool) -> Iterator[Finding]:
    """Whether LSF itself keeps each person to one first node, and only where it knows persons.

    Args:
        limits: what LSF says of lsb.resources.
        conf: of lsf.conf; empty where it isn't shown.
        own_jobs: whether sessions are their people's jobs ([sessions] helper); else to LSF all are one person's.
    """
    has_limit, has_esub = LIMIT in limits, "ccds" in conf.get("LSB_ESUB_METHOD", "").split()
    if not own_jobs:
        yield _not_here("first-node rule", f"limit {LIMIT} lets one first node run in all", LIMIT, found=has_limit)
        if conf:
            yield _not_here("esub", "it takes all sessions but one for further nodes", "esub.ccds", found=has_esub)
        return
    yield (
        Finding("first-node rule", Verdict.OK, f"limit {LIMIT}")
        if has_limit
        else Finding(
            "first-node rule",
            Verdict.WEAK,
            f"no limit {LIMIT}: only the hub keeps it",
            f"add it to lsb.resources; {_SEE}",
        )
    )
    if conf and not has_esub:
        yield Finding("esub", Verdict.WEAK, "further nodes aren't sent to their queue", f"install esub.ccds; {_SEE}")


def _not_here(name: str, harm: str, what: str, *, found: bool) -> Finding:
    """On what does harm where all sessions are one Unix user's."""
    if found:
        return Finding(name, Verdict.WRONG, f"all sessions are one Unix user's: {harm}", f"remove {what}; {_SEE}")
    return Finding(name, Verdict.OK, "the hub keeps it: all sessions are one Unix user's")


def judge_gpus(models: Mapping[str, Sequence[str]]) -> Finding:
    """Whether LSF knows of GPUs, and what it calls them: that is what sessions have to ask for."""
    count = sum(map(len, models.values()))
    if not count:
        return Finding("GPUs", Verdict.WRONG, "LSF knows of none", f"set LSF_GPU_AUTOCONFIG=Y in lsf.conf; {_SEE}")
    names = sorted({model for of_host in models.values() for model in of_host})
    return Finding("GPUs", Verdict.OK, f"{count} on {len(models)} host(s): {', '.join(names)}")
