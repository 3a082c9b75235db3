"""What is written down about the end of a session."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from ccds_kernel.batch.spec import JobSpec, PriorityClass
from ccds_kernel.batch.states import JobId
from ccds_kernel.cluster.record import HowEnded
from ccds_kernel.cluster.records import Records
from ccds_kernel.session.name import SessionName
from ccds_spawners.chronicle import Chronicle
from ccds_spawners.home import server_folder
from ccds_spawners.kept_token import keep_token, kept_token
from support.site import site_settings

SESSION, JOB = SessionName.parse("reports"), JobId("7")


def test_an_end_is_recorded_as_of_when_it_was_and_the_token_forgotten(tmp_path):
    """As the scheduler says, however late the hub hears it. A refused start, of which there is no job, leaves no token either."""
    settings = site_settings(tmp_path)
    settings.paths.state.mkdir(exist_ok=True)
    records, folder = Records(settings.paths.state), server_folder(SESSION, "sam", settings)
    folder.mkdir(parents=True)
    chronicle = Chronicle(SESSION, "sam", settings, records, logging.getLogger("test"))
    spec = JobSpec(
        name="s", command=("true",), cwd=tmp_path, log=tmp_path / "log", owner="sam", priority_class=PriorityClass.APP
    )
    friday = datetime.now(UTC) - timedelta(days=3)

    async def live() -> list[str]:
        keep_token(folder, "t0")
        await chronicle.forget_token()
        left = [kept_token(folder)]
        keep_token(folder, "t1")
        await chronicle.submitted(JOB, spec, None, friday - timedelta(hours=1))
        await chronicle.ended(JOB, HowEnded.BY_ITSELF, "", friday)
        return [*left, kept_token(folder)]

    left = asyncio.run(live())

    (record,) = records.all(friday - timedelta(days=1))
    assert (record.ended, record.how, left) == (friday, HowEnded.BY_ITSELF, ["", ""])
