"""Built-in functions on contexts, and the two that take anything. Source: DMN 1.3 10.3.4.7, 10.3.4.10"""

from __future__ import annotations

from engine.feel.comparison import equal
from engine.feel.errors import quoted
from engine.feel.functions import builtin, builtin_of_run
from engine.feel.run import Run

Context = dict[str, object]


@builtin("get value", "m: context, key: string|list")
def get_value(context: Context, key: str | list[object]) -> object:
    """A list of keys walks down."""
    value: object = context
    for one in key if isinstance(key, list) else [key]:
        value = value.get(one) if isinstance(value, dict) and isinstance(one, str) else None
    return value


@builtin("get entries", "m: context")
def get_entries(context: Context) -> list[Context]:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def make_context(entries: list[object]) -> Context:
    made: Context = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise ValueError("every entry should be a context with a key and a value")
        if entry["key"] in made:
            raise ValueError(f"the key {quoted(entry['key'])} comes twice")
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context, key/keys: string|list, value: any")
def context_put(context: Context, keys: object, value: object) -> Context:
    """A list of keys walks down."""
    path = keys if isinstance(keys, list) else [keys]
    key = path[0] if path else None
    if not isinstance(key, str):
        raise ValueError("the keys should be strings")
    if len(path) == 1:
        return {**context, key: value}
    inner = context.get(key)
    if not isinstance(inner, dict):
        raise ValueError(f"{quoted(key)} is not a context")
    return {**context, key: context_put(inner, path[1:], value)}


@builtin("context merge", "contexts: list")
def context_merge(contexts: list[object]) -> Context:
    merged: Context = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise ValueError("every item should be a context")
        merged.update(context)
    return merged


@builtin_of_run("is", "[value1: any], [value2: any]")
def is_same(run: Run, left: object = None, right: object = None) -> bool:
    """Equal, of one type, and in the same time zone."""
    same_zone = str(getattr(left, "tzinfo", None)) == str(getattr(right, "tzinfo", None))
    return same_zone and type(left) is type(right) and equal(left, right, run) is True


@builtin("get or else", "value: any, default: any")
def get_or_else(value: object, default: object) -> object:
    return default if value is None else value
