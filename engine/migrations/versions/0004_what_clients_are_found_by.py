"""What clients are found by

The terms of clients who are there already are made here as they were made when this was written, by code of its own:
a migration does the same for ever, whatever becomes of the module that makes terms today.
"""

import json
import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

POSTCODE = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)\s*(\d[a-z]{2})\b", re.IGNORECASE)


def upgrade() -> None:
    term = sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql")
    client_term = op.create_table(
        "client_term",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("term", term, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.case_id"], name=op.f("fk_client_term_case_id")),
        sa.PrimaryKeyConstraint("kind", "term", "case_id", name=op.f("pk_client_term")),
    )
    with op.batch_alter_table("client_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_term_case_id"), ["case_id"], unique=False)
    cases = op.get_bind().execute(sa.text("SELECT case_id, reference, client_name, facts FROM case_file"))
    for batch in cases.partitions(1000):
        op.bulk_insert(
            client_term,
            [{"case_id": case.case_id, "kind": kind, "term": term} for case in batch for kind, term in terms_of(case)],
        )
    if op.get_bind().dialect.name == "postgresql":
        # A row's trigger does not see TRUNCATE.
        op.execute(
            "CREATE TRIGGER history_is_never_emptied BEFORE TRUNCATE ON history "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
        )


def terms_of(case: sa.Row[tuple[object, ...]]) -> list[tuple[str, str]]:
    facts = json.loads(case.facts)
    found = {("name", word) for word in words(case.client_name)}
    reference = case.reference.upper()
    found |= {("reference", part) for part in ("".join(reference.split()), *re.findall(r"\d+", reference))}
    phone = digits(said(facts, "phone"))
    found |= {("phone", phone), ("phone_end", phone[::-1])}
    postcodes = POSTCODE.finditer(said(facts, "client_address"))
    found |= {("postcode", "".join(match[0].split()).upper()) for match in postcodes}
    return sorted((kind, term) for kind, term in found if term)


def words(name: str) -> set[str]:
    parts = unicodedata.normalize("NFKD", name.casefold())
    folded = "".join(character for character in parts if not unicodedata.combining(character))
    found: set[str] = set()
    for word in folded.split()[:20]:
        pieces = re.findall(r"\w+", word)
        found |= {*pieces, "".join(pieces)}
    return found


def digits(text: str) -> str:
    found = re.sub(r"\D", "", text)
    if text.strip().startswith("+44"):
        return found[2:].removeprefix("0")
    return found.removeprefix("0")


def said(facts: dict[str, object], name: str) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) else ""
