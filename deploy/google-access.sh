#!/usr/bin/env bash
# Lets AWS and GitHub use Google Cloud without any stored key, by a workload identity federation:
#
#   deploy/google-access.sh [--dry-run] functions PROJECT STACK SECRET
#       The roles of the functions of STACK may use Firestore and Firebase Authentication of PROJECT. Writes the
#       configuration, which is no secret but is stored as one, to SECRET in AWS Secrets Manager.
#   deploy/google-access.sh [--dry-run] pipeline PROJECT STAGE OWNER/REPOSITORY
#       Jobs of the environment STAGE of the repository at GitHub may deploy rules and indexes to PROJECT. A project trusts
#       one repository: another one takes the place of the one before.
#
# It may run again at any time: nothing is made twice. --dry-run prints the commands that change something, and runs none.
# Sign in before: gcloud auth login, and for functions the AWS command line, with the stack's region in AWS_REGION.
# The steps are Google's: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
# and https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
set -euo pipefail

pool="account-tracking" # 4 to 32 characters
usage="usage: $0 [--dry-run] functions PROJECT STACK SECRET | pipeline PROJECT STAGE OWNER/REPOSITORY"

fail() {
  echo "error: $1" >&2
  exit 1
}

dry_run=
if [[ ${1:-} == --dry-run ]]; then
  dry_run=1
  shift
