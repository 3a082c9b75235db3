"""Workers, scheduler and client of runs killed at random: the last run completes, each study once, volumes as undisturbed.

    python tests/soak/soak_workflow.py [--studies 300] [--seeds 3] [--kills 12] [--first-seed 0]

`ccds normalization run` goes over small volumes, two at once, some of which are bad. At random moments a worker, the Dask
scheduler or the command itself is killed by SIGKILL; a command that is gone is given again. Then it runs through. Every good
volume has to be there as one process makes it in turn, every bad one in quarantine, each with one record, and nothing half
done and no process left.
"""

# ruff: noqa: T201 - a script that prints

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ccds_kernel.normalization.recipe import Recipe
from ccds_kernel.normalization.run_operator import SUFFIX
from ccds_kernel.workflow.manifest import Cause, State
from ccds_kernel.workflow.run_folder import RunFolder
from support.killing import VICTIMS, everybody, gone, kill, parts, started, undisturbed
from support.normalizing import digests, normalizing_site, project_folder, write_recipe, write_study
from support.soak import tell

EVERY_BAD = 50
LONGEST_S = 900


def hunt(folder: Path, options: argparse.Namespace, seed: int) -> list[str]:
    """One seed; the broken promises."""
    chance = random.Random(seed)  # noqa: S311 - to be the same again
    config = normalizing_site(folder)
    path, recipe = write_recipe(folder)
    project = project_folder(config)
    for number in range(options.studies):
        write_study(project, number, seed=seed)
    expected = undisturbed(project / "nifti", recipe)
    bad = [study for number, study in enumerate(sorted(expected)) if number % EVERY_BAD == EVERY_BAD // 2]
    for study in bad:
        damaged = project / "nifti" / f"{study}{SUFFIX}"
        damaged.write_bytes(damaged.read_bytes()[:-500])
        del expected[study]
    made = RunFolder(project / "normalized" / recipe.digest())
    killed, commands = disturb(options, chance, made, config, path)
    whole = started(config, path)
    with whole:
        _, complaint = whole.communicate(timeout=LONGEST_S)
    progress = made.progress()
    took = f"{killed.total()} kills ({', '.join(f'{count} {victim}' for victim, count in sorted(killed.items()))})"
    print(
        f"seed {seed}: {took}, {commands + 1} commands; the last did {progress.done}, {progress.done_before} were done"
    )
    broken = (
        [] if whole.returncode == 0 else [f"the last run ended with {whole.returncode}: {complaint.decode()[:300]}"]
    )
    return broken + faults(made, recipe, expected, set(bad))


def disturb(
    options: argparse.Namespace, chance: random.Random, made: RunFolder, config: Path, recipe: Path
) -> tuple[Counter[str], int]:
    """Runs and kills, as often as wished or until all is done; who was killed, and how many commands there were."""
    killed: Counter[str] = Counter()
    commands = 0
    run: subprocess.Popen[bytes] | None = None
    begin = time.monotonic()
    while killed.total() < options.kills and time.monotonic() - begin < LONGEST_S:
        if run is None:
            run, commands = started(config, recipe), commands + 1
        before = sum(1 for _ in made.manifest.keys())  # noqa: SIM118 - no mapping
        wait_for(run, made, before + chance.randint(0, options.studies // options.kills))
        time.sleep(chance.random() / 4)
        everyone, victim = everybody(run), chance.choice(VICTIMS)
        if run.poll() is None and kill(run, victim, chance.randrange(2)):
            killed[victim] += 1
        if victim == "client" or run.poll() is not None:
            run.communicate()
            gone(everyone)
            if run.returncode == 0:
                break
            run = None
    if run is not None and run.poll() is None:
        everyone = everybody(run)
        kill(run, "client")
        run.communicate()
        gone(everyone)
        killed["client"] += 1
    return killed, commands


def wait_for(run: subprocess.Popen[bytes], made: RunFolder, records: int) -> None:
    """Until there are so many, or the run has ended."""
    until = time.monotonic() + LONGEST_S
    while run.poll() is None and time.monotonic() < until:
        if parts(run)["worker"] and sum(1 for _ in made.manifest.keys()) >= records:  # noqa: SIM118 - no mapping
            return
        time.sleep(0.02)


def faults(made: RunFolder, recipe: Recipe, expected: dict[str, str], bad: set[str]) -> list[str]:
    """What isn't as it should be at the end."""
    records = list(made.manifest.records())
    keys = Counter(record.key for record in records)
    done = {record.key: record.output_sha256 for record in records if record.state is State.DONE}
    refused = {record.key for record in records if record.failure and record.failure.cause is Cause.REFUSED}
    there = digests(made.into)
    broken = [f"{key} has {count} records" for key, count in keys.items() if count != 1]
    broken += [f"{key} has no record" for key in (expected.keys() | bad) - keys.keys()]
    for key, digest in expected.items():
        if there.get(key) != digest:
            broken.append(f"{key}: {digest[:12]} expected, {there.get(key, 'none')[:12]} there")
    broken += [f"{key} is there, and shouldn't be" for key in there.keys() - expected.keys()]
    if done != expected:
        broken.append("records whose hashes aren't those of an undisturbed run")
    if refused != bad:
        broken.append(f"{len(refused)} in quarantine, where {len(bad)} are bad")
    if any(record.operator != recipe.digest() for record in records):
        broken.append("records of another recipe")
    return broken + [f"left: {path.name}" for path in made.into.rglob(".*") if path != made.folder]


def main() -> int:
    """Runs it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=12)
    options = parser.parse_args()
    begin = time.monotonic()
    broken: list[str] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        with tempfile.TemporaryDirectory(prefix="ccds-soak-") as folder:
            broken += [f"seed {seed}: {line}" for line in hunt(Path(folder), options, seed)]
    print(f"{options.seeds} x {options.studies} studies, {time.monotonic() - begin:.0f} s")
    return tell(broken)


if __name__ == "__main__":
    sys.exit(main())
