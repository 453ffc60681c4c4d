"""When a question counts, in the words that are read where no script hides what does not apply."""

import pytest

from engine.dictionary import Option
from engine.forms import read_form
from web.forms.conditions import APPLIES, condition_in_words
from web.forms.kinds import Question

OUTCOMES = (Option("reached", "I spoke to the client"), Option("no_answer", "No answer"), Option("left", "A message"))
YES_NO = (Option("true", "Yes"), Option("false", "No"))


def question(key, label, kind="radio", options=()):
    source = f'{{"id": "f", "components": [{{"type": "{kind}", "key": "{key}", "id": "{key}", "label": "{label}"}}]}}'
    [component] = read_form(source.encode(), file="f.form").components
    return Question(component, key, tuple(options))


QUESTIONS = {
    "outcome": question("outcome", "What happened?", options=OUTCOMES),
    "agrees": question("agrees", "Does the client agree?", options=YES_NO),
    "scanned": question("scanned", "All is scanned", kind="checkbox"),
}
NAMES = {'asks != "agreement"': False, 'asks != "enquiry"': True, "asks = null": None}


@pytest.mark.parametrize(
    ("hide", "said"),
    [
        ('outcome != "reached"', "Only if “What happened?” is “I spoke to the client”:"),
        ('outcome = "reached"', "Only if “What happened?” is not “I spoke to the client”:"),
        (
            'outcome != "no_answer" and outcome != "left"',
            "Only if “What happened?” is “No answer” or “A message”:",
        ),
        (
            'not(outcome = "no_answer" or outcome = "left") or agrees != true',
            "Only if “What happened?” is “No answer” or “A message” and “Does the client agree?” is “Yes”:",
        ),
        ('outcome = null or outcome = "left"', "Only if “What happened?” is not “A message”:"),
        ("outcome = null", "Only if “What happened?” is answered:"),
        ("scanned != true", "Only if “All is scanned” is ticked:"),
        ('asks != "agreement" or outcome != "reached"', "Only if “What happened?” is “I spoke to the client”:"),
        ('outcome != "reached" and asks = "x"', APPLIES),
        ("count(outcome) = 0", APPLIES),
    ],
)
def test_a_condition_is_said_in_the_words_of_the_form(hide, said):
    assert condition_in_words(hide, QUESTIONS, NAMES.get) == said


def test_what_never_counts_whatever_is_answered_is_not_asked_at_all():
    assert condition_in_words('asks != "enquiry" or outcome != "reached"', QUESTIONS, NAMES.get) is None
