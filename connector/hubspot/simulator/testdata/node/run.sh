#!/bin/sh
# Installs HubSpot's official Node client into a temporary folder and drives the
# simulated account with it. Needs Node 20 or later, npm and a network; CI does
# not run it. It ends with another code than 0 when anything does not hold.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" @hubspot/api-client@14.0.1
NODE_PATH="$folder/node_modules" go test -tags nodeclient -count=1 -v -run '^TestNodeClient$' .
