"""Making the schemas of projects, and keeping the rights in them as they are wanted."""

import signal
import subprocess
import sys

import pytest
from psycopg import sql

from ccds_kernel.errors import CcdsError
from ccds_kernel.store.migrate import newest
from ccds_kernel.store.postgresql import open_schema
from support.processes import READY, at_once
from support.store_contract import names, write
from support.tables import every_table

PREPARE = """
from pathlib import Path
from sqlalchemy import make_url
from ccds_kernel.store.postgresql import make_engine
from ccds_kernel.store.schemas import ProjectSchemas
schemas = ProjectSchemas(make_engine(make_url(sys.argv[1])), "ccds")
"""
AT_ONCE = f"""{PREPARE}{READY}
schemas.prepare(sys.argv[2], ["reports"])
"""
SUICIDE = f"""
import os, signal, sys
{PREPARE}
from psycopg import Cursor
steps, limit = 0, int(sys.argv[3])
class Counting(Cursor):
    def execute(self, *arguments, **named):
        global steps
        result = super().execute(*arguments, **named)
        steps += 1
        if steps == limit:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
from sqlalchemy import event
event.listen(schemas._engine, "connect", lambda connection, record: setattr(connection, "cursor_factory", Counting))
schemas.prepare(sys.argv[2], ["reports"])
print(steps)
"""
"""Kills itself after so many statements."""


def arguments(site, *more: str) -> list[str]:
    """What the scripts take first."""
    return [site.server.administrator().render_as_string(hide_password=False), *more]


def acl_of(site, schema: str) -> list[tuple[str, str]]:
    """Everything that anybody was given in `schema`, as the server says."""
    query = """
        SELECT nspname, coalesce(nspacl, acldefault('n', nspowner))::text FROM pg_namespace WHERE nspname = %s
        UNION ALL
        SELECT relname, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))::text
        FROM pg_class WHERE relnamespace::regnamespace::text = quote_ident(%s) AND relkind IN ('r', 'S') ORDER BY 1
    """
    with site.server.as_superuser() as superuser:
        return superuser.execute(query, [schema, schema]).fetchall()


def test_a_second_run_finds_nothing_to_do(site):
    """Neither does a plan."""
    schema = site.new_schema()
    wanted = {schema: ["images", "reports"]}
    before = site.schemas.plan(wanted)

    changed = [site.schemas.prepare(schema, wanted[schema]) for _ in range(2)]

    assert before[schema] == (f"make schema {schema} with its tables, roles and grants",)
    assert changed == [True, False]
    assert site.schemas.plan(wanted) == {}


def test_an_amendment_changes_what_is_granted(site, schema, issue):
    """Reports that are no longer covered can't be read by a session that could, and stay; covered again they are as before."""
    store = open_schema(issue(write=True), schema)
    write(store, "a")

    site.schemas.prepare(schema, ["images"])

    with pytest.raises(CcdsError, match="expected a right to the project's database; found none"):
        names(store)
    assert list(site.schemas.plan({schema: ["reports"]})) == [schema]
    site.schemas.prepare(schema, ["reports"])
    assert names(store) == ["a"]
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "GRANT CREATE ON SCHEMA {schema} TO PUBLIC",
        "GRANT ALL ON {schema}.report TO PUBLIC",
        "GRANT INSERT ON {schema}.setting TO {write}",
        "GRANT UPDATE ON SEQUENCE {schema}.report_id_seq TO {read}",
        "GRANT SELECT ON {schema}.prediction TO {read}",
        "GRANT pg_read_all_data TO {read}",
        "REVOKE SELECT ON {schema}.report FROM {read}",
        "GRANT TEMPORARY ON DATABASE ccds TO PUBLIC",
    ],
)
def test_what_somebody_changed_by_hand_is_found_and_put_right(site, schema, statement):
    """Whatever was given or taken, the next run makes it as it was."""
    before = acl_of(site, schema)
    roles = {f"{access}": sql.Identifier(f"{schema}_reports_{access}") for access in ("read", "write")}
    with site.server.as_superuser() as superuser:
        superuser.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), **roles))

    planned = site.schemas.plan({schema: ["reports"]})
    changed = site.schemas.prepare(schema, ["reports"])

    assert len(planned) == 1
    assert changed
    assert acl_of(site, schema) == before
    assert site.schemas.plan({schema: ["reports"]}) == {}


