"""What may be submitted: a form's values are checked here whatever page, script or test they come from.

A value must belong to a visible field of the form, be given where the form requires it, and fit its declared type,
range and picklist. What the form only shows cannot be changed through it. The page shows the same sentences beside the
fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from engine.attachments import is_evidence_of
from engine.clock import LONDON
from engine.dictionary import Dictionary, validate
from engine.errors import ValuesRefused
from engine.field_values import is_among, is_more, lies_ahead, lies_before, pounds
from engine.form_visibility import asked_in, is_hidden, settled
from engine.forms import INPUTS, Component, Form
from engine.models import Membership, Person
from engine.prepared import Prepared
from engine.read_only import look_up, stored_rows, with_what_is_stored
from engine.values import loads

if TYPE_CHECKING:
    from engine.definitions import LoadedDefinition

IsMember = Callable[[int, str], bool]
IsEvidence = Callable[[int], bool]
_PERSON, _MEMBERSHIP = (model.metadata.tables[model.__tablename__] for model in (Person, Membership))
_MEMBER = Prepared(
    select(_PERSON.c.person_id)
    .join_from(_PERSON, _MEMBERSHIP, _MEMBERSHIP.c.person_id == _PERSON.c.person_id)
    .where(
        _PERSON.c.person_id == bindparam("b_person"),
        _MEMBERSHIP.c.group_key == bindparam("b_group"),
        _PERSON.c.is_active,
    )
)


def check_submission(
    connection: Connection,
    definition: LoadedDefinition,
    task: Any,
    values: Mapping[str, object],
    names: Mapping[str, object],
    *,
    now: datetime,
) -> dict[str, object]:
    """Check what a person submits for a task: its form, and the boxes of the letter that it writes.

    Returns what is to be kept: what the form only shows is as it is stored, whatever was sent.
    Raises: ValuesRefused with a sentence per field.
    """
    problems: dict[str, str] = {}
    form_values = {key: value for key, value in values.items() if key not in ("slots", "paragraph")}
    letter = loads(task.properties).get("letter")
    if letter:
        slots = values.get("slots")
        given = {f"slots.{key}": value for key, value in slots.items()} if isinstance(slots, Mapping) else {}
        if values.get("paragraph") is not None:
            given["paragraph"] = values["paragraph"]
        boxes = definition.letter_form(str(letter))
        problems |= find_problems(boxes, definition.dictionary, given, names, now=now, is_member=_nobody, strict=False)
    else:
        form_values = dict(values)
    form = definition.forms.get(task.form_id) if task.form_id else None
    if form is not None:
        problems |= find_problems(
            form,
            definition.dictionary,
            form_values,
            names,
            now=now,
            is_member=_member_check(connection),
            is_evidence=lambda document_id: is_evidence_of(connection, task.case_id, document_id),
        )
    elif form_values:
        problems |= dict.fromkeys(form_values, "This task asks for nothing of this name")
    if problems:
        raise ValuesRefused(problems)
    return with_what_is_stored(form.components, values, names) if form is not None else dict(values)


def check_start(
    connection: Connection,
    definition: LoadedDefinition,
    values: Mapping[str, object],
    names: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Check what a person submits to start a procedure; `names` are the case's facts. Raises: ValuesRefused."""
    form_id = definition.program.processes[definition.process_id].form_id
    form = definition.forms.get(form_id)
    if form is None:
        problems = dict.fromkeys(values, "This procedure asks for nothing of this name")
    else:
        is_member = _member_check(connection)
        problems = find_problems(form, definition.dictionary, values, names, now=now, is_member=is_member)
    if problems:
        raise ValuesRefused(problems)


def check_message(
    connection: Connection,
    definition: LoadedDefinition,
    form_id: str | None,
    values: Mapping[str, object],
    *,
    now: datetime,
) -> None:
    """Check what a message brings against the form of the event that waits for it. Raises: ValuesRefused."""
    form = definition.forms.get(form_id) if form_id else None
    if form is None:
        return
    is_member = _member_check(connection)
    problems = find_problems(form, definition.dictionary, values, {}, now=now, is_member=is_member)
    if problems:
        raise ValuesRefused(problems)


def problems_in(
    connection: Connection,
    form: Form,
    dictionary: Dictionary,
    values: Mapping[str, object],
    names: Mapping[str, object],
    *,
    now: datetime,
) -> dict[str, str]:
    """Return a sentence for each field whose value will not do, for a form that belongs to no task."""
    return find_problems(form, dictionary, values, names, now=now, is_member=_member_check(connection))


def find_problems(
    form: Form,
    dictionary: Dictionary,
    values: Mapping[str, object],
    names: Mapping[str, object],
    *,
    now: datetime,
    is_member: IsMember,
    is_evidence: IsEvidence = lambda _document_id: False,
    strict: bool = True,
) -> dict[str, str]:
    """Return a sentence for each field whose value will not do, by its key (``plan_actions[0].due_on`` in a list).

    `names` are the variables that the task sees; typed values win over them in the forms' conditions. With `strict` a
    field must be declared in the dictionary.
    """
    seen = settled(form.components, values, names, now=now)
    check = _Check(dictionary, seen, names, now=now, is_member=is_member, is_evidence=is_evidence, strict=strict)
    check.fields(form.components, values, prefix="", shown="")
    for key in values:
        if key not in check.known:
            check.problems.setdefault(key, "This form asks for nothing of this name")
    return check.problems


