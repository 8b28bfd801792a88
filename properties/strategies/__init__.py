"""Random problems with prescribed spectra: Hypothesis strategies and seeded generators."""
