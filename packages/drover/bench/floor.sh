#!/usr/bin/env bash
# What bare git needs for N no-op tasks, each in its own worktree, committed and landed: no ledger, no logs, no retries.
#   floor.sh <repository> <worktrees> <tasks> <parallel>     prints milliseconds
set -euo pipefail
repo=$1 wts=$2 n=$3 p=$4 base=$(dirname "$2")
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=f GIT_AUTHOR_EMAIL=f@f GIT_COMMITTER_NAME=f GIT_COMMITTER_EMAIL=f@f
ref=refs/heads/main
mkdir -p "$wts"
tip() { local x; read -r x < "$repo/.git/$ref"; REPLY=$x; }
land() { # base, task commit; under the lock
  exec 9>"$base/floor.lock"; flock 9; tip; local t=$REPLY c=$2 tree
  if [[ $t != "$1" ]]; then
    tree=$(git -C "$repo" merge-tree --write-tree "$t" "$2"); c=$(git -C "$repo" commit-tree -p "$t" -m land "$tree")
  fi
  git -C "$repo" update-ref "$ref" "$c" "$t"; exec 9>&-
}
work() {
  local w=$1 wt=$wts/w$1 i b c have=
  for ((i = w; i < n; i += p)); do
    tip; b=$REPLY
    if [[ ! $have ]]; then
      exec 8>"$base/floor.worktree"; flock 8; git -C "$repo" worktree add -q --no-checkout --detach "$wt" "$b"; exec 8>&-
      git -C "$wt" reset -q --hard; have=1
    else git -C "$wt" checkout -q -f --detach "$b"; git -C "$wt" clean -ffdxq; fi
    (cd "$wt" && exec sh -c "echo $i > t/$i.txt")
    git -C "$wt" add -A; c=$(git -C "$wt" write-tree); c=$(git -C "$wt" commit-tree -p "$b" -m "task $i" "$c")
    land "$b" "$c"
  done
}
t0=$EPOCHREALTIME; pids=()
for ((w = 0; w < p; w++)); do work "$w" & pids+=($!); done
for x in "${pids[@]}"; do wait "$x"; done
t1=$EPOCHREALTIME
[[ $(git -C "$repo" ls-tree --name-only "$ref" t/ | grep -c txt) == "$n" ]] || { echo "floor: not every task landed" >&2; exit 1; }
echo $(((${t1/./} - ${t0/./}) / 1000))
