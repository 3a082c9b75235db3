"""docs/running.md sets up one site: its units, its settings and the sudoers file speak of the same account and paths."""

import re
import tomllib
from configparser import ConfigParser
from pathlib import Path

from ccds_kernel.batch.site import jobs_socket
from ccds_kernel.session import root_helper, root_server
from ccds_kernel.settings import Paths, Settings
from ccds_kernel.settings.file import SYSTEM_FILE
from support.checkout import ROOT

TEXT = (ROOT / "docs/running.md").read_text(encoding="utf-8")
SUDOERS = (ROOT / "hub/site/sudoers.d/ccds").read_text(encoding="utf-8")
CHECKOUT = Path("/opt/ccds")


def blocks(kind: str) -> list[str]:
    """The document's code blocks of that kind."""
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)


def units() -> dict[str, ConfigParser]:
    """The services' units, by file name."""
    found = {}
    for name, text in re.findall(r"```ini\n# (\S+\.service)\n(.*?)```", TEXT, re.DOTALL):
        found[name] = ConfigParser(interpolation=None)
        found[name].optionxform = str
        found[name].read_string(text)
    return found


def example() -> Settings:
    """The `ccds.toml` of the site that is set up."""
    (text,) = [block for block in blocks("toml") if "[paths]" in block]
    return Settings.model_validate(tomllib.loads(text))


def sudoers_command(alias: str, rules: str = SUDOERS) -> list[str]:
    """The words of a command that sudoers allows."""
    (found,) = re.findall(rf"^Cmnd_Alias {alias} = (.*)$", rules, re.MULTILINE)
    return str(found).split()


def test_the_example_is_a_whole_site():
    """People are Unix users on one machine, reached over HTTPS, and results have a place to go to."""
    site = example()

    assert site.hub.certificate
    assert site.groups.directory == "local"
    assert site.sessions.helper
    assert site.scheduler.engine == "local"
    assert site.airlock.released


def test_the_folders_that_are_made_by_hand_are_the_example_s():
    """The state and audit folders, whose owner the first command goes by, the heads' and the released results' place."""
    site = example()
    made = {Path(word) for line in re.findall(r"^install -d .*$", TEXT, re.MULTILINE) for word in line.split()}

    assert {site.paths.state, site.paths.audit, site.audit.heads, site.airlock.released} <= made
    assert {folder.parent for _, folder in site.paths} <= made


def test_the_example_of_groups_in_ldap_is_one(tmp_path):
    """Put into a site's settings as it stands."""
    (text,) = [block for block in blocks("toml") if "ldap_uri" in block]
    paths = {name: str(tmp_path / name) for name in Paths.model_fields}

    assert Settings.model_validate({"paths": paths, **tomllib.loads(text)}).groups.directory == "ldap"


def test_units_and_sudoers_name_one_python_one_account_and_one_settings_file():
    """Sudo compares the words of a command with what hub and sessions call: one letter off, and no kernel starts."""
    services = [unit["Service"] for unit in units().values()]
    helper, reconcile = sudoers_command("CCDS_HELPER"), sudoers_command("CCDS_RECONCILE")
    (account,) = re.findall(r"^(\w+) ALL=\(root\) NOPASSWD: CCDS_HELPER, CCDS_RECONCILE$", SUDOERS, re.MULTILINE)

    assert len(services) == 4
    assert {service["ExecStart"].split()[0] for service in services} == {helper[0]} == {reconcile[0]}
    assert {service["User"] for service in services} == {account}
    assert {service["Environment"] for service in services} == {f"CCDS_CONFIG={SYSTEM_FILE}"}
    assert helper[-2] == reconcile[-1] == str(SYSTEM_FILE)
    assert (
        f"useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin {account}\n"
        in TEXT
    )


def test_sudoers_names_the_root_helper_of_the_checkout():
    """Which an installation from a checkout runs from; and so does the hub."""
    here = Path(root_helper.__file__).relative_to(ROOT)
    files = re.findall(rf"{CHECKOUT}/((?:hub|ccds_kernel)/[\w./-]+)", TEXT)

    assert str(CHECKOUT / here) in sudoers_command("CCDS_HELPER")
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert "hub/jupyterhub_config.py" in files


def test_a_node_s_rule_lets_everybody_start_a_server_and_nothing_else():
    """By the same Python, helper and settings; sudo takes the last of several rules that fit, and reads files by their names."""
    rules = (ROOT / "hub/site/sudoers.d/ccds-node").read_text(encoding="utf-8")
    *allowed, last = rules.strip().splitlines()

    assert sudoers_command("CCDS_SERVER", rules) == [*sudoers_command("CCDS_HELPER")[:-1], "server", "*"]
    assert last == "ALL ALL=(root) NOPASSWD: CCDS_SERVER"
    assert not [line for line in allowed if "NOPASSWD" in line]
    (kept,) = re.findall(r'env_keep = "(.*)"', rules)
    assert set(root_server.told(dict.fromkeys(kept.split(), "1"))) == set(kept.split())


def test_the_jobs_service_has_its_folder_where_people_look_for_it():
    """Systemd makes it below /run; jobs outlive the service that took them."""
    service = units()["ccds-jobs.service"]["Service"]

    assert Path("/run") / service["RuntimeDirectory"] == jobs_socket(example()).parent
    assert service["KillMode"] == "process"


def test_each_unit_starts_with_the_machine_after_what_it_needs():
    """The hub after the daemon that its sessions need, and after the proxy; both are units here."""
    found = units()

    assert {unit["Install"]["WantedBy"] for unit in found.values()} == {"multi-user.target"}
    assert found.keys() - {"ccds-hub.service"} <= set(found["ccds-hub.service"]["Unit"]["After"].split())
