"""The session cards and the options form in a real browser, on a real hub with few GPUs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ccds_kernel.batch import JobId, PriorityClass
from ccds_kernel.cluster import HowEnded, Records
from ccds_kernel.irb.applying import apply_application
from support.browser import hosts_asked
from support.demo import LAB, Demo
from support.hub import HubSite, site_with_hub
from support.site import application, on_roster

pytestmark = [pytest.mark.browser, pytest.mark.hub, pytest.mark.timeout(400)]

TITLE = "Bleeds <script>alert(1)</script> & <b>more</b>"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site with four GPU slots, sam on two projects, one of which is called by markup."""
    with site_with_hub(tmp_path_factory.mktemp("cards") / "site", "", "[sessions]\nlongest_hours = 3") as made:
        (administrator,) = made.settings.hub.administrators
        other = application(id="BLEEDS-1", title=TITLE, roster=on_roster(sam="scientist"))
        apply_application(other, person=administrator, settings=made.settings)
        yield made


@pytest.fixture(scope="module")
def hub(site: HubSite) -> Demo:
    """Its hub."""
    return site.start()


@pytest.fixture
def page(browser: Browser, hub: Demo) -> Iterator[Page]:
    """Sam's home page; in the end no foreign host was asked, no script failed, and nothing was alerted."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    hosts, wrong = hosts_asked(opened), []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    opened.goto(f"{hub.url}/")
    opened.get_by_label("Name").fill("sam")
    opened.get_by_label("Password").fill("right")
    opened.get_by_role("button", name="Log in").click()
    expect(opened).to_have_url(f"{hub.url}/hub/home")
    yield opened
    context.close()
    assert (len(hosts), wrong) == (1, [])


@pytest.fixture
def full(hub: Demo) -> Iterator[None]:
    """Tom has two of the four GPUs."""
    tom = hub.login("tom")
    hub.start(tom, "tom", LAB, {"gpus": 2, "hours": 1})
    yield
    hub.stop(tom, "tom", LAB)


def card(page: Page, state: str, name: str = "") -> Locator:
    """The cards in that state."""
    return page.locator(f'.ccds-session[data-state="{state}"]', has_text=name)


def focused(page: Page) -> str:
    """What has the focus, as a screen reader says it."""
    return page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")


@pytest.mark.usefixtures("full")
def test_a_session_waits_starts_is_extended_and_ends_on_its_card(page: Page, hub: Demo) -> None:
    """All on the one page, which nobody reloads; the focus stays where it is while the card changes under it."""
    sam = hub.login("sam")
    page.evaluate("window.notReloaded = true")
    sam.post(hub.api("sam", LAB), json={"user_options": {"gpus": 3, "hours": 1}}, timeout=30)

    waits = card(page, "waiting")
    expect(waits).to_contain_text("Waiting for 3 GPUs: 2 of 4 in use.")
    expect(waits).to_contain_text("Place in the queue")
    expect(page.locator("[data-news]")).to_contain_text("JupyterLab · Effusions: waiting")
    waits.get_by_role("link", name="Follow").focus()
    box = waits.bounding_box()
    for _ in range(2):  # the second question is asked once the first answer is shown
        with page.expect_response(re.compile(r"/cards$")):
            pass
    assert focused(page) == "Follow JupyterLab · Effusions"
    assert waits.bounding_box() == box
    tom = hub.login("tom")
    hub.stop(tom, "tom", LAB)

    runs = card(page, "running")
    expect(runs).to_contain_text("first node", timeout=60_000)
    expect(page.locator(".ccds-tile", has=page.get_by_role("link", name="Another node"))).to_have_count(1)
    expect(runs.get_by_role("button", name=re.compile("^Extend"))).to_be_visible()
    runs.get_by_role("button", name=re.compile("^Extend")).focus()
    page.keyboard.press("Enter")
    expect(runs).to_contain_text(re.compile(r"1 h 5\d min"))
    runs.get_by_role("button", name=re.compile("^Extend")).click()
    expect(runs).to_contain_text(re.compile(r"2 h 5\d min"))
    expect(runs.get_by_role("button", name=re.compile("^Extend"))).to_have_count(0)  # three hours are the site's most
    expect(runs).to_contain_text("It can’t be extended any more")
    runs.get_by_role("button", name=re.compile("^Stop")).click()
    asked = page.get_by_role("dialog", name="Stop JupyterLab · Effusions?")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    assert focused(page) == "Stop JupyterLab · Effusions"
    page.keyboard.press("Enter")
    asked.get_by_role("button", name="Stop it").click()

    over = card(page, "ended").first
    expect(over).to_contain_text("It was stopped.", timeout=60_000)
    expect(page.get_by_role("link", name="Another node")).to_have_count(0)
    assert page.evaluate("window.notReloaded")
    over.get_by_role("link", name="Relaunch").click()
    expect(page.get_by_role("radio", name="3")).to_be_checked()
    expect(page.get_by_label("Hours")).to_have_value("1")


@pytest.mark.usefixtures("full")
def test_a_waiting_session_is_cancelled_by_the_keyboard(page: Page, hub: Demo) -> None:
    """Tab to its button, Enter; the card says how it ended."""
    hub.login("sam").post(hub.api("sam", "bleeds-1-lab"), json={"user_options": {"gpus": 4, "hours": 2}}, timeout=30)
    waits = card(page, "waiting", "Bleeds")
    expect(waits).to_contain_text(TITLE)

    waits.get_by_role("link", name="Follow").focus()
    page.keyboard.press("Tab")
    assert focused(page) == f"Cancel JupyterLab · {TITLE}"
    page.keyboard.press("Enter")

    expect(card(page, "ended", "Bleeds").first).to_contain_text("It was cancelled before it was up.", timeout=60_000)


@pytest.mark.usefixtures("full")
def test_the_form_says_what_each_choice_means_before_the_click(page: Page, hub: Demo) -> None:
    """By keyboard: the line changes with the choice, and what is free is told; a project called by markup is text."""
    page.goto(f"{hub.url}/hub/spawn/sam/bleeds-1-lab")
    outlook = page.get_by_role("status")
    expect(page.get_by_role("heading")).to_have_text(f"JupyterLab for {TITLE}")
    expect(page.get_by_role("group", name="GPUs")).to_contain_text("2 of 4 free")

    page.get_by_role("radio", name="0").check()
    expect(outlook).to_contain_text("it would start at once")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="4")).to_be_checked()
    expect(outlook).to_contain_text("Estimated start")
    expect(outlook).to_contain_text("This will be your first node")
    expect(page.locator("[data-share]")).to_have_text("4 GPUs, 16 cores, 64 GiB")
    assert page.get_by_role("link", name="Effusions").get_attribute("href") == f"/hub/spawn/sam/{LAB}"


def test_a_wrong_choice_is_told_beside_its_field(page: Page, hub: Demo) -> None:
    """Somebody changed the page, or the site has shrunk: the field has the focus and its error, the rest stays as chosen."""
    page.goto(f"{hub.url}/hub/spawn/sam/bleeds-1-lab?gpus=2&hours=3")
    page.evaluate(
        "const hours = document.querySelector('[name=hours]'); hours.options[0].value = '99'; hours.value = '99'"
    )

    page.get_by_role("button", name="Start").click()

    hours = page.get_by_label("Hours")
    expect(hours).to_be_focused()
    expect(hours).to_have_accessible_description(re.compile("expected hours from 1 to 3; found 99"))
    expect(page.get_by_role("alert")).to_have_count(1)
    expect(page.get_by_role("radio", name="2")).to_be_checked()


def test_an_error_of_a_button_is_told_on_its_card(page: Page, hub: Demo, site: HubSite) -> None:
    """The hub is away: the card says so, and the page goes on by itself when it is back."""
    hub.start(hub.login("sam"), "sam", LAB, {"gpus": 0, "hours": 1})
    runs = card(page, "running")
    expect(runs.get_by_role("button", name=re.compile("^Stop"))).to_be_visible(timeout=60_000)
    site.kill()

    runs.get_by_role("button", name=re.compile("^Stop")).click()
    page.get_by_role("button", name="Stop it").click()
    expect(runs.get_by_role("alert")).not_to_be_empty()
    away = page.get_by_text(re.compile(r"^The hub doesn’t answer; .* What is shown is from \d\d:\d\d\."))
    expect(away).to_be_visible()
    expect(page.locator("main[data-silent]")).to_be_visible()
    site.start()
    expect(page.locator("main:not([data-silent])")).to_be_visible(timeout=60_000)
    expect(away).to_have_count(0)
    expect(runs).to_be_visible()

    hub.stop(hub.login("sam"), "sam", LAB)


@pytest.mark.parametrize("width", [360, 1280])
def test_cards_fit_their_screen(page: Page, site: HubSite, width: int) -> None:
    """Nothing runs out of the page to the side, however long a name or the scheduler's words."""
    records, job, now = Records(site.settings.paths.state), JobId(f"long-{width}"), datetime.now(UTC)
    records.note_submitted(
        job, person="sam", project="BLEEDS-1", session="bleeds-1-lab", priority_class=PriorityClass.FIRST, at=now
    )
    records.note_ended(job, HowEnded.NOT_STARTED, at=now, said=f"slurm: {'x' * 280}")

    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    page.get_by_text("The scheduler’s own words").first.click()

    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.usefixtures("full")
def test_the_page_of_a_start_says_that_the_hub_is_away_and_goes_on(page: Page, hub: Demo, site: HubSite) -> None:
    """Its last words may be old then. Once the hub is back it takes the start up, and the page follows."""
    hub.login("sam").post(hub.api("sam", "bleeds-1-lab"), json={"user_options": {"gpus": 4, "hours": 1}}, timeout=30)
    page.goto(f"{hub.url}/hub/spawn-pending/sam/bleeds-1-lab")
    expect(page.locator("[data-log]")).to_contain_text("place 1 in the queue")
    site.kill()

    expect(page.get_by_role("alert")).to_contain_text("The hub doesn’t answer")
    site.start()
    expect(page.get_by_role("alert")).to_have_count(0, timeout=60_000)
    expect(page.locator("[data-log]")).to_contain_text("place 1 in the queue", timeout=60_000)
    hub.stop(hub.login("sam"), "sam", "bleeds-1-lab")
