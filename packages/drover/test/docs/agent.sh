#!/bin/sh
# Stands in for an AI agent in the examples of the documents: it reads its prompt and does a little of what it says.
prompt=$(cat)
title=$(printf '%s\n' "$prompt" | sed -n '1s/^# //p')
say() { drover parcel done --verdict "$1" --summary "$2" >/dev/null; }

echo "Reading the task: $title"
case $DROVER_TASK_ID/$DROVER_ATTEMPT in
  prices/1) say BLOCK "Prices in cents, or as decimals?"; exit ;;
  api/1) echo "export const serve = () => {}" > api.ts ;;
  api/*) echo "export const serve = () => {}" > api.ts; echo "GET /items" > api.md ;;
  *) printf '%s\n' "$title" > "$DROVER_TASK_ID.ts" ;;
esac
drover parcel progress "the code is written" >/dev/null
echo "Wrote: $(git status --short | cut -c4- | tr '\n' ' ')"
say PASS "$title: done"
