#!/bin/sh
# The PostgreSQL image runs this script once, when it creates its data folder. It creates the bank's two roles with the host's own script.
set -e
psql -v ON_ERROR_STOP=1 -v owner="$BANKING_OWNER_PASSWORD" -v host="$BANKING_HOST_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
select set_config('banking.owner_password', :'owner', false), set_config('banking.host_password', :'host', false) \gset
\i /banking/roles.sql
SQL
