"""The declared names: fields with types, labels and picklists; groups of people; the title page of a process folder.

Reads dictionary.toml, groups.toml and process.toml. A fault in one of these files is kept in `faults`, as the entry it
is in and a sentence, so that the check can show all at once; the rest of the file still counts.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from engine.field_values import FIELD_TYPES, Field, Option, Picklist, validate
from engine.standing_fields import STANDING_FIELDS

__all__ = [
    "Dictionary",
    "Fault",
    "Field",
    "Group",
    "Option",
    "Picklist",
    "ProcessSheet",
    "Role",
    "read_dictionary",
    "read_groups",
    "read_sheet",
    "validate",
]

KEY = re.compile(r"[a-z]\w*(?:\[\])?(?:\.[a-z]\w*(?:\[\])?)*", re.ASCII)
_FIELD_KEYS = {
    "type", "label", "picklist", "hint", "source", "ours", "personal", "minimum", "maximum", "max_length", "title",
    "not_future", "not_before", "at_most", "one_of", "holder",
}  # fmt: skip
_NUMBERS = ("number", "money")
_PICKLIST_KEYS = {"title", "source", "ours", "values", "hint"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What one of these files has wrong: the entry it is in, and a sentence with a remedy."""

    entry: str
    message: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The fields and picklists that forms and expressions may use, the standing ones included."""

    fields: Mapping[str, Field] = field(default_factory=lambda: STANDING_FIELDS)
    picklists: Mapping[str, Picklist] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def field_for(self, key: str) -> Field | None:
        """Return the field declared under a form key: ``request.root_cause``, ``plan_actions[].due_on``."""
        return self.fields.get(key)

    def items_of(self, key: str) -> Mapping[str, Field]:
        """Return the fields of the items of a list field, by their short names."""
        prefix = f"{key}[]."
        return {name.removeprefix(prefix): found for name, found in self.fields.items() if name.startswith(prefix)}

    def has_path(self, path: tuple[str, ...]) -> bool:
        """Tell whether a dotted name of an expression is declared, as a field or as part of one.

        A list's items answer to the list's name (``plan_actions.due_on``); a context without declared parts, a list
        without declared items and dates have parts of their own and are not looked into.
        """
        for length in range(len(path), 0, -1):
            found = self.fields.get(".".join(path[:length]))
            if found is not None:
                return length == len(path) or self._may_have_part(found, path[length])
        return len(path) < 2 and any(key.startswith(f"{path[0]}.") for key in self.fields)

    def _may_have_part(self, found: Field, part: str) -> bool:
        if found.type == "list":
            items = self.items_of(found.key)
            return not items or part in items
        return found.type in ("context", "person", "date", "datetime")


class Role(StrEnum):
    """What a group's members are to the program; a person may be several."""

    CASEWORKER = "caseworker"
    LEADER = "team leader"
    MANAGER = "manager"
    ANALYST = "analyst"
    OPERATIONS = "operations"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Group:
    """A candidate group: a role in the procedure that people are members of.

    `leads` is the group that it leads, `oversees` the groups below it, `role` what its members are to the program.
    """

    key: str
    title: str
    leads: str = ""
    oversees: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True)
class ProcessSheet:
    """process.toml: what a process folder is. `process` is the id of its main BPMN process."""

    key: str
    title: str
    process: str
    owner: str
    entries: Mapping[str, object]
    faults: tuple[Fault, ...] = ()


def read_dictionary(data: bytes | None) -> Dictionary:
    """Read dictionary.toml over the standing fields; None reads as an empty file."""
    table, faults = read_toml(data)
    picklists: dict[str, Picklist] = {}
    for key, entry in _tables(table, "picklists", faults):
        picklists[key] = _picklist(key, entry, faults)
    fields = dict(STANDING_FIELDS)
    for key, entry in _tables(table, "fields", faults):
        read = _field(key, entry, picklists, faults)
        if read is not None:
            fields[key] = read
    for key in table.keys() - {"picklists", "fields"}:
        faults.append(Fault(key, f"“{key}” means nothing in dictionary.toml. Use [fields.…] and [picklists.…]."))
    _check_items(fields, faults)
    return Dictionary(fields=MappingProxyType(fields), picklists=MappingProxyType(picklists), faults=tuple(faults))


