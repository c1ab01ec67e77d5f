"""Whole answers: written by the model or given, and explained token by token."""

from tokimp.generating.asking import answer_ids, explain_generation
from tokimp.generating.explaining import explaining
from tokimp.generating.options import GenerationOptions, settings_of

__all__ = ["GenerationOptions", "answer_ids", "explain_generation", "explaining", "settings_of"]
