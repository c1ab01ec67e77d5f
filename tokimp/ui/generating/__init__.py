"""The tab Generation: a whole answer, written or pasted, explained token by token."""
