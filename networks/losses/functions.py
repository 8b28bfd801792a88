"""Tells losses written in torch from others, and turns them into functions of NumPy arrays; only they load torch."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from gdcheck.theorem.loss.errors import InputError

Loss = Callable[[Any], Any]


def in_numpy(function: Loss, fields: Mapping[str, Any]) -> tuple[Loss, dict[str, Any]]:
    """Return a loss that is written in torch as a function of NumPy arrays, and any other as it is.

    Args:
        function: A Python function of a vector, or a ``torch.nn.Module``.
        fields: The other arguments of ``Problem``.

    Returns:
        The function, and the fields. If no start is given, a module whose weights are the variables starts from them.

    Raises:
        InputError: If the loss needs torch and torch is not installed, or a module's weights cannot be the variables.
    """
    if not is_torch(function):
        return function, dict(fields)
    try:
        from gdcheck.networks.losses import tracing  # noqa: PLC0415 (it loads torch)
    except ImportError:
        message = "is written in torch, which is not installed; install gdcheck[torch]"
        raise InputError("loss-function", message) from None
    found, start = tracing.traced_loss(function)
    return found, dict(fields) if start is None or fields.get("start") is not None else {**fields, "start": start}


def is_torch(function: Loss) -> bool:
    """Return whether a function is a torch module, or names torch, a tensor or a module anywhere in what it calls."""
    seen: set[int] = set()
    waiting: list[Any] = [function]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, ModuleType):
            if value.__name__.partition(".")[0] == "torch":
                return True
        elif _is_torch_object(value):
            return True
        else:
            waiting.extend(_named_by(value))
    return False


def _is_torch_object(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    module = getattr(value, "__module__", None) or ""
    return isinstance(value, torch.Tensor | torch.nn.Module) or str(module).partition(".")[0] == "torch"


def _named_by(value: Any) -> Iterator[Any]:
    """Yield what a function refers to: by global names, in its closure and defaults, as arguments kept for it."""
    if isinstance(value, partial):
        yield from (value.func, *value.args, *value.keywords.values())
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, FunctionType) and not value.__code__.co_filename.startswith(_INSTALLED):
        for code in _codes(value.__code__):
            yield from (value.__globals__[name] for name in code.co_names if name in value.__globals__)
            if "torch" in code.co_names:
                yield sys.modules.get("torch", _TORCH)
        yield from (cell.cell_contents for cell in value.__closure__ or () if cell != CellType())
        yield from value.__defaults__ or ()
    elif callable(value) and not isinstance(value, type | FunctionType):
        yield from (type(value).__call__, *getattr(value, "__dict__", {}).values())


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
"""Where libraries are installed: their own calls are not followed."""
_TORCH = ModuleType("torch")
"""The stand-in for torch where a function imports it and it is not loaded yet."""
