"""One instance of a process: in the token game, and twice in the engine, compared after everything that happens."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.spiff import Program, UnhandledBpmnError
from tests.engine.spiff_world import START
from tests.soak.blocks import Block, Catch, passed_ids
from tests.soak.game import Endless, Order, Unhandled, Wait
from tests.soak.player import Picture, Player, picture_of
from tests.soak.rules import Game

DOUBTS = 100
FAILED = "an error that nothing catches"

Values = Mapping[str, object]
Seen = tuple[object, ...]


class Disagreement(AssertionError):
    """The engine does not show what the token game shows."""


class Undecided(Exception):
    """What follows depends on which of several tokens moves first, and the standard does not say; or it never ends."""


def orders(seed: int) -> list[Order]:
    """Return several ways to choose which token moves first."""
    chances = [random.Random(seed + number) for number in range(2)]
    return [lambda n: 0, lambda n: n - 1, *(chance.randrange for chance in chances)]


@dataclass(frozen=True)
class Action:
    """Something that happens to one instance: to the wait that looks like `seen`, or to the instance as a whole."""

    what: str
    seen: Seen = ()
    name: str = ""
    key: str = ""
    values: Values = field(default_factory=dict)

    def __str__(self) -> str:
        whom = f" {self.seen[0]}" if self.seen else ""
        return f"{self.what}{whom} {self.name} {self.key} {dict(self.values)}".replace("  ", " ")


class Instance:
    """One instance: the token game in several orders, and the engine stored at every step and never stored."""

    def __init__(
        self,
        program: Program,
        number: int,
        process_id: str,
        block: Block,
        start: Catch,
        variables: Values,
        now: datetime,
    ) -> None:
        self.number = number
        self._anew = lambda order: Game(block, variables, START, now, order)
        self._acted: list[tuple[Action, datetime]] = []
        self.games = [self._anew(order) for order in orders(number)]
        shown = passed_ids(block)
        self.players = [
            Player(program, process_id, start.id, variables, now, shown, stored=stored) for stored in (False, True)
        ]
        self.is_over = False
        self._told = 0
        self.delivered = [0, 0]

    @property
    def game(self) -> Game:
        return self.games[0]

    @property
    def stored(self) -> Player:
        return self.players[1]

    def compare(self) -> None:
        """See whether all show the same."""
        pictures = [picture_of(game) for game in self.games]
        if any(other != pictures[0] for other in pictures):
            raise Undecided
        unstored, stored = (player.picture() for player in self.players)
        if unstored != pictures[0]:
            self._doubt(pictures[0])
            raise Disagreement(difference("only the token game", pictures[0], "only the engine", unstored))
        if stored != unstored:
            raise Disagreement(difference("only never stored", unstored, "only stored", stored))
        first, second = (
            [(event.kind, event.element_id, event.visit) for event in player.world.happenings[self._told :]]
            for player in self.players
        )
        if first != second:
            raise Disagreement(f"never stored it tells {first}\nstored it tells {second}")
        self._told += len(first)
        self.is_over = self.game.ended
        if not self.is_over and self.players[0].workflow.is_stuck:
            raise Disagreement("the engine says that the instance is stuck")

    def act(self, action: Action, now: datetime) -> None:
        """Let something happen in all of them and compare."""
        self._acted.append((action, now))
        failed = {self._failed(lambda game=game: act_in_game(game, action, now)) for game in self.games}  # type: ignore[misc]
        if len(failed) > 1:
            raise Undecided
        before = self.stored.written
        for player in self.players:
            try:
                act_in_engine(player, action, now)
            except UnhandledBpmnError as error:
                self.is_over = True
                if failed == {False}:
                    self._doubt(picture_of(self.game))
                    raise Disagreement(f"only the engine says: {error}") from error
                continue
            if failed == {True}:
                self._doubt(None)
                raise Disagreement(f"only the token game says: {FAILED}")
        if self.is_over:
            self._restored(before)
        else:
            self.compare()

    def _doubt(self, picture: Picture | None) -> None:
        """Play all again in many other orders: where any ends otherwise, there is nothing to disagree about."""
        for seed in range(DOUBTS):
            game = self._anew(random.Random(seed).randrange)
            try:
                for action, now in self._acted:
                    act_in_game(game, action, now)
            except Unhandled:
                if picture is None:
                    continue
                raise Undecided from None
            except StopIteration:
                raise Undecided from None
            if picture_of(game) != picture:
                raise Undecided

    def _failed(self, move: Callable[[], None]) -> bool:
        try:
            move()
        except Unhandled:
            return True
        except Endless:
            raise Undecided from None
        return False

    def _restored(self, before: object) -> None:
        """After a failure the stored state is as good as it was before."""
        player = self.stored
        player.workflow = type(player.workflow).restore(player.program, before, player.world)  # type: ignore[arg-type]
        if player.workflow.store() != before:
            raise Disagreement("the state from before a failure is not the same when it is restored")


def act_in_game(game: Game, action: Action, now: datetime) -> None:
    """Let it happen in the token game."""
    game.now = now
    match action.what:
        case "tick":
            game.tick(now)
        case "signal":
            game.signal(action.name, action.values)
        case "fail":
            game.fail(wait_of(game, action.seen), action.name, action.values)
        case "message":
            waits = [w for w in game.live("message") if (w.name, w.key) == (action.name, action.key)]
            for wait in waits[:1]:
                game.act(wait, action.values)
        case _:
            game.act(wait_of(game, action.seen), action.values)


def wait_of(game: Game, seen: Seen) -> Wait:
    return next(wait for wait in game.live("task", "job") if wait.seen == seen)


def act_in_engine(player: Player, action: Action, now: datetime) -> None:
    """Let it happen in the engine."""
    player.world.now = now
    workflow = player.workflow
    match action.what:
        case "tick":
            workflow.fire_due_timers()
        case "signal":
            workflow.deliver_signal(action.name, action.values)
        case "message":
            workflow.deliver_message(action.name, action.key, action.values)
        case "fail":
            workflow.throw_error(player.token(action.seen), action.name, action.values)
        case "job":
            workflow.complete_job(player.token(action.seen), action.values)
        case _:
            workflow.complete_task(player.token(action.seen), action.values)
    player.go_on()


def difference(one: str, first: Picture, other: str, second: Picture) -> str:
    """Say what only one of two pictures shows."""
    return "".join(_only(one, first, second) + _only(other, second, first))


def _only(who: str, first: Picture, second: Picture) -> list[str]:
    lines = [f"\n{who}:"]
    for name, value in first.items():
        other = second[name]
        if isinstance(value, Counter) and isinstance(other, Counter):
            lines += [f"\n  {name}: {item}" for item in (value - other).elements()]
        elif value != other:
            lines.append(f"\n  {name}: {value}")
    return lines
