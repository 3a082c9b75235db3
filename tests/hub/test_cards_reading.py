"""The cards' files are read beside the hub's loop: a disk that hangs holds up one page, not the hub."""

import asyncio
import threading
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from ccds_hub.cards import Cards
from ccds_kernel.cluster.record import SessionRecord
from ccds_spawners.nodes import LiveNodes
from support.site import site_settings


class Hanging:
    """Records on a disk that hangs until it is let go."""

    def __init__(self) -> None:
        self.asked, self.let_go = threading.Event(), threading.Event()

    def of_person(self, _person: str, _since: datetime) -> list[SessionRecord]:
        """None, in the end."""
        self.asked.set()
        assert self.let_go.wait(20), "nobody else was served meanwhile"
        return []


def test_the_hub_serves_others_while_a_person_s_records_are_read(tmp_path: Path) -> None:
    """And the page comes once they are."""
    records = Hanging()
    cards = Cards(site_settings(tmp_path), records, LiveNodes())

    async def serve() -> tuple[object, ...]:
        page = asyncio.create_task(cards.now(SimpleNamespace(name="ann", spawners={})))
        await asyncio.to_thread(records.asked.wait, 20)
        records.let_go.set()
        return await page

    assert asyncio.run(serve()) == ()
