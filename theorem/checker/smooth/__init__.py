"""The checker of losses that are not polynomials, with its own intervals and its own derivatives.

* ``intervals``: intervals whose ends are integers over a power of two, rounded outward.
* ``functions``: elementary functions of them, by series with a stated remainder.
* ``expression``: the text of a loss, read into sums, products, powers and functions.
* ``derivatives``: gradient, Hessian, and bounds of the third derivative on a ball.

* ``spectrum``: norm and eigenvalues of a matrix that is known in intervals.

The claims are in ``strict_minimum`` with ``minimizer``, and in ``valley`` (docs/certificate.md, *Smooth certificates*
and *Valley certificates*).
"""
