"""The checker of momentum and adaptive methods: Claims M1 to M12 (docs/certificate.md, *Certificates of methods*)."""
