"""Structs made from plain data without any check, for instance with hostile texts where names are expected."""

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields


def loosely(data: Any, kind: Any) -> Any:
    """Return the data in a shape, with all values unchanged."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        known = {f.name: loosely(data[f.encode_name], f.type) for f in fields(kind) if f.encode_name in data}
        assert {"schema", *known} >= set(data), f"{set(data) - set(known)} is no field of {kind.__name__}"
        return kind(**known)
    origin, arguments = get_origin(kind), get_args(kind)
    if data is None or not arguments:
        return data
    if origin is Annotated:
        return loosely(data, arguments[0])
    if origin in (Union, UnionType):
        return loosely(data, next(one for one in arguments if one is not NoneType))
    if origin is tuple:
        return tuple(loosely(one, arguments[0]) for one in data)
    if origin is dict:
        return {name: loosely(value, arguments[1]) for name, value in data.items()}
    return data
