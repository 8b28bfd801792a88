"""The checker of momentum and adaptive methods: Claims M1 to M16 (docs/certificate.md, *Certificates for methods*)."""
