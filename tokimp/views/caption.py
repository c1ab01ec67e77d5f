"""What stands beside coloured tokens wherever they go: what was asked, of which model, by which method, from where."""

from __future__ import annotations

from tokimp.types import Explanation
from tokimp.views.characters import checked_link, quoted
from tokimp.views.page import facts, question

LINK = "link"


def captioned(explanation: Explanation, link: str | None = None) -> list[tuple[str, str]]:
    """(name, value) pairs of plain text, the target first and the link, if any, last.

    Raises:
        OptionError: the link is none that a browser opens as a page.
    """
    target = explanation.target
    rather = "" if target.contrast_label is None else f" rather than {quoted(target.contrast_label)}"
    pairs = [("target", quoted(target.label) + rather), *facts(explanation)]
    return pairs if link is None else [*pairs, (LINK, checked_link(link))]


def one_line(explanation: Explanation) -> str:
    """The question and what answers it: Why “ girl”? smollm2-135m, integrated gradients."""
    told = dict(facts(explanation))
    return f"{question(explanation)} {told['model']}, {told['method']}."
