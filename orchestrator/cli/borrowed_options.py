"""Verbs that do what another verb does, and more, take its options too."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def takes_all_of(lender: Callable[..., None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a verb the arguments and options of another one before its own, whatever they are."""

    def borrow(verb: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter
            for parameter in inspect.signature(verb, eval_str=True).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        lent = list(inspect.signature(lender, eval_str=True).parameters.values())
        parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*lent, *own)]
        verb_: Any = verb
        verb_.__signature__ = inspect.Signature(parameters)  # what typer looks at
        return verb

    return borrow