class _Check:
    def __init__(
        self,
        dictionary: Dictionary,
        names: Mapping[str, object],
        stored: Mapping[str, object],
        *,
        now: datetime,
        is_member: IsMember,
        is_evidence: IsEvidence,
        strict: bool,
    ) -> None:
        self.dictionary = dictionary
        self.names = names
        self.stored = stored
        self.now = now
        self.is_member = is_member
        self.is_evidence = is_evidence
        self.strict = strict
        self.problems: dict[str, str] = {}
        self.known: set[str] = set()

    def fields(
        self, components: tuple[Component, ...], values: Mapping[str, object], *, prefix: str, shown: str
    ) -> None:
        """Check components against values; `prefix` is what their keys begin with, `shown` the page's name for it."""
        asked: set[str] = set()
        hidden: set[str] = set()
        self._visible(components, values, prefix=prefix, shown=shown, asked=asked, hidden=hidden)
        for key in hidden - asked:
            # A page sends null, to clear an answer of an earlier round; any other answer could not have been given.
            name = key.removeprefix(prefix)
            if values.get(name) not in (None, "", []):
                self.problems[shown + name] = "This question was not asked, so it takes no answer"

    def _visible(
        self,
        components: tuple[Component, ...],
        values: Mapping[str, object],
        *,
        prefix: str,
        shown: str,
        asked: set[str],
        hidden: set[str],
    ) -> None:
        for component in components:
            if is_hidden(component, self.names, now=self.now):
                keys = {part.key for part in asked_in(component) if part.key}
                self.known |= keys
                hidden |= keys
                continue
            asked.add(component.key or "")
            if component.type == "group":
                self._visible(component.components, values, prefix=prefix, shown=shown, asked=asked, hidden=hidden)
            elif component.type == "dynamiclist" and component.key:
                self._items(component, values, prefix=prefix, shown=shown)
            elif component.type in INPUTS and component.key:
                self._one(component, values, prefix=prefix, shown=shown)

    def _one(self, component: Component, values: Mapping[str, object], *, prefix: str, shown: str) -> None:
        key = component.key or ""
        name = key.removeprefix(prefix)
        self.known.add(key)
        if component.is_read_only:
            if name in values and values[name] != look_up(self.stored, name):
                self.problems[shown + name] = f"{component.label or name} cannot be changed here"
            return
        problem = self._problem(component, values.get(name))
        if problem:
            self.problems[shown + name] = problem

    def _items(self, component: Component, values: Mapping[str, object], *, prefix: str, shown: str) -> None:
        key = component.key or ""
        name = key.removeprefix(prefix)
        self.known.add(key)
        items = values.get(name) or []
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            self.problems[shown + name] = f"{component.label or name} must be a list of entries"
            return
        if component.has_fixed_rows:
            rows = stored_rows(self.stored, name)
            answers = items if values.get(name) is not None else [{} for _ in rows]
            self._settled_items(component, answers, rows, shown=shown + name)
            return
        if component.is_required and not items:
            self.problems[shown + name] = _required(component)
        for index, item in enumerate(items):
            self._item(component, item, shown=f"{shown}{name}[{index}].")

    def _settled_items(
        self, component: Component, answers: list[Mapping[str, object]], rows: list[dict[str, Any]], *, shown: str
    ) -> None:
        """Check the open fields of the stored rows, each against the answers of the same place."""
        if len(answers) != len(rows):
            label = component.label or component.name
            self.problems[shown] = f"{label} has {len(rows)} entries. None can be added, removed or moved here"
            return
        outer = self.stored
        for index, (answer, row) in enumerate(zip(answers, rows, strict=True)):
            self.stored = row
            self._item(component, answer, shown=f"{shown}[{index}].")
        self.stored = outer

    def _item(self, component: Component, item: Mapping[str, object], *, shown: str) -> None:
        prefix = f"{component.key}[]."
        allowed = {(p.key or "").removeprefix(prefix) for part in component.components for p in _walk(part)}
        for unknown in item.keys() - allowed:
            self.problems[f"{shown}{unknown}"] = "This form asks for nothing of this name"
        outer = self.names
        known = self.stored if component.has_fixed_rows else {}
        self.names = settled(component.components, {**known, **item}, outer, now=self.now, prefix=prefix)
        self.fields(component.components, item, prefix=prefix, shown=shown)
        self.names = outer

    def _problem(self, component: Component, value: object) -> str | None:
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            return _required(component) if component.is_required else None
        if component.is_required and component.type == "checkbox" and value is not True:
            return _required(component)
        field = self.dictionary.field_for(component.key or "")
        if field is None:
            return f"{component.label} is not a declared field" if self.strict else _limits(component, value)
        if field.type == "person":
            return self._person(component, value)
        if field.type == "documents" and component.type == "filepicker":
            return validate(value, field) or self._documents(component, value)
        if lies_ahead(value, field, now=self.now):
            return f"{component.label} must be {'in' if isinstance(value, datetime) else 'today or in'} the past"
        if field.not_before and lies_before(value, earliest := look_up(self.names, field.not_before)):
            return f"{component.label} must not be before {self._moment(field.not_before, earliest)}"
        if field.at_most and is_more(value, most := look_up(self.names, field.at_most)):
            named = self.dictionary.field_for(field.at_most)
            shown = pounds(int(most)) if field.type == "money" else most
            return f"{component.label} must be {shown} or less ({named.label if named else field.at_most})"
        return (
            validate(value, field)
            or self._named(component, value, field.one_of)
            or self._chosen(component, value)
            or _limits(component, value)
        )

    def _named(self, component: Component, value: object, listed: str) -> str | None:
        """Check a text that must name an entry of another list. Where that list is empty, it says so itself."""
        owner, _, part = listed.partition("[].")
        texts = [str(row[part]).strip() for row in stored_rows(self.names, owner) if row.get(part)]
        if not listed or not texts or is_among(value, texts):
            return None
        words = ", ".join(f"“{text}”" for text in texts)
        return f"{component.label} must be one of these, in the same words: {words}"

    def _moment(self, key: str, earliest: Any) -> str:
        """Return a date as a sentence names it: 2:05pm on 22 November 2026 (Pending Assignment since)."""
        field = self.dictionary.field_for(key)
        day = earliest.astimezone(LONDON) if isinstance(earliest, datetime) else earliest
        clock = f"{day:%-I:%M%p}".lower() + " on " if isinstance(day, datetime) else ""
        return f"{clock}{day.day} {day:%B %Y} ({field.label if field is not None else key})"

    def _chosen(self, component: Component, value: object) -> str | None:
        """Check a choice against the form's own options, or the list that they come from."""
        offered = _offered(component, self.names)
        if offered is None or isinstance(value, bool):
            return None
        chosen = value if isinstance(value, list) else [value]
        if all(str(item) in offered for item in chosen):
            return None
        return f"Select {component.label.lower()} from the list"

    def _documents(self, component: Component, value: object) -> str | None:
        ids: list[Any] = value if isinstance(value, list) else []
        if len(ids) > 1 and not component.is_multiple:
            return f"Attach one file only for {component.label.lower()}"
        if all(self.is_evidence(document_id) for document_id in ids):
            return None
        return f"Attach the files for {component.label.lower()} again: one of them is not on this case"

    def _person(self, component: Component, value: object) -> str | None:
        group = (component.values_key or "").removeprefix("people.")
        if isinstance(value, int) and not isinstance(value, bool) and self.is_member(value, group):
            return None
        return f"Choose one person for {component.label.lower()} from the list"


