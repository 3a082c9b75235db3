"""Run by Alembic: migrates on the connection that `bring_up_to_date` hands in, in one transaction."""

from alembic import context

from ccds_kernel.store.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
