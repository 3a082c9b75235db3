"""The stand-in's programs: those of `stand_in.PROGRAMS`.

`commands.py FOLDER PROGRAM ARGUMENT...`; it prints what IBM's documentation shows that LSF prints, and knows the options that
it is asked with, no others. `misbehave.json` in the folder makes it misbehave; the keys stand in `StandIn.misbehave`.
"""

import getpass
import json
import os
import re
import shlex
import sys
import time
from pathlib import Path

from schedule import run_pass
from show import bhosts_gpu_table, bhosts_json, bjobs_json, bjobs_lines, bqueues_json
from state import ENDED, STARTED, complain, end, file_of, key_of, locked, megabytes, order

WAIT = "Cannot connect to LSF. Please wait ..."
FLAGS = {"-r", "-rn", "-json", "-a", "-w", "-gpu", "-noheader"}
"""Options without a value; `-gpu` has one with bsub."""
KNOWN = {
    "bsub": {"-J", "-Jd", "-q", "-n", "-R", "-W", "-gpu", "-app", "-env", "-o", "-r", "-rn"},
    "bjobs": {"-o", "-u", "-J", "-q", "-json", "-a", "-noheader"},
    "bmod": {"-W"},
    "bhosts": {"-o", "-json", "-gpu", "-w"},
    "bqueues": {"-o", "-json"},
}
"""The options that each program knows here."""


def main(folder, program, arguments):
    """Runs one program; returns its exit status."""
    wrong = json.loads((folder / "misbehave.json").read_text())
    if wrong.get("hangs") in (program, "all"):
        while True:
            time.sleep(1)
    if wrong.get("down"):
        while True:  # LSF's programs try again for ever
            say(WAIT)
            time.sleep(0.05)
    if words := wrong.get("refuses_all"):
        complain(words)
        return 255
    for _ in range(wrong.get("connecting", 0)):
        say(WAIT)
    for line in wrong.get("noise", {}).get(program, ()):
        say(line)
    return globals()[f"do_{program}"](folder, arguments, wrong)


def say(text):
    """Prints a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def user():
    """Who calls."""
    return os.environ.get("STAND_IN_USER") or getpass.getuser()


def options_of(program, arguments):
    """The options as a dict, and the words after them; an option that isn't known ends the program as LSF does."""
    found, words, rest = {}, [], list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-"):
            words.append(word)
        elif word not in KNOWN.get(program, ()):
            complain(f"{program}: illegal option -- {word.lstrip('-')}")
            raise SystemExit(255)
        elif word in FLAGS and not (program == "bsub" and word == "-gpu"):
            found[word] = True
        else:
            found.setdefault(word, []).append(rest.pop(0))
    return {key: value if value is True or key == "-R" else value[-1] for key, value in found.items()}, words


def do_bsub(folder, arguments, wrong):
    """Takes a script from standard input, with #BSUB lines."""
    script = sys.stdin.read()
    lines = [line[len("#BSUB") :] for line in script.splitlines() if line.startswith("#BSUB")]
    embedded, _ = options_of("bsub", [word for line in lines for word in shlex.split(line)])
    typed, _ = options_of("bsub", arguments)
    given = {**embedded, **typed}
    if words := wrong.get("rejects"):
        complain(f"{words}\nRequest aborted by esub. Job not submitted.")
        return 255
    with locked(folder) as lsf:
        queue = lsf.queue(given.get("-q", "normal"))
        if queue is None:
            complain(f"{given.get('-q')}: No such queue. Job not submitted.")
            return 255
        jobs = [_new_job(lsf, given, queue, index) for index in _indices(given["-J"])]
        lsf.next_id += 1
        lsf.jobs += jobs
        for job in jobs:
            file_of(folder, job, "script").write_text(script)
        run_pass(lsf)
    if wrong.get("loses_answer"):
        while True:
            time.sleep(1)
    say(f"Job <{jobs[0]['id']}> is submitted to queue <{queue['name']}>.")
    return 0


def _indices(name):
    found = re.search(r"\[1-(\d+)\]", name)
    return range(1, int(found.group(1)) + 1) if found else (0,)


