#!/bin/sh
# Sets up one environment: setup.sh FOLDER [EXTRA], for example setup.sh .venv dev. PYTHON names another interpreter.
# Run again it does what is still missing. It installs system libraries only for OpenCV, only by apt-get and only where
# it may (root, or sudo without a password); anywhere else it says the one command to type.
set -eu

venv=$1
extra=${2:-}
python=${PYTHON:-python3}

say() { printf 'setup: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

command -v "$python" >/dev/null 2>&1 ||
    stop "there is no $python. Install Python 3.11 or newer, or name one, for example: make demo PYTHON=python3.12"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "$python is $("$python" --version 2>&1), needed is 3.11 or newer. Name one, for example: make demo PYTHON=python3.12"

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "$python cannot make environments. Type: apt-get install python3-venv   and then the same command again"
    "$python" -m venv --clear "$venv"
fi

"$venv/bin/python" -m pip install --disable-pip-version-check --editable ".${extra:+[$extra]}"

# The wheel links libGL and GLib, which a bare Debian lacks; only the import itself tells.
if ! missing=$("$venv/bin/python" -c 'import cv2' 2>&1); then
    missing=$(printf '%s\n' "$missing" | tail -n 1)
    case $missing in
    *libGL* | *libgthread* | *libglib*) ;;
    *) stop "OpenCV cannot be imported: $missing" ;;
    esac
    command -v apt-get >/dev/null 2>&1 ||
        stop "OpenCV: $missing. Install libGL and GLib (Fedora: dnf install mesa-libGL glib2), then the same command again"
    if [ "$(id -u)" = 0 ]; then
        as=
    elif sudo -n true 2>/dev/null; then
        as="sudo -n"
    else
        stop "OpenCV: $missing. Type: sudo apt-get install -y libgl1 libglib2.0-0   and then the same command again"
    fi
    say "OpenCV: $missing. Installing libgl1 and libglib2.0-0"
    $as apt-get update -qq || say "the package lists could not be refreshed; going on with those at hand"
    $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgl1 libglib2.0-0 >&2 ||
        stop "apt-get failed, see above. Type: apt-get install -y libgl1 libglib2.0-0   and then the same command again"
    missing=$("$venv/bin/python" -c 'import cv2' 2>&1) || stop "OpenCV still cannot be imported: $missing"
fi
