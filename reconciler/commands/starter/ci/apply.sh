#!/bin/sh
# Applies the plan that was reviewed: EXPECT is its fingerprint, empty where none is known.
# Leaves run/apply.txt (what happened), run/apply.code, and run/plan.md (the plan of now) where that is another one.
set -u
mkdir -p run
#: postgres
: "${RECONCILER_STATE:?is the secret with the URL of the database}"
#: end
rm -f run/plan.md
new=${RECONCILER_NEW_STATE:+--new-state}
code=0
if [ -n "${EXPECT:-}" ]; then
  reconciler apply --expect "$EXPECT" --allow-from-commit --lock-timeout 300 $new > run/apply.txt || code=$?
else
  # Nothing was reviewed, which is well as long as there is nothing to do.
  reconciler plan --detailed-exitcode --allow-from-commit $new > run/apply.txt || code=$?
  case $code in 2 | 3) code=4 ;; esac
fi
cat run/apply.txt
if [ "$code" = 3 ] || [ "$code" = 4 ]; then
  reconciler plan --format markdown --allow-from-commit $new > run/plan.md || :
fi
echo "$code" > run/apply.code
exit "$code"
