"""Every error that a person or an operator can meet. The text of each says what happened, what is safe, what to do.

`web.errors` maps them to pages; nothing below `web` knows HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.clock import london_moment


class RedressError(Exception):
    """Something was refused, and nothing was changed."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class SettingsInvalid(RedressError):
    """A setting is unknown or malformed."""


class NotFound(RedressError):
    """There is nothing here by that name, or it is not yours to see."""


class SignInRefused(RedressError):
    """The user name or the password is not right."""


class NotAllowed(RedressError):
    """You may not do this."""


class ProofNeeded(NotAllowed):
    """This approves money, so give your password again first. What you typed is kept."""


class TaskNotYours(NotAllowed):
    """This task is held by someone else. Ask them to release it, or a team leader to assign it to you."""


class TaskNotClaimed(NotAllowed):
    """Nobody holds this task yet. Claim it first; what you typed is kept on this page."""


class TaskAlreadyClaimed(RedressError):
    """Someone else has just claimed this task."""

    def __init__(self, *, by: str) -> None:
        super().__init__(f"{by} has already claimed this task. Choose another, or ask them to release it.")
        self.by = by


class TaskAlreadyCompleted(RedressError):
    """The task was completed before this submit arrived."""

    def __init__(self, *, by: str, at: datetime | None) -> None:
        when = f" on {london_moment(at)}" if at else ""
        super().__init__(
            f"This task was already completed by {by}{when}. What you typed is kept below; nothing was changed."
        )
        self.by = by
        self.at = at


class TaskWithdrawn(RedressError):
    """The case has moved on and this task is no longer needed. What you typed is kept below; nothing was changed."""


class ValuesRefused(RedressError):
    """Some answers are not right.

    `problems` maps the key of a field to the sentence that belongs beside it.
    """

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("Some answers are not right: " + "; ".join(problems.values()))
        self.problems = problems


class MessageNotAwaited(RedressError):
    """The case is not waiting for this. The message is kept on the case for its holder to see."""


class MessageAmbiguous(RedressError):
    """More than one procedure waits for this message. It is kept; operations can see which."""


class DeploymentRefused(RedressError):
    """The definition was not deployed; the version in force stays in force.

    `findings` holds every fault at once, printed as ``file:element: sentence. remedy``.
    """

    def __init__(self, findings: Sequence[object]) -> None:
        super().__init__("Not deployed; the version in force stays in force.\n" + "\n".join(str(f) for f in findings))
        self.findings = findings


class Conflict(RedressError):
    """Someone else changed this at the same moment. Nothing was changed; try again."""


class SentBefore(Conflict):
    """This was sent twice, and was done once: the first time."""


class DraftIsNewer(Conflict):
    """This task was typed into in another window meanwhile, and that draft is newer."""

    def __init__(self, *, at: datetime | None) -> None:
        when = f" on {london_moment(at)}" if at else ""
        super().__init__(
            f"A newer draft of this task was saved in another window or by someone else{when}. "
            "Nothing was overwritten, and what you typed is kept on this page."
        )


class DatabaseAway(RedressError):
    """The database could not be reached or could not save, so nothing was changed. Try again in a few minutes."""


class DatabaseBusy(DatabaseAway):
    """Others were changing the same thing at the same moment, so nothing of yours was changed. Send it again.

    `has_crossed` tells that the database took this one back so that another could go on: it may be made again at once.
    """

    def __init__(self, *, has_crossed: bool) -> None:
        super().__init__((self.__doc__ or "").partition("\n")[0])
        self.has_crossed = has_crossed


class InstanceSuspended(Conflict):
    """Operations have suspended this case while they put something right. What you typed is kept below; try later."""


class NotCompatible(RedressError):
    """The other version lacks elements where this instance stands. It stays on its version; nothing was changed."""
