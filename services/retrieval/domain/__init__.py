"""The record request: one aggregate with its provider legs."""

from services.retrieval.domain.evolve import evolve
from services.retrieval.domain.request import decide
from services.retrieval.domain.route import held_by, wake_at
from services.retrieval.domain.state import Leg, Request

__all__ = ["Leg", "Request", "decide", "evolve", "held_by", "wake_at"]
