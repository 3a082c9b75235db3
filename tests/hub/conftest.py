"""People of the demo, logged in; a hub of its own where a test kills it."""

from collections.abc import Callable, Iterator

import pytest
import requests

from support.demo import APP, LAB, Demo
from support.hub import HubSite, site_with_hub


@pytest.fixture(scope="session")
def client(demo: Demo) -> Callable[[str], requests.Session]:
    """One client for each person of the demo."""
    known: dict[str, requests.Session] = {}

    def of(person: str) -> requests.Session:
        if person not in known:
            known[person] = demo.login(person)
        return known[person]

    return of


@pytest.fixture(scope="package")
def lab(demo: Demo, client: Callable[[str], requests.Session]) -> Iterator[str]:
    """The address of sam's lab session on one GPU slot."""
    yield demo.start(client("sam"), "sam", LAB, {"gpus": 1})
    demo.stop(client("sam"), "sam", LAB)


@pytest.fixture(scope="package")
def app(demo: Demo, client: Callable[[str], requests.Session]) -> Iterator[str]:
    """The address of fay's labelling app; her client is logged in there."""
    url = demo.start(client("fay"), "fay", APP)
    client("fay").get(url, timeout=60)
    yield url
    demo.stop(client("fay"), "fay", APP)


@pytest.fixture(scope="module")
def hub_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site whose hub a test may kill."""
    with site_with_hub(tmp_path_factory.mktemp("hub") / "site") as site:
        yield site
