# A static binary in an empty image. Time zones are inside the binary (time/tzdata); the CA certificates
# and two folders are all that it needs from a system.
#
#   docker build -t leadsync .
#   docker run -p 8080:8080 -v leadsync:/var/lib/leadsync -v ./config:/etc/leadsync:ro \
#     -e ACME_HUBSPOT_TOKEN leadsync
#
# In the mounted leadsync.yaml set `database: /var/lib/leadsync/leadsync.db` and `listen: 0.0.0.0:8080`:
# the loopback address of a container cannot be reached from outside.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w' -o /out/leadsync ./cmd/leadsync
# An empty image has no mkdir: the database's folder and SQLite's temporary folder are made here.
RUN install -d -m 0750 /out/state && install -d -m 1777 /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /out/state /var/lib/leadsync
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build /out/leadsync /leadsync
# A number, so that a cluster's "must not run as root" can be checked without a user database.
USER 65532:65532
WORKDIR /var/lib/leadsync
VOLUME /var/lib/leadsync
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["/leadsync", "health", "--config", "/etc/leadsync/leadsync.yaml"]
ENTRYPOINT ["/leadsync"]
CMD ["serve", "--config", "/etc/leadsync/leadsync.yaml"]