def read_groups(data: bytes | None) -> tuple[Mapping[str, Group], tuple[Fault, ...]]:
    """Read groups.toml: one table a group, with a title; leaders say whom they lead, managers whom they oversee."""
    table, faults = read_toml(data)
    inner = table.get("groups")
    entries = inner if isinstance(inner, Mapping) else table
    groups: dict[str, Group] = {}
    for key, entry in entries.items():
        if isinstance(entry, Mapping):
            leads = str(entry.get("leads", ""))
            below = entry.get("oversees", [])
            groups[str(key)] = Group(
                key=str(key),
                title=str(entry.get("title", key)),
                leads=leads,
                oversees=tuple(map(str, below)) if isinstance(below, list) else (str(below),),
                role=str(entry.get("role", "")),
            )
    for group in groups.values():
        if group.leads and group.leads not in groups:
            faults.append(Fault(group.key, f"There is no group “{group.leads}” to lead. Correct the name."))
        for below in group.oversees:
            if below not in groups:
                faults.append(Fault(group.key, f"There is no group “{below}” to oversee. Correct the name."))
        if group.role and group.role not in set(Role):
            known = ", ".join(Role)
            faults.append(Fault(group.key, f"“{group.role}” is no role. Choose one of {known}, or remove the line."))
    return groups, tuple(faults)


def read_sheet(data: bytes | None) -> ProcessSheet:
    """Read process.toml."""
    table, faults = read_toml(data)
    texts: dict[str, str] = {}
    for name in ("key", "title", "process", "owner"):
        value = table.get(name, "")
        texts[name] = value if isinstance(value, str) else ""
        if not texts[name] and name != "owner":
            faults.append(Fault(name, f'process.toml does not say its “{name}”. Add the line {name} = "…".'))
    return ProcessSheet(
        key=texts["key"],
        title=texts["title"],
        process=texts["process"],
        owner=texts["owner"],
        entries=table,
        faults=tuple(faults),
    )


def read_toml(data: bytes | None) -> tuple[dict[str, object], list[Fault]]:
    """Read a TOML file; one that does not parse reads as empty, with a fault that says where."""
    if data is None:
        return {}, []
    try:
        return tomllib.loads(data.decode("utf-8")), []
    except ValueError as problem:  # not TOML, not UTF-8, or a number of too many digits
        return {}, [Fault("", f"The file is not valid TOML: {problem}. Correct that line.")]
    except RecursionError:
        return {}, [Fault("", "The file nests lists or tables too deep. Take some levels out.")]


def _tables(table: Mapping[str, object], name: str, faults: list[Fault]) -> Iterator[tuple[str, Mapping[str, object]]]:
    section = table.get(name, {})
    if not isinstance(section, Mapping):
        faults.append(Fault(name, f"“{name}” must be a table. Write [{name}.…] for each entry."))
        return
    for key, entry in section.items():
        if isinstance(entry, Mapping):
            yield str(key), entry
        else:
            faults.append(Fault(str(key), f"“{name}.{key}” must be a table. Put quotes round a key that has dots."))


def _picklist(key: str, entry: Mapping[str, object], faults: list[Fault]) -> Picklist:
    for unknown in entry.keys() - _PICKLIST_KEYS:
        faults.append(Fault(key, f"“{unknown}” means nothing in a picklist. Remove it or correct the spelling."))
    options: list[Option] = []
    rows = entry.get("values")
    for row in rows if isinstance(rows, list) else []:
        value = row.get("value") if isinstance(row, Mapping) else row
        if not isinstance(value, str) or not value:
            faults.append(Fault(key, 'A value of this picklist is not text. Write { value = "…" } for each.'))
            continue
        details = row if isinstance(row, Mapping) else {}
        options.append(Option(value, label=str(details.get("label", value)), hint=str(details.get("hint", ""))))
    if not options:
        faults.append(Fault(key, 'The picklist has no values. List them as values = [{ value = "…" }].'))
    doubled = {o.value for o in options if sum(o.value == other.value for other in options) > 1}
    for value in sorted(doubled):
        faults.append(Fault(key, f"The picklist holds “{value}” twice. Remove one."))
    return Picklist(
        key=key,
        title=str(entry.get("title", key)),
        options=tuple(options),
        source=str(entry.get("source", "")),
        is_ours=entry.get("ours") is True,
    )


