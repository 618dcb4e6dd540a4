#!/bin/sh
# Starts the broker of docker-compose.yml with kafka.properties and the administrator's login, one line user:password in
# the file KAFKA_LOGIN_FILE. The data folder is made at the first start, and knows that login from then on.
set -eu
umask 077
here=$(dirname "$0")
bin=${KAFKA_BIN:-/opt/kafka/bin}
own=${KAFKA_OWN:-/run/trialwire} # what has a secret in it: in memory, for this process alone

login=$(cat "$KAFKA_LOGIN_FILE")
user=${login%%:*}
password=${login#*:}
case $login in
*[!A-Za-z0-9_:-]* | *:*:* | :* | *:) unfit=yes ;;
*:*) unfit= ;;
*) unfit=yes ;;
esac
if [ "$unfit" ]; then
    echo "The administrator's login has to be user:password, of letters, digits, - and _." >&2
    exit 1
fi
# Broker and controller are one process, so they may agree on another password at each start.
ours=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')

mkdir -p "$own"
scram="org.apache.kafka.common.security.scram.ScramLoginModule required username=\"$user\" password=\"$password\";"
{
    cat "$here/kafka.properties"
    echo "super.users=User:$user"
    echo "listener.name.clients.scram-sha-512.sasl.jaas.config=$scram"
    echo "listener.name.outside.scram-sha-512.sasl.jaas.config=$scram"
    echo "listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule" \
        "required username=\"$user\" password=\"$ours\" user_$user=\"$ours\";"
} >"$own/server.properties"
# By this the health check logs in.
{
    echo "security.protocol=SASL_PLAINTEXT"
    echo "sasl.mechanism=SCRAM-SHA-512"
    echo "sasl.jaas.config=$scram"
} >"$own/administrator.properties"

data=$(sed -n 's/^log\.dirs=//p' "$here/kafka.properties")
if [ ! -e "$data/meta.properties" ]; then
    # By a file, since everybody may see a command line. Joined by "=": an id may begin with a dash.
    printf '%s\n' "--cluster-id=$("$bin/kafka-storage.sh" random-uuid)" -c "$own/server.properties" \
        --add-scram "SCRAM-SHA-512=[name=$user,password=$password]" >"$own/format"
    "$bin/kafka-storage.sh" format "@$own/format"
    rm "$own/format"
fi
exec "$bin/kafka-server-start.sh" "$own/server.properties"
