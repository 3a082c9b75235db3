"""How long a reconcile of a whole site takes: 500 projects × 20 people from nothing, and once more when nothing differs.

Real users, groups, folders and ACLs, in a mount namespace with a copy of /etc of its own, so that the machine's own users and
groups aren't touched. Needs root and `unshare` (util-linux). `--projects` and `--people` choose other sizes.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.registry import registry_of
from ccds_kernel.settings import Paths, load_settings

POOL = 400
FIRST_UID = 40_000
INSIDE = "CCDS_BENCH_INSIDE"
ROLES = ("scientist", "engineer", "fellow", "labeler")


def main() -> None:
    """Goes into a namespace of its own, makes the site there and times `ccds irb reconcile`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=500, help="number of projects")
    parser.add_argument("--people", type=int, default=20, help="people on each roster")
    parser.add_argument("--repeats", type=int, default=5, help="how often the unchanged run is timed")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("not run: it needs root, to make users and groups in a namespace of its own")
        return
    if INSIDE not in os.environ:
        os.execvpe("unshare", ["unshare", "--mount", sys.executable, *sys.argv], os.environ | {INSIDE: "1"})  # noqa: S606 - itself
    with tempfile.TemporaryDirectory(prefix="ccds-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree("/etc", folder / "etc", symlinks=True)
        subprocess.run(["mount", "--bind", folder / "etc", "/etc"], check=True)
        try:
            measure(folder, options)
        finally:
            subprocess.run(["umount", "/etc"], check=True)


def measure(folder: Path, options: argparse.Namespace) -> None:
    """Makes the site in `folder`, and times the first run and those that find nothing to do."""
    people = [f"bench{number:03d}" for number in range(POOL)]
    with Path("/etc/passwd").open("a", encoding="utf-8") as passwd:
        passwd.writelines(f"{one}:x:{FIRST_UID + n}:100::/nonexistent:/bin/false\n" for n, one in enumerate(people))
    config = folder / "ccds.toml"
    paths = [f'{name} = "{folder / "site" / name}"' for name in Paths.model_fields]
    config.write_text(
        "\n".join(["[paths]", *paths, "[hub]", 'administrators = ["root"]', "[groups]", 'directory = "local"'])
    )
    settings = load_settings(config)
    settings.paths.state.mkdir(parents=True)
    fill_registry(settings, people, options)
    command = [sys.executable, "-m", "ccds_kernel.cli", "irb", "reconcile", "--settings", str(config)]
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{options.projects} projects × {options.people} people, a pool of {POOL}")
    first, said = timed(command)
    print(f"from nothing: {first:.1f} s ({said})")
    again = []
    for _ in range(options.repeats):
        seconds, said = timed(command)
        assert said == "nothing changed", said  # noqa: S101 - else the time is of something else
        again.append(seconds)
    again.sort()
    print(f"unchanged: median {again[len(again) // 2]:.2f} s ({again[0]:.2f}–{again[-1]:.2f}, n = {len(again)})")


def fill_registry(settings, people: list[str], options: argparse.Namespace) -> None:  # noqa: ANN001 - Settings
    """Puts the applications into the registry, as an administrator who applied each of them would have."""
    chance, registry = random.Random(1), registry_of(settings)  # noqa: S311 - who is where, no secret
    today = datetime.now(UTC).date()
    for number in range(options.projects):
        roster = [
            {"person": one, "role": chance.choice(ROLES), "trained": today - timedelta(days=30)}
            for one in chance.sample(people, options.people)
        ]
        application = {
            "id": f"BENCH-{number}", "title": "Timing", "pi": "Dr. Reed", "approved": today - timedelta(days=9),
            "expires": today + timedelta(days=99), "exam_codes": ["CT1"], "study_dates": ["2020-01-01", "2020-12-31"],
            "data": ["images", "reports"], "egress": "locked", "roster": roster,
        }  # fmt: skip
        registry.put(IrbApplication.model_validate(application))


def timed(command: list[str]) -> tuple[float, str]:
    """Seconds that `command` takes as a whole process, and what it said last."""
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return time.perf_counter() - start, done.stdout.strip()


if __name__ == "__main__":
    main()
