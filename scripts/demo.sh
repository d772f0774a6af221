#!/bin/sh
# The main job, once, against the sandbox org: validate, plan, apply, audit, and plan again.
#
# Works on a state of its own, which it removes; the state/ of this folder is not touched. Ends with 1 as soon as
# a command's exit code is not the expected one, or when the last plan still finds something to do.
set -u

cd "$(dirname "$0")/.." || exit 1

# Only what this script says counts, whatever the shell that started it has set.
for name in $(env | sed -n 's/^\(RECONCILER_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
RECONCILER_STATE=$scratch/state
export RECONCILER_STATE

# step EXPECTED ARGUMENT...: shows a command, runs it, and stops the demo if it ends otherwise than expected.
step() {
    expected=$1
    shift
    printf '\n$ reconciler %s\n' "$*"
    reconciler "$@"
    got=$?
    if [ "$got" -ne "$expected" ]; then
        printf '\nThe demo failed: reconciler %s ended with %s; %s was expected.\n' "$*" "$got" "$expected" >&2
        exit 1
    fi
}

printf 'The state of this demo is in a folder for the time being; it is removed at the end.\n'

step 0 validate
step 2 plan --detailed-exitcode
step 0 apply --auto-approve
step 0 audit list
step 0 audit verify
step 0 plan --detailed-exitcode # 2 would mean that something is left to do

printf '\nThe demo is done: what the manifests say is what the org holds.\n'