def _new_job(lsf, given, queue, index):
    requires = " ".join(given.get("-R", ()))
    gpu = dict(part.partition("=")[::2] for part in given.get("-gpu", "").split(":") if part)
    slots = int(given.get("-n", 1))
    ptile = re.search(r"span\[ptile=(\d+)\]", requires)
    memory = re.search(r"rusage\[mem=([0-9.]+)/host\]", requires)
    at_once = re.search(r"%(\d+)$", given["-J"])
    per_host = int(ptile.group(1)) if ptile else slots
    return {
        "id": lsf.next_id,
        "index": index,
        "order": float(lsf.next_id),
        "name": given["-J"].partition("[")[0],
        "description": given.get("-Jd", ""),
        "user": user(),
        "queue": queue["name"],
        "env": given.get("-env", "all"),
        "output": given.get("-o"),
        "hosts": slots // per_host,
        "ptile": per_host,
        "memory_mb": megabytes(memory.group(1), lsf.conf["unit"]) if memory else 0,
        "gpus": int(gpu.get("num", "0").removesuffix("/host")),
        "gpu_model": gpu.get("gmodel", ""),
        "run_limit": _minutes(given.get("-W", "0")),
        "at_once": int(at_once.group(1)) if at_once else 0,
        "stat": "PEND",
        "pend_reason": "New job is waiting for scheduling;",
        "submit": time.time(),
        "start": None,
        "finish": None,
        "exit_code": 0,
        "exit_reason": "",
        "placed": [],
        "gpus_held": [],
        "attempt": 0,
        "doomed": False,
    }


def _minutes(text):
    hours, _, minutes = text.rpartition(":")
    return int(hours or 0) * 60 + int(minutes)


def do_bjobs(folder, arguments, wrong):
    """Lists jobs as JSON."""
    given, words = options_of("bjobs", arguments)
    with locked(folder) as lsf:
        run_pass(lsf)
        listed = [job for job in lsf.in_order() if not (job["stat"] in ENDED and wrong.get("forgets"))]
        listed = [job for job in listed if key_of(job) not in wrong.get("hides", ())]
        if words:
            listed = [job for word in words for job in lsf.chosen(word) if job in listed]
        else:
            who = given.get("-u", user())
            listed = [job for job in listed if who in ("all", job["user"])]
            listed = [job for job in listed if "-a" in given or job["stat"] not in ENDED]
            listed = [job for job in listed if given.get("-J") in (None, job["name"])]
            listed = [job for job in listed if given.get("-q") in (None, job["queue"])]
        missing = [word for word in words if not lsf.chosen(word)] + wrong.get("error_records", [])
        if not listed and not missing:
            complain("No job found")
        if "-noheader" in given:
            say(bjobs_lines(given["-o"], listed, wrong))
            return 0
        text = bjobs_json(given["-o"].split(), listed, missing, wrong)
        if text is None:
            return 255
        say(text[: wrong.get("truncates")])
    return 255 if missing else 0


def _act(folder, words, what):
    """Does `what` to each job that a word means; the exit status of LSF's programs."""
    failed = False
    with locked(folder) as lsf:
        for word in words:
            jobs = lsf.chosen(word)
            said, error = None, f"Job <{word}>: No matching job found"
            for job in jobs:
                may = user() in (job["user"], *lsf.conf["administrators"])
                said, error = what(lsf, job) if may else (None, "Job <{word}>: User permission denied")
            if said:
                say(said.format(word=word))
            else:
                complain(error.format(word=word))
                failed = True
        run_pass(lsf)
    return 255 if failed else 0


def do_bkill(folder, arguments, _wrong):
    """Ends jobs."""
    _, words = options_of("bkill", arguments)

    def kill(_lsf, job):
        if job["stat"] in ENDED:
            return None, "Job <{word}>: Job has already finished"
        if job["stat"] in STARTED:
            order(folder, job, "kill")
        else:
            end(job, "EXIT", code=0, reason="TERM_OWNER: job killed by owner")
        return "Job <{word}> is being terminated", None

    return _act(folder, words, kill)


