"""All studies, registered by being imported: one line each."""

from tokimp.ui.studies import compare, prompts, why
from tokimp.ui.studies.base import STUDIES, Studied, Study

__all__ = ["STUDIES", "Studied", "Study", "compare", "prompts", "why"]
