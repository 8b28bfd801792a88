"""The independent checker of certificates, in plain integers and fractions: the standard library alone.

It shares no code with the engines that write certificates. Its specification is docs/certificate.md, whose numbered
claims are the functions here. To audit it, read the files in this order:

* ``outcome``: the three ways in which a check can end otherwise than accepted, and the time limit.
* ``exact``: vectors and matrices of fractions, roots, polynomials in several variables.
* ``reading``: the certificate, read strictly into typed records (``fields``, ``document``), the text of a loss, read as
  a polynomial and truncated powers (``loss_text``), and what all checks share (``checking``).
* ``descent``: the gradient map around the minimizer; Claim 1 and Claim 9 (remainder).
* ``spectrum``: characteristic polynomials and counts of their roots; Claim 3 and Claim 4.
* ``lemma``: the numbers of the amplitude lemma and the stated limit, for every proof of a limit; Claim 13.
* ``assumptions``: Claim 2 and Claims 5 to 8.
* ``trajectory``: Claim 10 (enclosure of an iterate).
* ``amplitude``: Claims 11, 12 and 14, and ``check``, which verifies a certificate of the theorem.
* ``cone``: Claims 15 and 16, the proof of a limit by a cone that is never left.
* ``kinks``: Claim 17, and the cells into which truncated powers cut space.
* ``kinds.every_start``: Claims E1 to E4, which certify almost every start at once, with its own ``check``.
* ``kinds.sharpness`` with ``top_eigenvalue`` and ``pattern``: Claims H1 to H12, about the largest Hessian eigenvalue.
* ``methods``: Claims M1 to M16, on heavy ball, Nesterov's method, Adam, RMSprop and preconditioned descent.
* ``kinds.separable``, ``kinds.orbit`` and ``kinds.long_run`` (with ``linear``, ``at_step`` and ``walk``): the further
  kinds of certificates, each with its own ``check``.
* ``smooth.strict_minimum`` with ``minimizer``: smooth losses, Claims G1 to G9; ``smooth.kinds``: J, K, X and Y.
* ``symmetry``: smooth losses with symmetries, which keep a trajectory in a subspace or make eigenvalues equal, Claims
  Z1 to Z6.
* ``smooth.valley``: residuals whose zeros form a manifold, Claims V1 to V10, in intervals too;
  ``methods.valley``: momentum there, Claims W1 to W7; ``methods.smooth``: on smooth losses, Claims Q1 to Q5;
  ``methods.valley_rank``: lost rank, Claims R1 to R3.
"""
