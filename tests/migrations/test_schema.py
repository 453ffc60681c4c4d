"""The migrations lead to the tables that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from engine.models import Base
from engine.schema import migrate
from engine.world import World


def test_the_migrations_make_exactly_the_tables_of_the_models(world: World) -> None:
    with world.db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_database_that_is_up_to_date_is_left_alone(world: World) -> None:
    assert migrate(world.db) is False
