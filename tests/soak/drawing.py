"""Draws the blocks of `tests.soak.blocks` as BPMN."""

from __future__ import annotations

import itertools
from datetime import timedelta

from tests.engine import spiff_world as write
from tests.engine.spiff_world import START, end, extend, flow, job, node, start, timer
from tests.soak.blocks import Again, Block, Catch, Many, Mappings
from tests.soak.scopes import ROUNDS

_TAGS = {
    "user": "userTask", "later": "serviceTask", "log": "serviceTask", "risky": "serviceTask",
    "plain": "task", "manual": "manualTask",
    "send": "sendTask", "script": "scriptTask", "rule": "businessRuleTask", "receive": "receiveTask",
    "subprocess": "subProcess", "call": "callActivity",
}  # fmt: skip
ANY = '<bpmn:error id="E0" name="any"/>', '<bpmn:escalation id="X0" name="any"/>'
"""Without a code: what refers to them stands for every code."""


def draw(processes: tuple[Block, ...]) -> bytes:
    """Return a file with these processes: `P0`, `P1` ..."""
    drawing = Drawing()
    parts = [drawing.process(f"P{number}", block) for number, block in enumerate(processes)]
    more = [*drawing.called, *drawing.messages.values(), '<bpmn:signal id="Sother" name="other"/>', *ANY]
    return write.diagram(*parts, *more, '<bpmn:signal id="Ssig" name="sig"/>')


def io(inputs: Mappings, outputs: Mappings, *more: tuple[str, str]) -> str:
    """Return the mappings as an extension element, if there are any."""
    lines = [f'<zeebe:input source="{value.feel}" target="{name}"/>' for name, value in inputs]
    lines += [f'<zeebe:input source="{text}" target="{name}"/>' for name, text in more]
    lines += [f'<zeebe:output source="{value.feel}" target="{name}"/>' for name, value in outputs]
    return "<zeebe:ioMapping>" + "".join(lines) + "</zeebe:ioMapping>" if lines else ""


def _again(marker: Again) -> str:
    condition = "" if marker.below is None else f"<bpmn:loopCondition>=n &lt; {marker.below}</bpmn:loopCondition>"
    attributes = f'loopMaximum="{marker.most}"' + (' testBefore="true"' if marker.before else "")
    return f"<bpmn:standardLoopCharacteristics {attributes}>{condition}</bpmn:standardLoopCharacteristics>"


def _many(element_id: str, marker: Many) -> str:
    if marker.by != "list":
        number = "n" if marker.by == "variable" else marker.count
        results = f'<zeebe:loopCharacteristics outputCollection="out{element_id}" outputElement="=n"/>'
        count = f"<bpmn:loopCardinality>={number}</bpmn:loopCardinality>"
        sequential = f'isSequential="{str(marker.sequential).lower()}"'
        loop = f"<bpmn:multiInstanceLoopCharacteristics {sequential}>{extend(results)}{count}"
        return f"{loop}</bpmn:multiInstanceLoopCharacteristics>"
    until = ""
    if marker.until is not None:
        completed, most = marker.until
        until = f"=numberOfCompletedInstances >= {completed} or n > {most}"
    items = f"={list(range(1, marker.count + 1))}"
    return write.many(items, f"it{element_id}", f"out{element_id}", "=n", sequential=marker.sequential, until=until)


