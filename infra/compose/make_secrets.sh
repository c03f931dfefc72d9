#!/usr/bin/env bash
# Makes the secrets of compose.yaml, once: passwords, keys, the token, and a certificate signed by itself.
#   infra/compose/make_secrets.sh lab.example.org
# Secrets that are there stay as they are. Put your own certificate over secrets/tls.crt and secrets/tls.key.
set -euo pipefail
[ "$#" = 1 ] || { sed -n '3s/^# *//p' "$0" >&2; exit 2; }
host=$1
cd "$(dirname "$0")"
umask 077

if [ -e secrets ]; then
    echo "infra/compose/secrets is there already: remove it to make new ones, which lock out what was stored with the old." >&2
    exit 2
fi
# Appears whole or not at all.
new=$(mktemp -d secrets.XXXXXX)
trap 'rm -rf "$new"' EXIT
secret() { openssl rand -hex 24; }
database=$(secret) password=$(secret) key=$(secret | cut -c1-20) secret_key=$(secret)

printf '%s' "$database" >"$new/postgres_password"
cat >"$new/s3_identities.json" <<JSON
{"identities": [{"name": "combo", "credentials": [{"accessKey": "$key", "secretKey": "$secret_key"}],
  "actions": ["Admin:combo", "Read:combo", "Write:combo", "List:combo", "Tagging:combo"]}]}
JSON
cat >"$new/mlflow_auth.ini" <<INI
[mlflow]
default_permission = READ
database_uri = postgresql+psycopg2://mlflow:$database@postgres/mlflow
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
INI
cat >"$new/mlflow.env" <<ENV
MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2://mlflow:$database@postgres/mlflow
MLFLOW_FLASK_SERVER_SECRET_KEY=$(secret)
MLFLOW_AUTH_ADMIN_PASSWORD=$password
AWS_ACCESS_KEY_ID=$key
AWS_SECRET_ACCESS_KEY=$secret_key
ENV
cat >"$new/combo.env" <<ENV
RAY_AUTH_TOKEN=$(secret)
MLFLOW_TRACKING_USERNAME=admin
MLFLOW_TRACKING_PASSWORD=$password
AWS_ACCESS_KEY_ID=$key
AWS_SECRET_ACCESS_KEY=$secret_key
ENV
openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=$host" -addext "subjectAltName=DNS:$host" \
    -keyout "$new/tls.key" -out "$new/tls.crt" 2>/dev/null
# Compose mounts files as they are, and MLflow's user in the image is another one: it must be able to read this file.
# The folder around it is closed to everybody but you.
chmod 644 "$new/mlflow_auth.ini"
mv "$new" secrets
trap - EXIT
printf 'COMBO_HOST=%s\n' "$host" >.env
echo "infra/compose/secrets is made; sign in to https://$host as admin with the password in secrets/combo.env"
