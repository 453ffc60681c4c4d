"""Names in plain letters

Whoever has no ł or ø on the keyboard types l or o: the words of names are kept in plain letters from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

PLAIN = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŧ": "t"}


def upgrade() -> None:
    client_term = sa.table("client_term", sa.column("kind"), sa.column("term"), sa.column("case_id"))
    of_name, term = client_term.c.kind == "name", client_term.c.term
    connection = op.get_bind()
    special = sa.or_(*(term.contains(letter) for letter in PLAIN))
    rows = connection.execute(sa.select(term, client_term.c.case_id).where(of_name, special)).all()
    plain = str.maketrans(PLAIN)
    for row in rows:
        its = of_name & (client_term.c.case_id == row.case_id)
        connection.execute(sa.delete(client_term).where(its, term == row.term))
        word = row.term.translate(plain)[:120]
        if connection.execute(sa.select(term).where(its, term == word)).first() is None:
            connection.execute(sa.insert(client_term).values(kind="name", term=word, case_id=row.case_id))
