# The operator and helm-engine in one image. The build stages run the same targets as everybody else.
FROM node:24-bookworm AS operator
WORKDIR /src
COPY package.json package-lock.json build.mjs tsconfig.json ./
RUN npm ci --ignore-scripts
COPY src src
RUN node build.mjs

FROM golang:1.26-bookworm AS helm-engine
WORKDIR /src
COPY Makefile ./
COPY helm-engine helm-engine
RUN make .build/helm-engine

FROM gcr.io/distroless/nodejs24-debian13:nonroot
COPY --from=operator /src/.build/operator /app/operator
COPY --from=helm-engine /src/.build/helm-engine /app/helm-engine
COPY LICENSE /app/LICENSE
USER 65532:65532
CMD ["/app/operator/operator.mjs", "--config", "/etc/tagalong/operator.yaml", "--helm-engine", "/app/helm-engine"]