def _field(
    key: str, entry: Mapping[str, object], picklists: Mapping[str, Picklist], faults: list[Fault]
) -> Field | None:
    if not KEY.fullmatch(key):
        faults.append(Fault(key, f"“{key}” cannot be a field's name. Use small letters, digits, _ and dots."))
        return None
    for unknown in entry.keys() - _FIELD_KEYS:
        faults.append(Fault(key, f"“{unknown}” means nothing in a field. Remove it or correct the spelling."))
    standing = STANDING_FIELDS.get(key)
    kind = entry.get("type", standing.type if standing else None)
    if kind not in FIELD_TYPES:
        faults.append(Fault(key, f"The type {kind!r} is not known. Use one of {', '.join(FIELD_TYPES)}."))
        return None
    named = entry.get("picklist")
    picklist = picklists.get(named) if isinstance(named, str) else None
    if named is not None and picklist is None:
        faults.append(Fault(key, f"There is no picklist “{named}”. Add [picklists.{named}] or correct the name."))
    if picklist is not None and kind not in ("choice", "choices"):
        faults.append(Fault(key, f'A picklist does not go with type “{kind}”. Use type "choice" or "choices".'))
    fallback = standing or Field(key=key, type=str(kind), label=_label_of(key))
    return replace(
        fallback,
        type=str(kind),
        label=str(entry.get("label", fallback.label)),
        picklist=picklist,
        hint=str(entry.get("hint", "")),
        source=str(entry.get("source", "")),
        is_ours=entry.get("ours") is True,
        is_personal=entry.get("personal", fallback.is_personal) is True,
        is_holder=_holder(key, str(kind), entry, faults),
        minimum=_limit(key, "minimum", entry, faults),
        maximum=_limit(key, "maximum", entry, faults),
        max_length=_limit(key, "max_length", entry, faults),
        not_future=_not_future(key, str(kind), entry, faults),
        not_before=_not_before(key, str(kind), entry, faults),
        at_most=_at_most(key, str(kind), entry, faults),
        one_of=_one_of(key, str(kind), entry, faults),
    )


def _holder(key: str, kind: str, entry: Mapping[str, object], faults: list[Fault]) -> bool:
    value = entry.get("holder", False)
    if value is not False and (value is not True or kind != "person"):
        faults.append(Fault(key, "“holder” is for people: write holder = true on a person, or remove it."))
    return value is True


def _not_future(key: str, kind: str, entry: Mapping[str, object], faults: list[Fault]) -> bool:
    value = entry.get("not_future", False)
    if value is not False and (value is not True or kind not in ("date", "datetime")):
        faults.append(Fault(key, "“not_future” is for dates: write not_future = true on a date, or remove it."))
    return value is True


def _not_before(key: str, kind: str, entry: Mapping[str, object], faults: list[Fault]) -> str:
    value = entry.get("not_before", "")
    if not isinstance(value, str) or (value and kind not in ("date", "datetime")):
        faults.append(Fault(key, "“not_before” is for dates: name the date that comes first, or remove it."))
        return ""
    return value


def _at_most(key: str, kind: str, entry: Mapping[str, object], faults: list[Fault]) -> str:
    value = entry.get("at_most", "")
    if not isinstance(value, str) or (value and kind not in _NUMBERS):
        faults.append(Fault(key, "“at_most” is for numbers and money: name the field with the most, or remove it."))
        return ""
    return value


def _one_of(key: str, kind: str, entry: Mapping[str, object], faults: list[Fault]) -> str:
    value = entry.get("one_of", "")
    if not isinstance(value, str) or (value and kind != "text"):
        faults.append(
            Fault(key, "“one_of” is for text: name the text of the list that it must stand in, or remove it.")
        )
        return ""
    return value


def _limit(key: str, name: str, entry: Mapping[str, object], faults: list[Fault]) -> int | None:
    value = entry.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    faults.append(Fault(key, f"“{name}” must be a whole number. Write it without quotes."))
    return None


def _label_of(key: str) -> str:
    return key.rpartition(".")[2].replace("_", " ").capitalize()


def _check_items(fields: Mapping[str, Field], faults: list[Fault]) -> None:
    for key in fields:
        first = fields[key].not_before
        if first and (first not in fields or fields[first].type not in ("date", "datetime")):
            faults.append(Fault(key, f"“{first}” is not a date that is declared. Correct the name in not_before."))
        most = fields[key].at_most
        if most and (most not in fields or fields[most].type not in _NUMBERS):
            faults.append(Fault(key, f"“{most}” is not a number that is declared. Correct the name in at_most."))
        listed = fields[key].one_of
        if listed and ("[]." not in listed or listed not in fields or fields[listed].type != "text"):
            faults.append(
                Fault(key, f"“{listed}” is not a text in a list that is declared. Correct the name in one_of.")
            )
        owner, separator, _ = key.rpartition("[].")
        if separator and (owner not in fields or fields[owner].type != "list"):
            faults.append(Fault(key, f'“{owner}” is not a list field. Declare [fields."{owner}"] type = "list".'))
