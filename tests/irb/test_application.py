"""An IRB application as a value and as a file."""

import datetime as dt
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.application import LONGEST_ID, Egress, IrbApplication, RosterEntry, read_application
from ccds_kernel.irb.roles import DataKind, Role
from support.site import application, application_values, on_roster

IDS = st.from_regex(r"[A-Za-z0-9]{1,6}(-[A-Za-z0-9]{1,5}){0,2}", fullmatch=True).filter(
    lambda found: found.lower() not in {"clinical", "reports"}
)
NAMES = (
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60)
    .map(str.strip)
    .filter(bool)
)
DAYS = st.dates()
PERSONS = st.from_regex(r"[a-z_][a-z0-9_.-]{0,20}", fullmatch=True)
ENTRIES = st.builds(RosterEntry, person=PERSONS, role=st.sampled_from(Role), trained=DAYS)


@st.composite
def applications(draw) -> IrbApplication:
    """Any application that can be."""
    approved, expires = sorted([draw(DAYS), draw(DAYS)])
    first, last = sorted([draw(DAYS), draw(DAYS)])
    return IrbApplication(
        id=draw(IDS),
        title=draw(NAMES),
        pi=draw(NAMES),
        approved=approved,
        expires=expires,
        withdrawn=draw(st.none() | DAYS),
        exam_codes=draw(
            st.lists(st.from_regex(r"[A-Za-z0-9._-]{1,32}", fullmatch=True), min_size=1, max_size=4, unique=True).map(
                tuple
            )
        ),
        study_dates=(first, last),
        data=draw(st.lists(st.sampled_from(DataKind), min_size=1, unique=True).map(tuple)),
        egress=draw(st.sampled_from(Egress)),
        roster=draw(st.lists(ENTRIES, max_size=5, unique_by=lambda entry: entry.person).map(tuple)),
    )


@pytest.fixture
def told(tmp_path):
    """Reads an irb.yaml of that text and returns what is said against it, without the line: another test's business."""
    path = tmp_path / "irb.yaml"

    def read(text: str | bytes) -> str:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(CcdsError) as raised:
            read_application(path)
        assert "\n" not in str(raised.value)
        return re.sub(r"irb\.yaml:\d+", "irb.yaml", str(raised.value).replace(str(tmp_path) + "/", ""))

    return read


@given(applications())
def test_an_application_is_read_back_as_it_was_written(tmp_path_factory, written):
    """Whatever its names hold: the same application, the same digest."""
    path = tmp_path_factory.getbasetemp() / "round-trip.yaml"
    path.write_text(written.to_yaml(), encoding="utf-8")

    read = read_application(path)

    assert read == written
    assert read.digest() == written.digest()


@given(applications(), applications())
def test_digests_differ_as_applications_do(one, other):
    """The digest stands for the content."""
    assert (one.digest() == other.digest()) == (one == other)


def test_a_file_as_people_write_it_is_read(tmp_path):
    """Dates without quotes, lists in either form, comments."""
    path = tmp_path / "irb.yaml"
    path.write_text(
        "id: 2026P000123  # as the IRB numbers it\n"
        "title: 'Haemorrhage: head CT'\npi: Dr. Müller\n"
        "approved: 2026-01-01\nexpires: 2027-06-30\nexam_codes: [CTHEAD, '70450']\n"
        "study_dates: [2020-01-01, 2024-12-31]\ndata:\n- images\n- reports\negress: airlock\n"
        "roster:\n- {person: ann, role: fellow, trained: 2025-03-04}\n",
        encoding="utf-8",
    )

    found = read_application(path)

    assert (found.id, found.pi, found.exam_codes) == ("2026P000123", "Dr. Müller", ("CTHEAD", "70450"))
    assert found.study_dates == (dt.date(2020, 1, 1), dt.date(2024, 12, 31))
    assert (found.data, found.egress) == ((DataKind.IMAGES, DataKind.REPORTS), Egress.AIRLOCK)
    assert found.roster == (RosterEntry(person="ann", role=Role.FELLOW, trained=dt.date(2025, 3, 4)),)
    assert found.withdrawn is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(
            ("id", value)
            for value in ("", "../x", "a/b", "a b", "-a", "a-", "a--b", "a_b", ".", "x" * (LONGEST_ID + 1), 7)
        ),
        *((key, value) for key in ("title", "pi") for value in ("", " a", "a ", "a\nb", "a\x1bb", "x" * 201, 7)),
        *(
            (key, value)
            for key in ("approved", "expires", "withdrawn")
            for value in ("2024-02-30", "soon", 20240101, 0, True, 86400, "1700000000", "2024-01-01T00:00:00", "")
        ),
        *(("exam_codes", value) for value in ([], "CXR1", 7)),
        *(("exam_codes.0", [value]) for value in (70450, "", "a b", "x" * 33)),
        *(("study_dates", value) for value in (["2024-01-01"] * 3, "2024-01-01")),
        ("study_dates.1", ["2024-01-01", "later"]),
        *(("data", value) for value in ([], "images")),
        ("data.1", ["images", "genomes"]),
        ("egress", "open"),
        ("roster", "ann"),
        ("roster.0", ["ann"]),
        ("roster.0.person", [{"person": "Ann", "role": "fellow", "trained": "2020-01-01"}]),
        ("roster.0.person", [{"person": "../ann", "role": "fellow", "trained": "2020-01-01"}]),
        ("roster.0.role", [{"person": "ann", "role": "boss", "trained": "2020-01-01"}]),
        ("roster.0.trained", [{"person": "ann", "role": "fellow", "trained": "never"}]),
    ],
)
def test_a_wrong_value_is_told_with_its_key(told, key, value):
    """Every field, given something that it can't be, is named in the one line."""
    message = told(yaml.safe_dump(application_values(**{key.partition(".")[0]: value})))

    assert message.startswith(f"expected {key} in irb.yaml to be ")


