"""Sessions under a host name of their person's own, in a real Chromium, which takes `*.localhost` for this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.browser import chromium
from support.demo import APP, Demo, free_port
from support.hub import HubSite, site_with_hub

pytestmark = [pytest.mark.hub, pytest.mark.browser]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def subdomain_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSite]:
    """A site that gives each person a host name."""
    port = free_port()
    folder: Path = tmp_path_factory.mktemp("subdomains") / "site"
    with site_with_hub(folder, f'subdomain_host = "http://ccds.localhost:{port}"', port=port) as site:
        yield site


@pytest.fixture(scope="module")
def hub(subdomain_site: HubSite) -> Demo:
    """Its hub, running."""
    return subdomain_site.start()


def test_a_session_is_another_origin_than_the_hub(hub: Demo, subdomain_site: HubSite, browser: Browser) -> None:
    """Fay logs in, opens her app at her own host, and its page can't read the hub's."""
    place = f"ccds.localhost:{subdomain_site.settings.hub.port}"
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://{place}/hub/login")
        page.fill("#username_input", "fay")
        page.fill("#password_input", hub.passwords["fay"])
        page.click("#login_submit")
        page.wait_for_url("**/hub/home")
        page.get_by_role("article").filter(has_text="Label reports").get_by_role("link", name="Start").click()
        page.wait_for_url(f"http://fay.{place}/user/fay/{APP}/voila/render/**", timeout=60_000)
        expect(page.get_by_text("No reports in this project yet")).to_be_visible(timeout=60_000)
        read = page.evaluate(
            "(url) => fetch(url, {credentials: 'include'}).then(() => 'read', () => 'refused')",
            f"http://{place}/hub/home",
        )
        page.goto(f"http://{place}/hub/home")
        page.get_by_role("button", name="Stop Apps").click()
        page.get_by_role("button", name="Stop it").click()
        expect(page.locator('.ccds-session[data-state="ended"]')).to_have_count(1, timeout=60_000)

    assert read == "refused"
