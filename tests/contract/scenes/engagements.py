"""Organisations are chosen, tried, engaged and judged; obligations go to one and come back, with deadlines."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.stack.demo.stage import Stage
from tests.contract.scenes.records import opened_leg
from tests.e2e.desk import COORDINATOR

SPONSOR = "sponsor:o-01"
SHA = "d" * 64
