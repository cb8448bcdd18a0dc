# Finds a Python >= 3.11 for dev/'s tools, which need nothing but its standard library. Sourced by dev/cluster and the others.
# Candidates are executed, not only looked up: a version manager's shim may be on PATH and refuse to run.
run_tool() {
    dev=$(cd "$(dirname "$0")" && pwd)
    for python in "${INFEROMETER_DEV_PYTHON:-}" /usr/bin/python3 python3 python3.13 python3.12 python3.11; do
        if [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            PYTHONPATH="$dev${PYTHONPATH:+:$PYTHONPATH}" PYTHONDONTWRITEBYTECODE=1 exec "$python" -m inferometer_dev "$@"
        fi
    done
    echo "error: no Python >= 3.11 found. hint: apt-get install python3, or set INFEROMETER_DEV_PYTHON" >&2
    exit 1
}
