"""The questions that LSF is asked: which program, which options, which fields."""

from __future__ import annotations

ENVIRONMENT = {"TZ": "UTC0"}
"""What LSF's programs need in their environment: they print times in the zone of who asks, without saying which."""

JOB_FIELDS = (
    "jobid", "jobindex", "stat", "user", "queue", "job_name", "job_description", "exec_host", "exit_code", "exit_reason",
    "pend_reason", "submit_time", "start_time", "finish_time", "estimated_start_time", "runtimelimit", "gpu_alloc",
)  # fmt: skip
HOST_FIELDS = ("host_name", "status", "max", "njobs", "ngpus", "ngpus_alloc", "total_mem", "available_mem")

ALL_JOBS = ("bjobs", "-u", "all", "-a", "-json", "-o", " ".join(JOB_FIELDS))
"""Everybody's, those that ended lately too: one question for all that is ever asked about jobs; those that wait in the order in
which LSF considers them."""
HOSTS = ("bhosts", "-json", "-o", " ".join(HOST_FIELDS))
GPUS = ("bhosts", "-gpu", "-w")
"""Model names are cut short without -w, and a cut name matches no GPU."""
