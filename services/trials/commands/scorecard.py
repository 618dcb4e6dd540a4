"""Commands on the scorecard of an engagement: scores that no event gives, and weights of an evaluation."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from services.trials.commands.engagement import OfEngagement
from services.trials.commands.words import Code, Count, DocumentRef
from shared.contracts.message import Value
from shared.contracts.trials.engagement import Criterion
from shared.rules.dates import Day

Points = Annotated[int, Field(ge=0, le=100)]


class EnterScore(OfEngagement):
    """Enter a score of 0 to 100 points with its source; who enters it is known by the token.

    Where events tell of the criterion, what they tell counts, and this does not.

    `as_of`: the day of which the source speaks. `n`: on how many cases it rests, where that is known.
    """

    type: ClassVar[str] = "trials.enter_score.v1"
    criterion: Criterion
    points: Points
    n: Count | None = None
    source: Code
    as_of: Day
    document_ref: DocumentRef | None = None


class Weight(Value):
    """How much a criterion counts."""

    criterion: Criterion
    weight: Annotated[int, Field(ge=1, le=100)]


class WeighScorecard(OfEngagement):
    """Weigh the criteria otherwise in this evaluation; a criterion that is not named has weight 0."""

    type: ClassVar[str] = "trials.weigh_scorecard.v1"
    weights: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=100)]
    reason: Code

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({one.criterion for one in self.weights}) < len(self.weights):
            raise ValueError("weights: a criterion stands twice")
        return self
