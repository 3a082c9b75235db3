"""The one MetaData on which every stage declares its own tables, in its own `tables.py`.

Each table's `comment` is the one word for what it holds: a data kind of IRB applications, `airlock`, or one of those below; and
`ADDED_ONLY` behind it where its rows, once there, are never changed: what people said and did.
PostgreSQL keeps it with the table, and by it the table is granted to sessions: whoever grants needn't know the stages.
"""

from sqlalchemy import MetaData

PROJECT_S = "project"
"""What the project itself keeps: its sessions read it, and none writes it."""

ANSWERS = "answers"
"""What labelers say of the studies that they are given: they write it, who write nothing else."""

CLINICAL = "clinical"
"""What belongs to deployed models: no project's session reads it."""

ADDED_ONLY = ", added only"
"""Behind the word: sessions add rows, and neither change nor remove any, their own or others'."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
