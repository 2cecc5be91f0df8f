# One image for data nodes and arbiter. Both bases can be replaced where there is no registry:
#   docker build --build-arg BUILD_IMAGE=… --build-arg RUN_IMAGE=… .
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /opt/yosugara
COPY . .
# The tools bring the dependencies and build; then only what runs is kept.
RUN node tools/run.mjs build && npm prune --omit=dev --no-audit --no-fund && rm -rf .nx test

FROM ${RUN_IMAGE}
# Debian would make and start a cluster of its own; the controller makes ours.
RUN mkdir -p /etc/postgresql-common/createcluster.d \
 && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/yosugara.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-15 iproute2 iputils-arping fping \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/yosugara /opt/yosugara
# Node comes with the project (npm package node-linux-<arch>), so the base needs none.
RUN ln -s "$(ls -d /opt/yosugara/node_modules/node-linux-*/bin/node | head -n 1)" /usr/local/bin/node \
 && ln -s /opt/yosugara/apps/cli/bin/yosugara.mjs /usr/local/bin/yosugara \
 && mkdir -p /etc/yosugara && ln -s /var/lib/yosugara/state/yosugara.yaml /etc/yosugara/yosugara.yaml
WORKDIR /var/lib/yosugara
# Run it with an init that reaps (`docker run --init`, `init: true`): a zombie postmaster would look like a running one.
CMD ["node", "--enable-source-maps", "/opt/yosugara/apps/cli/dist/local/main.js", "run-node", "--config", "/etc/yosugara/yosugara.yaml"]
