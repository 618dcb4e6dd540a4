"""What operations watch, in Prometheus' text format."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

COMMANDS = Counter("trialwire_commands", "Commands by what became of them", ["type", "outcome"])
COMMAND_SECONDS = Histogram("trialwire_command_seconds", "Time to decide and commit", buckets=_BUCKETS)
MACHINES_WRONG = Counter("trialwire_machines_wrong", "Changes of the machines' file that were not taken")
DENIED = Counter("trialwire_denied", "Requests turned away at the door", ["rule"])
RELAYED = Counter("trialwire_relayed", "Events acknowledged by the broker", ["topic"])
RELAY_ERRORS = Counter("trialwire_relay_errors", "Times that the relay had to begin again", ["error"])
OUTBOX_ROWS = Gauge("trialwire_outbox_rows", "Events not yet acknowledged by the broker")
OUTBOX_SECONDS = Gauge("trialwire_outbox_oldest_seconds", "Age of the oldest of them")
BUCKETS_OWNED = Gauge("trialwire_relay_buckets_owned", "Outbox buckets that this process relays")
APPLIED = Counter("trialwire_applied", "Records by what became of them", ["group", "outcome"])
LAG = Gauge("trialwire_consumer_lag", "Records between the log's end and what was applied", ["group"])
BLOCKED = Gauge("trialwire_blocked_streams", "Streams that wait for a person, a gap or an upgrade", ["group"])
DISCONTINUITY = Counter("trialwire_offset_discontinuity", "Times that offsets were not contiguous", ["group"])
CIRCUIT = Gauge("trialwire_circuit_open", "1 while a consumer has stopped itself", ["group"])
BROKEN_STREAMS = Gauge("trialwire_audit_broken_streams", "Streams whose chain was broken when last looked at")
AUDIT_SECONDS = Gauge("trialwire_audit_round_seconds", "How long the last round over all chains took")
ANCHORED = Gauge("trialwire_audit_anchor_time_seconds", "When the log was last anchored whole, Unix time")
ANCHORING_FAILED = Gauge("trialwire_audit_anchoring_failed", "1 while the log cannot be anchored")
VAULT = Counter("trialwire_vault", "Acts on the vault by what became of them", ["act", "outcome"])
SECRET_KEPT = Counter(
    "trialwire_secret_kept", "Uses of a former secret, as its file could not be used", ["setting"]
)
WOKEN = Counter("trialwire_woken", "Aggregates woken by time")


def text() -> bytes:
    """All metrics of this process."""
    return generate_latest(REGISTRY)
