"""A loss in torch, traced to NumPy's: tensors whose entries record what is done with them.

A traced tensor is a ``torch.Tensor`` of the right shape, so that shapes, lengths and unpacking work as ever; every
operation on it goes through ``__torch_function__`` to the table of ``operations``, and none to torch's own kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from inspect import Parameter, signature
from typing import Any

import torch
from torch import nn

from gdcheck.networks.losses.operations import KNOWN, OPERATIONS
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.tracing import FIELD, Array, as_array

_ABOUT = {"shape", "ndim", "dtype", "device", "layout", "requires_grad", "is_sparse", "is_cuda"}
_ASKED = {"size", "dim", "numel", "nelement", "__len__", "is_floating_point", "is_complex", "ndimension", "stride"}
"""The attributes and methods about shape and type, which torch itself answers."""


class TracedTensor(torch.Tensor):
    """A tensor of recorded numbers.

    Attributes:
        entries: Its numbers, an array of objects.
    """

    entries: Array

    @staticmethod
    def of(entries: Array) -> TracedTensor:
        """Make a tensor of recorded numbers; torch itself knows its shape only."""
        made: TracedTensor = torch.Tensor._make_subclass(TracedTensor, torch.empty(entries.shape, dtype=torch.float64))
        made.entries = entries
        return made

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do one of torch's operations on the recorded numbers.

        Raises:
            InputError: If it has no enclosure.
        """
        kwargs = {} if kwargs is None else kwargs
        name = func.__name__
        if name == "__get__":
            name = getattr(func.__self__, "__name__", name)
            if name in _ABOUT:
                name = "size"
        if name in _ASKED:
            with torch._C.DisableTorchFunctionSubclass():  # type: ignore[attr-defined]
                return func(*args, **kwargs)
        operation = OPERATIONS.get(name)
        if operation is None:
            raise InputError(FIELD, f"uses torch's {name}, which has no enclosure; {_ENCLOSED}")
        try:
            found = operation(*map(_entries, args), **{key: _entries(x) for key, x in kwargs.items()})
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise InputError(FIELD, f"uses torch's {name} with arguments that have no enclosure; {_ENCLOSED}") from None
        if isinstance(found, tuple):
            return tuple(TracedTensor.of(as_array(x)) for x in found)
        return TracedTensor.of(as_array(found))


_ENCLOSED = f"those that have one are + - * / ** @, indices and, of torch, {', '.join(KNOWN)}"


def _entries(x: Any) -> Any:
    """Return an operand as an array of objects: recorded numbers, or the numbers that a tensor holds, exactly."""
    if isinstance(x, TracedTensor):
        return x.entries
    if isinstance(x, torch.Tensor):
        plain = x.detach().cpu()
        if plain.is_complex():
            raise InputError(FIELD, "holds complex numbers; write the loss with real ones")
        return (plain.double() if plain.is_floating_point() else plain).numpy()
    if isinstance(x, tuple | list) and not isinstance(x, torch.Size):
        return type(x)(_entries(y) for y in x)
    return x


def traced_loss(function: Callable[..., Any]) -> tuple[Callable[[Any], Any], list[Fraction] | None]:
    """Return the function of traced NumPy arrays that computes what a function or module of torch computes.

    Args:
        function: A function of one tensor of shape (n,). Or a module: if its ``forward`` takes nothing, its weights
            are the variables, one after the other as ``torch.nn.utils.parameters_to_vector`` has them; if it takes one
            tensor, that is the vector, and the weights are numbers.

    Returns:
        The function; and the module's weights where they are the variables, else None.

    Raises:
        InputError: If a module takes more, or holds no weights.
    """
    if not isinstance(function, nn.Module) or _takes(function):
        return lambda point: _untraced(function, TracedTensor.of(as_array(point))), None
    weights = list(function.named_parameters())
    if not weights:
        raise InputError(FIELD, "is a module without weights whose forward takes nothing; nothing in it is variable")
    numbers = torch.cat([w.detach().cpu().double().reshape(-1) for _, w in weights]).tolist()

    def loss(point: Any) -> Any:
        entries, held, at = as_array(point), dict[str, torch.Tensor](), 0
        if len(entries) != len(numbers):
            message = f"has {len(entries)} numbers; the module has {len(numbers)} weights, give as many"
            raise InputError("start", message)
        for name, weight in weights:
            held[name] = TracedTensor.of(entries[at : at + weight.numel()].reshape(weight.shape))
            at += weight.numel()
        return _untraced(lambda: torch.func.functional_call(function, held, ()))

    return loss, [Fraction(x) for x in numbers]


def _takes(module: nn.Module) -> bool:
    """Return whether ``forward`` takes one tensor; False if it takes nothing."""
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    taken = [p for p in signature(module.forward).parameters.values() if p.kind in kinds and p.default is p.empty]
    if len(taken) > 1:
        names = ", ".join(p.name for p in taken)
        message = (
            f"is a module whose forward takes {names}; write one whose forward takes nothing and returns the loss,"
            " with its data as buffers"
        )
        raise InputError(FIELD, message[:300])
    return bool(taken)


def _untraced(function: Callable[..., Any], *operands: Any) -> Any:
    """Call a function and return its recorded numbers; any failure becomes an ``InputError`` of one sentence."""
    try:
        with torch.no_grad():
            found = function(*operands)
    except InputError:
        raise
    except Exception as error:
        about = " ".join(str(error).split())[:200]
        raise InputError(FIELD, f"fails while it is traced ({type(error).__name__}: {about}); {_ENCLOSED}") from None
    if isinstance(found, list | tuple):
        return [y for x in found for y in as_array(_entries(x)).reshape(-1).tolist()]
    if isinstance(found, torch.Tensor) and not isinstance(found, TracedTensor):
        raise InputError(FIELD, "returns a tensor that does not depend on the variables; return the loss")
    return _entries(found)
