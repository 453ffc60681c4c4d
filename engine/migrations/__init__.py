"""Schema migrations, run by alembic through `engine.schema`."""
