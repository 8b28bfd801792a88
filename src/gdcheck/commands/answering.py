"""Problems decided and printed, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from gdcheck.commands.answers import ANSWER, printed
from gdcheck.commands.check_options import ABOUT_STEPS, BESIDE, NOT_OF_VALLEYS, CheckOptions
from gdcheck.commands.common import BAD_INPUT, EXIT_CODES, OTHER, printable, write_bytes
from gdcheck.commands.outcomes import (
    minimizer_json,
    nearby_json,
    outcome_keys,
    question_keys,
    refuse_bad_questions,
    undecided,
)
from gdcheck.properties.storage.files import as_json
from gdcheck.terminal.waiting import waiting
from gdcheck.theorem.certificate.answer import answer as answer_to
from gdcheck.theorem.certificate.answer import chain_json
from gdcheck.theorem.certificate.certificate import certificate as proof_of
from gdcheck.theorem.certificate.paper_chain import paper_chain
from gdcheck.theorem.decision.decide import Decision
from gdcheck.theorem.descent.problem import EveryStartProblem, Problem
from gdcheck.theorem.long_run.deciding import decide_located, enclosed_everywhere
from gdcheck.theorem.long_run.locate import find_minimizer, why_none
from gdcheck.theorem.loss.errors import InputError
from gdcheck.theorem.loss.loss import Loss
from gdcheck.theorem.loss.rational import positive
from gdcheck.theorem.smooth.problem import (
    EveryStartSmoothProblem,
    SmoothProblem,
)
from gdcheck.theorem.valleys.problem import ValleyProblem

if TYPE_CHECKING:
    from rich.console import Console

    from gdcheck.theorem.decision.smooth import SmoothDecision
    from gdcheck.theorem.reference.observation import Observation
    from gdcheck.theorem.smooth.graph import SmoothLoss
    from gdcheck.theorem.valleys.decide import ValleyDecision

_Answered: TypeAlias = tuple[dict[str, Any], dict[str, Any] | None]
"""An answer, and the certificate of what it proves."""


class Printer:
    """Decides and prints one problem after the other."""

    def __init__(self, options: CheckOptions, *, many: bool) -> None:
        self._options = options
        self._many = many
        self._console: Console | None = None

    def handle(self, line: int, item: Problem | SmoothProblem | ValleyProblem | Exception) -> int:
        """Decides one problem and prints the answer; the exit code."""
        certificate, coq = self._options.certificate, self._options.coq
        try:
            if isinstance(item, Exception):
                raise item
            if isinstance(item, SmoothProblem | ValleyProblem) and coq is not None:
                raise InputError("coq", "states a problem with a polynomial loss; leave out --coq")
            if isinstance(item, EveryStartProblem | EveryStartSmoothProblem) and coq is not None:
                raise InputError("coq", "states one trajectory as a theorem; give --start, or leave out --coq")
            with waiting("deciding"):
                answer, proof = self._answered(item)
        except (InputError, OverflowError) as caught:
            beyond = InputError("problem", "the answer holds numbers beyond all floats; scale the problem")
            error = caught if isinstance(caught, InputError) else beyond
            if not self._many:
                raise error from None
            # One bad line must not lose the answers to the others.
            if self._options.as_json:
                typer.echo(printed(ANSWER, {"line": line, "error": str(error)}))
            else:
                typer.echo(f"error: line {line}: {printable(str(error))}", err=True)
            return BAD_INPUT
        if certificate is not None:
            self._store(answer["verdict"], proof, certificate)
        if coq is not None:
            self._store_theorem(answer["verdict"], proof, coq)
        if self._options.as_json:
            typer.echo(printed(ANSWER, answer | ({"line": line} if self._many else {})))
        else:
            self._show(answer, line)
        return EXIT_CODES.get(answer["verdict"], OTHER)

    def _answered(self, item: Problem | SmoothProblem | ValleyProblem) -> _Answered:
        """Return the answer to a problem of any kind, and its certificate."""
        if isinstance(item, ValleyProblem):
            return self._valley(item)
        if isinstance(item, EveryStartProblem):
            return self._every_start(item)
        if isinstance(item, EveryStartSmoothProblem):
            return self._smooth_every_start(item)
        if not self._options.given("coq", *NOT_OF_VALLEYS):
            squared = self._squares(item)
            if squared is not None:
                return squared
        if isinstance(item, SmoothProblem):
            return self._smooth(item)
        return self._decided(item, cones=self._options.coq is None)

    def _squares(self, item: Problem | SmoothProblem) -> _Answered | None:
        """Return the answer to a loss that is written as a sum of squares, if it is that of a valley."""
        from gdcheck.theorem.valleys.squares import as_valley

        squared = as_valley(item)
        if squared is None:
            return None
        from gdcheck.theorem.valleys.decide import decide_valley

        self._refuse_beside(squared)
        decision = decide_valley(squared, **self._options.limits)
        return self._valley_answer(decision) if decision.is_of_a_valley else None

    def _decided(self, problem: Problem, *, cones: bool) -> _Answered:
        """Return the answer to a problem, and the certificate of the theorem."""
        options = self._options
        self._refuse_beside(problem)
        budget: dict[str, Any] = {**options.limits, "precision": options.precision, "cones": cones}
        located = decide_located(problem, options.search_from(problem), **budget)
        refuse_bad_questions(located.location.problem or problem, options)
        location, enclosed = located.location, located.enclosed
        if enclosed is not None and not (enclosed.minimizer is None and enclosed.saddle is None):
            answer, proof = self._smooth_answer(enclosed)
            return answer | {"critical_points": nearby_json(location)}, proof
        if located.exact is None:
            asked = {"sharpness": options.sharpness, "observed": options.observe}
            without: dict[str, Any] = {key: None for key, wanted in asked.items() if wanted} | {"scalars": []}
            answer = undecided(located, problem, options.max_steps) | without
            return answer | question_keys(problem, None, options) | self._rechecked(None), None
        decision, outcome = located.exact
        problem = decision.problem
        found = outcome_keys(decision, location, outcome)
        proof = proof_of(decision)
        answer = self._answer(decision, self._functions(problem)) | found
        answer |= question_keys(problem, decision, options)
        if options.sharpness:
            answer["sharpness"], longer = self._sharpness(decision)
            if longer is not None:
                # It holds the certificate of the theorem, which is verified with it.
                known = {"recheck": "accepted"} if answer["sharpness"]["recheck"] == "accepted" else {}
                return answer | (known or self._rechecked(proof)), longer
        return answer | self._rechecked(proof), proof

    def _refuse_beside(self, problem: Problem | SmoothProblem | ValleyProblem) -> None:
        """Refuse what is answered for gradient descent alone."""
        if not problem.method.is_plain:
            why = f"is answered for gradient descent, and not for {problem.method.name}; leave out --{{name}}"
            self._options.refuse(BESIDE, why)

    def _valley(self, problem: ValleyProblem) -> _Answered:
        """Return the answer to a problem with residuals, and its certificate."""
        from gdcheck.theorem.valleys.decide import ValleyDecision, decide_residuals

        self._options.refuse(NOT_OF_VALLEYS, "is answered for a loss with --loss so far; leave it out")
        self._refuse_beside(problem)
        decision = decide_residuals(problem, **self._options.limits)
        return self._valley_answer(decision) if isinstance(decision, ValleyDecision) else self._smooth_answer(decision)

    def _valley_answer(self, decision: ValleyDecision) -> _Answered:
        from gdcheck.theorem.certificate.kinds.valley import valley_answer, valley_certificate, valley_sharpness_json

        if not self._options.sharpness or decision.arrival is None:
            proof = valley_certificate(decision)
            return valley_answer(decision) | self._rechecked(proof), proof
        from gdcheck.theorem.valleys.sharpness import valley_sharpness

        found = valley_sharpness(decision)
        assert found is not None
        proof = valley_certificate(decision, found)
        answer = valley_answer(decision) | self._rechecked(proof)
        described = valley_sharpness_json(found, decision.arrival.regime)
        certified = ["crossings"] if found.is_proved and answer["recheck"] == "accepted" else []
        return answer | {"sharpness": described | {"recheck": answer["recheck"], "certified": certified}}, proof

    def _smooth(self, problem: SmoothProblem) -> _Answered:
        """Return the answer to a smooth problem, and its certificate."""
        from gdcheck.theorem.decision.enclosed.method import decide_enclosed

        self._refuse_beside(problem)
        near = self._options.search_from(problem)
        problem = problem if near is None else replace(problem, near=near)
        return self._smooth_answer(decide_enclosed(problem, **self._options.limits))

    def _smooth_answer(self, decision: SmoothDecision) -> _Answered:
        from gdcheck.theorem.certificate.smooth.method import enclosed_answer, enclosed_certificate

        functions = self._functions(decision.problem)
        proof = enclosed_certificate(decision)
        answer = enclosed_answer(decision)
        if decision.saddle is not None or decision.lost is not None:
            from gdcheck.theorem.certificate.smooth.ends import end_certificate, end_keys

            end = end_certificate(decision)
            answer |= end_keys(decision, end)
            proof = end if decision.saddle is not None else None
        if functions:
            from gdcheck.theorem.certificate.pattern_answer import scalar_json
            from gdcheck.theorem.sharpness.smooth.scalar import follow_smooth

            texts = self._options.scalar or ()
            followed = [follow_smooth(decision, f) for f in functions]
            answer["scalars"] = [scalar_json(t, f) for t, f in zip(texts, followed, strict=True)]
        answer |= self._smooth_steps(decision)
        longer = None
        if self._options.sharpness:
            answer["sharpness"], longer = self._smooth_sharpness(decision)
        if longer is not None and answer["sharpness"]["recheck"] == "accepted":
            # It holds the certificate of the theorem, which is verified with it.
            answer["recheck"] = "accepted"
        else:
            answer |= self._rechecked(proof)
        proof = longer or proof
        if self._options.observe:
            from gdcheck.theorem.reference.smooth_trajectory import observe_smooth
            from gdcheck.theorem.smooth.minimizer import centre_within

            known = decision.minimizer
            point = None if known is None else partial(centre_within, decision.problem.loss, known)
            answer["observed"] = _seen(observe_smooth(decision.problem, point))
        return answer, proof

    def _every_start(self, problem: Problem) -> _Answered:
        """Return the answer for almost every start, and its proof."""
        from gdcheck.theorem.certificate.kinds.every_start import every_start_answer, every_start_certificate
        from gdcheck.theorem.decision.every_start import decide_every_start

        if self._options.given("observe", *BESIDE):
            raise InputError("start", "is missing; the other options are about one trajectory: give --start 0.1,0.1")
        location = find_minimizer(problem, self._options.search_from(problem))
        if location.problem is None:
            smooth = enclosed_everywhere(problem, location)
            if smooth is not None:
                return self._smooth_every_start(smooth)
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

    def _smooth_every_start(self, problem: EveryStartSmoothProblem) -> _Answered:
        """Return the answer for almost every start of a smooth loss, and its proof."""
        from gdcheck.theorem.certificate.smooth.every_start import (
            smooth_every_start_answer,
            smooth_every_start_certificate,
        )
        from gdcheck.theorem.decision.enclosed.every_start import decide_smooth_every_start

        if self._options.given("observe", *BESIDE):
            raise InputError("start", "is missing; the other options are about one trajectory: give --start 0.1,0.1")
        near = self._options.search_from(problem)
        found = decide_smooth_every_start(problem if near is None else replace(problem, near=near))
        proof = smooth_every_start_certificate(found)
        return smooth_every_start_answer(found) | self._rechecked(proof), proof

    def _rechecked(self, proof: dict[str, Any] | None) -> dict[str, str]:
        """Return what the independent checker says; a proof that it rejects is none."""
        if proof is None or not self._options.recheck:
            return {"recheck": "none"}
        from gdcheck.theorem.certificate.rechecking import BadCertificate, NotChecked, check

        try:
            failure = check(proof)
        except NotChecked as gave_up:
            longer = "--no-recheck --certificate FILE keeps it, and gdcheck recheck FILE --time-limit 600 takes longer"
            return {"recheck": "none", "verdict": "unresolved", "reason": f"{gave_up}; {longer}"}
        except BadCertificate as error:
            failure = f"it cannot be read: {error}"
        if failure is None:
            return {"recheck": "accepted"}
        reason = f"the independent checker rejects the certificate: {failure}"
        return {"recheck": "rejected", "verdict": "unresolved", "reason": reason}

    def _functions(self, problem: Problem | SmoothProblem) -> list[Loss | SmoothLoss]:
        if not self._options.scalar:
            return []
        from gdcheck.theorem.sharpness.scalar import parse_scalar

        return [parse_scalar(text, problem.loss.variables) for text in self._options.scalar]

    def _answer(self, decision: Decision, functions: Sequence[Loss | SmoothLoss]) -> dict[str, Any]:
        result = answer_to(decision)
        result["chain"] = chain_json(paper_chain(decision)) if decision.problem.method.is_plain else None
        if functions:
            from gdcheck.theorem.certificate.pattern_answer import scalar_json
            from gdcheck.theorem.sharpness.scalar import follow

            texts = self._options.scalar or ()
            result["scalars"] = [scalar_json(t, follow(decision, f)) for t, f in zip(texts, functions, strict=True)]
        if self._options.observe:
            from gdcheck.theorem.reference.observation import observe

            result["observed"] = _seen(observe(decision.problem))
        return result

    def _sharpness(self, decision: Decision) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return what is proved of the sharpness, and its certificate; nothing without a sharpness."""
        from gdcheck.theorem.certificate.kinds.sharpness import recheck_sharpness
        from gdcheck.theorem.certificate.pattern_answer import sharpness_json
        from gdcheck.theorem.sharpness.sharpness import sharpness

        found = sharpness(decision, first_steps=True, most_steps=self._options.max_steps)
        if found is None:
            return None, None
        checked = recheck_sharpness(decision, found, ask=self._options.recheck)
        described = sharpness_json(checked.found)
        assert described is not None
        certified = [part for part in ("pattern", "crossings") if (checked.certificate or {}).get(part)]
        more = {"recheck": checked.result, "certified": certified, "certificate": checked.said}
        return described | more, checked.certificate

    def _smooth_steps(self, decision: SmoothDecision) -> dict[str, Any]:
        """Return the answers to ``--within``, ``--within-loss`` and ``--iterate``, as far as they are asked."""
        options, found = self._options, dict[str, Any]()
        if not options.given(*ABOUT_STEPS):
            return found
        from gdcheck.theorem.certificate.smooth.steps import smooth_iterate_json, smooth_within_json

        for key, measure, bound in (
            ("within", "distance", options.within),
            ("within_loss", "loss", options.within_loss),
        ):
            if bound is not None:
                found[key] = smooth_within_json(decision, measure, positive(bound, key))
        if options.iterate is not None:
            found["iterate"] = smooth_iterate_json(decision, options.iterate)
        return found

    def _smooth_sharpness(self, decision: SmoothDecision) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return what is proved of a smooth loss's sharpness, and its certificate; nothing without a minimizer."""
        from gdcheck.theorem.certificate.pattern_answer import sharpness_json
        from gdcheck.theorem.certificate.smooth.sharpness import recheck_smooth_sharpness
        from gdcheck.theorem.sharpness.smooth.sharpness import smooth_sharpness

        found = smooth_sharpness(decision, most_steps=self._options.max_steps)
        if found is None:
            return None, None
        checked = recheck_smooth_sharpness(decision, found, ask=self._options.recheck)
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


def _seen(observation: Observation) -> dict[str, Any]:
    """Return an observation as plain data."""
    return asdict(observation) | {"kind": observation.kind.value if observation.kind else None}
