#!/bin/sh
# Makes .venv with the locked packages and this project in it; touches .venv/.ready when all is there.
# Needs Python 3.11 or newer and, the first time, a package index (pip's own settings say which).
set -eu

newest_enough='import sys, venv; sys.exit(sys.version_info < (3, 11))'

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$newest_enough" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    echo "trialwire needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3" >&2
    return 1
}

# Some distributions ship venv without ensurepip: then the system's pip installs into the new environment.
make_venv() {
    if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
        "$python" -m venv .venv
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip .venv
    else
        echo "$python has neither ensurepip nor pip: install the distribution's python3-venv package" >&2
        return 1
    fi
}

pip() {
    if [ -x .venv/bin/pip ]; then
        .venv/bin/python -m pip --disable-pip-version-check "$@"
    else
        "$python" -m pip --python .venv/bin/python --disable-pip-version-check "$@"
    fi
}

python=$(find_python)
if ! .venv/bin/python -c "$newest_enough" >/dev/null 2>&1; then
    echo "making .venv with $python" >&2
    rm -rf .venv
    make_venv
fi
echo "installing the locked packages (about 200 MB the first time)" >&2
# pip's own list of authorities knows no company's proxy; the system's does, unless pip was told otherwise
if [ -z "${PIP_CERT:-}" ] && ! "$python" -m pip config get global.cert >/dev/null 2>&1; then
    store=$("$python" -c 'import ssl; print(ssl.get_default_verify_paths().cafile or "")')
    if [ -n "$store" ]; then export PIP_CERT="$store"; fi
fi
# the lock is complete: to resolve it again would let a newer release of a package with extras in, and fail on it
pip install --quiet --require-hashes --no-deps --requirement requirements-dev.txt
pip install --quiet --no-deps --no-build-isolation --no-index --editable .
touch .venv/.ready