class Drawing:
    """Draws blocks; keeps what stands beside them in the file."""

    def __init__(self) -> None:
        self.called: list[str] = []
        self.messages: dict[str, str] = {}
        self._parts: list[str] = []
        self._flows = itertools.count(1)

    def process(self, process_id: str, block: Block) -> str:
        """Return a process; several starts meet at its first node."""
        first, *others = block.starts
        event, name = self._start_event(first), first.id
        if others:
            name = f"{block.id}W"
            events = "".join([event, *map(self._start_event, others)])
            event = events + node("manualTask", name) + "".join(flow(begins.id, name) for begins in block.starts)
        return write.process(process_id, self._inside(block, name, event, block.catches))

    def _start_event(self, begins: Catch) -> str:
        return start(begins.id, self._trigger(begins) if begins.kind != "none" else "")

    def _add(self, *parts: str) -> None:
        self._parts.extend(parts)

    def _flow(self, source: str, target: str, condition: str = "") -> str:
        name = f"f{next(self._flows)}"
        if source:  # nothing follows what ends
            self._add(flow(source, target, condition, name))
        return name

    # Scopes

    def _inside(self, block: Block, first: str, begin: str, catches: tuple[Catch, ...]) -> str:
        """Return what stands in a process or sub-process: start, body, end and event sub-processes."""
        outer, self._parts = self._parts, []
        body, last, *handlers = block.ways
        self._line((body, last), first, begin)
        for catch, way in zip(catches, handlers, strict=True):
            kept, self._parts = self._parts, []
            interrupting = "true" if catch.interrupting else "false"
            self._line(way.ways, catch.id, start(catch.id, self._trigger(catch), isInterrupting=interrupting))
            self._parts = [*kept, node("subProcess", f"{catch.id}H", *self._parts, triggeredByEvent="true")]
        inside, self._parts = "".join(self._parts), outer
        return inside

    def _line(self, ways: tuple[Block, ...], first: str, begin: str) -> None:
        self._add(begin)
        body, last = ways
        behind = self._draw(body, first)
        if behind:
            self._draw(last, behind)

    def _trigger(self, catch: Catch) -> str:
        match catch.kind:
            case "timer":
                return self._timer(catch)
            case "message":
                return write.on_message(self._message(catch))
            case "signal":
                return write.on_signal(f"S{catch.name}")
            case "error":
                return write.on_error(catch.name or ("E0" if catch.by_n else ""))
        if not catch.name and not catch.by_n:
            return "<bpmn:escalationEventDefinition/>"
        return write.on_escalation(catch.name or "X0")

    def _timer(self, catch: Catch) -> str:
        if catch.how == "date":
            return timer((START + timedelta(minutes=catch.minutes)).isoformat(), "timeDate")
        if catch.how == "cycle":
            return timer(f"R{ROUNDS}/PT{catch.minutes}M", "timeCycle")
        if catch.by_n:
            return timer(f'=duration("PT{catch.minutes}M") + duration("P" + string(n) + "D")')
        return timer(f"PT{catch.minutes}M")

    def _message(self, catch: Catch) -> str:
        name = f"M{catch.name}{'N' if catch.by_n else ''}"
        key = '=k + "-" + string(n)' if catch.by_n else "=k"
        self.messages[name] = write.message(name, catch.name, key)
        return name

    # Blocks

    def _draw(self, block: Block, last: str) -> str:
        """Draw a block behind `last` and return its own last node; empty where nothing follows."""
        special = getattr(self, f"_{block.kind}", None)
        if special is not None:
            return str(special(block, last))
        self._flow(last, block.id)
        self._add(self._activity(block))
        return block.id

    def _activity(self, block: Block, **attributes: str) -> str:
        more = {"send": (("to", "=k"), ("said", "=n")), "risky": (("risk", "=n"),)}.get(block.kind, ())
        extensions = io(block.inputs, block.outputs, *more)
        tag, inner = _TAGS[block.kind], ""
        match block.kind:
            case "user":
                extensions += f'<zeebe:userTask/><zeebe:formDefinition formId="{block.id}" bindingType="deployment"/>'
            case "later" | "log":
                extensions += job(block.kind)
            case "risky":
                extensions += job("risky", most=str(block.limit))
            case "send":
                extensions += job("send", message=block.name)
            case "script":
                extensions += f'<zeebe:script expression="=n + 1" resultVariable="{block.name}"/>'
            case "rule":
                extensions += f'<zeebe:calledDecision decisionId="sum" resultVariable="{block.name}"/>'
            case "receive":
                attributes["messageRef"] = self._message(block.catches[0])
            case "subprocess":
                inner = self._inside(block, f"{block.id}S", start(f"{block.id}S"), block.catches)
            case "call":
                extensions += self._called_process(block)
        return node(tag, block.id, extend(extensions) if extensions else "", self._marker(block), inner, **attributes)

    def _called_process(self, block: Block) -> str:
        body = self._inside(block, f"{block.id}S", start(f"{block.id}S"), block.catches)
        self.called.append(write.process(f"{block.id}P", body))
        into, out = (str(passes).lower() for passes in block.passes)
        passes = f'propagateAllParentVariables="{into}" propagateAllChildVariables="{out}"'
        return f'<zeebe:calledElement processId="{block.id}P" {passes}/>'

    def _marker(self, block: Block) -> str:
        if isinstance(block.many, Again):
            return _again(block.many)
        return "" if block.many is None else _many(block.id, block.many)

    # Events in the flow

    def _start(self, block: Block, last: str) -> str:
        return last

    def _catch(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        outputs = io((), block.outputs)
        trigger = self._trigger(block.catches[0])
        self._add(node("intermediateCatchEvent", block.id, extend(outputs) if outputs else "", trigger))
        return block.id

    def _throw(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._add(node("intermediateThrowEvent", block.id, *self._thrown(block)))
        return block.id

    def _last(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._add(end(block.id, *self._thrown(block)))
        return ""

    def _thrown(self, block: Block) -> tuple[str, str]:
        name = block.ways[0].kind if block.ways else ""
        sends = block.name == "message"
        more = (("to", f"K{block.limits[0]}"), ("said", "=n")) if sends else ()
        extensions = io(block.inputs, (), *more) + (job("send", message=name) if sends else "")
        trigger = {"terminate": write.TERMINATE}.get(block.name, "")
        if block.ways:
            trigger = self._trigger(Catch("", block.name, name))
        return extend(extensions) if extensions else "", trigger

    def _link(self, block: Block, last: str) -> str:
        self._throw_link(last, block.id, f"{block.id}C")
        return self._catch_link(f"{block.id}C")

    def _throw_link(self, last: str, event: str, name: str) -> None:
        if last:
            self._flow(last, event)
            self._add(node("intermediateThrowEvent", event, f'<bpmn:linkEventDefinition name="{name}"/>'))

    def _catch_link(self, name: str) -> str:
        self._add(node("intermediateCatchEvent", name, f'<bpmn:linkEventDefinition name="{name}"/>'))
        return name

    # Gateways

    def _seq(self, block: Block, last: str) -> str:
        for way in block.ways:
            if last:
                last = self._draw(way, last)
        return last

    def _merge(self, kind: str, name: str, lasts: list[str]) -> str:
        if any(lasts):
            self._add(node(kind, name))
            for last in lasts:
                self._flow(last, name)
        return name if any(lasts) else ""

    def _branches(self, source: str, ways: tuple[Block, ...], limits: tuple[int, ...]) -> tuple[list[str], str]:
        """Draw the ways out of a node; return their last nodes and the default flow, which the last way has."""
        lasts, default = [], ""
        for way in ways:
            first = f"{source}W{len(lasts)}"
            self._add(node("manualTask", first))
            if len(lasts) < len(limits):
                self._flow(source, first, f"=n > {limits[len(lasts)]}")
            else:
                default = self._flow(source, first)
            lasts.append(self._draw(way, first))
        return lasts, default if limits else ""

    def _fork(self, block: Block, last: str, kind: str, limits: tuple[int, ...], join: str) -> str:
        self._flow(last, block.id)
        lasts, default = self._branches(block.id, block.ways, limits)
        self._add(node(kind, block.id, **({"default": default} if default else {})))
        return self._merge(join, f"{block.id}J", lasts)

    def _xor(self, block: Block, last: str) -> str:
        return self._fork(block, last, "exclusiveGateway", (block.limit,), "exclusiveGateway")

    def _par(self, block: Block, last: str) -> str:
        return self._fork(block, last, "parallelGateway", (), "parallelGateway")

    def _inc(self, block: Block, last: str) -> str:
        return self._fork(block, last, "inclusiveGateway", block.limits, "inclusiveGateway")

    def _links(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        lasts, default = self._branches(block.id, block.ways, (block.limit,))
        self._add(node("exclusiveGateway", block.id, default=default))
        for number, behind in enumerate(lasts):
            self._throw_link(behind, f"{block.id}T{number}", f"{block.id}C")
        return self._catch_link(f"{block.id}C") if any(lasts) else ""

    def _loop(self, block: Block, last: str) -> str:
        self._add(node("exclusiveGateway", f"{block.id}M"))
        self._flow(last, f"{block.id}M")
        behind = self._draw(block.ways[0], f"{block.id}M")
        self._flow(behind, block.id)
        self._flow(block.id, f"{block.id}X", f"=n > {block.limit}")
        again = self._flow(block.id, f"{block.id}M")
        self._add(node("exclusiveGateway", block.id, default=again), node("manualTask", f"{block.id}X"))
        return f"{block.id}X"

    def _events(self, block: Block, last: str) -> str:
        self._flow(last, block.id)
        self._add(node("eventBasedGateway", block.id))
        lasts: list[str] = []
        for catch, way in zip(block.catches, block.ways, strict=True):
            self._flow(block.id, catch.id)
            if catch.is_task:
                self._add(node("receiveTask", catch.id, messageRef=self._message(catch)))
            else:
                self._add(node("intermediateCatchEvent", catch.id, self._trigger(catch)))
            lasts.append(self._draw(way, catch.id))
        return self._merge("exclusiveGateway", f"{block.id}J", lasts)

    # Splits and merges without a gateway

    def _every(self, block: Block, last: str) -> str:
        host, *ways = block.ways
        lasts, _ = self._branches(self._draw(host, last), tuple(ways), ())
        return self._merge("parallelGateway", f"{block.id}J", lasts)

    def _choice(self, block: Block, last: str) -> str:
        host, *ways = block.ways
        self._flow(last, host.id)
        always, rest = (ways[:1], ways[1:]) if block.name else ([], ways)
        lasts, default = self._branches(host.id, tuple(rest), block.limits)
        for way in always:
            first = f"{host.id}A"
            self._add(node("manualTask", first))
            self._flow(host.id, first)
            lasts.append(self._draw(way, first))
        self._add(self._activity(host, **({"default": default} if default else {})))
        return self._merge("inclusiveGateway", f"{block.id}J", lasts)

    def _each(self, block: Block, last: str) -> str:
        host, *ways, tail = block.ways
        self._draw(host, last)
        for way in ways:
            self._flow(self._draw(way, host.id), tail.id)
        self._add(self._activity(tail))
        return tail.id

    def _attached(self, block: Block, last: str) -> str:
        lasts = [self._draw(block.ways[0], last)]
        for catch, way in zip(block.catches, block.ways[1:], strict=True):
            outputs = io((), catch.outputs)
            inner = extend(outputs) if outputs else "", self._trigger(catch)
            stays = "true" if catch.interrupting else "false"
            self._add(node("boundaryEvent", catch.id, *inner, attachedToRef=block.id, cancelActivity=stays))
            behind = self._draw(way, catch.id)
            if catch.interrupting:
                lasts.append(behind)
            elif behind:
                self._add(end(f"{catch.id}E"))
                self._flow(behind, f"{catch.id}E")
        return self._merge("exclusiveGateway", f"{block.id}J", lasts)