def do_bswitch(folder, arguments, _wrong):
    """Moves jobs to another queue."""
    _, (target, *words) = options_of("bswitch", arguments)

    def switch(lsf, job):
        if lsf.queue(target) is None:
            return None, f"{target}: No such queue"
        if job["stat"] in ENDED:
            return None, "Job <{word}>: Job has already finished"
        job["queue"] = target
        if job["stat"] == "PEND":
            job["order"], lsf.next_id = float(lsf.next_id), lsf.next_id + 1
        return f"Job <{{word}}> is switched to queue <{target}>", None

    return _act(folder, words, switch)


def do_bmod(folder, arguments, wrong):
    """Changes a run limit."""
    given, words = options_of("bmod", arguments)
    minutes = _minutes(given["-W"])

    def modify(lsf, job):
        if job["stat"] in ENDED:
            return None, "Job <{word}>: Job has already finished"
        if job["stat"] in STARTED and wrong.get("keeps_running_jobs"):
            return None, "Job has already started. Job not modified."
        most = lsf.queue(job["queue"])["run_limit"]
        if most and minutes > most:
            return None, "Cannot exceed queue's hard limit(s). Job not modified."
        job["run_limit"] = minutes
        if job["stat"] in STARTED:
            file_of(folder, job, "limit").write_text(str(minutes))
        return "Parameters of job <{word}> are being changed", None

    return _act(folder, words, modify)


def _hold(folder, arguments, program, started, word):
    _, words = options_of(program, arguments)

    def hold(_lsf, job):
        if job["stat"] in ENDED:
            return None, "Job <{word}>: Job has already finished"
        if job["stat"] in ("PEND", "PSUSP"):
            job["stat"] = "PSUSP" if program == "bstop" else "PEND"
        else:
            job["stat"] = started
            order(folder, job, "stop" if program == "bstop" else "cont")
        return "Job <{word}> is being " + word, None

    return _act(folder, words, hold)


def do_bstop(folder, arguments, _wrong):
    """Suspends jobs."""
    return _hold(folder, arguments, "bstop", "USUSP", "stopped")


def do_bresume(folder, arguments, _wrong):
    """Lets them go on."""
    return _hold(folder, arguments, "bresume", "RUN", "resumed")


def do_brequeue(folder, arguments, _wrong):
    """Kills jobs and puts them back into their queue."""
    _, words = options_of("brequeue", arguments)

    def requeue(_lsf, job):
        if job["stat"] not in STARTED:
            return None, "Job <{word}>: Job has not started yet"
        order(folder, job, "requeue")
        return "Job <{word}> is being requeued ", None

    return _act(folder, words, requeue)


def do_bhosts(folder, arguments, wrong):
    """Lists hosts as JSON, or their GPUs as a table."""
    given, _ = options_of("bhosts", arguments)
    with locked(folder) as lsf:
        say(
            bhosts_gpu_table(lsf)
            if "-gpu" in given
            else bhosts_json(given["-o"].split(), lsf)[: wrong.get("truncates")]
        )
    return 0


def do_bqueues(folder, arguments, _wrong):
    """Lists queues as JSON."""
    given, _ = options_of("bqueues", arguments)
    with locked(folder) as lsf:
        say(bqueues_json(given["-o"].split(), lsf))
    return 0


def do_lsid(folder, _arguments, _wrong):
    """Says which LSF this is."""
    say("IBM Spectrum LSF Standard 10.1.0.0, Jul 08 2016")
    say("Copyright International Business Machines Corp. 1992, 2016.\n")
    say(f"My cluster name is {folder.name}\nMy master name is gpu1")
    return 0


def do_bparams(folder, _arguments, _wrong):
    """Shows lsb.params."""
    return _show(folder, "params", " = ")


def do_badmin(folder, _arguments, _wrong):
    """Shows lsf.conf."""
    say("MBD configuration at Thu Nov 26 00:00:00 2026")
    return _show(folder, "lsf_conf", "=")


def _show(folder, what, between):
    with locked(folder) as lsf:
        for key, value in lsf.conf[what].items():
            say(f"        {key}{between}{value}")
    return 0


def do_blimits(folder, _arguments, _wrong):
    """Shows the limits of lsb.resources."""
    with locked(folder) as lsf:
        say(lsf.conf["limits"])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
