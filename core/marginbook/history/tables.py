"""
The tables of a history, alike in SQLite and PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    event,
)
from sqlalchemy.types import TypeDecorator

from marginbook.values import AMOUNTS, LOCK_AMOUNTS, SUMMARY_AMOUNTS, exact, plain
from marginbook.values.times import moment

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

#: Grows when the tables change.
FORMAT: Final = 1


#: How much binding and reading tell static types: nothing, since a changed row may hold anything.
_Any = Any


class Amount(TypeDecorator[_Any]):
    """
    An exact decimal: NUMERIC without precision in PostgreSQL, which keeps every digit, and text in SQLite.
    """

    # SQLite's own NUMERIC turns 0.1 into a binary float.
    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """
        Return what the database calls it.
        """
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """
        Write all digits.
        """
        return plain(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, _: Dialect) -> Any:
        """
        Return the Decimal; or what was found, where that is none: whoever reads it refuses it, or says so.
        """
        try:
            return value if value is None else exact(value)
        except (TypeError, ValueError):
            return value


class Moment(TypeDecorator[_Any]):
    """
    A time in UTC: a timestamp with time zone in PostgreSQL, and ISO 8601 in SQLite, in the same length for each.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """
        Return what the database calls it.
        """
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """
        Write it so that texts sort as times do.
        """
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, _: Dialect) -> Any:
        """
        Return the time in UTC; or what was found, as `Amount` does.
        """
        try:
            return value if value is None else moment(value)
        except (AttributeError, TypeError, ValueError):
            return value


METADATA: Final = MetaData()

#: Says that the tables are a history, and of which format.
MARK: Final = Table("marginbook_history", METADATA, Column("format", Integer, primary_key=True))

#: One row a report. The number is given under a lock, so there are no gaps.
SNAPSHOTS: Final = Table(
    "snapshots",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("started_at", Moment, nullable=False, index=True),
    Column("finished_at", Moment, nullable=False),
    Column("saved_at", Moment, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("accounts", Integer, nullable=False),
    Column("missing", Integer, nullable=False),
    Column("marginbook_version", Text, nullable=False),
    # JSON, as a text: the hash is made of its characters.
    Column("specifications", Text, nullable=False),
    Column("report", Text, nullable=False),
    # No two snapshots can follow the same one.
    Column("previous_hash", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False, unique=True),
)


def _rows(name: str, *columns: Column[Any] | Index, **options: Any) -> Table:
    """
    Return a table of what one snapshot has many of, in the order of the report.
    """
    snapshot: Column[Any] = Column("snapshot_id", ForeignKey("snapshots.id"), primary_key=True, autoincrement=False)
    number = Column("number", Integer, primary_key=True, autoincrement=False)
    # In SQLite, rows of a snapshot then lie together, with no second copy of the key.
    return Table(name, METADATA, snapshot, number, *columns, sqlite_with_rowid=False, **options)


def _text(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


ACCOUNTS: Final = _rows(
    "accounts",
    _text("account"),
    _text("venue"),
    _text("state"),
    Index("ix_accounts_account", "account", "snapshot_id"),
)
BALANCES: Final = _rows(
    "balances",
    _text("account"),
    _text("venue"),
    _text("asset"),
    *(Column(name, Amount) for name in AMOUNTS),
    Column("updated_at", Moment),
    # JSON: where each figure is from, and remarks.
    _text("basis"),
    _text("notes"),
    Index("ix_balances_account_asset", "account", "asset", "snapshot_id"),
)
LOCKS: Final = _rows(
    "locks",
    _text("account"),
    _text("venue"),
    _text("symbol"),
    _text("asset"),
    *(Column(name, Amount) for name in LOCK_AMOUNTS),
    Column("isolated", Boolean),
)
SUMMARIES: Final = _rows(
    "summaries",
    _text("account"),
    _text("venue"),
    _text("currency"),
    Column("asset", Text),
    Column("mode", Text),
    Column("status", Text),
    *(Column(name, Amount) for name in SUMMARY_AMOUNTS),
    Column("updated_at", Moment),
    _text("notes"),
)
FAILURES: Final = _rows(
    "failures",
    _text("account"),
    _text("venue"),
    _text("kind"),
    _text("message"),
    _text("hint"),
    Column("until", Moment),
)
#: The accounts whose bodies were kept.
RECORDINGS: Final = _rows("recordings", _text("account"), _text("venue"), _text("options"), _text("remarks"))
#: The bodies, compressed by zlib. The hash is that of what was compressed.
BODIES: Final = Table(
    "bodies",
    METADATA,
    Column("snapshot_id", ForeignKey("snapshots.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("account"),
    _text("request"),
    Column("body", LargeBinary, nullable=False),
    _text("sha256"),
)

#: The tables whose rows follow from the text of the report.
DERIVED: Final = (ACCOUNTS, BALANCES, LOCKS, SUMMARIES, FAILURES)

_REFUSAL: Final = "a history is append-only"

_SQLITE: Final = """
CREATE TRIGGER {name}_no_{verb} BEFORE {verb} ON {name} BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""

_POSTGRESQL: Final = """
CREATE OR REPLACE FUNCTION marginbook_refuse() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$
"""

_POSTGRESQL_ROWS: Final = """
CREATE TRIGGER {name}_no_change BEFORE UPDATE OR DELETE ON {name} FOR EACH ROW EXECUTE FUNCTION marginbook_refuse()
"""

_POSTGRESQL_ALL: Final = """
CREATE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION marginbook_refuse()
"""


def _on_creation(template: str, dialect: str, **words: str) -> None:
    ddl = DDL(template.format(refusal=_REFUSAL, **words)).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
    event.listen(METADATA, "after_create", ddl)


_on_creation(_POSTGRESQL, "postgresql")
for _table in METADATA.sorted_tables:
    for _verb in ("update", "delete"):
        _on_creation(_SQLITE, "sqlite", name=_table.name, verb=_verb)
    for _template in (_POSTGRESQL_ROWS, _POSTGRESQL_ALL):
        _on_creation(_template, "postgresql", name=_table.name)
