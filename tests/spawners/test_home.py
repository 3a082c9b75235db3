"""Where a session's server looks for its own things."""

from pathlib import Path

import pytest

from ccds_kernel.session.name import SessionName
from ccds_kernel.settings import Settings, load_settings
from ccds_spawners.home import session_env
from support.site import write_settings

HOME, FOLDER = Path("/projects/CHEST-1/work/ann"), Path("/state/servers/ann/chest-1-lab")


def settings(folder: Path, more: str) -> Settings:
    """A site's settings with these further lines."""
    path = write_settings(folder)
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    return load_settings(path)


@pytest.mark.parametrize(("more", "own"), [("\n[sessions]\nhelper = true\n", FOLDER), ("", HOME)])
def test_a_server_that_is_somebody_else_looks_for_nothing_in_its_person_s_folder(
    tmp_path: Path, more: str, own: Path
) -> None:
    """What lies there could be settings, which are code; where both are one user there is nothing to keep apart."""
    env = session_env(SessionName.parse("chest-1-lab"), None, HOME, FOLDER, settings(tmp_path, more))

    assert (env["HOME"], env["IPYTHONDIR"]) == (str(own), str(own / ".ccds" / "ipython"))
    assert any(value.startswith(str(HOME)) for value in env.values()) == (own == HOME)
