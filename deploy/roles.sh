#!/bin/sh
# Runs once, when the database is made: one role owns the tables, another, bound by row security, runs the product.
psql -v ON_ERROR_STOP=1 -U postgres -v owner="$OWNER_PASSWORD" -v runtime="$RUNTIME_PASSWORD" <<'SQL'
CREATE ROLE carillon_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'owner';
CREATE ROLE carillon LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'runtime';
CREATE DATABASE carillon OWNER carillon_owner;
SQL
