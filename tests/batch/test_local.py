"""The local scheduler keeps the port's promises."""

from support.scheduler_contract import SchedulerContract


class TestLocalScheduler(SchedulerContract):
    """Every promise, on this machine."""
