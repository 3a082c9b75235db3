"""The service that takes people's jobs on a site of one machine: `python -P -m ccds_kernel.session.job_broker`.

It runs under the service account as a unit of its own, beside hub, proxy and audit daemon, where `[sessions] helper = true` and
the scheduler is `local`. `batch.local.broker` says what it answers to whom; here stand the site's rules. It keeps nothing: killed
at any moment and started again, it goes on, and jobs don't notice.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from ccds_kernel.batch.local import relay
from ccds_kernel.batch.local.broker import Broker
from ccds_kernel.batch.local.broker_socket import Door, listen
from ccds_kernel.batch.site import jobs_socket, scheduler_of
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.irb.roles import Action
from ccds_kernel.irb.rules import calendar_day, denied, why_not
from ccds_kernel.session.helped import helper_start
from ccds_kernel.settings import Settings, load_settings, settings_file


def job_command(config: Path) -> Callable[[str, str, str], tuple[str, ...]]:
    """What makes the words that run a job as its person: person, project and the job's name -> words.

    Args:
        config: the site's `ccds.toml`, by the path that sudoers names.
    """
    start = (sys.executable, "-I", "-S", str(Path(relay.__file__).resolve()), *helper_start(config), "job")
    return lambda person, project, name: (*start, person, project, name)


def may_train(settings: Settings) -> Callable[[str, str], None]:
    """What refuses a person who may not train in a project: the right with which their jobs end, too."""
    registry = registry_of(settings)

    def check(person: str, project: str) -> None:
        application = registry.get(project) if project in registry.ids() else None
        if application is None:
            raise denied("a project of yours", "none of that name", "the administrators of this site")
        refusal = why_not(application, person, Action.TRAIN, calendar_day(), registry.training_years)
        if refusal is not None:
            raise refusal

    return check


def _needed(settings: Settings) -> None:
    if settings.scheduler.engine != "local" or not settings.sessions.helper:
        raise CcdsError(
            expected='[sessions] helper = true and scheduler.engine = "local"',
            found="a site where people hand over jobs by themselves",
            do="leave this service out",
        )


def main() -> int:
    """Serves until it is ended; the exit status is 1 with one line on standard error where it can't."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        settings = load_settings()
        _needed(settings)
        state = settings.paths.state / "scheduler"
        broker = Broker(scheduler_of(settings), state, job_command(settings_file().resolve()), may_train(settings))
        listener = listen(jobs_socket(settings))
    except CcdsError as error:
        sys.stderr.write(f"ccds: {error}\n")
        return 1
    Door(listener, broker).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
