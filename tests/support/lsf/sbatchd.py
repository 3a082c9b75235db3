"""The stand-in's sbatchd: starts one job for real, looks after it to its end, and says how it ended.

`sbatchd.py FOLDER ID INDEX`. It does what its order file says (kill, requeue, stop, cont) to the job and all that
descends from it, as LSF with cgroups does; a job beyond its run limit gets USR2, and is killed like one whose owner says bkill:
INT, TERM, KILL, an interval apart; a parallel one by KILL at once where LSB_USE_SEQUENTIAL_SIGNAL isn't set.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from schedule import run_pass
from state import end, file_of, locked

TICK_S = 0.02
SUBREAPER = 36


def main(folder, number, index):
    """Runs the job to its end."""
    with locked(folder) as lsf:
        job = _job(lsf, number, index)
        environment, conf = _environment(job), lsf.conf
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    if not (child := os.fork()):
        _become(folder, job, environment)
    status, orders = _watch(folder, job, child, conf)
    with locked(folder) as lsf:
        job = _job(lsf, number, index)
        code = os.waitstatus_to_exitcode(status)
        if "requeue" in orders:
            job.update(stat="PEND", placed=[], doomed=False, order=lsf.next_id + job["order"] / 1e6)
            job["pend_reason"] = "Requeued job is waiting for rescheduling;"
        elif code == 0:
            end(job, "DONE")
        else:
            end(job, "EXIT", code=code if code > 0 else 128 - code, reason=_term(orders))
        file_of(folder, job, "pid").unlink(missing_ok=True)
        run_pass(lsf)


def _job(lsf, number, index):
    return next(job for job in lsf.jobs if (job["id"], job["index"]) == (number, index))


def _term(orders):
    if "limit" in orders:
        return "TERM_RUNLIMIT: job killed after reaching LSF run time limit"
    return "TERM_OWNER: job killed by owner" if "kill" in orders else ""


def _environment(job):
    first = job["placed"][0]
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/root",
        "USER": job["user"],
        "LSB_JOBID": str(job["id"]),
        "LSB_JOBINDEX": str(job["index"]),
        "LSB_JOBNAME": job["name"],
        "LSB_QUEUE": job["queue"],
        "LSB_MCPU_HOSTS": " ".join(f"{part['host']} {job['ptile']}" for part in job["placed"]),
        "LSB_HOSTS": " ".join(part["host"] for part in job["placed"] for _ in range(job["ptile"])),
        "LS_JOBPID": str(os.getpid()),
    }
    if job["gpus"]:
        environment["CUDA_VISIBLE_DEVICES"] = ",".join(str(slot) for slot in first["gpus"])
    return environment


def _become(folder, job, environment):
    try:
        os.setsid()
        os.chdir("/")
        output = os.open(job["output"] or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        script = str(file_of(folder, job, "script"))
        os.execve("/bin/sh", ["/bin/sh", script], environment)  # noqa: S606 - it is the shell that is wanted
    finally:
        os._exit(127)


def _watch(folder, job, child, conf):
    """Waits for the job's end and does meanwhile what it is told; returns its status and what was done to it."""
    done, sequence, next_at = set(), [], 0.0
    patient = conf["sequential_signal"] or job["hosts"] * job["ptile"] == 1
    file_of(folder, job, "pid").write_text(str(child))
    while True:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == child:
            _send(signal.SIGKILL)
            return status, done
        word = _order(folder, job)
        now = time.time()
        if word in ("kill", "requeue") and word not in done:
            done.add(word)
            sequence = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL] if patient else [signal.SIGKILL]
            _send(signal.SIGCONT)
        if word in ("stop", "cont"):
            _send(signal.SIGSTOP if word == "stop" else signal.SIGCONT)
        limit_s = float(file_of(folder, job, "limit").read_text()) * 60
        if limit_s and now > job["start"] + limit_s and "limit" not in done:
            done.add("limit")
            _send(signal.SIGUSR2)
            sequence = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
            next_at = now + conf["terminate_interval_s"]
        if sequence and now >= next_at:
            _send(sequence.pop(0))
            next_at = now + conf["terminate_interval_s"]
        time.sleep(TICK_S)


def _order(folder, job):
    """The order that isn't carried out yet; reading it takes it away."""
    path = file_of(folder, job, "order")
    try:
        text = path.read_text()
        path.unlink()
    except FileNotFoundError:
        return ""
    return text


def _send(number):
    for pid in _descendants(os.getpid()):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _descendants(root):
    children = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = list(children.get(root, ()))
    for pid in found:  # grows while it is read
        found.extend(children.get(pid, ()))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
