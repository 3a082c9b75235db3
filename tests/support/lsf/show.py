"""How the stand-in prints jobs, hosts and queues: the formats of IBM's documentation, see tests/batch/lsf_answers/README.md."""

import time

from state import ENDED, STARTED, complain, key_of

TIME = "%b %e %H:%M:%S %Y"
SHORT_TIME = "%b %e %H:%M"


def bjobs_json(fields, jobs, missing, wrong):
    """`bjobs -o "…" -json`; None, with LSF's words, when a field isn't known."""
    unknown = [field for field in fields if field not in _JOB]
    if unknown:
        complain(f"error: invalid field name in output format: {unknown[0]}")
        return None
    odd = wrong.get("fields", {})
    records = [{field.upper(): _JOB[field](job, wrong) for field in fields} | odd.get(key_of(job), {}) for job in jobs]
    records = [{key: value for key, value in record.items() if value is not None} for record in records]
    records += [{"JOBID": word, "ERROR": f"Job <{word}> is not found"} for word in missing]
    return _document("bjobs", "JOBS", records)


def bjobs_lines(form, jobs, wrong):
    """`bjobs -noheader -o "field … delimiter='x'"`: a line for each job."""
    fields, _, rest = form.partition(" delimiter=")
    between = rest.strip("'\"") or " "
    return "\n".join(between.join(_JOB[field](job, wrong) for field in fields.split()) for job in jobs)


def bhosts_json(fields, lsf):
    """`bhosts -o "…" -json`."""
    return _document("bhosts", "HOSTS", [_host(lsf, host, fields) for host in lsf.conf["hosts"]])


def bqueues_json(fields, lsf):
    """`bqueues -o "…" -json`."""
    known = {
        "queue_name": lambda queue: queue["name"],
        "priority": lambda queue: str(queue["priority"]),
        "status": lambda _queue: "Open:Inact" if lsf.conf["closed"] else "Open:Active",
    }
    return _document(
        "bqueues", "QUEUES", [{field.upper(): known[field](queue) for field in fields} for queue in lsf.conf["queues"]]
    )


def bhosts_gpu_table(lsf):
    """`bhosts -gpu -w`."""
    lines = ["HOST_NAME            GPU_ID                MODEL     MUSED      MRSV  NJOBS    RUN   SUSP    RSV "]
    for host in lsf.conf["hosts"]:
        for slot in range(host["gpus"]):
            users = [job for job in lsf.jobs for part in job["placed"] if _is_on(part, host, slot)]
            run = sum(job["stat"] == "RUN" for job in users)
            lines.append(
                f"{host['name'] if slot == 0 else '':<20}{slot:>7}{host['gpu_model']:>21}{'0M':>10}{'0M':>10}"
                f"{len(users):>7}{run:>7}{len(users) - run:>7}{0:>7}"
            )
    return "\n".join(lines)


def _is_on(part, host, slot):
    return part["host"] == host["name"] and slot in part["gpus"]


def _document(command, what, records):
    """LSF's own layout of JSON: every value a string, slashes escaped."""
    bodies = [
        "    {\n" + ",\n".join(f'      "{key}":"{_escaped(value)}"' for key, value in record.items()) + "\n    }"
        for record in records
    ]
    inner = "[\n" + ",\n".join(bodies) + "\n  ]" if bodies else "[]"
    return f'{{\n  "COMMAND":"{command}",\n  "{what}":{len(records)},\n  "RECORDS":{inner}\n}}'


def _escaped(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("/", "\\/")


def _stat(job, wrong):
    return wrong.get("stat", {}).get(key_of(job), job["stat"])


def _moment(moment, wrong):
    return time.strftime(SHORT_TIME if wrong.get("no_year") else TIME, time.localtime(moment)) if moment else ""


def _finish(job, wrong):
    if job["stat"] in ENDED:
        return _moment(job["finish"], wrong)
    if job["stat"] in STARTED and job["run_limit"]:
        return f"{_moment(job['start'] + job['run_limit'] * 60, wrong)} L"
    return ""


def _hosts(job, wrong):
    names = [part["host"] for part in job["placed"] or job["gpus_held"]]
    if wrong.get("short_hosts"):
        return ":".join(f"{job['ptile']}*{name}" if job["ptile"] > 1 else name for name in names)
    return ":".join(name for name in names for _ in range(job["ptile"]))


def _gpus(job, _wrong):
    held = [part for part in job["placed"] or job["gpus_held"] if part["gpus"]]
    return ";".join(f"{part['host']}:{','.join(map(str, part['gpus']))}" for part in held)


_JOB = {
    "jobid": lambda job, _: key_of(job),
    "jobindex": lambda job, _: str(job["index"]),
    "stat": _stat,
    "user": lambda job, _: job["user"],
    "queue": lambda job, _: job["queue"],
    "job_name": lambda job, _: job["name"] + (f"[{job['index']}]" if job["index"] else ""),
    "job_description": lambda job, _: job["description"],
    "exec_host": _hosts,
    "exit_code": lambda job, _: str(job["exit_code"] or ""),
    "exit_reason": lambda job, _: job["exit_reason"],
    "pend_reason": lambda job, _: job["pend_reason"] if job["stat"] == "PEND" else "",
    "submit_time": lambda job, wrong: _moment(job["submit"], wrong),
    "start_time": lambda job, wrong: _moment(job["start"], wrong) if job["stat"] != "PEND" else "",
    "finish_time": _finish,
    "estimated_start_time": lambda job, wrong: wrong.get("estimates", {}).get(key_of(job), ""),
    "runtimelimit": lambda job, _: f"{job['run_limit']}.0" if job["run_limit"] else "",
    "gpu_alloc": _gpus,
}


def _host(lsf, host, fields):
    here = [(job, part) for job in lsf.jobs for part in job["placed"] if part["host"] == host["name"]]
    slots = sum(job["ptile"] for job, _ in here)
    running = sum(job["ptile"] for job, _ in here if job["stat"] == "RUN")
    memory = round(sum(job["memory_mb"] for job, _ in here))
    status = "closed_Full" if host["status"] == "ok" and slots >= host["slots"] else host["status"]
    known = {
        "host_name": host["name"],
        "status": status,
        "max": str(host["slots"]),
        "njobs": str(slots),
        "run": str(running),
        "ssusp": "0",
        "ususp": str(slots - running),
        "rsv": "0",
        "ngpus": str(host["gpus"]) if host["gpus"] else "-",
        "ngpus_alloc": str(sum(len(part["gpus"]) for _, part in here)) if host["gpus"] else "-",
        "total_mem": f"{host['memory_mb']}M",
        "reserved_mem": f"{memory}M",
        "available_mem": f"{host['memory_mb'] - memory}M",
    }
    return {field.upper(): known[field] for field in fields}
