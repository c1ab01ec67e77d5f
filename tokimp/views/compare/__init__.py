"""Comparisons as views: of methods on one text, and of prompts; no torch, no gradio."""
