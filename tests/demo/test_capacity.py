"""What the demo pretends to have is enough for what people try in it at once."""

from pathlib import Path

import pytest

from ccds_kernel.demo.hospital import PRETEND_GPUS, Hospital
from ccds_kernel.training.spec import TrainingSpec
from ccds_spawners.options import LabOptions
from ccds_spawners.share import APP_SHARE, Share, share_of


@pytest.mark.parametrize("split", [(4,), (2, 2), (3, 1), (1, 1, 1, 1)])
def test_all_gpus_some_sessions_and_a_training_run_at_once(tmp_path: Path, split: tuple[int, ...]) -> None:
    """However the four GPUs are shared out: three lab sessions without one, three apps and a training beside them."""
    hospital = Hospital(tmp_path / "demo")
    hospital.claim()
    settings = hospital.configure(1, 2, 3, 4)
    training = TrainingSpec(datalist=tmp_path / "datalist.json")
    labs = [share_of(LabOptions(gpus=gpus), settings.sessions, None) for gpus in (*split, 0, 0, 0)]

    held = [*labs, *[APP_SHARE] * 3, Share(training.cpus, training.memory_mb)]

    assert sum(split) == PRETEND_GPUS == settings.scheduler.gpus
    assert sum(share.cores for share in held) <= settings.scheduler.cpus
    assert sum(share.memory_mb for share in held) <= settings.scheduler.memory_mb
