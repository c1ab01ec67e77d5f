"""An explained answer as drawings: its text with rows to choose, its matrix, its numbers."""