def test_an_older_schema_is_brought_up_to_date_with_its_rows(site, schema, issue):
    """The plan says from which version to which; a session's rows stay."""
    store = open_schema(issue(write=True), schema)
    write(store, "kept")
    later = sorted(every_table() - {"setting", "report", "report_section", "phrase"})
    with site.server.as_superuser() as superuser:
        for table in later:
            superuser.execute(sql.SQL("DROP TABLE {}.{} CASCADE").format(sql.Identifier(schema), sql.Identifier(table)))
        for column in ("uncertain_label", "excludes", "task_id"):
            phrase = sql.Identifier(schema, "phrase")
            superuser.execute(sql.SQL("ALTER TABLE {} DROP COLUMN {}").format(phrase, sql.Identifier(column)))
    site.mark_version(schema, "0002")

    planned = site.schemas.plan({schema: ["reports"]})
    changed = site.schemas.prepare(schema, ["reports"])

    assert planned == {schema: (f"bring it from 0002 to {newest()}",)}
    assert changed
    assert names(store) == ["kept"]
    store.close()


def test_a_schema_of_somebody_else_s_is_refused_and_left_alone(site):
    """Neither looked into nor granted."""
    schema = site.new_schema()
    with site.server.as_superuser() as superuser:
        superuser.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))

    for use in (lambda: site.schemas.prepare(schema, ["reports"]), lambda: site.schemas.plan({schema: ["reports"]})):
        with pytest.raises(CcdsError, match=f"expected the schema {schema} to be this site's; found one that another"):
            use()

    assert acl_of(site, schema) == [(schema, "{postgres=UC/postgres}")]


def test_a_schema_with_another_program_s_tables_is_refused_and_left_alone(site):
    """Tables without our version mark are somebody else's."""
    schema = site.new_schema()
    with site.server.as_superuser() as superuser:
        superuser.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION ccds_admin").format(sql.Identifier(schema)))
        superuser.execute(sql.SQL("CREATE TABLE {}.theirs (x int)").format(sql.Identifier(schema)))

    with pytest.raises(CcdsError, match="found another program's database"):
        site.schemas.prepare(schema, ["reports"])

    assert [name for name, _ in acl_of(site, schema)] == [schema, "theirs"]


def test_a_role_of_that_name_that_logs_in_is_refused(site):
    """Somebody could come in as it."""
    schema = site.new_schema()
    with site.server.as_superuser() as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(f"{schema}_reports_read")))

    with pytest.raises(CcdsError, match=f"expected the role {schema}_reports_read to be nobody's who logs in"):
        site.schemas.prepare(schema, ["reports"])

    with pytest.raises(CcdsError, match="found none"):
        open_schema(site.server.administrator(), schema)


def test_two_sites_do_not_share_a_server(site, schema):
    """Roles belong to the whole server: one site's session would be in the other's project."""
    with site.server.as_superuser() as superuser:
        superuser.execute("CREATE ROLE other_connect NOLOGIN")
        superuser.execute(sql.SQL("GRANT other_connect TO {}").format(sql.Identifier(f"{schema}_reports_read")))

    with pytest.raises(CcdsError, match="give each site a database server of its own"):
        site.schemas.prepare(schema, ["reports"])

    with site.server.as_superuser() as superuser:
        superuser.execute("DROP ROLE other_connect")


def test_processes_that_prepare_one_project_at_once_make_one(site):
    """Each finds it whole, or waits for who makes it."""
    schema = site.new_schema()

    ends = at_once(AT_ONCE, *[tuple(arguments(site, schema))] * 3)

    assert ends == [0, 0, 0]
    assert site.schemas.plan({schema: ["reports"]}) == {}


def test_a_process_that_is_killed_leaves_nothing_half_made(site):
    """After any of its statements: the schema is there whole, or not at all; and the next run makes it."""
    last = int(
        subprocess.run(
            [sys.executable, "-c", SUICIDE, *arguments(site, site.new_schema(), "0")], check=True, capture_output=True
        ).stdout
    )
    points = sorted({*range(1, last + 1, 4), last})

    for point in points:
        schema = site.new_schema()
        ended = subprocess.run(
            [sys.executable, "-c", SUICIDE, *arguments(site, schema, str(point))], check=False, capture_output=True
        )

        assert ended.returncode == -signal.SIGKILL
        assert site.schemas.plan({schema: ["reports"]}).get(schema, ()) in {
            (),
            (f"make schema {schema} with its tables, roles and grants",),
        }
        site.schemas.prepare(schema, ["reports"])
        assert site.schemas.plan({schema: ["reports"]}) == {}
    assert len(points) > 10
