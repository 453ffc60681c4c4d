"""Stored values with the labels that people know: picklist labels, names of people, pounds, rows of lists."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from engine.dictionary import Dictionary, Field
from web.words import in_words


def label_of(dictionary: Dictionary | None, key: str) -> str:
    """Return what a field is called."""
    field = dictionary.field_for(key) if dictionary is not None else None
    return field.label if field is not None else key.rpartition(".")[2].replace("_", " ").capitalize()


def say(dictionary: Dictionary | None, key: str, value: object, people: Mapping[int, str]) -> str:
    """Return a field\u2019s value as a person would write it; nothing for null."""
    field = dictionary.field_for(key) if dictionary is not None else None
    if field is not None and field.type == "documents" and isinstance(value, list):
        return f"{len(value)} {'file' if len(value) == 1 else 'files'} attached"
    if isinstance(value, list):
        return _list(dictionary, key, field, value, people)
    if isinstance(value, Mapping):
        parts = [(name, say(dictionary, f"{key}.{name}", item, people)) for name, item in value.items()]
        return "\n".join(f"{label_of(dictionary, f'{key}.{name}')}: {text}" for name, text in parts if text)
    return _one(field, value, people)


def option_label(dictionary: Dictionary | None, picklist: str, value: str) -> str:
    """Return the label of a picklist\u2019s value; a value that it does not have is made readable."""
    known = dictionary.picklists.get(picklist) if dictionary is not None else None
    found = [option.label for option in known.options if option.value == value] if known is not None else []
    return found[0] if found else value.replace("_", " ").capitalize()


def _one(field: Field | None, value: object, people: Mapping[int, str]) -> str:
    if field is not None and field.type == "person" and isinstance(value, int):
        return people.get(value, "Somebody who has left")
    if field is not None and field.picklist is not None and isinstance(value, str):
        return next((option.label for option in field.picklist.options if option.value == value), value)
    return in_words(value, is_money=field is not None and field.type == "money")


def _list(
    dictionary: Dictionary | None, key: str, field: Field | None, values: list[object], people: Mapping[int, str]
) -> str:
    said = []
    for value in values:
        if isinstance(value, Mapping):
            parts = [(name, say(dictionary, f"{key}[].{name}", item, people)) for name, item in value.items()]
            said.append("; ".join(f"{label_of(dictionary, f'{key}[].{n}')}: {text}" for n, text in parts if text))
        else:
            said.append(_one(field, value, people))
    return "\n".join(said)


def lines(text: str) -> Markup:
    """Return text as HTML that keeps its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
