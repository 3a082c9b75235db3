"""The synthetic series pass the same checks as a hospital's."""

import json

from ccds_kernel.cli import main
from ccds_kernel.demo.dicom import write_series
from ccds_kernel.demo.volumes import generate_series


def test_every_series_is_accepted(tmp_path, capsys):
    """`ccds imaging convert` accepts the series of every scanner: none is excluded or quarantined."""
    scanners = set()
    for number, series in enumerate(generate_series(3, 12)):
        write_series(series, tmp_path / "dicom" / str(number))
        scanners.add(series.case.scanner)

    status = main(["imaging", "convert", str(tmp_path / "dicom"), str(tmp_path / "nifti"), "--json"])

    verdicts = json.loads(capsys.readouterr().out)
    assert status == 0
    assert scanners == set(range(5))
    assert [verdict["status"] for verdict in verdicts] == ["accepted"] * 12
