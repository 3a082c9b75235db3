"""One pass of the stand-in's mbatchd: which waiting jobs start, and which batch work makes room.

There is no daemon: every command, and every job's end, runs one pass. Queues by PRIORITY, in a queue by submission; what
doesn't fit blocks nothing behind it, as with LSF's default. A queue's PREEMPTION names the queues that make room for it, by a
requeue of the youngest job (`JOB_CONTROLS = SUSPEND[brequeue $LSB_JOBID]`).
"""

import subprocess
import sys
import time
from pathlib import Path

from state import STARTED, file_of, order

ROOM = "Job's requirements for resource reservation not satisfied: 1 host;"
NOWHERE = "There are no suitable hosts for the job;"
LIMIT = "User has reached the per-user job slot limit of the queue;"


def run_pass(lsf):
    """Starts what can start now; leaves a pending reason with the others."""
    if lsf.conf["closed"]:
        return
    for job in lsf.in_order():
        if job["stat"] != "PEND":
            continue
        queue = lsf.queue(job["queue"])
        hosts = [host for host in lsf.conf["hosts"] if host["name"] in queue["hosts"] and host["status"] == "ok"]
        if _is_over_limit(lsf, job, queue) or _is_array_full(lsf, job):
            job["pend_reason"] = LIMIT
        elif not _place(lsf, job, hosts, idle=True):
            job["pend_reason"] = NOWHERE
        elif placed := _place(lsf, job, hosts):
            _start(lsf, job, placed)
        else:
            job["pend_reason"] = ROOM
            _make_room(lsf, job, queue, hosts)


def _is_over_limit(lsf, job, queue):
    """Whether the queue's limit of jobs that a user may have started at once is reached (JOBS in lsb.resources)."""
    own = [it for it in lsf.jobs if it["queue"] == job["queue"] and it["user"] == job["user"] and it["stat"] in STARTED]
    return queue["jobs_per_user"] is not None and len(own) >= queue["jobs_per_user"]


def _is_array_full(lsf, job):
    at_once = job["at_once"]
    return at_once and sum(it["id"] == job["id"] and it["stat"] in STARTED for it in lsf.jobs) >= at_once


def _place(lsf, job, hosts, *, idle=False, without=()):
    """Where the job would run: (host, GPU numbers) for each host it asks for; [] when it doesn't fit."""
    placed = []
    for host in hosts:
        held = [] if idle else [it for it in lsf.jobs if it["placed"] and it not in without]
        mine = [(it, part) for it in held for part in it["placed"] if part["host"] == host["name"]]
        free_gpus = [slot for slot in range(host["gpus"]) if not any(slot in part["gpus"] for _, part in mine)]
        slots = host["slots"] - sum(it["ptile"] for it, _ in mine)
        memory = host["memory_mb"] - sum(it["memory_mb"] for it, _ in mine)
        fits_model = not job["gpu_model"] or job["gpu_model"] in host["gpu_model"]
        if slots >= job["ptile"] and memory >= job["memory_mb"] and len(free_gpus) >= job["gpus"] and fits_model:
            placed.append({"host": host["name"], "gpus": free_gpus[: job["gpus"]]})
        if len(placed) == job["hosts"]:
            return placed
    return []


def _make_room(lsf, job, queue, hosts):
    yielding = [it for it in lsf.jobs if it["stat"] == "RUN" and it["queue"] in queue["preempts"]]
    going = [it for it in yielding if it["doomed"]]
    victims = []
    for victim in [None, *sorted((it for it in yielding if not it["doomed"]), key=lambda it: -it["start"])]:
        victims += [victim] if victim else []
        if _place(lsf, job, hosts, without=[*going, *victims]):
            break
    else:
        return
    for victim in victims:
        victim["doomed"] = True
        order(lsf.folder, victim, "requeue")


def _start(lsf, job, placed):
    job.update(stat="RUN", start=time.time(), placed=placed, attempt=job["attempt"] + 1, pend_reason="", doomed=False)
    file_of(lsf.folder, job, "order").unlink(missing_ok=True)
    file_of(lsf.folder, job, "limit").write_text(str(job["run_limit"]))
    program = Path(__file__).with_name("sbatchd.py")
    lsf.save()  # the supervisor reads it
    subprocess.Popen(
        [sys.executable, "-S", "-X", "utf8", str(program), str(lsf.folder), str(job["id"]), str(job["index"])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(lsf.folder / "sbatchd.log").open("ab"),
        env={"PATH": "/usr/bin:/bin"},
        cwd="/",
        start_new_session=True,
    )
