"""Builds the built-in service model from the committed taxonomy and corpus."""

from classifiers.training.builtin import build

__all__ = ["build"]
