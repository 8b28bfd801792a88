"""What the checker of smooth certificates computes with: its own intervals, its own derivatives.

* ``intervals``: intervals whose ends are integers over a power of two, rounded outward.
* ``functions``: elementary functions of them, by series with a stated remainder.
* ``expression``: the text of a loss, read into sums, products, powers and functions.
* ``derivatives``: gradient, Hessian, and bounds of the third derivative on a ball.

The claims are in ``kinds.smooth`` (docs/certificate.md, *Smooth certificates*).
"""
