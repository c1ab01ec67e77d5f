"""All methods, registered by being imported: one line each, in the order of the page."""

from tokimp.methods import attention, gradients, integrated_gradients, lrp, occlusion, shap_text
from tokimp.methods.base import METHODS

__all__ = ["METHODS", "attention", "gradients", "integrated_gradients", "lrp", "occlusion", "shap_text"]