fi
[[ $# -eq 4 && ($1 == functions || $1 == pipeline) ]] || fail "$usage"
project=$2
[[ $project =~ ^[a-z][a-z0-9-]{4,28}[a-z0-9]$ ]] ||
  fail "'$project' is not the id of a project: 6 to 30 lower-case letters, digits and hyphens."

# Run a command that changes something, or with --dry-run print it.
change() {
  if [[ -n $dry_run ]]; then
    printf '%q ' "$@"
    printf '\n'
  else
    "$@" >/dev/null
  fi
}

# Return whether something exists. With --dry-run nothing does, so that every command is printed.
exists() {
  [[ -z $dry_run ]] && "$@" >/dev/null 2>&1
}

need() {
  [[ -n $dry_run ]] || command -v "$1" >/dev/null || fail "$1 is not installed: get it from $2."
}

step() {
  echo "$1" >&2
}

# Make the pool, and bring it back if it was deleted: its name stays taken for 30 days.
make_pool() {
  step "pool $pool"
  local describe=(gcloud iam workload-identity-pools describe "$pool" "--project=$project" --location=global)
  if ! exists "${describe[@]}"; then
    change gcloud iam workload-identity-pools create "$pool" "--project=$project" --location=global \
      "--display-name=Account tracking"
  elif [[ $("${describe[@]}" "--format=value(state)") == DELETED ]]; then
    change gcloud iam workload-identity-pools undelete "$pool" "--project=$project" --location=global
  fi
}

# make_provider ID KIND FLAGS...: the provider that vouches for AWS (aws) or GitHub (oidc). One that exists gets the flags,
# too: its condition may name another repository, whose jobs it would still trust, and ours it would refuse.
make_provider() {
  local provider=$1 kind=$2
  shift 2
  step "provider $provider"
  local where=("--project=$project" --location=global "--workload-identity-pool=$pool")
  local describe=(gcloud iam workload-identity-pools providers describe "$provider" "${where[@]}")
  if ! exists "${describe[@]}"; then
    change gcloud iam workload-identity-pools providers "create-$kind" "$provider" "${where[@]}" "$@"
    return
  fi
  if [[ $("${describe[@]}" "--format=value(state)") == DELETED ]]; then
    change gcloud iam workload-identity-pools providers undelete "$provider" "${where[@]}"
  fi
  change gcloud iam workload-identity-pools providers "update-$kind" "$provider" "${where[@]}" "$@"
}

# make_account NAME ROLES...: a service account that has these roles in the project.
make_account() {
  account="$1@$project.iam.gserviceaccount.com"
  local name=$1
  shift
  step "service account $account: $*"
  exists gcloud iam service-accounts describe "$account" "--project=$project" ||
    change gcloud iam service-accounts create "$name" "--project=$project" "--display-name=Account tracking, $name"
  local role
  for role in "$@"; do
    change gcloud projects add-iam-policy-binding "$project" "--member=serviceAccount:$account" "--role=$role" \
      --condition=None
  done
}

# lend_to MEMBER: the member of the pool may act as the service account.
lend_to() {
  step "may act as it: $1"
  local members="iam.googleapis.com/projects/$number/locations/global/workloadIdentityPools/$pool"
  change gcloud iam service-accounts add-iam-policy-binding "$account" "--project=$project" \
    --role=roles/iam.workloadIdentityUser "--member=${1%%/*}://$members/${1#*/}"
}

need gcloud https://cloud.google.com/sdk/docs/install
number=PROJECT_NUMBER
if [[ -z $dry_run ]]; then
  number=$(gcloud projects describe "$project" "--format=value(projectNumber)") ||
    fail "gcloud cannot see the project $project: sign in with an account that may (gcloud auth login)."
fi

if [[ $1 == functions ]]; then
  stack=$3 secret=$4
  need aws https://aws.amazon.com/cli
  aws_account=AWS_ACCOUNT
  roles=(ROLE_OF_EACH_FUNCTION)
  if [[ -z $dry_run ]]; then
    aws_account=$(aws sts get-caller-identity --query Account --output text) ||
      fail "the AWS command line has no credentials."
    read -r -a roles < <(aws cloudformation describe-stacks --stack-name "$stack" --output text \
      --query "Stacks[0].Outputs[?ends_with(OutputKey, 'RoleName')].OutputValue") || true
    [[ ${#roles[@]} -gt 0 && ${roles[0]} != None ]] ||
      fail "the stack $stack names no roles here: deploy it first, and set AWS_REGION to its region."
  fi
  change gcloud services enable "--project=$project" iam.googleapis.com iamcredentials.googleapis.com \
    sts.googleapis.com firestore.googleapis.com identitytoolkit.googleapis.com
  make_pool
  # A role's session has the ARN arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION.
  make_provider "aws-$aws_account" aws "--account-id=$aws_account" \
    "--attribute-mapping=google.subject=assertion.arn,attribute.aws_role=assertion.arn.extract('assumed-role/{role}/')"
  make_account tracking-functions roles/datastore.user roles/firebaseauth.viewer
  for role in "${roles[@]}"; do
    lend_to "principalSet/attribute.aws_role/$role"
  done
  step "secret $secret"
  folder=.
  if [[ -z $dry_run ]]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
  fi
  provider="projects/$number/locations/global/workloadIdentityPools/$pool/providers/aws-$aws_account"
  change gcloud iam workload-identity-pools create-cred-config "$provider" --aws "--service-account=$account" \
    "--output-file=$folder/google.json"
  if exists aws secretsmanager describe-secret --secret-id "$secret"; then
    change aws secretsmanager put-secret-value --secret-id "$secret" --secret-string "file://$folder/google.json"
  else
    change aws secretsmanager create-secret --name "$secret" --secret-string "file://$folder/google.json"
  fi
else
  stage=$3 repository=$4
  [[ $repository =~ ^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$ ]] || fail "'$repository' is not OWNER/REPOSITORY."
  change gcloud services enable "--project=$project" iam.googleapis.com iamcredentials.googleapis.com \
    sts.googleapis.com firestore.googleapis.com firebaserules.googleapis.com
  make_pool
  # Without the condition, every repository of GitHub could ask.
  make_provider github oidc --issuer-uri=https://token.actions.githubusercontent.com \
    "--attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository" \
    "--attribute-condition=assertion.repository == '$repository'"
  # The two that firebase-tools needs for rules and indexes, and one to see that their APIs are enabled.
  make_account tracking-pipeline roles/firebaserules.admin roles/datastore.indexAdmin \
    roles/serviceusage.serviceUsageConsumer
  lend_to "principal/subject/repo:$repository:environment:$stage"
  echo "Variables of the environment $stage at GitHub:"
  echo "GOOGLE_PROVIDER=projects/$number/locations/global/workloadIdentityPools/$pool/providers/github"
  echo "GOOGLE_ACCOUNT=$account"
fi
if [[ -n $dry_run ]]; then echo "Nothing was changed." >&2; else echo "Done." >&2; fi
