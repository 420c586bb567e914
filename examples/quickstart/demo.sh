#!/bin/sh
# The main job on the sandbox: check the files, plan, apply, and see that nothing is left to do.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/." "$work/quickstart"
rm -rf "$work/quickstart/.reconciler"
cd "$work"
for step in "validate quickstart" "plan quickstart --sandbox" "apply quickstart --sandbox --auto-approve" \
    "plan quickstart --sandbox --detailed-exitcode"; do
    printf '\n$ reconciler %s\n' "$step"
    # shellcheck disable=SC2086 # the step is words on purpose
    reconciler $step
done