def _offered(component: Component, names: Mapping[str, object]) -> set[str] | None:
    """Return the values that a choice offers, or None where the dictionary's picklist or a group says."""
    if component.choices:
        return {choice.value for choice in component.choices}
    source = component.values_key or ""
    if not source or source.startswith(("picklists.", "people.")):
        return None
    listed: object = names
    for part in source.split("."):
        listed = listed.get(part) if isinstance(listed, Mapping) else None
    items = listed if isinstance(listed, list) else []
    return {str(item.get("value", item.get("label", ""))) if isinstance(item, Mapping) else str(item) for item in items}


def _limits(component: Component, value: object) -> str | None:
    """Check the length or the range that the form itself sets."""
    rules = component.validation
    if isinstance(value, str):
        longest, shortest = rules.get("maxLength"), rules.get("minLength")
        if isinstance(longest, int) and len(value) > longest:
            return f"{component.label} must be {longest:,} characters or fewer"
        if isinstance(shortest, int) and len(value) < shortest:
            return f"{component.label} must be {shortest:,} characters or more"
    elif component.type == "number" and component.properties.get("money") != "true" and not isinstance(value, bool):
        low, high = rules.get("min"), rules.get("max")
        number: Any = value
        if isinstance(low, int | float) and number < low:
            return f"{component.label} must be {low} or more"
        if isinstance(high, int | float) and number > high:
            return f"{component.label} must be {high} or less"
    return None


def _required(component: Component) -> str:
    said = component.properties.get("requiredMessage")
    if said:
        return said
    verbs = dict.fromkeys(("radio", "select", "checklist", "checkbox"), "Select") | {"filepicker": "Attach"}
    verb = verbs.get(component.type, "Enter")
    return f"{verb} {component.label[:1].lower()}{component.label[1:]}".rstrip("?")


def _walk(component: Component) -> list[Component]:
    found = [component]
    for part in component.components:
        found += _walk(part)
    return found


def _member_check(connection: Connection) -> IsMember:
    def is_member(person_id: int, group: str) -> bool:
        return _MEMBER.row(connection, {"b_person": person_id, "b_group": group}) is not None

    return is_member


def _nobody(_person_id: int, _group: str) -> bool:
    return False
