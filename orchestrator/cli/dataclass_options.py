"""Options that several verbs share, written once as the fields of a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def options_from_dataclasses(verb: Callable[..., None]) -> Callable[..., None]:
    """Gives a verb an option for each field of its dataclass parameters, nested ones included, in their order.

    Typer sees the fields, which carry its annotations; the verb gets the dataclasses.
    """
    own = list(inspect.signature(verb, eval_str=True).parameters.values())

    @wraps(verb)
    def with_dataclasses(**values: Any) -> None:
        verb(**{parameter.name: _gathered(parameter.annotation, parameter.name, values) for parameter in own})

    shown = [option for parameter in own for option in _options(parameter)]
    typer_verb: Any = with_dataclasses
    typer_verb.__signature__ = inspect.Signature(shown)
    typer_verb.__annotations__ = {option.name: option.annotation for option in shown}
    return with_dataclasses


def _options(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """The parameter itself, or one for each field of its dataclass."""
    if not is_dataclass(parameter.annotation):
        yield parameter.replace(kind=parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in fields(parameter.annotation):
        default = parameter.empty if field.default is MISSING else field.default
        kind = inspect.Parameter.KEYWORD_ONLY
        yield from _options(inspect.Parameter(field.name, kind, default=default, annotation=hints[field.name]))


def _gathered(annotation: Any, name: str, values: Mapping[str, Any]) -> Any:
    """The value of a parameter; of a dataclass, made from the values of its fields."""
    if not is_dataclass(annotation):
        return values[name]
    hints: dict[str, Any] = get_type_hints(annotation, include_extras=True)
    made: Any = annotation
    return made(**{field.name: _gathered(hints[field.name], field.name, values) for field in fields(annotation)})
