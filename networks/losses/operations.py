"""Torch's operations on arrays of recorded numbers, by torch's names and with its arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.smooth.tracing import FIELD, Array, applied, as_array, logaddexp


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """Return an operation of two operands, the second of which may come with torch's factor ``alpha``."""

    def made(input: Any, other: Any, *, alpha: Any = 1) -> Any:
        return function(_objects(input), _objects(other) if alpha == 1 else _objects(other) * alpha)

    return made


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda input, other: function(_objects(other), _objects(input))


def _objects(x: Any) -> Any:
    """Return an array as one of Python's numbers, which leave operations to the recorded ones."""
    return x.astype(object) if isinstance(x, np.ndarray) else x


def _sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    axes = tuple(dim) if isinstance(dim, list | tuple) else dim
    return _objects(as_array(input)).sum(axis=None if axes == () else axes, keepdims=keepdim)


def _mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    total = as_array(_sum(input, dim, keepdim))
    return total * Fraction(total.size, as_array(input).size)


def _logsumexp(input: Array, dim: Any, keepdim: bool = False) -> Any:
    axes = tuple(dim) if isinstance(dim, list | tuple) else (dim,)
    found = _objects(input)
    for axis in sorted((a % input.ndim for a in axes), reverse=True):
        parts = [np.take(found, i, axis=axis) for i in range(found.shape[axis])]
        found = as_array(reduce(logaddexp, parts))
        found = np.expand_dims(found, axis) if keepdim else found
    return found


def _log_softmax(input: Array, dim: Any = None, dtype: Any = None, _stacklevel: int = 3) -> Any:
    if dim is None:
        raise InputError(FIELD, "uses torch's log_softmax without dim; name the axis")
    return _objects(input) - _logsumexp(input, dim, keepdim=True)


def _softmax(input: Array, dim: Any = None, dtype: Any = None, _stacklevel: int = 3) -> Any:
    return applied("exp", _log_softmax(input, dim))


def _softplus(input: Array, beta: Any = 1, threshold: Any = 20) -> Any:
    """Return ln(1 + exp βx)/β at every x, also beyond the threshold at which torch returns x itself."""
    return applied("softplus", _objects(input) * beta) * _inverse(beta)


def _gelu(input: Array, approximate: str = "none") -> Any:
    x = _objects(input)
    if approximate == "none":
        return x * (applied("erf", x / applied("sqrt", x.flat[0] * 0 + 2)) + 1) * Fraction(1, 2)
    raise InputError(FIELD, "uses torch's gelu with approximate='tanh'; leave approximate out")


def _inverse(number: Any) -> Fraction:
    return 1 / Fraction(number)


def _linear(input: Array, weight: Array, bias: Any = None) -> Any:
    found = _objects(input) @ _objects(weight).T
    return found if bias is None else found + _objects(bias)


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction not in ("mean", "sum", "none"):
        raise InputError(FIELD, f"uses the reduction {str(reduction)[:20]!r}; use mean, sum or none")
    return loss if reduction == "none" else _mean(loss) if reduction == "mean" else _sum(loss)


def _plain(name: str, **given: Any) -> None:
    """Refuse arguments that are given: only the function's plain form has an enclosure here."""
    for key, value in given.items():
        if value is not None and value != 0:
            raise InputError(FIELD, f"uses torch's {name} with {key}; leave it out, or write the loss with sums")


def _mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    _plain("mse_loss", size_average=size_average, reduce=reduce, weight=weight)
    return _reduced((_objects(input) - _objects(target)) ** 2, reduction)


