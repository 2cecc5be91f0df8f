#!/bin/sh
exec /usr/lib/yosugara/bin/node /usr/lib/yosugara/apps/cli/bin/yosugara.mjs "$@"
