"""Several who make the volumes of one study: in turns, each seeing what the one before left."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.imaging.studies.converting import make_study
from ccds_kernel.imaging.studies.one_at_a_time import making
from support.image_studies import KEY, RULES, name_of
from support.locks import waiting_for
from support.waiting import until


def test_only_one_is_at_a_study(tmp_path) -> None:
    """The others wait, one after the other; nothing is left behind."""
    inside, most = [], []

    def work(turn: int) -> None:
        with making(tmp_path, KEY):
            inside.append(turn)
            most.append(len(inside))
            inside.remove(turn)

    with ThreadPoolExecutor(8) as threads:
        with making(tmp_path, KEY):
            done = [threads.submit(work, turn) for turn in range(8)]
            until(lambda: len(waiting_for(tmp_path / f".making-{KEY}")) == 8, "eight who wait")
            before = list(most)
        for one in done:
            one.result()

    assert (before, most) == ([], [1] * 8)
    assert list(tmp_path.iterdir()) == []


def test_another_study_waits_for_nobody(tmp_path) -> None:
    """A run doesn't hold up whoever lets a reason pass elsewhere."""
    with making(tmp_path, KEY), making(tmp_path, "b" * 16):
        assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_can_t_be_written_is_one_clear_line(tmp_path) -> None:
    """A file in its place, for example."""
    (tmp_path / "nifti").write_text("")

    with pytest.raises(CcdsError, match="to write the project's volumes; found"), making(tmp_path / "nifti", KEY):
        pass


def test_who_waited_makes_what_is_chosen_then(studies_of, settings, study) -> None:
    """Not what was when they came: they would set aside what another made meanwhile."""
    nifti = settings.paths.projects / "HEAD-1" / "nifti"
    studies = studies_of("eve")
    studies.keep_rules(RULES)

    with ThreadPoolExecutor(1) as threads:
        with making(nifti, KEY):
            made = threads.submit(studies_of("eve").make_volumes, KEY)
            until(lambda: made.done() or waiting_for(nifti / f".making-{KEY}"), "somebody who waits")
            too_early = made.done()
            studies.overrule(KEY, name_of(study["thick"]), "less noise")
        [judged] = made.result()

    assert (too_early, judged.series) == (False, name_of(study["thick"]))
    assert sorted(path.name.split(".")[0] for path in (nifti / KEY).iterdir()) == [judged.series] * 2
    assert not list(nifti.glob(".*"))


@pytest.mark.parametrize("change", ["nothing", "choice", "rules", "files", "volume", "at it"])
def test_what_was_made_elsewhere_is_kept_only_while_it_holds(studies_of, settings, study, folder, change) -> None:
    """As by a worker that had the files only: not where people, files or the volume are others by now, or another is at it."""
    nifti = settings.paths.projects / "HEAD-1" / "nifti"
    studies = studies_of("eve")
    studies.keep_rules(RULES)
    brief = studies.brief(KEY)
    made = make_study(folder, nifti, KEY, brief)
    name = name_of(study["thin"])
    changes = {
        "choice": lambda: studies.overrule(KEY, name_of(study["thick"]), "less noise"),
        "rules": lambda: studies.keep_rules(RULES.replace("100", "99")),
        "files": (folder / "another").mkdir,
        "volume": (nifti / KEY / f"{name}.nii.gz").unlink,
    }
    changes.get(change, lambda: None)()

    with making(nifti, KEY) if change == "at it" else nullcontext():
        kept = studies.keep_made(KEY, brief, made)

    assert kept is (change == "nothing")
    assert (studies.judgement(KEY, name) is not None) is kept
