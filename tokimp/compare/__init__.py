"""Methods on one text, and prompts side by side."""
