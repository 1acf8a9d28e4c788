"""Measurements, run by `make bench`: every figure beside a floor or a baseline of the same run."""
