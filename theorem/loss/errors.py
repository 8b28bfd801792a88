"""The one error for input that cannot be used, and any error in a few words."""

from __future__ import annotations


class InputError(ValueError):
    """Input that cannot be used; the message is one sentence that names the field and the fix.

    Args:
        field: The name of the offending field, as the user knows it (``loss``, ``start``, ``step_size``, ...).
        message: What is wrong and how to fix it, as a clause that can follow ``field:``.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message

    def __reduce__(self) -> tuple[type[InputError], tuple[str, ...]]:
        # It has to come back from other processes.
        return type(self), (self.field, self.message)


def in_words(error: BaseException) -> str:
    """Describe an exception in a few words, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:200] if text else type(error).__name__
