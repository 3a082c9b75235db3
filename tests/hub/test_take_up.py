"""Interrupted starts, as a hub that starts anew asks for them: on a stand-in for the hub, which answers as a test says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from jupyterhub import orm
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from ccds_hub.interrupted import take_up
from ccds_kernel.cluster.record import HowEnded

MANY = 20


@dataclass
class Start:
    """A spawner whose start was interrupted."""

    name: str
    interrupted: bool = True
    pending: str = ""
    why_stopped: HowEnded | None = None
    given_up: int = 0
    user: Any = None

    async def give_up(self) -> None:
        """See `ClusterSpawner.give_up`."""
        self.given_up += 1
        self.interrupted = False


@dataclass
class Person:
    """A user, who has these starts."""

    name: str
    spawners: dict[str, Start]

    def new_api_token(self, **_told: object) -> str:
        """One that nobody checks here."""
        return "t" * 32


Answer = Callable[[Start], Awaitable[int]]


@dataclass
class StandIn:
    """A hub with a database, and an interface by which a start is asked for: `answer` says what becomes of it."""

    starts: Mapping[str, Start]
    answer: Answer
    without: frozenset[str] = frozenset()
    asked: list[str] = field(default_factory=list)
    between: Callable[[], None] = lambda: None
    """Called in each pause between two tries."""

    def __post_init__(self) -> None:
        self.port = 0
        self.db = orm.new_session_factory("sqlite:///:memory:")()
        self.users: dict[orm.User, Person] = {}
        for person, start in self.starts.items():
            user = orm.User(name=person)
            self.db.add(user)
            self.db.add(orm.Spawner(name=start.name, user=user, state={"up": False, "job_id": "7"}))
            start.user = Person(person, {start.name: start})
            if person not in self.without:
                self.users[user] = start.user
        self.db.commit()

    @property
    def hub(self) -> Any:
        """Where it listens."""
        return self

    @property
    def api_url(self) -> str:
        """The address of its interface."""
        return f"http://127.0.0.1:{self.port}/api"

    async def take_up(self) -> None:
        """Listens, and takes up what there is."""
        (socket,) = bind_sockets(0, "127.0.0.1")
        self.port = socket.getsockname()[1]
        server = HTTPServer(Application([(r"/api/users/([^/]+)/servers/.+", Servers, {"hub": self})]))
        server.add_socket(socket)
        try:
            await asyncio.wait_for(take_up(self, self.pause), 30)
        finally:
            server.stop()

    async def pause(self, _seconds: float) -> None:
        """Lets the others go on."""
        self.between()
        await asyncio.sleep(0)


class Servers(RequestHandler):
    """What JupyterHub has at this address."""

    def initialize(self, hub: StandIn) -> None:
        """Of `hub`."""
        self.hub = hub

    async def post(self, person: str) -> None:
        """Starts that person's session."""
        self.hub.asked.append(person)
        self.set_status(await self.hub.answer(self.hub.starts[person]))


def starts(*people: str) -> dict[str, Start]:
    """One of each."""
    return {person: Start(f"lab--{person}") for person in people}


def test_a_try_that_the_hub_lets_go_on_and_that_fails_later_is_made_again() -> None:
    """202 says that the hub waits for the scheduler, no more: it is asked again once nobody waits, and only then."""
    tries = 0

    async def answer(start: Start) -> int:
        nonlocal tries
        tries += 1
        start.pending = "spawn" if tries == 1 else ""
        start.interrupted = tries == 1
        return 202

    hub = StandIn(starts("sam"), answer)
    start, pauses = hub.starts["sam"], []

    def between() -> None:
        pauses.append(len(hub.asked))
        if len(pauses) == 3:  # the scheduler didn't answer
            start.pending = ""

    hub.between = between
    asyncio.run(hub.take_up())

    assert (pauses[:3], hub.asked, start.given_up) == ([1, 1, 1], ["sam", "sam"], 0)


@pytest.mark.parametrize("code", [429, 500, 503])
def test_what_cannot_be_started_now_is_tried_again(code: int) -> None:
    """Nothing is ended."""
    codes = [code, code, 201]

    async def answer(start: Start) -> int:
        said = codes.pop(0)
        start.interrupted = bool(codes)
        return said

    hub = StandIn(starts("sam"), answer)
    asyncio.run(hub.take_up())

    assert (codes, hub.asked, hub.starts["sam"].given_up) == ([], ["sam"] * 3, 0)


@pytest.mark.parametrize("ended", [False, True], ids=["by the hub", "by its spawner"])
def test_what_is_refused_is_ended_once(ended: bool) -> None:
    """Here, unless the session's spawner has."""

    async def answer(start: Start) -> int:
        start.interrupted = not ended
        return 403

    hub = StandIn(starts("sam"), answer)
    asyncio.run(hub.take_up())

    assert (hub.asked, hub.starts["sam"].given_up) == (["sam"], 0 if ended else 1)


def test_a_start_that_was_called_off_is_ended_and_not_asked_for() -> None:
    """Its person had stopped it before the hub died."""

    async def answer(_start: Start) -> int:
        return 201

    hub = StandIn(starts("sam"), answer)
    hub.starts["sam"].why_stopped = HowEnded.CANCELLED
    asyncio.run(hub.take_up())

    assert (hub.asked, hub.starts["sam"].given_up) == ([], 1)


def test_trouble_with_one_is_nothing_to_the_others() -> None:
    """Somebody whom the hub doesn't know any more, though its database still has them, until that forgets them too."""
    hub = StandIn(starts("eve", "sam"), _goes_on, without=frozenset({"eve"}))

    def between() -> None:
        if not hub.starts["sam"].interrupted:
            hub.db.query(orm.Spawner).filter(orm.Spawner.name == "lab--eve").delete()

    hub.between = between
    asyncio.run(hub.take_up())

    assert hub.asked == ["sam"]
    assert not hub.starts["sam"].interrupted


def test_not_all_are_asked_for_at_one_time() -> None:
    """As many as the client has connections for; each has its turn."""
    at_once, most, several = 0, 0, asyncio.Event()

    async def answer(start: Start) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        if at_once == 8:
            several.set()
        await several.wait()
        at_once -= 1
        return await _goes_on(start)

    hub = StandIn(starts(*(f"p{number}" for number in range(MANY))), answer)
    asyncio.run(hub.take_up())

    assert most == 8
    assert sorted(hub.asked) == sorted(hub.starts)


async def _goes_on(start: Start) -> int:
    start.interrupted = False
    return 201
