"""Which input tokens matter for what a language model says."""
