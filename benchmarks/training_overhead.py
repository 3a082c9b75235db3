"""What launching a training with ccds costs per step, beside MONAI's own loop on the same network and volumes.

Bare: `python -m monai.bundle run` of the bundle classify3d without any handler of ours, without validation and checkpoints. Ours:
the same bundle as it is, launched as a job of the local scheduler. Both in turn, a process of one thread each; the time
from the start of one step to the start of the next within an epoch, after an epoch to warm up. Wall time shows what
else the machine does: hence CPU time beside it (one thread: the two are the same on an idle machine), and the time that our
handlers take by themselves.

    python benchmarks/training_overhead.py [--rounds 3] [--epochs 9]
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import yaml

from ccds_kernel.batch.local import Capacity, LocalScheduler
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.applying import apply_application
from ccds_kernel.irb.project import Project, open_project
from ccds_kernel.irb.roles import Action
from ccds_kernel.settings import Paths, Settings
from ccds_kernel.training.bundle import CONFIGURATION, METADATA, copy_bundle, find_bundle
from ccds_kernel.training.launch import launch
from ccds_kernel.training.spec import TrainingSpec

VOLUMES = 48
SIDE = 64
BATCH = 8
CLOCK = '''
import json, time
from ignite.engine import Events

class StepClock:
    """Notes when steps start; writes wall and CPU time between those of one epoch, the first epoch left out."""

    def __init__(self, path):
        self.path, self.began, self.steps, self.last = path, None, [], None

    def attach(self, engine):
        engine.add_event_handler(Events.ITERATION_STARTED, self.on_step)
        engine.add_event_handler(Events.EPOCH_STARTED, self.on_epoch)
        engine.add_event_handler(Events.COMPLETED, self.on_end)

    def on_epoch(self, engine):
        self.last = None
        self.began = self.began or time.time()

    def on_step(self, engine):
        now = time.perf_counter(), time.process_time()
        if self.last is not None and engine.state.epoch > 1:
            self.steps.append([one - before for one, before in zip(now, self.last)])
        self.last = now

    def on_end(self, engine):
        with open(self.path, "w") as out:
            json.dump({"began": self.began, "steps": self.steps}, out)
'''


def project_with_volumes(folder: Path) -> Project:
    """A site in `folder` whose one project has volumes of noise and their data list."""
    paths = {name: str(folder / name) for name in Paths.model_fields}
    settings = Settings.model_validate({"paths": paths, "hub": {"administrators": ["admin"]}})
    application: dict[str, Any] = {
        "id": "BENCH-1", "title": "Timing", "pi": "Dr. Reed", "approved": "2020-01-01", "expires": "2999-01-01",
        "exam_codes": ["CT1"], "study_dates": ["2020-01-01", "2020-12-31"], "data": ["images"], "egress": "locked",
        "roster": [{"person": "sam", "role": "scientist", "trained": str(datetime.now(UTC).date())}],
    }  # fmt: skip
    apply_application(IrbApplication.model_validate(application), person="admin", settings=settings)
    project = open_project("BENCH-1", Action.TRAIN, person="sam", settings=settings)
    rng = np.random.default_rng(0)
    entries = []
    for number in range(VOLUMES + BATCH):
        name = f"{number}.nii"
        nib.save(nib.Nifti1Image(rng.normal(size=(SIDE,) * 3).astype(np.float32), np.eye(4)), project.folder / name)
        split = "training" if number < VOLUMES else "validation"
        entries.append({"image": name, "label": number % 2, "split": split})
    (folder / "datalist.json").write_text(json.dumps(entries))
    return project


def clocked_bundle(folder: Path, times: Path, *, bare: bool) -> Path:
    """The bundle with the clock, with our handlers or without; in `folder`."""
    copy_bundle(find_bundle("classify3d"), folder)
    configuration = yaml.safe_load((folder / CONFIGURATION).read_text())
    clock = {"_target_": "scripts.step_clock.StepClock", "path": str(times)}
    configuration["training"]["handlers"] = [clock, *([] if bare else configuration["training"]["handlers"])]
    (folder / CONFIGURATION).write_text(yaml.safe_dump(configuration))
    (folder / "scripts").mkdir()
    (folder / "scripts" / "__init__.py").touch()
    (folder / "scripts" / "step_clock.py").write_text(CLOCK)
    return folder


def run_bare(folder: Path, project: Project, epochs: int) -> dict[str, Any]:
    """One bare training; its times."""
    times = folder / "times.json"
    bundle = clocked_bundle(folder / "bundle", times, bare=True)
    begin = time.time()
    subprocess.run(
        [
            sys.executable, "-m", "monai.bundle", "run", "--config_file", CONFIGURATION, "--meta_file", METADATA,
            "--data_root", str(project.folder), "--datalist", str(folder.parent / "datalist.json"),
            "--epochs", str(epochs), "--batch_size", str(BATCH),
        ],
        cwd=bundle, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True,
    )  # fmt: skip
    return _read(times, begin)


def run_ours(folder: Path, project: Project, scheduler: LocalScheduler, epochs: int) -> dict[str, Any]:
    """One training launched by ccds; its times."""
    times = folder / "times.json"
    bundle = clocked_bundle(folder / "bundle", times, bare=False)
    spec = TrainingSpec(
        datalist=folder.parent / "datalist.json", bundle=str(bundle), epochs=epochs, batch_size=BATCH, gpus=0
    )
    begin = time.time()
    run = launch(project, spec, scheduler)
    while not run.status().state.ended:
        time.sleep(0.5)
    return _read(times, begin)


def handlers_alone(folder: Path, steps: int = 5000) -> tuple[float, float]:
    """Seconds per step of an engine that does nothing, without and with our handlers (the checkpoint of its epoch included)."""
    warnings.simplefilter("ignore")  # ignite's import calls what torch has deprecated
    torch, ignite = importlib.import_module("torch"), importlib.import_module("ignite.engine")
    handlers = importlib.import_module("ccds_kernel.training.inside.handlers")
    network = torch.nn.Linear(10, 10)
    optimizer = torch.optim.AdamW(network.parameters())
    loss = {"loss": torch.tensor(0.5)}
    (folder / "checkpoints").mkdir()
    ours = [
        handlers.EpochSeed(0),
        handlers.FiniteGuard(network),
        handlers.MetricsWriter(str(folder / "metrics.jsonl"), optimizer),
        handlers.Checkpoints(str(folder / "checkpoints"), {"network": network, "optimizer": optimizer}),
    ]
    seconds = []
    for attached in ([], ours):
        engine = ignite.Engine(lambda *_: loss)
        for handler in attached:
            handler.attach(engine)
        begin = time.perf_counter()
        engine.run(range(steps), max_epochs=1)
        seconds.append((time.perf_counter() - begin) / steps)
    return seconds[0], seconds[1]


def _read(times: Path, begin: float) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(times.read_text())
    wall, cpu = zip(*found["steps"], strict=True)
    return {"wall": wall, "cpu": cpu, "start_s": found["began"] - begin}


def main() -> None:
    """Prints the versions, each round, and the overhead."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=9)
    options = parser.parse_args()
    if missing := [name for name in ("torch", "monai", "ignite", "fire") if importlib.util.find_spec(name) is None]:
        print(f"not measured: no {', '.join(missing)} in this environment")
        return
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "monai", "pytorch-ignite"))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {versions}")
    print(f"classify3d, {VOLUMES} volumes of {SIDE}^3 voxels, {BATCH} per step, 1 thread, on the CPU")
    found: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        project = project_with_volumes(root)
        scheduler = LocalScheduler(root / "state" / "scheduler", capacity=Capacity(cpus=1, memory_mb=8000, gpus=()))
        try:
            for number in range(options.rounds):
                for kind in ("bare", "ours") if number % 2 == 0 else ("ours", "bare"):
                    folder = root / f"{kind}-{number}"
                    folder.mkdir()
                    if kind == "bare":
                        found[kind].append(run_bare(folder, project, options.epochs))
                    else:
                        found[kind].append(run_ours(folder, project, scheduler, options.epochs))
                    _tell_round(number + 1, kind, found[kind][-1])
        finally:
            scheduler.shutdown(cancel_jobs=True)
        without, with_ours = handlers_alone(root)
    for clock in ("cpu", "wall"):
        bare, ours = ([step for one in found[kind] for step in one[clock]] for kind in ("bare", "ours"))
        before, after = statistics.median(bare), statistics.median(ours)
        print(f"{clock} time per step, median: bare {before * 1e3:.2f} ms (n={len(bare)}), ours {after * 1e3:.2f} ms "
              f"(n={len(ours)}), overhead {(after / before - 1) * 100:+.2f} %")  # fmt: skip
    alone, step = with_ours - without, statistics.median(step for one in found["bare"] for step in one["cpu"])
    print(f"our handlers alone, on an engine that does nothing: {alone * 1e6:.0f} us per step (n=5000), "
          f"{alone / step * 100:.3f} % of a bare step")  # fmt: skip


def _tell_round(number: int, kind: str, times: dict[str, Any]) -> None:
    wall, cpu = (statistics.median(times[clock]) * 1e3 for clock in ("wall", "cpu"))
    print(f"  round {number} {kind}: median {wall:.1f} ms wall, {cpu:.1f} ms CPU of {len(times['cpu'])} steps, "
          f"first epoch after {times['start_s']:.1f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
