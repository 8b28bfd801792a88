"""Symmetries of smooth losses: Claims Z1 to Z6 (docs/certificate.md, *Certificates of symmetries*).

* ``normal_form``: whether two expressions are one function, by sums of products of atoms; Claim Z1.
* ``isometry``: signed permutations with a shift, and the vectors that they leave fixed.
* ``claims``: the certificate, the other claims, and ``check``.
"""
