"""One kind of answer each: what a person types into a question, and the value that it stands for.

Typed answers are lists of text by input name, as a browser sends them; values are what `engine.values` stores.
A refusal is the sentence that stands beside the question, in GOV.UK's wording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

import re2

from engine.clock import LONDON
from engine.dictionary import Field, Option
from engine.field_values import pounds
from engine.forms import Component

Typed = Mapping[str, Sequence[str]]
MAX_TEXT = 20_000
_VERBS = dict.fromkeys(("radio", "select", "checklist", "checkbox"), "Select") | {"filepicker": "Attach"}
_TRUE = frozenset({"true", "yes"})
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")
_PHONE = re.compile(r"[+()\d][\d\s()+-]{6,24}")
_PARTS = ("day", "month", "year")
_CENTURY = 2000  # what somebody means who writes a year in two digits: nothing here is older
_ORDINAL = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)$", re.IGNORECASE)
_NUMBER = re.compile(r"-?\s*(\d{1,15}|\d{1,3}([,\s]\d{3}){1,4})(\.\d{1,9})?|-?\.\d{1,9}")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.IGNORECASE)


class AnswerRefused(Exception):
    """An answer that cannot be taken; the text goes beside the question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is asked here and now: where its inputs are, and what may be chosen."""

    component: Component
    name: str
    options: tuple[Option, ...] = ()
    field: Field | None = None

    @property
    def is_money(self) -> bool:
        """Tell whether pounds are typed and pence are stored."""
        return self.component.properties.get("money") == "true" or (
            self.field is not None and self.field.type == "money"
        )

    @property
    def subject(self) -> str:
        """Return the label as it stands at the beginning of an error sentence."""
        return self.component.label.rstrip(" :?") or "This"

    @property
    def object(self) -> str:
        """Return the label as it stands inside a sentence: "MP name" and "Root Cause" stay, "Amount" is made small."""
        first_word, *others = self.subject.split(" ")
        is_name = first_word[1:].lower() != first_word[1:] or any(word[:1].isupper() for word in others)
        return self.subject if is_name else self.subject[:1].lower() + self.subject[1:]


def read(question: Question, typed: Typed) -> object:
    """Return the value of what was typed; None where nothing was.

    Raises: AnswerRefused.
    """
    value = _READERS[question.component.type](question, typed)
    is_unticked = question.component.type == "checkbox" and value is False
    if question.component.is_required and (value is None or value == [] or is_unticked):
        raise AnswerRefused(missing(question))
    return value


def write(question: Question, value: object) -> dict[str, list[str]]:
    """Return what a person would have typed for a value; nothing for None."""
    if value is None:
        return {}
    kind = question.component.type
    if kind == "filepicker":
        return {}
    if kind == "datetime":
        return _write_moment(question, value)
    if kind == "checkbox":
        return {question.name: ["yes"]} if value is True else {}
    if isinstance(value, bool):
        chosen = [o.value for o in question.options if (o.value.lower() in _TRUE) is value]
        return {question.name: chosen[:1] or [str(value).lower()]}
    if isinstance(value, list):
        return {question.name: [str(item) for item in value]}
    if question.is_money and isinstance(value, int | Decimal):
        return {question.name: [f"{int(value) // 100}.{int(value) % 100:02d}"]}
    return {question.name: [str(value)]}


def missing(question: Question) -> str:
    """Return the sentence for a question that needs an answer and has none."""
    given = question.component.properties.get("requiredMessage")
    if given:
        return given
    if question.component.label.rstrip().endswith("?"):
        return f"Answer “{question.component.label.strip()}”"
    return f"{_VERBS.get(question.component.type, 'Enter')} {question.object}"


def _text(typed: Typed, name: str) -> str:
    values = typed.get(name) or [""]
    return values[0].replace("\r\n", "\n").replace("\0", "").strip()


def _read_text(question: Question, typed: Typed) -> object:
    text = _text(typed, question.name)
    if question.is_money:
        return _pence(question, text)
    if not text:
        return None
    validation = question.component.validation
    longest = min(_limit(validation.get("maxLength")) or MAX_TEXT, MAX_TEXT)
    shortest = _limit(validation.get("minLength")) or 0
    if len(text) > longest:
        raise AnswerRefused(f"{question.subject} must be {longest:,} characters or fewer")
    if len(text) < shortest:
        raise AnswerRefused(f"{question.subject} must be {shortest:,} characters or more")
    _check_shape(question, text)
    return text


def _check_shape(question: Question, text: str) -> None:
    validation = question.component.validation
    shape = validation.get("validationType")
    if shape == "email" and not _EMAIL.fullmatch(text):
        raise AnswerRefused("Enter an email address in the correct format, like name@example.com")
    if shape == "phone" and not _PHONE.fullmatch(text):
        raise AnswerRefused("Enter a phone number, like 01632 960 001 or +44 1632 960 001")
    pattern = validation.get("pattern")
    # An analyst's pattern is run by RE2, which takes no more than linear time.
    if isinstance(pattern, str) and pattern and re2.fullmatch(pattern, text) is None:
        given = validation.get("patternErrorMessage")
        raise AnswerRefused(
            given if isinstance(given, str) and given else f"{question.subject} is not in the right format"
        )


def _read_number(question: Question, typed: Typed) -> object:
    text = _text(typed, question.name)
    if question.is_money:
        return _pence(question, text)
    if not text:
        return None
    number = _decimal(text)
    if number is None:
        raise AnswerRefused(f"{question.subject} must be a number")
    digits = _limit(question.component.validation.get("decimalDigits"))
    if number != number.to_integral_value() and (digits == 0 or (question.field is not None and digits is None)):
        raise AnswerRefused(f"{question.subject} must be a whole number")
    _check_range(
        question, number, shown=lambda bound: f"{bound:f}".rstrip("0").rstrip(".") if bound % 1 else f"{bound:.0f}"
    )
    return int(number) if number == number.to_integral_value() else number


def _pence(question: Question, text: str) -> int | None:
    if not text:
        return None
    amount = _decimal(text.replace("£", "").strip())
    if amount is None:
        raise AnswerRefused(f"{question.subject} must be an amount of money, like 50 or 50.25")
    if amount * 100 != (amount * 100).to_integral_value():
        raise AnswerRefused(f"{question.subject} must be in pounds and whole pence, like 50.25")
    if amount < 0:
        raise AnswerRefused(f"{question.subject} must be £0 or more")
    _check_range(question, amount, shown=lambda bound: pounds(int(bound * 100)).removesuffix(".00"))
    return int(amount * 100)


def _decimal(text: str) -> Decimal | None:
    """Return the number that was typed. A comma or a space parts thousands: 75,00 is not taken for 7,500."""
    if _NUMBER.fullmatch(text) is None:
        return None
    try:
        return Decimal(re.sub(r"[,\s]", "", text))
    except InvalidOperation:
        return None


def _check_range(question: Question, number: Decimal, *, shown: Callable[[Decimal], str]) -> None:
    low, high = (_bound(question.component.validation.get(name)) for name in ("min", "max"))
    if low is not None and high is not None and not low <= number <= high:
        raise AnswerRefused(f"{question.subject} must be between {shown(low)} and {shown(high)}")
    if low is not None and number < low:
        raise AnswerRefused(f"{question.subject} must be {shown(low)} or more")
    if high is not None and number > high:
        raise AnswerRefused(f"{question.subject} must be {shown(high)} or less")


def _read_checkbox(question: Question, typed: Typed) -> object:
    return _text(typed, question.name) == "yes"


def _read_choice(question: Question, typed: Typed) -> object:
    text = _text(typed, question.name)
    return _chosen(question, text) if text else None


def _read_choices(question: Question, typed: Typed) -> object:
    return [_chosen(question, text) for text in dict.fromkeys(typed.get(question.name) or []) if text]


def _read_files(question: Question, _typed: Typed) -> object:
    # What is attached is stored already, whatever a browser sends: the question's options are those files.
    return [int(option.value) for option in question.options] or None


def _chosen(question: Question, text: str) -> object:
    if text not in {option.value for option in question.options}:
        raise AnswerRefused(f"Select {question.object} from the list")
    kind = question.field.type if question.field else ""
    if kind == "boolean":
        return text.lower() in _TRUE
    if kind in ("person", "number") and text.isdecimal():
        return int(text)
    return text


def _read_moment(question: Question, typed: Typed) -> object:
    subtype = question.component.subtype
    if subtype == "time":
        return _time(question, _text(typed, f"{question.name}-time"))
    day = _date(question, typed)
    if subtype != "datetime":
        return day
    clock = _time(question, _text(typed, f"{question.name}-time"))
    if day is None and clock is None:
        return None
    if day is None:
        raise AnswerRefused(f"{question.subject} must include a date")
    if clock is None:
        raise AnswerRefused(f"{question.subject} must include a time")
    return datetime.combine(day, clock, LONDON).astimezone(UTC)


def _date(question: Question, typed: Typed) -> date | None:
    return read_date(question.subject, *(_text(typed, f"{question.name}-{part}") for part in _PARTS))


def read_date(subject: str, day: str, month: str, year: str) -> date | None:
    """Return the date that was typed in three boxes, in any way that people write one; None where nothing was.

    Raises: AnswerRefused.
    """
    parts = _parts_of(day, month, year)
    if not any(parts.values()):
        return None
    absent = [part for part, text in parts.items() if not text]
    if absent:
        raise AnswerRefused(f"{subject} must include a {' and a '.join(absent)}")
    try:
        number = int(parts["year"])
        if len(parts["year"]) == 2:
            number += _CENTURY
        if not 1900 <= number <= 2200:
            raise AnswerRefused(f"{subject} must include a year with 4 digits, like 2026")
        return date(number, _month(parts["month"]), int(_ORDINAL.sub(r"\1", parts["day"])))
    except (ValueError, OverflowError):
        raise AnswerRefused(f"{subject} must be a real date") from None


def _parts_of(day: str, month: str, year: str) -> dict[str, str]:
    """Return a date's parts; a whole date that was put into the first box, such as 22/11/26, is taken apart."""
    pieces = re.split(r"[\s/.,-]+", day.strip(" ,."))
    if not month and not year and len(pieces) == len(_PARTS):
        day, month, year = pieces
    return {"day": day, "month": month, "year": year}


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    text = text.rstrip(".")
    names = [date(2026, number, 1).strftime("%B").lower() for number in range(1, 13)]
    matches = [number for number, name in enumerate(names, 1) if len(text) > 2 and name.startswith(text.lower())]
    if len(matches) != 1:
        raise ValueError("not a month")
    return matches[0]


def _time(question: Question, text: str) -> time | None:
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise AnswerRefused(f"{question.subject} must include a time, like 2:30pm or 14:30")
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()
    if half and not 1 <= hour <= 12:
        hour = 99
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        raise AnswerRefused(f"{question.subject} must be a real time, like 2:30pm or 14:30")
    return time(hour, minute)


def _write_moment(question: Question, value: object) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    if isinstance(value, datetime):
        value = value.astimezone(LONDON)
        typed[f"{question.name}-time"] = [f"{value:%H:%M}"]
    if isinstance(value, date):
        for part in ("day", "month", "year"):
            typed[f"{question.name}-{part}"] = [str(getattr(value, part))]
    if isinstance(value, time):
        typed[f"{question.name}-time"] = [f"{value:%H:%M}"]
    return typed


def _limit(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bound(value: object) -> Decimal | None:
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


_READERS: Mapping[str, Callable[[Question, Typed], object]] = {
    "textfield": _read_text,
    "textarea": _read_text,
    "number": _read_number,
    "checkbox": _read_checkbox,
    "radio": _read_choice,
    "select": _read_choice,
    "checklist": _read_choices,
    "datetime": _read_moment,
    "filepicker": _read_files,
}
