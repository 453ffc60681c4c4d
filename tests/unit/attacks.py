"""Attacks on expressions and decisions, each with what it must end in; `test_feel_attacks.py` tries them all.

A person may write any text into a diagram, a form or a table, and any text may come as data. Every entry is
(name, what is attacked, the beginning of how it ends); see `test_feel_attacks.ended` for how an end is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STEPS = "limit: the expression takes more than 100000 steps"
LONG_LIST = "limit: the expression makes a list of more than 20000 items"
LONG_TEXT = "limit: the expression makes a text of more than 200000 characters"
DEEP = "syntax: nested more than 40 deep"
LARGE = {"s": "a" * 150_000, "xs": list(range(15_000)), "words": ["abc"] * 15_000, "big": dict.fromkeys("abcdefgh", 1)}
DOUBLING = "{" + "a0: [1], " + ", ".join(f"a{n + 1}: [a{n}, a{n}]" for n in range(64)) + "}"
TEXT_DOUBLING = "{" + 'a0: "xxxxxxxx", ' + ", ".join(f"a{n + 1}: a{n} + a{n}" for n in range(64)) + "}.a64"
RECURSION = "{f: function(n) %s, r: f(1)}.r"


@dataclass(frozen=True)
class Attack:
    name: str
    text: str
    ends: str
    given: dict[str, Any] = field(default_factory=dict)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def looped() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["me"] = data
    return {"data": data}


class Sneaky:
    """An object of the host that no expression may look into."""

    secret = "secret"

    def __str__(self) -> str:
        return "secret"


WORK = [
    Attack("a loop of a billion", "for i in 1..10**9 return i", LONG_LIST),
    Attack("a loop downwards", "for i in 10**9..1 return i", LONG_LIST),
    Attack("a loop of 10**30", "for i in 1..10**30 return i", LONG_LIST),
    Attack("loops in one another", "for i in 1..1000, j in 1..1000 return i", LONG_LIST),
    Attack("loops inside loops", "for i in 1..9999 return for j in 1..9999 return j", STEPS),
    Attack("a quantifier of a billion", "some i in 1..10**9 satisfies i < 0", STEPS),
    Attack("a quantifier over all", "every i in 1..10**9 satisfies i > 0", STEPS),
    Attack("three quantifiers", "some a in xs, b in xs, c in xs satisfies a + b + c = -1", STEPS, LARGE),
    Attack("a filter in a filter", "xs[some b in xs satisfies b = item + 100000]", STEPS, LARGE),
    Attack("all the days there are", 'for d in @"0001-01-01"..@"9999-12-31" return d', LONG_LIST),
    Attack("a function of itself", RECURSION % "f(n)", "limit: the expression calls more than 40 functions"),
    Attack(
        "two functions of each other",
        "{a: function(n) b(n), b: function(n) a(n), r: a(1)}.r",
        "limit: the expression calls more than 40",
    ),
    Attack(
        "a function given itself", "(function(x) x(x))(function(x) x(x))", "limit: the expression calls more than 40"
    ),
    Attack("a function twice itself", RECURSION % "f(n) + f(n)", "limit: the expression calls more than 40"),
    Attack(
        "fibonacci of 30",
        "{fib: function(n) if n < 2 then n else fib(n - 1) + fib(n - 2), r: fib(30)}.r",
        STEPS,
    ),
    Attack("sorting by a lie", "sort([3, 1, 2], function(a, b) true)", "value: ["),
    Attack("sorting by null", "sort([3, 1, 2], function(a, b) null)", "null: sort: cannot order number and number"),
    Attack("sorting by work", "sort(xs, function(a, b) count(for k in 1..999 return k) > 0)", STEPS, LARGE),
    Attack("sorting mixed things", 'sort([1, "a", null])', "null: sort: cannot order"),
    Attack("sorting a long list", "sort(xs, function(a, b) modulo(a, 7) > modulo(b, 7))", STEPS, LARGE),
    Attack("many sorts", "for i in 1..1000 return sort(for j in 1..50 return -j)", STEPS),
    Attack("many long lists", "for i in 1..9999 return reverse(xs)", STEPS, LARGE),
    Attack("many long comparisons", "for i in 1..9999 return xs = xs", STEPS, LARGE),
    Attack("many searches", "for i in 1..9999 return list contains(xs, -1)", STEPS, LARGE),
    Attack("many sums", "for i in 1..9999 return sum(xs)", STEPS, LARGE),
    Attack("many deviations", "for i in 1..9999 return stddev(xs)", STEPS, LARGE),
    Attack("many distinct values", "for i in 1..9999 return distinct values(xs)", STEPS, LARGE),
    Attack("many powers", "for i in 1..20000 return 1.1 ** 6000.5", STEPS),
    Attack("many exponentials", "for i in 1..20000 return exp(i / 7)", STEPS),
    Attack("many ranges read", 'for i in 1..20000 return range("[1.." + "(" + ")]")', STEPS),
    Attack("many unknown zones", 'for i in 1..5000 return time("10:00:00@A/" + string(i))', "value: [null"),
    Attack("many contexts", "for i in 1..20000 return context put(big, string(i), i)", STEPS, LARGE),
    Attack("an argument list of 9,000", "max(" + ",".join(["1"] * 9_000) + ")", "value: 1"),
]
MEMORY = [
    Attack("a list doubled 64 times", DOUBLING, STEPS),
    Attack("the same as text", f"string({DOUBLING})", STEPS),
    Attack("the same flattened", f"flatten({DOUBLING}.a64)", STEPS),
    Attack("the same compared", f"{DOUBLING}.a64 = {DOUBLING}.a64", STEPS),
    Attack("the same made distinct", f"distinct values([{DOUBLING}.a64])", STEPS),
    Attack("a text doubled 64 times", TEXT_DOUBLING, LONG_TEXT),
    Attack("a text repeated in a loop", "for i in 1..20000 return [s + s]", LONG_TEXT, LARGE),
    Attack("many long texts", 'for i in 1..20000 return [s + "x"]', STEPS, LARGE),
    Attack("a join of long texts", "string join(for i in 1..20000 return s, s)", LONG_TEXT, LARGE),
    Attack("a long delimiter", "string join(words, s)", LONG_TEXT, LARGE),
    Attack("a replacement that grows", 'replace(s, "a", s)', "limit: replace makes a text of more than"),
    Attack("a replacement of nothing", f'replace(s, "", "{"b" * 5_000}")', "limit: replace makes a text", LARGE),
    Attack("many replacements", 'for i in 1..9999 return replace(s, "a", "b")', STEPS, LARGE),
    Attack("a split into characters", 'for i in 1..999 return split(s, "a")', LONG_LIST, LARGE),
    Attack("lists put together", "for i in 1..9999 return concatenate(xs, xs)", LONG_LIST, LARGE),
    Attack("lists in lists", "for i in 1..20000 return [i, i, i, i, i, i, i, i]", STEPS),
    Attack("a number of 6,000 digits, often", "for i in 1..2000 return string(10 ** 6000)", STEPS),
]
MEMORY[10] = Attack(MEMORY[10].name, MEMORY[10].text, MEMORY[10].ends, LARGE)
NUMBERS = [
    Attack("a tower of powers", "9 ** 9 ** 9 ** 9", "value: 439328503696464329829774782657072"),
    Attack("an exponent of nine digits", "1e999999999", "syntax: this number is too big"),
    Attack("an exponent below", "1e-999999999", "value: 0"),
    Attack("beyond the largest number", "1e6144 * 10", "null: cannot multiply these"),
    Attack("a small power of a large one", "1.0000001 ** 10 ** 9", "value: 1.000009"),
    Attack("division by nought", "1 / 0", "null: cannot divide these"),
    Attack("nought by nought", "0 / 0", "null: cannot divide these"),
    Attack("nought to the nought", "0 ** 0", "null: cannot raise these"),
    Attack("the root of a negative number", "sqrt(-1)", "null: sqrt"),
    Attack("the logarithm of nought", "log(0)", "null: log: only numbers above 0"),
    Attack("exp of much", "exp(10 ** 30)", "null: exp"),
    Attack("a scale of a billion", "round up(1, 10 ** 9)", "null: round up: the scale should be"),
    Attack("a scale that takes all digits", "decimal(1 / 3, 6176)", "value: 0.333"),
    Attack("15,000 digits", "9" * 15_000, "syntax: this number is too big"),
    Attack("15,000 digits as text", f'number("{"9" * 15_000}")', "null: number: there is no such value"),
    Attack("an infinite number as data", "n + 1", "null: ", {"n": float("inf")}),
    Attack("no number as data", "n = n", "value: true", {"n": float("nan")}),
    Attack(
        "a number of 10,000 digits as data",
        "n > 1",
        "null: cannot compare null with number",
        {"n": 10**4_000 * 10**4_000},
    ),
    Attack("a duration of too many days", 'duration("P999999999999D")', "null: duration"),
    Attack("a duration times much", '@"P1D" * 10 ** 30', "null: cannot multiply these"),
    Attack("a duration of too many months", '@"P1Y" / 10 ** -30', "null: cannot divide these"),
    Attack("the year 10,000", '@"9999-12-31" + @"P1D"', "null: cannot add these"),
    Attack("a far working day", 'working days after(today(), 10 ** 9, "scotland")', "null: working days after"),
    Attack("a position of 30 digits", 'substring("abc", 10 ** 30, 10 ** 30)', 'value: ""'),
    Attack("an index of 30 digits", "xs[10 ** 30]", "null: there is no item", LARGE),
]
SYNTAX = [
    Attack("5,000 brackets", "(" * 5_000, DEEP),
    Attack("5,000 closed brackets", "(" * 5_000 + "1" + ")" * 5_000, DEEP),
    Attack("5,000 lists", "[" * 5_000, DEEP),
    Attack("3,000 contexts", "{a:" * 3_000, DEEP),
    Attack("5,000 minus signs", "-" * 5_000 + "1", DEEP),
    Attack("1,000 conditions", "if true then " * 1_000, DEEP),
    Attack("1,000 loops", "for i in " * 1_000, DEEP),
    Attack("2,000 functions", "function() " * 1_500 + "1", DEEP),
    Attack("1,000 types", "a instance of " + "list<" * 1_000 + "number" + ">" * 1_000, DEEP),
    Attack("6,000 dots", "a" + ".b" * 6_000, "syntax: more than 200 operators"),
    Attack("3,000 filters", "a" + "[1]" * 3_000, "syntax: more than 200 operators"),
    Attack("9,000 sums", "1" + "+1" * 9_000, "syntax: more than 200 operators"),
    Attack("9,000 conjunctions", "1" + " and 1" * 2_000, "syntax: more than 200 operators"),
    Attack("a text of 20,001 characters", "x" * 20_001, "syntax: longer than 20000 characters"),
    Attack("a comment without end", "/*" * 9_000, "syntax: "),
    Attack("a text without end", '"' + "\\" * 9_999, "syntax: "),
    Attack("9,999 words in one name", " ".join(["a"] * 9_999), "null: there is no"),
    Attack("2,400 unknown functions", "[" + ",".join(["lenn(1)"] * 2_400) + "]", "value: [null"),
    Attack("a function of 9,000 parameters", "function(a" + ",a" * 9_000 + ") 1", "value: function"),
    Attack("nothing", "", "syntax: the expression is empty"),
    Attack("a null character", "\x00", "syntax: unexpected"),
]
OBJECTS = [
    Attack("the class of a number", "(1).__class__", "null: number has no '__class__'"),
    Attack("the bases of a class", "().__class__.__bases__", "syntax: "),
    Attack("the class of a text", '"a".__class__.__mro__', "null: string has no '__class__'"),
    Attack("the globals of a function", "(function(x) x).__globals__", "null: function has no '__globals__'"),
    Attack("the call of a function", "now.call", "null: there is no 'now'"),
    Attack("the zone of a moment", "now().tzinfo", "null: date and time has no 'tzinfo'"),
    Attack("a class through a list", "[1].__class__", "value: [null]"),
    Attack("an import", '__import__("os").system("true")', "null: there is no '__import__'"),
    Attack("a look at a key", 'get value({a: 1}, "__class__")', "null: "),
    Attack("a key named like a method", "d.keys", "null: there is no 'd.keys'", {"d": {"a": 1}}),
    Attack("an object as data", "o.secret", "null: Sneaky is not a FEEL value", {"o": Sneaky()}),
    Attack("an object as text", "string(o)", "null: Sneaky is not a FEEL value", {"o": Sneaky()}),
    Attack("bytes as data", "b", "null: bytes is not a FEEL value", {"b": b"secret"}),
    Attack("a function as data", "f()", "null: ", {"f": print}),
    Attack("a format string", '"{0.__class__}" + "%s%n"', 'value: "{0.__class__}%s%n"'),
    Attack("a key that is code", '{"__import__(\\"os\\")": 1}', 'value: {"__import__(\\"os\\")": 1}'),
    Attack("a key that hides a function", "date(d)", "value: 2026-11-22", {"date": "x", "d": "2026-11-22"}),
    Attack("a key that hides the clock", "today() > d", "null: cannot compare", {"today": 1, "d": "x"}),
    Attack("a text that is an expression", "s", 'value: "1 + 1"', {"s": "1 + 1"}),
    Attack("a text that ends a text", 's + "!"', 'value: "\\" or true or \\"!"', {"s": '" or true or "'}),
]
PATTERNS = [
    Attack("a pattern that backtracks", f'matches("{"a" * 5_000}!", "(a+)+$")', "value: false"),
    Attack("a pattern of alternatives", f'matches("{"a" * 5_000}!", "^(a|a|aa)*$")', "value: false"),
    Attack("stars in stars", f'matches("{"a" * 5_000}", "(.*)(.*)(.*)(.*)(.*)(.*)(.*)b")', "value: false"),
    Attack("a pattern of a billion", 'matches("a", "((((a{1000}){1000}){1000}){1000})")', "null: matches: bad pattern"),
    Attack("a huge repetition", 'matches("a", "a{99999999}")', "null: matches: bad pattern"),
    Attack("many large patterns", 'for i in 1..3000 return matches("a", "[\\\\p{L}]{" + string(i) + "}")', STEPS),
    Attack("a broken pattern", 'matches("a", "(?P<a>")', "null: matches: bad pattern"),
    Attack("a back reference", 'matches("aa", "(a)\\\\1")', "null: matches: bad pattern"),
    Attack("a class taken from a class", 'matches("a", "[a-z-[b]]")', "null: matches: taking characters out"),
    Attack("unknown flags", 'matches("a", "a", "q")', "null: matches: unknown flags"),
    Attack("half a character", 'matches("\\uD800", "\\uD800")', "null: matches: bad pattern"),
    Attack("a replacement of groups that are not", 'replace("a", "a", "b$9$0")', 'value: "b'),
]
CHARACTERS = [
    Attack("a text that turns round", "\u202e1 + 1", "syntax: unexpected"),
    Attack("a letter of another alphabet", "\u0430mount > 5", "null: there is no", {"amount": 6}),
    Attack("a blank of no width", "a\u200bb", "syntax: unexpected"),
    Attack("a mark at the start of a file", "\ufeff1", "syntax: unexpected"),
    Attack("wide digits", "\uff11 + 1", "syntax: unexpected"),
    Attack("a wide equals sign", "a \uff1d 1", "syntax: unexpected"),
    Attack("quotation marks of print", "\u201ca\u201d", "syntax: unexpected"),
    Attack("9,000 accents on one letter", '"a' + "\u0301" * 9_000 + '" = "b"', "value: false"),
    Attack("escapes of half characters", '"\\uD83D\\uD83D"', "value: "),
    Attack("an escape beyond Unicode", '"\\U110000"', "value: "),
    Attack("a letter that grows", 'string length(upper case("\u00df"))', "value: 2"),
]
DATA = [
    Attack(
        "data nested 5,000 deep",
        "data",
        "limit: the expression or its data is nested too deep",
        {"data": nested(900_0)},
    ),
    Attack("data that hold themselves", "data", "limit: the expression", looped()),
    Attack("their path", "data.me.me.me.other", "null: there is no", looped()),
    Attack("a million items", "count(data)", "limit: the expression takes more than", {"data": list(range(10**6))}),
    Attack("a context of 200,000 keys", "data = null", STEPS, {"data": dict.fromkeys(map(str, range(200_000)))}),
    Attack("200,000 names", "amout", "null: there is no 'amout'", dict.fromkeys(map(str, range(200_000)), 1)),
    Attack("names of 10,000 characters", "a" * 9_000, "null: there is no", {"a" * 10_000: 1, "a" * 9_999: 2}),
    Attack("keys that are no texts", "data", "value: {1: 2, None: 3}", {"data": {1: 2, None: 3}}),
]
ATTACKS = [*WORK, *MEMORY, *NUMBERS, *SYNTAX, *OBJECTS, *PATTERNS, *CHARACTERS, *DATA]
