"""What the embedded broker is told: one node, loopback only, with logins and access rules or open to all."""

from __future__ import annotations

from shared.stack.home import LOOPBACK, Home

# One node, so every factor is 1; topics are made by deploy, so a typing error fails instead of making one.
_ALWAYS = """
process.roles=broker,controller
node.id=1
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""
_OPEN = """
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
"""
# Clients and the broker itself log in by SCRAM. The controller has to let the broker in before it has read
# the log in which SCRAM's users stand: it knows that one by a password of its own.
_SECURED = """
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT
listener.name.clients.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.controller.sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required username="{user}" password="{password}";
listener.name.controller.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required \\
  username="{user}" password="{controller}" user_{user}="{controller}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{user}
"""


def text(home: Home, port: int, controller: int, login: str, password: str) -> str:
    """The file of settings; an empty `login` (the administrator's) makes a broker that is open to all."""
    places = {
        "listeners": f"CLIENTS://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "log.dirs": str(home.kafka / "data").replace("\\", "\\\\"),
    }
    lines = "\n".join(f"{key}={value}" for key, value in places.items())
    user, _, secret = login.partition(":")
    secured = _SECURED.format(user=user, password=secret, controller=password)
    return lines + _ALWAYS + (secured if login else _OPEN)
