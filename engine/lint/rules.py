"""Every rule, in the order in which findings are made. A new rule is written in its module and listed here."""

from __future__ import annotations

from collections.abc import Callable

from engine.diagram import Diagram
from engine.lint import (
    data_sets,
    decision_files,
    described,
    drawing,
    event_starts,
    events,
    expressions,
    form_files,
    gateways,
    identifiers,
    intake,
    job_rules,
    list_files,
    multi_instance,
    next_rules,
    pools,
    reach,
    references,
    reopening,
    resources,
    separation,
    soundness,
    starts_and_ends,
    timers,
    unsupported,
)
from engine.lint.finding import Findings
from engine.lint.project import Project

DiagramRule = Callable[[Diagram, Project], Findings]
ProjectRule = Callable[[Project], Findings]

DIAGRAM_RULES: tuple[DiagramRule, ...] = (
    unsupported.platform,
    unsupported.elements,
    unsupported.extensions,
    described.described,
    identifiers.identifiers,
    references.flows,
    references.references,
    pools.message_flows,
    data_sets.data_sets,
    data_sets.lanes,
    data_sets.participants,
    starts_and_ends.starts_and_ends,
    starts_and_ends.executable,
    event_starts.event_starts,
    events.definitions,
    events.boundaries,
    events.links,
    gateways.gateways,
    reach.reach,
    reach.loops,
    timers.timers,
    soundness.soundness,
    expressions.expressions,
    expressions.languages,
    resources.user_tasks,
    resources.decisions_and_calls,
    decision_files.inputs,
    resources.messages,
    resources.letters,
    resources.steps,
    job_rules.jobs,
    job_rules.facts_written,
    job_rules.mappings,
    job_rules.result_names,
    multi_instance.multi_instance,
    multi_instance.parallel_writes,
    drawing.drawing,
)
PROJECT_RULES: tuple[ProjectRule, ...] = (
    identifiers.ids_across_files,
    reach.recursion,
    form_files.forms,
    decision_files.decisions,
    decision_files.coverage,
    list_files.lists,
    list_files.main_process,
    list_files.sheet_names,
    list_files.unknown_steps,
    reopening.reopening,
    separation.separation,
    intake.intake,
    next_rules.next_rules,
)
