"""The hub, then the proxy, killed -9 while a cell and a training run: nothing that runs notices, the page goes on."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.training.launch import launch
from ccds_kernel.training.run import Run
from ccds_kernel.training.spec import TrainingSpec
from ccds_kernel.training.state import RunState
from support.browser import hosts_asked
from support.demo import LAB, Demo
from support.hub import PEOPLE, HubSite, site_with_hub
from support.lab import new_notebook, run_until_it_prints
from support.site import application, on_roster
from support.training import entries, make_bundle, need_training, write_volume
from support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.hub, pytest.mark.timeout(400)]

EPOCHS = 4000
"""Far more than are trained here: the test ends the run."""

IN_THE_PROXY = 30
"""How many numbers may be on their way through it at most: three seconds' worth, on a machine that does much besides."""

COUNTING = """
import itertools, time
for number in itertools.count():
    print(number, end=" ", flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[HubSite]:
    """A site whose project HEADCT-2026 also covers images and has eighteen tiny volumes."""
    with site_with_hub(tmp_path / "site") as made:
        (administrator,) = made.settings.hub.administrators
        amended = application(id="HEADCT-2026", data=["reports", "images"], roster=on_roster(**PEOPLE))
        apply_application(amended, person=administrator, settings=made.settings)
        for number, entry in enumerate(entries()):
            place = made.settings.paths.projects / "HEADCT-2026" / entry["image"]
            write_volume(place, label=entry["label"], seed=number)
        yield made


def train(site: HubSite, hub: Demo) -> Run:
    """A training of sam's as a batch job."""
    project = open_project("HEADCT-2026", Action.TRAIN, person="sam", settings=site.settings)
    datalist = site.folder / "datalist.json"
    datalist.write_text(json.dumps(entries()))
    bundle = make_bundle(site.folder / "bundle")
    return launch(project, TrainingSpec(datalist=datalist, bundle=bundle, epochs=EPOCHS, gpus=0), hub.scheduler)


def counted(page: Page) -> int:
    """The last number that the page shows."""
    numbers = re.findall(r"\d+", page.locator(".jp-OutputArea-output").first.inner_text())
    return int(numbers[-1]) if numbers else -1


def gaps(page: Page) -> list[range]:
    """Which numbers the page doesn't show of those from 0 on; what it shows stands in order, each number once."""
    numbers = [-1, *map(int, re.findall(r"\d+", page.locator(".jp-OutputArea-output").first.inner_text()))]
    assert numbers == sorted(set(numbers))
    return [range(last + 1, number) for last, number in pairwise(numbers) if number != last + 1]


def go_on(page: Page, run: Run, count: int, epoch: int) -> bool:
    """Whether cell and training are further than they were."""
    return counted(page) > count + 5 and run.status().epoch > epoch


def test_cell_and_training_go_on(browser: Browser, site: HubSite) -> None:
    """While the hub is dead, and after it came back; likewise for the proxy. The page needs no reload."""
    need_training()
    hub = site.start()
    client = hub.login("sam")
    url = hub.start(client, "sam", LAB, {"gpus": 0})
    run = train(site, hub)
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        hosts = hosts_asked(page)
        page.goto(f"{hub.url}/hub/login")
        page.get_by_label("Name").fill("sam")
        page.get_by_label("Password").fill(site.passwords["sam"])
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Your projects")).to_be_visible()
        editor = new_notebook(page, url)
        editor.fill("'ready'")
        run_until_it_prints(editor, page.locator(".jp-OutputArea-output").first)
        editor.fill(COUNTING)
        editor.press("Shift+Enter")
        until(lambda: counted(page) >= 0, "the cell to count")
        until(lambda: run.status().epoch >= 2, "the training to train", seconds=150)

        site.kill()
        count, epoch = counted(page), run.status().epoch
        until(lambda: go_on(page, run, count, epoch), "cell and training to go on without a hub", seconds=30)
        told = requests.get(f"{hub.url}/hub/home", timeout=10)
        site.start()
        count, epoch = counted(page), run.status().epoch
        until(lambda: go_on(page, run, count, epoch), "cell and training to go on with the new hub", seconds=30)
        lost_with_hub, shown = gaps(page), counted(page)

        site.kill_proxy()
        count, epoch = counted(page), run.status().epoch
        until(lambda: go_on(page, run, count, epoch), "the page to reconnect", seconds=60)
        lost_with_proxy, ready = gaps(page), hub.is_ready(hub.login("sam"), "sam", LAB)

        run.cancel()
        until(lambda: run.status().state.ended, "the training to end", seconds=30)
    assert (told.status_code, "ends neither sessions nor jobs" in told.text) == (503, True)
    assert lost_with_hub == []
    # What was on its way through the proxy when it was killed may be gone; what the cell printed until the page was back is not.
    assert len(lost_with_proxy) <= 1
    assert all(gap.start > shown and len(gap) <= IN_THE_PROXY for gap in lost_with_proxy)
    assert ready
    assert run.status().state is RunState.CANCELLED
    assert hosts == {hub.url.removeprefix("http://")}
