"""The one error for input that cannot be used."""


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
