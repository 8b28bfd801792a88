"""Problems decided and printed, one after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gdcheck.commands.common import BAD_INPUT, EXIT_CODES, OTHER, printable, write_bytes
from gdcheck.commands.outcomes import (
    Questions,
    located,
    minimizer_json,
    nearby_json,
    outcome_keys,
    question_keys,
    refuse_bad_questions,
    tends_elsewhere,
    undecided,
)
from gdcheck.properties.storage.files import as_json
from gdcheck.terminal.waiting import waiting

if TYPE_CHECKING:
    from rich.console import Console

    from gdcheck.theorem.decision.decide import Decision
    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.descent.problem import Problem
    from gdcheck.theorem.long_run.locate import Location
    from gdcheck.theorem.loss.loss import Loss
    from gdcheck.theorem.smooth.problem import SmoothProblem
    from gdcheck.theorem.valleys.problem import ValleyProblem


@dataclass(frozen=True)
class Extras:
    """What is to be added to the answers."""

    recheck: bool
    observe: bool
    sharpness: bool
    scalars: tuple[str, ...]
    questions: Questions = field(default_factory=Questions)

    @property
    def polynomial_only(self) -> str | None:
        """The first extra that is asked for and answered for polynomials only."""
        asked = {
            "observe": self.observe,
            "sharpness": self.sharpness,
            "scalar": self.scalars,
            "within": self.questions.within,
            "within-loss": self.questions.within_loss,
            "iterate": self.questions.iterate is not None,
        }
        return next((name for name, wanted in asked.items() if wanted), None)


@dataclass(frozen=True)
class Limits:
    """What a decision may cost.

    Attributes:
        max_steps: Steps of gradient descent.
        precision: Bits to begin with.
        max_precision: Bits at most.
    """

    max_steps: int
    precision: int
    max_precision: int


def require_plain_questions(method: str, extras: Extras) -> None:
    """Refuse what is answered for gradient descent alone.

    Args:
        method: The name of another method.
        extras: What was asked.

    Raises:
        InputError: If something else than the verdict was asked.
    """
    from gdcheck.theorem.loss.errors import InputError

    asked = extras.questions
    only = {
        "sharpness": extras.sharpness,
        "scalar": extras.scalars,
        "within": asked.within,
        "within-loss": asked.within_loss,
        "iterate": asked.iterate is not None,
    }
    for name, wanted in only.items():
        if wanted:
            raise InputError(name, f"is answered for gradient descent, and not for {method}; leave out --{name}")


class Printer:
    """Decides and prints one problem after the other."""

    def __init__(self, *, as_json: bool, many: bool, extras: Extras, limits: Limits) -> None:
        self._as_json = as_json
        self._many = many
        self._extras = extras
        self._limits = limits
        self._console: Console | None = None

    def handle(
        self,
        line: int,
        item: Problem | SmoothProblem | ValleyProblem | Exception,
        certificate: Path | None,
        coq: Path | None = None,
    ) -> int:
        """Decides one problem and prints the answer; the exit code."""
        from gdcheck.theorem.descent.problem import EveryStartProblem
        from gdcheck.theorem.loss.errors import InputError
        from gdcheck.theorem.smooth.problem import SmoothProblem
        from gdcheck.theorem.valleys.problem import ValleyProblem

        try:
            if isinstance(item, Exception):
                raise item
            every = isinstance(item, EveryStartProblem)
            if isinstance(item, SmoothProblem | ValleyProblem) and coq is not None:
                raise InputError("coq", "states a problem with a polynomial loss; leave out --coq")
            if every and coq is not None:
                raise InputError("coq", "states one trajectory as a theorem; give --start, or leave out --coq")
            with waiting("deciding"):
                if isinstance(item, SmoothProblem):
                    answer, proof = self._smooth(item)
                elif isinstance(item, ValleyProblem):
                    answer, proof = self._valley(item)
                else:
                    answer, proof = self._every_start(item) if every else self._decided(item, cones=coq is None)
        except (InputError, OverflowError) as caught:
            beyond = InputError("problem", "the answer holds numbers beyond all floats; scale the problem")
            error = caught if isinstance(caught, InputError) else beyond
            if not self._many:
                raise error from None
            # One bad line must not lose the answers to the others.
            if self._as_json:
                typer.echo(json.dumps({"line": line, "error": str(error)}))
            else:
                typer.echo(f"error: line {line}: {printable(str(error))}", err=True)
            return BAD_INPUT
        if certificate is not None:
            self._store(answer["verdict"], proof, certificate)
        if coq is not None:
            self._store_theorem(answer["verdict"], proof, coq)
        if self._as_json:
            typer.echo(json.dumps(answer | ({"line": line} if self._many else {}), ensure_ascii=False))
        else:
            self._show(answer, line)
        return EXIT_CODES.get(answer["verdict"], OTHER)

    def _decided(self, problem: Problem, *, cones: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the answer to a problem, and the certificate of the theorem."""
        from gdcheck.theorem.certificate.certificate import certificate as proof_of
        from gdcheck.theorem.decision.decide import decide

        questions = self._extras.questions
        if not problem.method.is_plain:
            require_plain_questions(problem.method.name, self._extras)
        location = located(problem, questions)
        refuse_bad_questions(location.problem or problem, questions)
        if location.problem is None:
            enclosed = self._enclosed(problem, location)
            if enclosed is not None:
                return enclosed
            asked = {"sharpness": self._extras.sharpness, "observed": self._extras.observe}
            without: dict[str, Any] = {key: None for key, wanted in asked.items() if wanted} | {"scalars": []}
            answer = undecided(location, problem, self._limits.max_steps) | without
            return answer | question_keys(problem, None, questions, prove=False) | self._rechecked(None), None
        problem = location.problem
        decision = decide(problem, **asdict(self._limits), cones=cones)
        found = outcome_keys(problem, decision, location, self._limits.max_steps)
        there = tends_elsewhere(problem, found["outcome"])
        if there is not None and location.how != "given" and questions.near is None:
            # The first steps were misleading: the trajectory tends to another rational critical point.
            problem = there
            decision = decide(problem, **asdict(self._limits), cones=cones)
            found = outcome_keys(problem, decision, location, self._limits.max_steps)
        proof = proof_of(decision)
        answer = self._answer(decision, self._functions(problem)) | found
        answer |= question_keys(problem, decision, questions, prove=not self._extras.observe)
        if self._extras.sharpness:
            answer["sharpness"], longer = self._sharpness(decision)
            if longer is not None:
                # It holds the certificate of the theorem, which is verified with it.
                known = {"recheck": "accepted"} if answer["sharpness"]["recheck"] == "accepted" else {}
                return answer | (known or self._rechecked(proof)), longer
        return answer | self._rechecked(proof), proof

    def _valley(self, problem: ValleyProblem) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the answer to a problem with residuals, and its certificate."""
        from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate
        from gdcheck.theorem.loss.errors import InputError
        from gdcheck.theorem.valleys.decide import decide_valley

        extra = "near" if self._extras.questions.near is not None else self._extras.polynomial_only
        if extra:
            raise InputError(extra, "is answered for a loss with --loss so far; leave it out")
        decision = decide_valley(problem, max_steps=self._limits.max_steps, max_precision=self._limits.max_precision)
        proof = valley_certificate(decision)
        return valley_answer(decision) | self._rechecked(proof), proof

    def _smooth(self, problem: SmoothProblem) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the answer to a smooth problem, and its certificate."""
        from gdcheck.theorem.decision.smooth import decide_smooth
        from gdcheck.theorem.descent.points import place_point
        from gdcheck.theorem.loss.errors import InputError

        questions = self._extras.questions
        if self._extras.polynomial_only:
            raise InputError(self._extras.polynomial_only, "is answered for polynomial losses so far; leave it out")
        if questions.near is not None:
            near = place_point(questions.near, "near", problem.loss.variables, problem.as_written)
            problem = replace(problem, near=near)
        limits = {"max_steps": self._limits.max_steps, "max_precision": self._limits.max_precision}
        return self._smooth_answer(decide_smooth(problem, **limits))

    def _smooth_answer(self, decision: SmoothDecision) -> tuple[dict[str, Any], dict[str, Any] | None]:
        from gdcheck.theorem.certificate.kinds.smooth import smooth_answer, smooth_certificate

        proof = smooth_certificate(decision)
        return smooth_answer(decision) | self._rechecked(proof), proof

    def _enclosed(self, problem: Problem, location: Location) -> tuple[dict[str, Any], dict[str, Any] | None] | None:
        """Return the answer at an irrational minimizer of a polynomial; None if none is enclosed."""
        from gdcheck.theorem.decision.smooth import decide_smooth
        from gdcheck.theorem.descent.points import place_point
        from gdcheck.theorem.smooth.problem import smooth_instead

        near = self._extras.questions.near
        place = None if near is None else place_point(near, "near", problem.loss.variables, problem.as_written)
        smooth = None if self._extras.polynomial_only else smooth_instead(problem, place)
        if smooth is None:
            return None
        limits = {"max_steps": self._limits.max_steps, "max_precision": self._limits.max_precision}
        found = decide_smooth(smooth, **limits)
        if found.minimizer is None:
            return None
        answer, proof = self._smooth_answer(found)
        return answer | {"critical_points": nearby_json(location)}, proof

    def _every_start(self, problem: Problem) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Return the answer for almost every start, and its proof."""
        from gdcheck.theorem.certificate.kinds.every_start import every_start_answer, every_start_certificate
        from gdcheck.theorem.decision.every_start import decide_every_start
        from gdcheck.theorem.long_run.locate import why_none
        from gdcheck.theorem.loss.errors import InputError

        extras = self._extras
        if extras.observe or extras.sharpness or extras.scalars or extras.questions.about_trajectory:
            raise InputError("start", "is missing; what else was asked speaks of one trajectory: give --start 0.1,0.1")
        location = located(problem, extras.questions)
        if location.problem is None:
            raise InputError("minimizer", why_none(location, problem.loss.variables))
        where = {"minimizer": minimizer_json(location), "critical_points": nearby_json(location)}
        if not problem.method.is_plain:
            from gdcheck.theorem.certificate.methods.every_start import (
                method_every_start_answer,
                method_every_start_certificate,
            )
            from gdcheck.theorem.decision.method_every_start import decide_method_every_start

            nearby = decide_method_every_start(location.problem)
            proof = method_every_start_certificate(nearby)
            return method_every_start_answer(nearby) | where | self._rechecked(proof), proof
        found = decide_every_start(location.problem)
        proof = every_start_certificate(found)
        return every_start_answer(found) | where | self._rechecked(proof), proof

    def _rechecked(self, proof: dict[str, Any] | None) -> dict[str, str]:
        """Return what the independent checker says; a proof that it rejects is none."""
        if proof is None or not self._extras.recheck:
            return {"recheck": "none"}
        from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check

        try:
            failure = check(proof)
        except NotChecked as gave_up:
            return {"recheck": "none", "verdict": "unresolved", "reason": str(gave_up)}
        except BadCertificate as error:
            failure = f"it cannot be read: {error}"
        if failure is None:
            return {"recheck": "accepted"}
        reason = f"the independent checker rejects the certificate: {failure}"
        return {"recheck": "rejected", "verdict": "unresolved", "reason": reason}

    def _functions(self, problem: Problem) -> list[Loss]:
        if not self._extras.scalars:
            return []
        from gdcheck.theorem.sharpness.scalar import parse_scalar

        return [parse_scalar(text, problem) for text in self._extras.scalars]

    def _answer(self, decision: Decision, functions: Sequence[Loss]) -> dict[str, Any]:
        from gdcheck.theorem.certificate.answer import answer, chain_json
        from gdcheck.theorem.certificate.paper_chain import paper_chain

        result = answer(decision)
        result["chain"] = chain_json(paper_chain(decision)) if decision.problem.method.is_plain else None
        if functions:
            from gdcheck.theorem.certificate.pattern_answer import scalar_json
            from gdcheck.theorem.sharpness.scalar import follow

            texts = self._extras.scalars
            result["scalars"] = [scalar_json(t, follow(decision, f)) for t, f in zip(texts, functions, strict=True)]
        if self._extras.observe:
            from gdcheck.theorem.reference.observation import observe

            seen = asdict(observe(decision.problem))
            result["observed"] = seen | {"kind": seen["kind"].value if seen["kind"] else None}
        return result

    def _sharpness(self, decision: Decision) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return what is proved of the sharpness, and its certificate; nothing without a sharpness."""
        from gdcheck.theorem.certificate.kinds.sharpness import recheck_sharpness
        from gdcheck.theorem.certificate.pattern_answer import sharpness_json
        from gdcheck.theorem.sharpness.sharpness import sharpness

        found = sharpness(decision, first_steps=True, most_steps=self._limits.max_steps)
        if found is None:
            return None, None
        checked = recheck_sharpness(decision, found, ask=self._extras.recheck)
        described = sharpness_json(checked.found)
        assert described is not None
        certified = [part for part in ("pattern", "crossings") if (checked.certificate or {}).get(part)]
        more = {"recheck": checked.result, "certified": certified, "certificate": checked.said}
        return described | more, checked.certificate

    def _show(self, answer: dict[str, Any], line: int) -> None:
        from gdcheck.terminal.show import console_for_people, show_answer

        self._console = self._console or console_for_people()
        if self._many:
            self._console.print(f"line {line}:", style="dim")
        show_answer(self._console, answer)

    def _store_theorem(self, verdict: str, proof: dict[str, Any] | None, path: Path) -> None:
        from gdcheck.theorem.certificate.kinds.coq import NoTheorem, coq_instance

        try:
            if proof is None or verdict == "unresolved":
                raise NoTheorem(f"the verdict {verdict} has no proof")
            # With --sharpness the certificate of the theorem is a part of another.
            write_bytes(path, coq_instance(proof.get("theorem", proof)).encode("utf-8"), "coq")
        except NoTheorem as why:
            typer.echo(f"note: no theorem written: {why}{_still_there(path)}", err=True)

    def _store(self, verdict: str, proof: dict[str, Any] | None, path: Path) -> None:
        if proof is not None and verdict != "unresolved":
            write_bytes(path, as_json(proof).encode("utf-8"))
            return
        typer.echo(f"note: no certificate written: this verdict has none ({verdict}){_still_there(path)}", err=True)


def _still_there(path: Path) -> str:
    return f"; {str(path)[:200]!r} still holds what it held" if path.exists() else ""
