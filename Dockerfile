# One file for every app: docker build --build-arg APP=ingest .
# No "# syntax=" line on purpose: it would fetch a frontend image that nothing here needs.
# No HEALTHCHECK either: each app has its own port, and compose and Kubernetes bring probes of their own.
ARG NODE_IMAGE=node:24-bookworm-slim

# The manifests alone, so that a changed source file does not install everything again.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests \
    && cp package-lock.json .npmrc /manifests/ \
    && find . -name package.json -exec cp --parents {} /manifests/ \;

FROM ${NODE_IMAGE} AS installed
ARG APP
WORKDIR /app
COPY --from=manifests /manifests ./
RUN if ! [ -f "apps/${APP}/package.json" ]; then \
      echo "--build-arg APP=${APP} names no app; there are:" apps/* >&2; exit 1; \
    fi
# Both secrets are optional: an .npmrc for a private registry (id=npmrc), certificates to trust (id=ca).
# No dependency needs its install script at run time.
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca.pem \
    --mount=type=cache,target=/root/.npm \
    if [ -s /run/secrets/ca.pem ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca.pem; fi; \
    npm ci --omit=dev --ignore-scripts --workspace="@sluice/${APP}"

# The pages that the api serves; for every other app the stage stays empty.
FROM ${NODE_IMAGE} AS dashboard
ARG APP
WORKDIR /app
COPY --from=manifests /manifests ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca.pem \
    --mount=type=cache,target=/root/.npm \
    if [ "${APP}" != api ]; then exit 0; fi; \
    if [ -s /run/secrets/ca.pem ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca.pem; fi; \
    npm ci --ignore-scripts --workspace=@sluice/dashboard
COPY . .
RUN mkdir -p apps/dashboard/dist \
    && if [ "${APP}" = api ]; then npm run build --workspace=@sluice/dashboard; fi \
    && mkdir -p /out/apps/dashboard \
    && cp -a apps/dashboard/dist /out/apps/dashboard/ \
    && chmod -R a+rX,go-w /out

# The app and the packages that it depends on: `npm ls` tells which they are.
FROM installed AS gathered
COPY . .
RUN mkdir /out \
    && npm ls --omit=dev --all --parseable --workspace="@sluice/${APP}" >/tmp/dependencies \
    && grep '/node_modules/@sluice/' /tmp/dependencies >/tmp/links \
    && xargs --arg-file=/tmp/links realpath --relative-to=. >/tmp/folders \
    && xargs --arg-file=/tmp/folders cp -a --parents --target-directory=/out package.json node_modules \
    # What is left over: links to packages of tests, and a compiler that a dependency may use but need not.
    && find /out/node_modules/@sluice -xtype l -delete \
    && rm -rf /out/node_modules/typescript /out/node_modules/@typescript \
    && chmod -R a+rX,go-w /out

FROM ${NODE_IMAGE} AS run
ARG APP
LABEL org.opencontainers.image.title="sluice-${APP}" \
      org.opencontainers.image.licenses="MIT"
# HOST: the default, loopback, could not be reached from outside the container. MALLOC_: memory that was freed is given back.
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    APP=${APP} \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072
WORKDIR /app
COPY --from=gathered /out ./
COPY --from=dashboard /out ./
# A number, so that Kubernetes can tell that it is not root.
USER 1000:1000
# `exec` makes node process 1: SIGTERM reaches it, and nothing else runs in the container. The flags, and MALLOC_, are those
# of packages/local/src/app-run.ts.
CMD ["sh", "-c", "exec node --max-semi-space-size=16 --heap-growing-percent=100 \"apps/${APP}/src/main.ts\""]
