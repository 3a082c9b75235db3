"""What LSF prints, as captured or documented (lsf_answers/README.md), and what is made of it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ccds_kernel.batch import UNKNOWN_REASON
from ccds_kernel.batch.lsf import words
from ccds_kernel.batch.lsf.parse import (
    LsfHost,
    LsfJob,
    NotAnAnswerError,
    gpu_models,
    gpus_of,
    hosts,
    hosts_of,
    is_down,
    jobs,
    moment,
    own_words,
    records,
    submitted_id,
)

ANSWERS = Path(__file__).with_name("lsf_answers")
NOW = datetime(2026, 10, 1, 15, tzinfo=UTC)
ASKED = dict.fromkeys(("USER", "QUEUE", "JOB_NAME", "JOB_DESCRIPTION"), "")
"""Fields that we ask for and others, whose answers these are, did not."""


def answer(name: str) -> list[dict[str, str]]:
    """The records of one of the files."""
    text = (ANSWERS / name).read_text(encoding="utf-8")
    return [ASKED | record for record in records(text, "", name.partition("_")[0].partition(".")[0])]


def at(*numbers: int) -> datetime:
    """A moment in UTC."""
    return datetime(*numbers, tzinfo=UTC)


def test_a_running_job_on_two_hosts() -> None:
    """Each host and each GPU once, times in full, the end that follows from its limit."""
    (job,) = jobs(answer("bjobs_two_hosts.json"), NOW)

    assert job == LsfJob(
        number="321",
        index=0,
        stat="RUN",
        user="ubuntu",
        queue="interactive",
        name="bash",
        description="",
        nodes=("nodes-1.example.com", "nodes-2.example.com"),
        exit_code=None,
        exit_reason="",
        pend_reason="",
        submitted=at(2026, 4, 12, 18, 10, 0),
        started=at(2026, 4, 12, 18, 10, 55),
        finishes=at(2026, 4, 12, 22, 27, 1),
        estimated_start=None,
        run_limit=None,
        gpus={"nodes-1.example.com": ("0", "1"), "nodes-2.example.com": ("0", "1")},
    )


def test_jobs_of_a_farm() -> None:
    """Running, waiting and failed ones, with limits in minutes and one-digit days."""
    found = jobs(answer("bjobs_farm.json"), NOW)

    assert [(job.number, job.stat, job.run_limit, job.exit_code) for job in found] == [
        ("5346451", "RUN", 20000.0, None),
        ("5800001", "PEND", 720.0, None),
        ("5800003", "EXIT", 720.0, 27),
    ]
    assert found[0].name == "/eng/tools/BHstart"
    assert found[1].submitted == at(2026, 10, 1, 14, 2, 11)
    assert (found[1].started, found[1].finishes) == (None, None)


def test_times_without_a_year_are_the_nearest() -> None:
    """At New Year's that is the year before."""
    (job,) = jobs(answer("bjobs_no_year.json"), at(2018, 1, 2))

    assert job.submitted == at(2017, 12, 28, 19, 56)
    assert job.run_limit == 10.0


def test_an_answer_is_found_behind_other_lines() -> None:
    """Lines of bjobs that tried to connect come before it."""
    (job,) = jobs(answer("bjobs_pending.txt"), NOW)

    assert (job.number, job.stat, job.pend_reason) == ("12345", "PEND", "New job is waiting for scheduling;")


def test_a_full_host() -> None:
    """What isn't said is None, and no GPUs."""
    assert hosts(answer("bhosts.json"), "MB") == [
        LsfHost(
            name="ip-10-30-9-105",
            status="closed_Full",
            slots=4,
            slots_taken=4,
            gpus=0,
            gpus_taken=0,
            memory_mb=None,
            memory_mb_free=None,
        )
    ]


@pytest.mark.parametrize(
    ("text", "unit", "megabytes"), [("251.5G", "MB", 257536), ("915M", "MB", 915), ("8", "GB", 8192)]
)
def test_memory_has_a_unit_or_the_site_s(text: str, unit: str, megabytes: int) -> None:
    """Letters, and LSF_UNIT_FOR_LIMITS where there is none."""
    record = {"HOST_NAME": "h", "STATUS": "ok", "MAX": "-", "NJOBS": "0", "TOTAL_MEM": text}

    (host,) = hosts([record], unit)

    assert (host.memory_mb, host.slots) == (megabytes, None)


def test_the_models_of_a_host_s_gpus() -> None:
    """One for each line; the host stands in the first only."""
    assert gpu_models((ANSWERS / "bhosts_gpu.txt").read_text(encoding="utf-8")) == {
        "p1-r01-n4": ("NVIDIAH10080GBHBM3",) * 4
    }
    with pytest.raises(NotAnAnswerError):
        gpu_models("Cannot connect to LSF. Please wait ...\n")


def test_what_bsub_says() -> None:
    """The id is found wherever it stands, the last one counts; what was not taken has none."""
    said = json.loads((ANSWERS / "said.json").read_text(encoding="utf-8"))

    assert submitted_id(said["bsub took it"]) == "2812"
    assert submitted_id(f"esub: Job <7> is submitted to you\n{said['bsub took it, queue named']}\nbye\n") == "2701"
    assert submitted_id(said["bsub did not"]) is None
    assert not is_down("", said["bsub did not"])


