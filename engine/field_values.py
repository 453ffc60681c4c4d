"""A declared field, and what its values may be: one sentence for the person when a value will not do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.clock import LONDON

FIELD_TYPES = (
    "text", "long_text", "boolean", "choice", "choices", "date", "datetime", "number", "money", "person", "list",
    "context", "documents",
)  # fmt: skip
MAX_TEXT = 500
MAX_LONG_TEXT = 20_000
MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a picklist: `value` is what is stored and, without a label of its own, what is shown."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Picklist:
    """The values that a choice may take."""

    key: str
    title: str
    options: tuple[Option, ...]
    source: str = ""
    is_ours: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """Return what may be stored, in the order shown."""
        return tuple(option.value for option in self.options)


@dataclass(frozen=True, slots=True)
class Field:
    """A declared name. Money is whole pence; `minimum` and `maximum` bound numbers, pence and a list's length.

    A date that is `not_future` is refused when it lies after today, in London. Documents are the ids of files attached
    to the case as evidence.
    """

    key: str
    type: str
    label: str
    picklist: Picklist | None = None
    hint: str = ""
    source: str = ""
    is_ours: bool = False
    is_personal: bool = False
    is_holder: bool = False  # a person who holds work: changes when it is handed over
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    not_future: bool = False
    not_before: str = ""
    at_most: str = ""
    one_of: str = ""  # a text that must stand in a list, such as the reason in the list of reasons

    @property
    def is_fact(self) -> bool:
        """Tell whether the value lives on the case or the service request, not in the process instance."""
        return self.key.startswith(("case.", "request."))


def validate(value: object, field: Field) -> str | None:
    """Return the sentence that says why a value does not fit its field, or None where it does.

    Null fits every field: whether an answer is needed is the form's to say.
    """
    return None if value is None else _CHECKS[field.type](value, field)


def lies_ahead(value: object, field: Field, *, now: datetime) -> bool:
    """Tell whether a date that may not lie in the future does; `now` is an instant, the day is London's."""
    if not field.not_future:
        return False
    if isinstance(value, datetime):
        return value > now
    return isinstance(value, date) and value > now.astimezone(LONDON).date()


def lies_before(value: object, earliest: object) -> bool:
    """Tell whether a date lies before another; where one has no time, their days in London count.

    People type minutes: what is typed as 2:05pm is not before what the program noted 40 seconds after 2:05pm.
    """
    if isinstance(value, datetime) and isinstance(earliest, datetime):
        return value < earliest.replace(second=0, microsecond=0)
    return isinstance(value, date) and isinstance(earliest, date) and _day(value) < _day(earliest)


def is_more(value: object, most: object) -> bool:
    """Tell whether a number is more than another. Where either is none, nothing is more."""
    numbers = [n for n in (value, most) if isinstance(n, int | Decimal) and not isinstance(n, bool)]
    return len(numbers) == 2 and numbers[0] > numbers[1]


def is_among(value: object, texts: Sequence[str]) -> bool:
    """Tell whether a text is one of these, however it is spaced and whether or not it begins with a capital."""
    return _plain(value) in {_plain(text) for text in texts}


def _plain(value: object) -> str:
    return " ".join(str(value).split()).casefold()


def _day(value: date) -> date:
    return value.astimezone(LONDON).date() if isinstance(value, datetime) else value


def _text(value: object, field: Field) -> str | None:
    longest = field.max_length or (MAX_LONG_TEXT if field.type == "long_text" else MAX_TEXT)
    if not isinstance(value, str):
        return f"{field.label} must be text"
    if len(value) > longest:
        return f"{field.label} must be {longest:,} characters or fewer"
    if "\0" in value:
        return f"{field.label} holds a character that cannot be stored"
    return None


def _boolean(value: object, field: Field) -> str | None:
    return None if isinstance(value, bool) else f"Answer yes or no for {_lower(field)}"


def _choice(value: object, field: Field) -> str | None:
    if not isinstance(value, str):
        return f"Choose one value for {_lower(field)}"
    if field.picklist is not None and value not in field.picklist.values:
        return f"{field.label} cannot be “{value[:60]}”: choose one from the list"
    return None


def _choices(value: object, field: Field) -> str | None:
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        return f"Choose values for {_lower(field)} from the list"
    if len(set(map(str, value))) != len(value):
        return f"{field.label} names a value twice"
    return next((problem for item in value if (problem := _choice(item, field))), None)


def _date(value: object, field: Field) -> str | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return None
    return f"{field.label} must be a real date, such as 22 11 2026"


def _datetime(value: object, field: Field) -> str | None:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return None
    return f"{field.label} must be a real date and time, such as 22 11 2026 at 2:30pm"


def _number(value: object, field: Field) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"{field.label} must be a number"
    if isinstance(value, Decimal) and not value.is_finite():
        return f"{field.label} must be a number"
    return _out_of_range(value, field, shown=str)


def _money(value: object, field: Field) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"{field.label} must be an amount of money, such as 25.00"
    if isinstance(value, Decimal) and (not value.is_finite() or value != value.to_integral_value()):
        return f"{field.label} must be in pounds and whole pence"
    if value < 0 and field.minimum is None:
        return f"{field.label} must be £0.00 or more"
    return _out_of_range(value, field, shown=pounds)


def _out_of_range(value: int | Decimal, field: Field, *, shown: Callable[[int], str]) -> str | None:
    if field.minimum is not None and value < field.minimum:
        return f"{field.label} must be {shown(field.minimum)} or more"
    if field.maximum is not None and value > field.maximum:
        return f"{field.label} must be {shown(field.maximum)} or less"
    return None


def _list(value: object, field: Field) -> str | None:
    if not isinstance(value, list):
        return f"{field.label} must be a list"
    longest = field.maximum or MAX_ITEMS
    if len(value) > longest:
        return f"{field.label} can have {longest} entries or fewer"
    if field.minimum is not None and len(value) < field.minimum:
        return f"{field.label} needs {field.minimum} entries or more"
    return None


def _context(value: object, field: Field) -> str | None:
    return None if isinstance(value, Mapping) else f"{field.label} must be a set of named values"


def _documents(value: object, field: Field) -> str | None:
    ids = value if isinstance(value, list) else [None]
    are_ids = all(isinstance(item, int) and not isinstance(item, bool) for item in ids)
    if are_ids and len(set(ids)) == len(ids) <= MAX_ITEMS:
        return None
    return f"{field.label} must be files that are attached"


def pounds(pence: int) -> str:
    """Write pence as pounds: 123456 is £1,234.56."""
    sign = "-" if pence < 0 else ""
    return f"{sign}£{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def _lower(field: Field) -> str:
    # "MP name" stays as it is; "Root cause" becomes "root cause".
    return field.label if field.label[1:2].isupper() else field.label[:1].lower() + field.label[1:]


_CHECKS: dict[str, Callable[[object, Field], str | None]] = {
    "text": _text,
    "long_text": _text,
    "boolean": _boolean,
    "choice": _choice,
    "choices": _choices,
    "date": _date,
    "datetime": _datetime,
    "number": _number,
    "money": _money,
    "person": _text,
    "list": _list,
    "context": _context,
    "documents": _documents,
}
