"""The tabs that compare: methods on one text, and prompts side by side."""
