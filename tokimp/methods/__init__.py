"""All methods, registered by being imported: one line each, in the order of the page."""

from tokimp.methods import (  # noqa: I001 - the order is the page's
    attention,
    attention_rollout,
    attention_norms,
    value_zeroing,
    gradient_x_attention,
    gradients,
    smoothgrad,
    gradient_shap,
    integrated_gradients,
    lrp,
    occlusion,
    lime,
    kernel_shap,
    reagent,
    shapley,
    banzhaf,
    shap_text,
)
from tokimp.methods.base import METHODS

__all__ = [
    "METHODS",
    "attention",
    "attention_norms",
    "attention_rollout",
    "banzhaf",
    "gradient_shap",
    "gradient_x_attention",
    "gradients",
    "integrated_gradients",
    "kernel_shap",
    "lime",
    "lrp",
    "occlusion",
    "reagent",
    "shap_text",
    "shapley",
    "smoothgrad",
    "value_zeroing",
]
