"""Values as text and bytes: the one encoding for variables, facts, drafts, history and payloads.

A value is what FEEL knows: text, numbers, booleans, null, dates, times, instants, durations, lists and contexts.
Anything else is refused when it is written, so that nothing is stored that cannot be read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgpack

from engine.clock import LONDON, ZULU

_TAGS = ("@datetime", "@date", "@time", "@decimal", "@duration", "@months", "@escaped")
_BITS = 64  # what msgpack holds
_DIGITS = 40
_HOLDING = (dict, list, tuple)
_AS_THEY_ARE = frozenset({str, bool, type(None)})


def dumps(value: object) -> str:
    """Write a value as compact JSON; what JSON lacks is tagged, for example ``{"@date": "2026-11-22"}``.

    Raises: ValueError for an object that is not a value.
    """
    return _ENCODER.encode(_tagged(value))


def loads(text: str) -> Any:
    """Read what `dumps` wrote, or JSON from elsewhere: numbers with every digit that is written.

    Raises: ValueError for what is no JSON, as NaN is none.
    """
    return _untagged(_DECODER.decode(text))


def pack(value: object) -> bytes:
    """Write a value as msgpack bytes, tagged as in `dumps`.

    Raises: ValueError for an object that is not a value.
    """
    return cast(bytes, msgpack.packb(_tagged(value), use_bin_type=True))


def unpack(data: bytes) -> Any:
    """Read what `pack` wrote."""
    return _untagged(msgpack.unpackb(data, raw=False, strict_map_key=False))


def copied(value: Any) -> Any:
    """Return the value without a list or a context that it shares with the original; everything else is immutable."""
    if isinstance(value, dict):
        return {key: copied(item) if isinstance(item, _HOLDING) else item for key, item in value.items()}
    if isinstance(value, _HOLDING):
        return [copied(item) for item in value]
    return value


def plain(value: object) -> Any:
    """Return the value with whole decimals as int, for handlers, pages and JSON."""
    if isinstance(value, Decimal):
        return int(value) if _is_whole(value) else value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def as_written(value: Any) -> Any:
    """Return what a person or a file gave, in which UTC is an offset that they wrote: it is no instant of ours."""
    if isinstance(value, datetime | time):
        return value.replace(tzinfo=ZULU) if value.tzinfo is UTC else value
    if isinstance(value, dict):
        return {key: as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_written(item) for item in value]
    return value


def _is_whole(value: Decimal) -> bool:
    """Tell whether a number is best kept as int; one like 1E+5000 is whole, but far too long to write out."""
    return value.is_finite() and value.adjusted() < _DIGITS and value == value.to_integral_value()


def _tagged(value: object) -> object:
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is dict:
        return _tagged_mapping(cast(dict[Any, object], value))
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < _BITS else {"@decimal": str(value)}
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} cannot be stored as a number")
        return _tagged(int(value)) if _is_whole(value) else {"@decimal": str(value)}
    if isinstance(value, float):
        return _tagged(Decimal(repr(value)))
    if isinstance(value, datetime):
        return {"@datetime": _instant_text(value)}
    if isinstance(value, date):
        return {"@date": value.isoformat()}
    if isinstance(value, time):
        return {"@time": f"{value.isoformat()}{_zone_text(value)}"}
    if isinstance(value, timedelta):
        return {"@duration": value.total_seconds()}
    if isinstance(value, Mapping):
        return _tagged_mapping(value)
    if isinstance(value, list | tuple):
        return [_tagged(item) for item in value]
    months = getattr(value, "months", None)
    if type(value).__name__ == "Months" and isinstance(months, int):
        return {"@months": months}
    raise ValueError(f"a {type(value).__name__} cannot be stored")


def _instant_text(value: datetime) -> str:
    """Return a moment with the clock it was told by; UTC stands for London's too, as whoever reads it takes it so.

    So a Z that somebody wrote stays a Z, which is not +00:00 here.
    """
    zone = _zone_text(value)
    if zone == f"@{LONDON.key}":
        return value.astimezone(UTC).isoformat()
    if value.tzinfo is not UTC and value.tzinfo == ZULU:
        return f"{value.isoformat().removesuffix('+00:00')}Z"
    return f"{value.isoformat()}{zone}"


def _zone_text(value: datetime | time) -> str:
    return f"@{value.tzinfo.key}" if isinstance(value.tzinfo, ZoneInfo) else ""


def _tagged_mapping(value: Mapping[Any, object]) -> object:
    for key in value:
        if not isinstance(key, str):
            raise ValueError(f"a key must be text, not {key!r}")
    tagged = {key: _tagged(item) for key, item in value.items()}
    # A context that a person typed must never be mistaken for a tag.
    if len(tagged) == 1 and next(iter(tagged)) in _TAGS:
        return {"@escaped": next(iter(tagged.items()))}
    return tagged


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        tag, inner = next(iter(value.items()))
        if tag in _TAGS:
            return _read_tag(tag, inner)
    return {key: _untagged(item) for key, item in value.items()}


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number in JSON")


# Made once: `json.dumps` and `json.loads` make one for every call that says how.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


def _read_tag(tag: str, inner: Any) -> Any:
    if tag == "@datetime":
        text, _, zone = inner.partition("@")
        moment = datetime.fromisoformat(text)
        if text.endswith(("Z", "z")):
            return moment.replace(tzinfo=ZULU)
        return moment.astimezone(ZoneInfo(zone)) if zone else moment
    if tag == "@date":
        return date.fromisoformat(inner)
    if tag == "@time":
        text, _, zone = inner.partition("@")
        clock = time.fromisoformat(text)
        return clock.replace(tzinfo=ZoneInfo(zone)) if zone else as_written(clock)
    if tag == "@decimal":
        return Decimal(inner)
    if tag == "@duration":
        return timedelta(seconds=float(inner))
    if tag == "@months":
        from engine.feel import Months

        return Months(inner)
    key, item = inner
    return {key: _untagged(item)}
