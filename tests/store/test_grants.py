"""Who may do what in a schema, as values."""

import pytest

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.grants import PUBLIC, Grant, HeldTable, Kind, Rights, changes, data_role, grants_for, site_rights

TABLES = (
    HeldTable("setting", "project"),
    HeldTable("report", "reports", ("report_id_seq",)),
    HeldTable("prediction", "clinical", ("prediction_id_seq",)),
    HeldTable("odd", ""),
)
SAID = HeldTable("answer", "reports", ("answer_id_seq",), added_only=True)


def may(rights: Rights, role: str) -> set[tuple[str, str]]:
    """(privilege, on what) of `role`."""
    return {(grant.privilege, grant.name) for grant in rights.grants if grant.role == role}


def test_each_data_kind_has_a_role_that_reads_and_one_that_writes():
    """Of its own tables; what the project itself keeps is read only, and nothing else is reached."""
    rights = grants_for("chest-1", ["reports"], TABLES, database="ccds")

    enter = {("USAGE", "chest-1"), ("SELECT", "alembic_version"), ("SELECT", "setting")}
    changing = {("INSERT", "report"), ("UPDATE", "report"), ("DELETE", "report"), ("USAGE", "report_id_seq")}
    assert rights.roles == {"chest-1_reports_read", "chest-1_reports_write"}
    assert may(rights, "chest-1_reports_read") == enter | {("SELECT", "report")}
    assert may(rights, "chest-1_reports_write") == enter | {("SELECT", "report")} | changing
    assert rights.members == {(role, "ccds_connect") for role in rights.roles}


def test_what_was_said_is_added_to_and_changed_by_nobody():
    """Whoever writes answers can't rewrite another's, nor their own."""
    rights = grants_for("chest-1", ["reports"], [SAID], database="ccds")

    granted = {one for one in may(rights, "chest-1_reports_write") if one[1].startswith("answer")}

    assert granted == {("SELECT", "answer"), ("INSERT", "answer"), ("USAGE", "answer_id_seq")}
    assert HeldTable.told("answer", "reports, added only", ["answer_id_seq"]) == SAID
    assert HeldTable.told("report", "reports", ["report_id_seq"]) == TABLES[1]


def test_a_kind_that_the_application_does_not_cover_is_granted_to_nobody():
    """Its roles aren't wanted, and what they had is taken from them."""
    both = grants_for("chest-1", ["reports"], TABLES, database="ccds")

    images = grants_for("chest-1", ["images"], TABLES, database="ccds")

    assert not [grant for grant in images.grants if grant.name == "report"]
    assert 'REVOKE SELECT ON TABLE "chest-1"."report" FROM "chest-1_reports_read" CASCADE' in changes(images, both)


def test_nothing_is_changed_where_all_is_as_wanted():
    """A second run does nothing."""
    rights = grants_for("chest-1", ["reports", "images"], TABLES, database="ccds") | site_rights("ccds")

    assert changes(rights, rights) == ()


def test_the_statements_between_two():
    """Roles first; what goes before what comes; names in quotes whatever they hold."""
    read = Grant(Kind.TABLE, 'a"b', "t", "SELECT", "r")
    wanted = Rights(frozenset({"r", "s"}), frozenset({("r", "c")}), frozenset({read}))
    extra = Grant(Kind.SCHEMA, "", 'a"b', "CREATE", PUBLIC)
    found = Rights(frozenset({"r"}), frozenset({("r", "pg_read_all_data")}), frozenset({extra}))

    assert changes(wanted, found) == (
        'CREATE ROLE "s" NOLOGIN',
        'REVOKE "pg_read_all_data" FROM "r"',
        'GRANT "c" TO "r"',
        'REVOKE CREATE ON SCHEMA "a""b" FROM PUBLIC CASCADE',
        'GRANT SELECT ON TABLE "a""b"."t" TO "r"',
    )


@pytest.mark.parametrize("schema", ["public", "pg_toast", "x" * 60])
def test_a_name_that_postgresql_uses_or_would_cut_is_refused(schema):
    """Two names that are cut to one would be one role."""
    with pytest.raises(CcdsError, match="give the application another id"):
        data_role(schema, "reports", write=False)
