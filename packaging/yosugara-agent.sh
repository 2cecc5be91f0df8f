#!/bin/sh
exec /usr/lib/yosugara-agent/bin/node /usr/lib/yosugara-agent/apps/agent/bin/yosugara-agent.mjs "$@"