@pytest.mark.parametrize("key", [key for key, field in IrbApplication.model_fields.items() if field.is_required()])
def test_a_missing_key_is_told(told, key):
    """Everything but the withdrawal and the egress policy has to be there."""
    message = told(yaml.safe_dump(application_values(**{key: None})))

    assert message == f"expected {key} in irb.yaml; found nothing; add {key}"


@pytest.mark.parametrize(("days", "key"), [([], "study_dates.0"), (["2024-01-01"], "study_dates.1")])
def test_a_day_that_is_missing_is_told(told, days, key):
    """Study dates are a first and a last day."""
    message = told(yaml.safe_dump(application_values(study_dates=days)))

    assert message.startswith(f"expected {key} in irb.yaml; found nothing")


@pytest.mark.parametrize("key", ["person", "role", "trained"])
def test_a_missing_key_of_the_roster_is_told(told, key):
    """With the entry in which it is missing."""
    first, second = on_roster(ann="fellow", bob="fellow")
    del second[key]

    message = told(yaml.safe_dump(application_values(roster=[first, second])))

    assert message.startswith(f"expected roster.1.{key} in irb.yaml; found nothing")


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"expired": "2024-01-01"}, "expired"),
        ({"roster": [{**on_roster(ann="fellow")[0], "admin": True}]}, "roster.0.admin"),
    ],
)
def test_an_unknown_key_is_told(told, changed, key):
    """A misspelt key is refused: `expired` would be no expiry at all."""
    message = told(yaml.safe_dump(application_values(**changed)))

    assert message.startswith(f"expected only known keys in irb.yaml; found {key}")


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"id": "Clinical"}, "id Clinical is reserved for sessions without a project"),
        ({"id": "reports"}, "id reports is reserved for sessions without a project"),
        ({"expires": "2019-12-31"}, "expires 2019-12-31 is before approved 2020-01-01"),
        ({"study_dates": ["2019-02-01", "2019-01-01"]}, "study_dates end 2019-01-01 before they begin 2019-02-01"),
        ({"roster": on_roster(ann="fellow") * 2}, "ann stands on the roster twice"),
        ({"roster": on_roster(ann="fellow") + on_roster(ann="labeler")}, "ann stands on the roster twice"),
        ({"data": ["reports", "images", "reports"]}, "data names reports twice"),
        ({"exam_codes": ["CXR1", "CXR1"]}, "exam_codes names CXR1 twice"),
    ],
)
def test_fields_that_do_not_fit_together_are_told(told, changed, found):
    """What is right field by field and wrong as a whole."""
    message = told(yaml.safe_dump(application_values(**changed)))

    assert message == f"expected the whole file in irb.yaml to fit together; found {found}; mend one of them"


@pytest.mark.parametrize("again", ["id: OTHER-1\n", "roster: []\n", "'pi': x\n"])
def test_a_key_given_twice_is_refused(told, again):
    """YAML would let the second one win without a word."""
    message = told(yaml.safe_dump(application_values()) + again)

    assert message.startswith("expected YAML in irb.yaml; found the key ")
    assert " twice" in message


