"""Why one token got its score: reasons in sentences, each with the numbers that it rests on."""

from tokimp.why.asking import reasons, why, without_sinks

__all__ = ["reasons", "why", "without_sinks"]
