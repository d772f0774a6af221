#!/bin/sh
# Carries the state of an org from and to the branch reconciler-state, where each org has a file.
#   load   fills the state of this job from the branch; a branch or file that does not exist is no state yet
#   save   puts it back, and never over what another job saved meanwhile
# The file holds the key of the secrets' digests: only for a repository that is private.
set -eu
umask 077
branch=refs/heads/reconciler-state
remote=${STATE_REMOTE:-${CI_REPOSITORY_URL:-origin}}
file=$RECONCILER_ORG.state.json
loaded=$(git rev-parse --absolute-git-dir)/reconciler-loaded
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export GIT_AUTHOR_NAME=reconciler GIT_AUTHOR_EMAIL=reconciler@localhost
export GIT_COMMITTER_NAME=reconciler GIT_COMMITTER_EMAIL=reconciler@localhost

# tip: the branch's commit, blob: the org's file in it; empty where there is none. Fails where nobody answers.
look() {
  git ls-remote "$remote" "$branch" > "$folder/tip"
  tip=$(cut -f1 "$folder/tip")
  blob=
  if [ -n "$tip" ]; then
    git fetch --quiet --no-tags --depth 1 "$remote" "$branch"
    tip=$(git rev-parse FETCH_HEAD)
    blob=$(git rev-parse --quiet --verify "$tip:$file" || :)
  fi
}

load() {
  look
  echo "$blob" > "$loaded"
  if [ -z "$blob" ]; then
    echo "The branch reconciler-state holds no state of $RECONCILER_ORG yet."
    return
  fi
  git cat-file blob "$blob" > "$folder/state.json"
  reconciler state push "$folder/state.json"
}

save() {
  reconciler state pull "$folder/state.json"
  ours=$(git hash-object -w "$folder/state.json")
  before=$(cat "$loaded")
  for attempt in 1 2 3 4 5; do
    look
    if [ "$blob" != "$before" ]; then
      kept=refs/heads/reconciler-state-of-$(git rev-parse --short HEAD)
      git push --quiet "$remote" "$(commit):$kept"
      echo "Another job saved the state of $RECONCILER_ORG meanwhile. This one's is kept as $kept." >&2
      return 1
    fi
    if git push --quiet "$remote" "$(commit):$branch"; then
      echo "$ours" > "$loaded"
      return
    fi
    echo "Try $attempt: the branch moved."
  done
  return 1
}

commit() {
  rm -f "$folder/index"
  export GIT_INDEX_FILE="$folder/index"
  if [ -n "$tip" ]; then git read-tree "$tip"; fi
  git update-index --add --cacheinfo "100644,$ours,$file"
  git commit-tree "$(git write-tree)" ${tip:+-p "$tip"} -m "State of $RECONCILER_ORG after $(git rev-parse HEAD)"
}

"$1"
