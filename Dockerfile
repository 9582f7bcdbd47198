# The operator, the renderer and helm-engine in one image. The build stages run the same targets as everybody else.
FROM node:24-bookworm AS programs
WORKDIR /src
COPY package.json package-lock.json Makefile ./
RUN make node_modules
COPY build.mjs tsconfig.json ./
COPY src src
RUN make .build/operator/operator.mjs

FROM golang:1.26-bookworm AS helm-engine
WORKDIR /src
COPY Makefile ./
COPY helm-engine helm-engine
RUN make .build/helm-engine

# Its entry point is node. The renderer is the other program: /app/operator/renderer.mjs --socket PATH --helm-engine /app/helm-engine
FROM gcr.io/distroless/nodejs24-debian13:nonroot
COPY --from=programs /src/.build/operator /app/operator
COPY --from=helm-engine /src/.build/helm-engine /app/helm-engine
COPY LICENSE /app/LICENSE
USER 65532:65532
CMD ["/app/operator/operator.mjs", "--config", "/etc/tagalong/operator.yaml", "--helm-engine", "/app/helm-engine"]
