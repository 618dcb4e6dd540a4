"""Rules of the trials service as data: statuses, gates, holds, each with citation and grade."""

from uuid import UUID

# Every id that this service derives from others begins here, so that a repeat finds the same stream.
NAMESPACE = UUID("8a1f5c0e-6a1b-5d53-9a57-0c5f3a6d2f11")