def test_pending_reasons_in_plain_words() -> None:
    """Each documented one has some, and what isn't known is unknown."""
    said = json.loads((ANSWERS / "said.json").read_text(encoding="utf-8"))

    told = [words.plain(reason) for reason in said["pending"]]

    assert told == [
        "one more of the same person may not run now",
        "what the job asks for is in use",
        "hosts don't answer at the moment",
        "the hosts are too busy at the moment",
        "submitted a moment ago, not looked at yet",
        "not to start before a given time",
    ]
    assert words.plain("The moon is in the wrong house;") == UNKNOWN_REASON
    assert words.plain("RUNLIMIT odd;") == UNKNOWN_REASON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Cannot connect to LSF. Please wait ...\n",
        '{"COMMAND":"bjobs","JOBS":2,"RECORDS":[{"JOBID":"1","STAT":"RUN"}]}',
        '{"COMMAND":"bjobs","JOBS":1,"RECORDS":[{"JOBID":"1","STAT":"R',
        '{"COMMAND":"bhosts","HOSTS":0,"RECORDS":[]}',
        '{"COMMAND":"bjobs","JOBS":1,"RECORDS":["1"]}',
        '{"COMMAND":"bjobs","JOBS":1,"RECORDS":"none"}',
        "[]",
    ],
)
def test_no_complete_answer_is_no_empty_one(text: str) -> None:
    """Nothing, lines of waiting, fewer records than it says, cut short, another command's, another form."""
    with pytest.raises(NotAnAnswerError):
        records(text, "", "bjobs")


def test_an_answer_that_is_cut_short_anywhere_is_none() -> None:
    """However much of it came."""
    text = (ANSWERS / "bjobs_farm.json").read_text(encoding="utf-8").strip()

    for length in range(len(text)):
        with pytest.raises(NotAnAnswerError):
            records(text[:length], "", "bjobs")

    assert len(records(text, "", "bjobs")) == 3


@pytest.mark.parametrize(
    ("field", "record"),
    [
        ("number", {"JOBID": "x"}),
        ("number", {"JOBID": None}),
        ("stat", {"STAT": None}),
        ("exit_code", {"EXIT_CODE": "many"}),
        ("submitted", {"SUBMIT_TIME": "Feb 31 10:00:00 2026"}),
        ("run_limit", {"RUNTIMELIMIT": "1:2:3:4"}),
        ("description", {"JOB_DESCRIPTION": None}),
    ],
)
def test_a_field_that_cannot_be_read_is_told(field: str, record: dict[str, str | None]) -> None:
    """And the others of the answer are as they are."""
    fine = {"JOBID": "2", "STAT": "RUN", **ASKED}
    odd = {key: value for key, value in ({**fine, "JOBID": "1"} | record).items() if value is not None}

    found, other = jobs([odd, fine], NOW)

    assert found.unread == {field}
    assert (other.number, other.unread) == ("2", frozenset())


def test_records_that_do_not_say_whose_they_are_are_no_answer() -> None:
    """Without descriptions no job would be ours, and a list would be too short."""
    with pytest.raises(NotAnAnswerError):
        jobs([{"JOBID": "1", "STAT": "RUN", "USER": "a", "QUEUE": "b", "JOB_NAME": "c"}], NOW)


def test_no_job_at_all_is_an_answer() -> None:
    """In LSF's words, on standard error, or as an empty document."""
    assert records("", "No job found\n", "bjobs") == []
    assert records('{"COMMAND":"bjobs","JOBS":0,"RECORDS":[]}', "", "bjobs") == []


def test_records_of_unknown_ids_are_left_out() -> None:
    """They have ERROR and no state."""
    text = '{"COMMAND":"bjobs","JOBS":2,"RECORDS":[{"JOBID":"9","ERROR":"Job <9> is not found"},{"JOBID":"1","STAT":"RUN"}]}'

    assert records(text, "", "bjobs") == [{"JOBID": "1", "STAT": "RUN"}]


def test_tasks_of_an_array() -> None:
    """By their id or their index, the name without it."""
    base = ASKED | {"STAT": "RUN"}

    found = jobs(
        [base | {"JOBID": "7[3]", "JOB_NAME": "a[3]"}, base | {"JOBID": "7", "JOBINDEX": "4", "JOB_NAME": "a[4]"}], NOW
    )

    assert [(job.number, job.index, job.name) for job in found] == [("7", 3, "a"), ("7", 4, "a")]


@pytest.mark.parametrize(
    ("text", "names"), [("h1:h1:h2", ("h1", "h2")), ("2*h1:h2", ("h1", "h2")), ("5*h1", ("h1",)), ("", ())]
)
def test_hosts_long_and_short(text: str, names: tuple[str, ...]) -> None:
    """One for each slot, or counted (LSB_SHORT_HOSTLIST)."""
    assert hosts_of(text) == names


def test_gpus_of_hosts() -> None:
    """Nothing is nothing; blanks don't matter."""
    assert gpus_of("") == {}
    assert gpus_of("h1:0,1; h2:3") == {"h1": ("0", "1"), "h2": ("3",)}


@pytest.mark.parametrize("text", ["", "-", "soon", "Foo 12 10:00", "12:00"])
def test_what_is_no_time(text: str) -> None:
    """Unknown, not an error: estimates come and go."""
    assert moment(text, NOW) is None


def test_the_29th_of_february_without_a_year() -> None:
    """In a year that has one, or unknown."""
    assert moment("Feb 29 10:00", at(2028, 3, 1)) == at(2028, 2, 29, 10)
    assert moment("Feb 29 10:00", at(2026, 3, 1)) is None


def test_the_words_of_a_failure() -> None:
    """Both outputs in one line, without the attempts to connect; only those mean that LSF is down."""
    assert own_words("a\n", "Cannot connect to LSF. Please wait ...\nb\n") == "b; a"
    assert is_down("", "Cannot connect to LSF. Please wait ...\n")
    assert is_down("", "Failed in an LSF library call: Communication time out\n")
    assert not is_down("", "night: No such queue. Job not submitted.\n")
