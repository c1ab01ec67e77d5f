"""Looking into one sentence, paragraph or word of a result, and back to the whole text."""
