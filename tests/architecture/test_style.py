"""The numbers and names of the house style, as a reader of the whole package meets them.

Single functions may break a number where the code is better for it; the package may not.
"""

import ast
from statistics import median, quantiles

from tests.architecture.sources import PACKAGE, functions, modules, relative, syntax

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
SAY_NOTHING = frozenset(
    {"data", "handle", "helper", "helpers", "info", "manager", "process", "util", "utils"}
)


def test_no_file_is_longer_than_one_idea() -> None:
    lengths = {
        relative(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(PACKAGE)
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = [function.lines for function in functions(PACKAGE)]

    assert median(lengths) <= 9
    assert quantiles(lengths, n=10)[-1] <= 30


def test_no_function_is_longer_than_a_screen() -> None:
    assert [f for f in functions(PACKAGE) if f.lines > LONGEST_FUNCTION] == []


def test_hardly_any_function_takes_more_than_five_parameters() -> None:
    measured = list(functions(PACKAGE))
    many = [function for function in measured if function.parameters > 5]

    assert len(many) <= 0.02 * len(measured), many


def test_modules_have_names_that_say_something() -> None:
    names = {relative(path): set(path.stem.split("_")) for path in modules(PACKAGE)}

    assert [name for name, words in names.items() if words & SAY_NOTHING] == []


def test_functions_have_names_that_say_the_effect() -> None:
    assert [f for f in functions(PACKAGE) if f.name.lstrip("_").split("_")[0] in SAY_NOTHING] == []


def test_exceptions_are_caught_blindly_in_two_places_at_most() -> None:
    blind = [
        f"{relative(path)}:{node.lineno}"
        for path in modules(PACKAGE)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    ]

    assert len(blind) <= 2, blind


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"BaseException", "Exception"}
    )
