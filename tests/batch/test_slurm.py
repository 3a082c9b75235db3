"""Slurm keeps the port's promises: a real slurmctld and slurmd. What else Slurm does is in `test_slurm_events`."""

from support.scheduler_contract import SchedulerContract
from support.slurm_client import connect

__all__ = ["connect"]


class TestSlurmScheduler(SchedulerContract):
    """Every promise, on real Slurm."""
