"""What the stand-in for LSF remembers: its configuration and its jobs, in one folder, behind one lock.

Standard library only, and nothing of ours: what prints the scheduler's answers must not share a mistake with what reads them.
"""

import fcntl
import json
import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ENDED = ("DONE", "EXIT")
STARTED = ("RUN", "USUSP", "SSUSP")
GIGABYTE = 1024


class Lsf:
    """The folder, while its lock is held: `conf` (read), `jobs` (written back at the end), in order of submission."""

    def __init__(self, folder):
        self.folder = folder
        self.conf = json.loads((folder / "conf.json").read_text())
        state = json.loads((folder / "state.json").read_text())
        self.next_id = state["next_id"]
        self.jobs = state["jobs"]

    def save(self):
        """Writes the jobs back, whole."""
        temporary = self.folder / "state.json.new"
        temporary.write_text(json.dumps({"next_id": self.next_id, "jobs": self.jobs}))
        temporary.rename(self.folder / "state.json")

    def queue(self, name):
        """The queue of that name; None when there is none."""
        return next((queue for queue in self.conf["queues"] if queue["name"] == name), None)

    def chosen(self, word):
        """The jobs that an id on the command line means: `12` (of an array: all), `12[3]`."""
        return [job for job in self.jobs if word in (key_of(job), str(job["id"]))]

    def in_order(self):
        """The jobs as bjobs lists them: those that started or ended first, then the waiting ones, next first."""
        waiting = [job for job in self.jobs if job["stat"] == "PEND"]
        waiting.sort(key=lambda job: (-self.queue(job["queue"])["priority"], job["order"]))
        return [job for job in self.jobs if job["stat"] != "PEND"] + waiting


@contextmanager
def locked(folder):
    """The `Lsf` of this folder, for one process at a time; saved unless an exception ends it."""
    folder = Path(folder)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lsf = Lsf(folder)
        yield lsf
        lsf.save()


def complain(text):
    """Prints a line to standard error."""
    sys.stderr.write(f"{text}\n")


def key_of(job):
    """How LSF names it: `12`, or `12[3]` for the third of an array."""
    return f"{job['id']}[{job['index']}]" if job["index"] else str(job["id"])


def file_of(folder, job, kind):
    """A file of this job beside the state: script, order, limit."""
    return Path(folder) / "run" / f"{key_of(job)}.{kind}"


def order(folder, job, what):
    """Tells the job's supervisor what to do next."""
    temporary = file_of(folder, job, f"order.{os.getpid()}")
    temporary.write_text(what)
    temporary.rename(file_of(folder, job, "order"))


def end(job, stat, *, code=0, reason=""):
    """The job is over."""
    job.update(stat=stat, finish=time.time(), exit_code=code, exit_reason=reason, gpus_held=job["placed"], placed=[])


def megabytes(text, unit):
    """MB that a number in the site's unit means."""
    number = float(re.match(r"[0-9.]+", text).group())
    return number * {"KB": 1 / 1024, "MB": 1, "GB": GIGABYTE}[unit]
