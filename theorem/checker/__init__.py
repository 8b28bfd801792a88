"""The independent checker of certificates, in plain integers and fractions: the standard library alone.

It shares no code with the engines that write certificates. Its specification is docs/certificate.md, whose numbered
claims are the functions here. To audit it, read the files in this order:

* ``outcome``: the three ways in which a check can end otherwise than accepted, and the time limit.
* ``exact``: inner products, roots, polynomials in several variables.
* ``loss_text``: the text of a loss, read as a polynomial and truncated powers.
* ``document``: the certificate, read strictly into typed records.
* ``descent``: the gradient map around the minimizer; Claim 1 and Claim 9 (remainder).
* ``spectrum``: characteristic polynomials and counts of their roots; Claim 3 and Claim 4.
* ``assumptions``: Claim 2 and Claims 5 to 8.
* ``trajectory``: Claim 10 (enclosure of an iterate).
* ``amplitude``: Claims 11 to 14, and ``check``, which verifies a certificate of the theorem.
* ``cone``: Claims 15 and 16, the proof of a limit by a cone that is never left.
* ``every_start``: Claims E1 to E4, which certify almost every start at once, with its own ``check``.
* ``sharpness`` with ``top_eigenvalue`` and ``pattern``: Claims H1 to H12, about the largest Hessian eigenvalue.
* ``methods``: Claims M1 to M12, on heavy ball, Nesterov's method, Adam, RMSprop and preconditioned descent.
* ``separable``, ``orbit`` and ``long_run``: the further kinds of certificates, each with its own ``check``.
* ``smooth``: losses that are no polynomials, Claims G1 to G9; its interval arithmetic is in ``checker.smooth``.
* ``valley``: residuals whose zeros form a manifold, Claims V1 to V8, with the same arithmetic.
"""
