"""What a metric is: a frozen dataclass that turns measurements into one number, and facts about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from tokimp.errors import OptionError
from tokimp.models.tokens import Ids
from tokimp.registry import Registry
from tokimp.types import Floats

FAMILIES = ("faithfulness", "agreement", "sanity")
FRACTIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MOST_RANDOMS = 10_000

ProbeName = Literal["removal", "soft", "top", "ablations", "explaining"]


class Scoring(NamedTuple):
    """Scores as probes read them: the own tokens' positions from the highest-scored down, and shares (token,), 0…1.

    scores (token,) are the explanation's; a random scoring has them `dealt` out anew, the largest to its first.
    """

    order: Ids
    share: Floats
    scores: Floats
    dealt: bool = False


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """Facts of a metric, from which its row, its axis and its tests follow.

    tells: one line on what the number says; definition: how it is computed; low, high: the ends of
    its range; higher_is_better: None where a value near 0 is; unit: "probability", "nats", or "" for
    a share; probe: what it is measured with ("explaining": by its method, asked again); usual: it is
    measured where nobody asks for certain metrics; needs: what a model must offer.
    """

    key: str
    title: str
    family: str
    tells: str
    definition: str
    paper: str
    url: str
    low: float
    high: float
    higher_is_better: bool | None
    unit: str
    cost: str
    probe: ProbeName
    usual: bool = True
    needs: frozenset[str] = frozenset()


class Metric(Protocol):
    """Reads its number off what its probe measured for one scoring."""

    info: ClassVar[MetricInfo]

    def value(self, measured: Any) -> float:
        """The number, in `info.unit`."""


@runtime_checkable
class Drawn(Protocol):
    """A metric that is the area below a curve, or its mean."""

    def curve(self, measured: Any) -> tuple[Floats, Floats]:
        """Fractions and values (step,)."""


class Probe(Protocol):
    """Asks the model what metrics of its kind need; `kind` is how it takes tokens away, `notes` what is to be said."""

    kind: str
    notes: tuple[str, ...]

    def measure(self, metrics: Sequence[Metric], scorings: Sequence[Scoring]) -> list[Sequence[Any]]:
        """Measurements [metric][scoring], all from one list of copies."""


METRICS: Registry[type[Metric]] = Registry("metric")
AnyMetric = TypeVar("AnyMetric", bound=type[Metric])


def register(metric: AnyMetric) -> AnyMetric:
    """Adds a metric by its key: the one line that puts it into tables, the command line and tests."""
    METRICS.add(metric.info.key, metric)
    return metric


@dataclass(frozen=True, slots=True)
class Setting:
    """How explanations are measured; the number means something only together with it.

    removal: how tokens are taken away; fractions: of the text's own tokens, taken away one after
    the other; randoms: random scorings beside it (None: as many as the model answers in some
    seconds, see `default_randoms`; rounded up to pairs); seed: of these, and of all that is drawn;
    sources: what metrics of an answer take away as one, "auto": what the explanation's players were, else
    sentences, or words of a short text.
    """

    removal: str = "auto"
    fractions: tuple[float, ...] = FRACTIONS
    randoms: int | None = None
    seed: int = 0
    sources: str = "auto"

    def __post_init__(self) -> None:
        if not self.fractions or not all(0 < fraction <= 1 for fraction in self.fractions):
            raise OptionError("These fractions will not do.", "Give numbers above 0, up to 1.")
        if self.randoms is not None and not 0 <= self.randoms <= MOST_RANDOMS:
            raise OptionError(
                f"randoms = {self.randoms} will not do.", f"Choose a whole number from 0 to {MOST_RANDOMS:,}."
            )


def chosen(keys: Sequence[str] | None) -> list[Metric]:
    """The metrics of these keys, each once, or those that are usual.

    Raises:
        OptionError: there is no such metric.
    """
    if keys is None:
        return [metric() for metric in METRICS.values() if metric.info.usual]
    return [METRICS[key]() for key in dict.fromkeys(keys)]
