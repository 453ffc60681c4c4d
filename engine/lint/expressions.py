"""Expressions: each is FEEL, can be read, calls functions that exist and names what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram
from engine.feel import Expression, FeelError, compile_expression
from engine.lint.finding import Finding, Findings, error, warning
from engine.lint.names import FACTS, Names
from engine.lint.project import Project
from engine.lint.written import Written, written
from engine.markup import BPMN, label, local

_FEEL_LANGUAGES = ("feel", "https://www.omg.org/spec/dmn/20191111/feel/", "http://www.omg.org/spec/feel/20140401")
# What BPMN takes for the language of a file that names none. Modellers write it and do not mean it.
_XPATH = "http://www.w3.org/1999/xpath"
_EXPRESSIONS = ("conditionExpression", "condition", "completionCondition", "loopCardinality", "loopCondition")
_HELD_TO_LANGUAGE = frozenset((*_EXPRESSIONS, "timeDate", "timeDuration", "timeCycle"))
_SCRIPT_FORMATS = (None, "", "feel", "application/feel", "text/feel")


def expressions(diagram: Diagram, project: Project) -> Findings:
    """Find expressions that cannot be read or cannot work, and names that nobody declared."""
    for place in written(diagram, project):
        text = place.text.strip()
        if text.startswith(("${", "#{")):
            message = f"{place.what} is written as {text[:40]}, for another engine. Write FEEL: “=” and the expression."
            yield error(diagram.file, place.element, "juel-expression", message)
        elif text.startswith("="):
            yield from _read(diagram, project, place, text[1:])
        elif place.must_be and diagram.is_plain:
            yield from _read(diagram, project, place, text)
        elif place.must_be:
            message = f"{place.what} is “{text[:60]}”, which is fixed text. Begin it with “=” to make it an expression."
            yield error(diagram.file, place.element, "not-an-expression", message)


def _read(diagram: Diagram, project: Project, place: Written, text: str) -> Iterator[Finding]:
    compiled = compile_or_explain(text)
    if isinstance(compiled, str):
        message = f"{place.what} cannot be read: {compiled}. Correct the expression."
        yield error(diagram.file, place.element, "expression-not-valid", message)
        return
    for problem in compiled.problems:
        message = f"{place.what} cannot work: {problem}. Correct the expression."
        yield error(diagram.file, place.element, "expression-cannot-work", message)
    if place.must_be and _is_a_sentence(compiled, text):
        message = f"{place.what} is “{text.strip()[:60]}”, which is text and not FEEL. Write what must be true."
        yield error(diagram.file, place.element, "not-an-expression", message)
        return
    for doubt in compiled.doubts:
        message = f"{place.what} may not do what it says: {doubt}. Say what you mean."
        yield warning(diagram.file, place.element, "expression-doubtful", message)
    if diagram.is_plain:
        return  # plain BPMN has no way to declare names
    make = error if project.is_strict and not place.is_lenient else warning
    for path in unknown_names(compiled, place.names):
        message = f"{place.what} uses “{'.'.join(path)}”, {remedy_for(path, place.names)}"
        yield make(diagram.file, place.element, "unknown-variable", message)


def _is_a_sentence(compiled: Expression, text: str) -> bool:
    """Tell whether a text is nothing but words side by side, which FEEL takes for one long name, or for a path."""
    names = [".".join(name.path) for name in compiled.names]
    if any(len(name.path) > 1 for name in compiled.names) and ". " not in text.strip():
        return False  # the part of something, such as sent_at.time offset
    return len(names) == 1 and " " in names[0] and "".join(names[0].split()) == "".join(text.split())


def compile_or_explain(text: str) -> Expression | str:
    """Return the compiled expression, or why it cannot be read."""
    if not text.strip():
        return "nothing follows the “=”"
    try:
        return compile_expression(text.strip())
    except FeelError as problem:
        return str(problem)


def unknown_names(expression: Expression, names: Names) -> list[tuple[str, ...]]:
    """Return the names of an expression that nobody declared, each once."""
    # In a filter a bare name may be a field of the filtered item, which only the data can tell.
    unknown = (n.path for n in expression.names if not n.maybe_field and not names.has(n.path))
    return list(dict.fromkeys(unknown))


def remedy_for(path: tuple[str, ...], names: Names) -> str:
    """Return the end of the sentence about an unknown name."""
    close = names.close_to(path)
    what = "a field that is not declared" if path[0] in FACTS else "a name that nothing declares"
    hint = f" Did you mean “{close}”?" if close else ""
    return f"{what}. Declare it in dictionary.toml, or correct the spelling.{hint}"


def languages(diagram: Diagram, project: Project) -> Findings:
    """Find expressions and scripts that say that they are in another language."""
    yield from _usual_language(diagram)
    for node in diagram.root.iter(f"{{{BPMN}}}*"):
        language = node.get("language", "")
        if language and not language.lower().startswith(_FEEL_LANGUAGES):
            message = f"The expression is marked as “{language[:60]}”. Write it in FEEL and remove the mark."
            yield error(diagram.file, label(node), "condition-not-feel", message)
    for element in diagram.elements:
        if element.kind != "scriptTask":
            continue
        if element.attributes.get("scriptFormat", "").lower() not in _SCRIPT_FORMATS:
            message = f"The script is in {element.attributes['scriptFormat'][:40]}; only FEEL is run. Write it in FEEL."
            yield error(diagram.file, element.id, "script-not-feel", message)
        has_job = element.extension("taskDefinition") is not None
        script = element.extension("script")
        has_extension = script is not None and bool(script.get("expression"))
        has_script = has_extension or (diagram.is_plain and bool(element.script))
        if not has_script and not has_job:
            message = "The script task has no script. Write a FEEL expression, and name the variable for its result."
            yield error(diagram.file, element.id, "script-without-expression", message)
        elif script is not None and not script.get("resultVariable"):
            message = "The script's result goes nowhere. Name a result variable."
            yield error(diagram.file, element.id, "script-without-result", message)
        elif element.script and not diagram.is_plain:
            message = "The script stands in the BPMN script element, which is not read. Write it as a FEEL expression."
            yield error(diagram.file, element.id, "script-not-feel", message)


def _usual_language(diagram: Diagram) -> Iterator[Finding]:
    """Find a file that says another language for the expressions in it that say none themselves."""
    usual = diagram.root.get("expressionLanguage", "")
    if not usual or usual.lower().startswith((*_FEEL_LANGUAGES, _XPATH)):
        return
    nodes = diagram.root.iter(f"{{{BPMN}}}*")
    if any(local(node) in _HELD_TO_LANGUAGE and not node.get("language") for node in nodes):
        message = f"The file marks its expressions as “{usual[:60]}”. Write them in FEEL and remove expressionLanguage."
        yield error(diagram.file, label(diagram.root), "condition-not-feel", message)