@pytest.mark.parametrize(
    "text",
    [
        b"a: [",
        b"\xff\xfe\x00",
        b"a: \x00",
        b"!!python/object/apply:os.system ['true']",
        b"[" * 5000,
        b"a: *b",
        b"\t- a",
    ],
)
def test_what_is_no_yaml_is_told(told, text):
    """Nothing in a file makes more of it than one line; nothing in it is run."""
    assert re.match(r"expected (YAML|text in UTF-8) in irb\.yaml; found ", told(text))


@pytest.mark.parametrize("text", ["", "- a", "7", "just text", "? [a]\n: b"])
def test_what_is_no_map_is_told(told, text):
    """YAML, but no application."""
    assert told(text).startswith("expected ")


def test_a_number_in_the_place_of_text_is_told_how_to_quote(told):
    """Exam codes are often all digits, which YAML takes for a number."""
    message = told(yaml.safe_dump(application_values(exam_codes=[70450])))

    assert message == "expected exam_codes.0 in irb.yaml to be text; found the number 70450; put it in quotes"


def test_a_file_that_is_not_there_is_told(tmp_path):
    """The path is named."""
    with pytest.raises(CcdsError, match=r"expected to read .*none.yaml; found No such file or directory"):
        read_application(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("project_id", "slug"), [("CHEST-1", "chest-1"), ("2026P000123", "irb-2026p000123"), ("a", "a")]
)
def test_the_slug_begins_with_a_letter(project_id, slug):
    """Sessions are named by it."""
    assert application(id=project_id).slug == slug


@pytest.mark.parametrize(
    ("line", "wrong", "told"),
    [
        (1, "id: a_b", "id in {}:1 to be right"),
        (4, "approved: soon", "approved in {}:4 to be right"),
        (6, "exam_codes: [A, 'b c']", "exam_codes.1 in {}:6 to be right"),
        (10, "  - {person: ann, role: boss, trained: 2026-01-01}", "roster.0.role in {}:10 to be right"),
        (11, "  - {person: bob, role: fellow}", "roster.1.trained in {}:11; found nothing"),
        (3, "", "pi in {}:1; found nothing"),
    ],
)
def test_the_line_is_named_beside_the_key(tmp_path, line, wrong, told):
    """As editors and compilers do; what is missing is told with the line of what it is missing from."""
    lines = [
        "id: A-1", "title: t", "pi: p", "approved: 2026-01-01", "expires: 2027-01-01", "exam_codes: [A]",
        "study_dates: [2020-01-01, 2020-02-01]", "data: [images]", "roster:",
        "  - {person: ann, role: fellow, trained: 2026-01-01}", "  - {person: bob, role: fellow, trained: 2026-01-01}",
    ]  # fmt: skip
    path = tmp_path / "irb.yaml"
    path.write_text("\n".join([*lines[: line - 1], wrong, *lines[line:]]), encoding="utf-8")

    with pytest.raises(CcdsError) as raised:
        read_application(path)

    assert f"expected {told.format(path)}" in str(raised.value)


@pytest.mark.parametrize("ending", ["-images", "-IMAGES", "-images-w", "-rows", "-reports"])
def test_an_id_that_ends_as_groups_do_is_refused(told, ending):
    """LUNG's readers of images would be LUNG-IMAGES' members."""
    message = told(yaml.safe_dump(application_values(id=f"LUNG{ending}")))

    assert "ends as the groups of a project do" in message


def test_nothing_leaves_unless_the_application_says_so():
    """Without a word about egress it is locked."""
    assert application(egress=None).egress is Egress.LOCKED


def test_where_somebody_stands_on_the_roster():
    """By their whole name; a person who isn't on it stands nowhere."""
    found = application(roster=on_roster(ann="fellow", bob="labeler"))

    assert found.entry_of("bob") == found.roster[1]
    assert found.entry_of("Ann") is None


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        ("2023-12-31", "approved from 2024-01-01"),
        ("2024-01-01", "in force"),
        ("2024-06-29", "in force"),
        ("2024-06-30", "withdrawn on 2024-06-30"),
        ("2025-01-02", "withdrawn on 2024-06-30"),
    ],
)
def test_how_an_application_stands(day, standing):
    """Approved from a day on, until it is withdrawn."""
    found = application(approved="2024-01-01", expires="2025-01-01", withdrawn="2024-06-30")

    assert found.standing(dt.date.fromisoformat(day)) == standing


@pytest.mark.parametrize(("day", "standing"), [("2025-01-01", "in force"), ("2025-01-02", "expired on 2025-01-01")])
def test_the_last_day_counts(day, standing):
    """An application expires after the day that it names."""
    assert application(expires="2025-01-01").standing(dt.date.fromisoformat(day)) == standing
