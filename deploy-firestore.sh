#!/usr/bin/env bash
# Deploys firestore.rules and firestore.indexes.json to a Firebase project:
#
#   ./deploy-firestore.sh PROJECT_ID [arguments for `firebase deploy`, such as --dry-run]
#
# FIRESTORE_DATABASE names another database than "(default)". Sign in once before: npx firebase-tools login. In CI,
# GOOGLE_APPLICATION_CREDENTIALS names the configuration of a workload identity federation (deploy/google-access.sh).
#
# A project has one set of rules: these take the place of what is there. Where it holds other data than this system's,
# add the blocks of firestore.rules to its own rules, and deploy those. Indexes that the project has besides these are
# kept, unless --force is given or firebase-tools' question is answered with yes. The exemptions take indexes away from
# fields of every collection named videos, trackedAccounts, trackingJobs or trackingControl: docs/design.md, section 3.
set -euo pipefail

fail() {
  echo "error: $1" >&2
  exit 1
}

project=${1:-}
[[ $# -gt 0 && $project != -* ]] || fail "say which Firebase project: $0 PROJECT_ID"
shift
[[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] ||
  fail "'$project' is not the id of a project: 6 to 30 lower-case letters, digits and hyphens."
[[ $project != demo-* ]] || fail "'$project' is a project of the emulators (demo-): there is nothing to deploy to."

cd "$(dirname "${BASH_SOURCE[0]}")"
for file in firebase.json firestore.rules firestore.indexes.json; do
  [[ -f $file ]] || fail "$file is missing beside this script."
done

# The version that fetches the emulator: said once.
[[ -f local/firestore.py ]] || fail "local/firestore.py, which names the version of firebase-tools (FIREBASE_TOOLS), is missing."
version=$(sed -n 's/^FIREBASE_TOOLS = "\([0-9.]*\)".*/\1/p' local/firestore.py)
[[ -n $version ]] || fail "local/firestore.py names no version of firebase-tools (FIREBASE_TOOLS)."

for program in node npx; do
  command -v "$program" >/dev/null || fail "$program is not installed: get Node.js from https://nodejs.org."
done

command=(npx --yes "firebase-tools@$version" deploy --only firestore --project "$project")
database=${FIRESTORE_DATABASE:-(default)}
[[ $database != "(default)" ]] || exec "${command[@]}" "$@"

# https://cloud.google.com/firestore/docs/manage-databases
[[ $database =~ ^[a-z][a-z0-9-]{2,61}[a-z0-9]$ ]] ||
  fail "'$database' is not the id of a database: 4 to 63 lower-case letters, digits and hyphens."
# firebase-tools takes a database's id from its configuration, whose paths begin at the configuration's folder.
config=$(mktemp ./firebase.XXXXXX)
trap 'rm -f "$config"' EXIT
sed "s/\"firestore\": {/&\n    \"database\": \"$database\",/" firebase.json >"$config"
"${command[@]}" --config "$config" "$@"
