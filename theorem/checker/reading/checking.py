"""What the checks of all kinds of certificates share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from gdcheck.theorem.checker import outcome
from gdcheck.theorem.checker.outcome import TIME_LIMIT, ClaimError
from gdcheck.theorem.checker.reading.fields import hints_of, read_as, size_of

T = TypeVar("T")


@dataclass(frozen=True)
class Check(Generic[T]):
    """The check of one kind of certificates.

    Attributes:
        kind: The record that such a certificate is.
        verify: Verifies all claims, in the order of the specification.
    """

    kind: type[T]
    verify: Callable[[T], object]

    @property
    def format(self) -> str:
        """Return the value of the field ``schema`` in such certificates."""
        return str(get_args(hints_of(self.kind)["schema"])[0])

    def __call__(self, certificate: object, time_limit: float = TIME_LIMIT) -> str | None:
        """Verify a certificate.

        Args:
            certificate: The parsed JSON object.
            time_limit: The seconds that it may take.

        Returns:
            None if every claim has been verified, else a sentence that names the first claim that fails, with its
            numbers.

        Raises:
            BadCertificate: If it is malformed.
            NotChecked: If the checker gives up at one of its limits; the proof may be right or wrong.
        """
        with outcome.time_limit(time_limit):
            stated: T = read_as(self.kind, certificate, "", size_of(certificate))
            try:
                self.verify(stated)
            except ClaimError as failure:
                return str(failure)
        return None


def with_enough_bits(precisions: Sequence[int], verify: Callable[[int], T]) -> T:
    """Verify at the first precision that decides all comparisons.

    Args:
        precisions: The numbers of bits to try.
        verify: Verifies the claims, with a given number of bits.

    Returns:
        What it returns.

    Raises:
        ClaimError: If a claim fails at every precision; the last failure.
    """
    for bits in precisions:
        try:
            return verify(bits)
        except ClaimError as failure:
            failed = failure
    raise failed
