"""Who listens: counts of finished calls, under OpenTelemetry's names, for Prometheus."""
