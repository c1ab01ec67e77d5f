"""All studies, registered by being imported: one line each."""

from tokimp.ui.studies import compare, generation, prompts, why
from tokimp.ui.studies.base import STUDIES, Studied, Study

__all__ = ["STUDIES", "Studied", "Study", "compare", "generation", "prompts", "why"]
