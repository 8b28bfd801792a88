"""Changed certificates: one or two places of a certificate made different, as an attacker or an error would."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

_WORDS = {
    "verdict": ("proved", "exceptional", "not-applicable"),
    "regime": ("small-step", "large-step", "boundary", "unstable", None),
    "kind": ("fixed", "alternating", "two-cycle", None),
}
_FAILS = ("smoothness", "strict-minimum", "distinct-ends", "simple-lowest", "simple-highest", "off-boundary")
_MORE_FAILS = ("stable-step", "null-preimages")


def mutated(data: dict[str, Any], random: Random) -> dict[str, Any]:
    """Change one or two places of a certificate.

    Args:
        data: The certificate; it is left alone.
        random: Where the changes come from.
    """
    changed: dict[str, Any] = copy.deepcopy(data)
    kind = random.random()
    if kind < 0.15:
        _flip_limit(changed, random)
    elif kind < 0.3:
        _change_fails(changed, random)
    else:
        _change_leaf(changed, random)
    if random.random() < 0.3:
        _change_leaf(changed, random)
    return changed


def _flip_limit(data: dict[str, Any], random: Random) -> None:
    """The opposite direction, or the one of another parity."""
    vectors = data["limit"]["vectors"]
    if len(vectors) == 2 and random.random() < 0.5:
        vectors.reverse()
    else:
        data["limit"]["vectors"] = [[[_negative(b), _negative(a)] for a, b in v] for v in vectors]


def _change_fails(data: dict[str, Any], random: Random) -> None:
    name = random.choice((*_FAILS, *_MORE_FAILS))
    fails = data["fails"]
    data["fails"] = [x for x in fails if x != name] if name in fails else [*fails, name]
    if random.random() < 0.7:
        data["verdict"] = "not-applicable" if data["fails"] else random.choice(("proved", "exceptional"))


def _change_leaf(data: dict[str, Any], random: Random) -> None:
    holder, key = random.choice(list(_leaves(data)))
    value = holder[key]
    if key in _WORDS:
        holder[key] = random.choice(_WORDS[key])
    elif isinstance(value, int):
        holder[key] = max(0, value + random.choice((-2, -1, 1, 2, 7)))
    elif isinstance(value, list):
        holder[key] = [] if random.random() < 0.5 else [*value, *value[:1]]
    elif isinstance(value, str):
        holder[key] = _other_number(value, random)
    else:
        holder[key] = random.choice((None, "0", []))


def _leaves(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of the document that can be changed: (container, key)."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if isinstance(value, dict | list) and value:
            yield from _leaves(value)
        if key != "schema" and not isinstance(value, dict):
            yield data, key


def _negative(text: str) -> str:
    return text[1:] if text.startswith("-") else f"-{text}"


def _other_number(text: str, random: Random) -> str:
    """Another text: one digit changed, a sign turned, or a number a little or much larger."""
    digits = [i for i, letter in enumerate(text) if letter.isdigit()]
    kind = random.random()
    if not digits or kind < 0.2:
        return _negative(text)
    if kind < 0.9:
        place = random.choice(digits)
        return text[:place] + str(random.randint(0, 9)) + text[place + 1 :]
    return text + random.choice(("0", "1", "e-3", "e3", "/2"))
