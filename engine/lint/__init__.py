"""The check before deployment: says, in an analyst's words, what a process folder has wrong, and never runs it.

Refuses nothing itself: it returns findings; deployment refuses on errors. Reads untrusted files, so it never raises and
its work is bounded.
"""

from engine.lint.check import check_bundle, check_path
from engine.lint.finding import Finding, JobInputs, Known, is_error

__all__ = ["Finding", "JobInputs", "Known", "check_bundle", "check_path", "is_error"]