def _cross_entropy(
    input: Array,
    target: Array,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    given = {"weight": weight, "size_average": size_average, "reduce": reduce, "label_smoothing": label_smoothing}
    _plain("cross_entropy", **given)
    classes = min(1, input.ndim - 1)
    return _nll(_log_softmax(input, classes), target, reduction)


def _nll_loss(input: Array, target: Array, weight: Any = None, **options: Any) -> Any:
    reduction = options.pop("reduction", "mean")
    ignored = options.pop("ignore_index", -100)
    _plain("nll_loss", weight=weight, **options)
    if ignored != -100:
        raise InputError(FIELD, "uses torch's nll_loss with ignore_index; leave it out, or write the loss with sums")
    return _nll(input, target, reduction)


def _nll(scores: Array, target: Array, reduction: str) -> Any:
    """Return minus the log-probabilities at the targets: classes as whole numbers, or shares of each class."""
    if scores.ndim > 2:
        raise InputError(FIELD, "has a cross-entropy of more than two axes; give it one row a sample")
    if target.shape == scores.shape and target.dtype.kind == "f":
        terms = as_array(-(scores * _objects(target)).sum(axis=-1))
        return _mean(terms) if reduction == "mean" else _reduced(terms, reduction)
    classes = scores.shape[-1]
    if target.dtype.kind not in "iu" or (target.size and not 0 <= target.min() <= target.max() < classes):
        raise InputError(FIELD, f"has classes that are not among 0, …, {classes - 1}; give whole numbers there")
    rows = np.atleast_2d(scores)
    chosen = rows[np.arange(len(rows)), np.atleast_1d(target)]
    return _reduced(-(chosen if scores.ndim == 2 else as_array(chosen[0])), reduction)


def _binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    given = {"weight": weight, "size_average": size_average, "reduce": reduce, "pos_weight": pos_weight}
    _plain("binary_cross_entropy_with_logits", **given)
    x = _objects(input)
    return _reduced(applied("softplus", x) - x * _objects(target), reduction)


def _norm(input: Array, *order: Any, p: Any = 2, ord: Any = None, **options: Any) -> Any:
    if any(x not in (2, "fro", None) for x in (*order, p, ord)) or any(options.values()):
        raise InputError(FIELD, "uses a norm that is not the Euclidean one of all entries; write sums of squares")
    return applied("sqrt", (_objects(input) ** 2).sum())


def _reshape(input: Array, *shape: Any) -> Any:
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
    return input.reshape(sizes)


def _flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Any:
    sizes, last = input.shape or (1,), end_dim % max(input.ndim, 1)
    first = start_dim % max(input.ndim, 1)
    return input.reshape(*sizes[:first], -1, *sizes[last + 1 :])


def _permute(input: Array, *dims: Any) -> Any:
    return input.transpose(tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], list | tuple) else dims)


def _squeeze(input: Array, dim: Any = None) -> Any:
    if dim is None or isinstance(dim, tuple | list):
        return input.squeeze(dim if dim is None else tuple(d for d in dim if input.shape[d] == 1))
    return input.squeeze(dim) if input.shape[dim] == 1 else input


def _unsqueeze(input: Array, dim: int) -> Any:
    return np.expand_dims(input, dim)


def _expand(input: Array, *sizes: Any) -> Any:
    asked = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
    ahead = (1,) * (len(asked) - input.ndim) + input.shape
    return np.broadcast_to(input, [a if s == -1 else s for s, a in zip(asked, ahead, strict=True)])


def _item(input: Array, index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(x, np.ndarray) and x.dtype == object for x in parts):
        raise InputError(FIELD, "takes an index that depends on the variables, which has no enclosure; use numbers")
    return input[tuple(list(x) if isinstance(x, list) else x for x in parts)]


def _unbind(input: Array, dim: int = 0) -> tuple[Any, ...]:
    return tuple(as_array(np.take(input, i, axis=dim)) for i in range(input.shape[dim]))


def _joined(join: Callable[..., Any]) -> Callable[..., Any]:
    return lambda tensors, dim=0, axis=None: join(list(map(_objects, tensors)), axis=dim if axis is None else axis)


def _dropout(input: Array, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    if training and p:
        raise InputError(FIELD, "uses torch's dropout while training, which is random; call eval() on the module")
    return input


def _where(condition: Array, input: Any, other: Any) -> Any:
    if condition.dtype == object:
        raise InputError(FIELD, "chooses by what depends on the variables, which has no enclosure; use numbers there")
    return np.where(condition, _objects(input), _objects(other))


def _same(input: Array, *rest: Any, **options: Any) -> Any:
    return input


_ELEMENTARY = ("exp", "log", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sigmoid", "erf", "atan")
_matmul = _binary(operator.matmul)

_WRITTEN: dict[str, Callable[..., Any]] = {
    **{name: lambda input, name=name: applied(name, input) for name in _ELEMENTARY},  # type: ignore[misc]
    "arctan": lambda input: applied("atan", input),
    "expm1": lambda input: applied("exp", input) - 1,
    "square": lambda input: _objects(input) ** 2,
    "reciprocal": lambda input: 1 / _objects(input),
    "rsqrt": lambda input: 1 / applied("sqrt", input),
    "logaddexp": lambda input, other: logaddexp(_objects(input), _objects(other)),
    "logsumexp": _logsumexp,
    "softplus": _softplus,
    "logsigmoid": lambda input: -applied("softplus", -_objects(input)),
    "silu": lambda input, inplace=False: _objects(input) * applied("sigmoid", input),
    "gelu": _gelu,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "sum": _sum,
    "mean": _mean,
    "norm": _norm,
    "dot": _matmul,
    "mv": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "outer": lambda input, vec2: np.multiply.outer(_objects(input), _objects(vec2)),
    "einsum": lambda equation, *operands: np.einsum(
        equation, *map(_objects, operands[0] if isinstance(operands[0], list | tuple) else operands)
    ),
    "trace": np.trace,
    "diagonal": lambda input, offset=0, dim1=0, dim2=1: np.diagonal(input, offset, dim1, dim2),
    "linear": _linear,
    "mse_loss": _mse_loss,
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll_loss,
    "binary_cross_entropy_with_logits": _binary_cross_entropy_with_logits,
    "where": _where,
    "stack": _joined(np.stack),
    "cat": _joined(np.concatenate),
    "reshape": _reshape,
    "flatten": _flatten,
    "permute": _permute,
    "transpose": np.swapaxes,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "expand": _expand,
    "unbind": _unbind,
    "dropout": _dropout,
}
"""The operations that an error message names."""

_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": _binary(operator.add),
    "sub": _binary(operator.sub),
    "mul": _binary(operator.mul),
    "div": _binary(operator.truediv),
    "pow": _binary(operator.pow),
    "matmul": _matmul,
    "neg": lambda input: -_objects(input),
    "pos": _same,
}

OPERATIONS: dict[str, Callable[..., Any]] = {
    **_WRITTEN,
    **_ARITHMETIC,
    "subtract": _ARITHMETIC["sub"],
    "multiply": _ARITHMETIC["mul"],
    "divide": _ARITHMETIC["div"],
    "true_divide": _ARITHMETIC["div"],
    "negative": _ARITHMETIC["neg"],
    "positive": _same,
    **{f"__{name}__": _ARITHMETIC[name] for name in ("add", "sub", "mul", "pow", "matmul", "neg", "pos")},
    "__truediv__": _ARITHMETIC["div"],
    "__radd__": _reflected(operator.add),
    "__rsub__": _reflected(operator.sub),
    "rsub": _reflected(operator.sub),
    "__rmul__": _reflected(operator.mul),
    "__rtruediv__": _reflected(operator.truediv),
    "__rdiv__": _reflected(operator.truediv),
    "__rpow__": _reflected(operator.pow),
    "__rmatmul__": _reflected(operator.matmul),
    "__getitem__": _item,
    "special_expit": _WRITTEN["sigmoid"],
    "special_erf": _WRITTEN["erf"],
    "special_expm1": _WRITTEN["expm1"],
    "special_log1p": _WRITTEN["log1p"],
    "special_logsumexp": _logsumexp,
    "special_log_softmax": _log_softmax,
    "special_softmax": _softmax,
    "log_sigmoid": _WRITTEN["logsigmoid"],
    "linalg_norm": _norm,
    "linalg_vector_norm": _norm,
    "inner": lambda input, other: np.inner(_objects(input), _objects(other)),
    "ger": _WRITTEN["outer"],
    "concat": _WRITTEN["cat"],
    "concatenate": _WRITTEN["cat"],
    "view": _reshape,
    "ravel": lambda input: input.reshape(-1),
    "t": lambda input: input.T,
    "T": lambda input: input.T,
    "mT": lambda input: np.swapaxes(input, -1, -2),
    "swapaxes": _WRITTEN["transpose"],
    "contiguous": _same,
    "clone": _same,
    "to": _same,
    "double": _same,
    "float": _same,
}
"""All of them, by what torch calls them."""

KNOWN = tuple(sorted(_WRITTEN))
"""The functions that an error message names, without arithmetic and second names."""
