"""What else somebody may want to buy: the one service of the shop that is not JavaScript.

Flask answers; the telemetry needs no SDK: spans, log records and a histogram as OTLP/JSON, sent every second.

    PORT=5006 OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 python3 examples/shop/recommendations.py
"""

import json
import logging
import os
import random
import re
import secrets
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

from flask import Flask, g, jsonify, request

NAME = "recommendations"
VERSION = os.environ.get("SHOP_VERSION", "1.0.0")
ENDPOINT = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
PRODUCTS = 40
SUGGESTIONS = 3
MODEL_SECONDS = 0.004
EXPORT_SECONDS = 1
EXPORT_TIMEOUT_SECONDS = 5
# Spans and log records that wait to be sent; older ones go first.
WAITING_MAX = 5_000
BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
SERVER, CLIENT = 2, 3
ROUTE = "/recommendations/:product"


def attributes(record):
    """OTLP/JSON writes 64-bit integers as texts."""
    return [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for key, value in record.items()
    ]


RESOURCE = {
    "attributes": attributes(
        {
            "service.name": NAME,
            "service.version": VERSION,
            "service.namespace": "vantage-demo",
            "service.instance.id": f"{NAME}-{os.getpid()}",
            "deployment.environment.name": "demo",
            "host.name": socket.gethostname(),
        }
    )
}


class Telemetry:
    """Keeps what happened until a thread sends it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.spans = []
        self.logs = []
        self.started_ns = time.time_ns()
        self.counts = [0] * (len(BOUNDS_SECONDS) + 1)
        self.sum = 0.0

    def add_span(self, trace, span, parent, name, kind, start_ns, record):
        one = {
            "traceId": trace,
            "spanId": span,
            "parentSpanId": parent,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(start_ns),
            "endTimeUnixNano": str(time.time_ns()),
            "attributes": attributes(record),
        }
        with self.lock:
            self.spans = [*self.spans, one][-WAITING_MAX:]

    def add_log(self, message, trace, span, record):
        body = json.dumps({"level": "info", "msg": message, **record, "trace_id": trace, "span_id": span})
        one = {
            "timeUnixNano": str(time.time_ns()),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": body},
            "attributes": attributes(record),
            "traceId": trace,
            "spanId": span,
        }
        with self.lock:
            self.logs = [*self.logs, one][-WAITING_MAX:]

    def observe(self, seconds):
        bucket = sum(1 for bound in BOUNDS_SECONDS if seconds > bound)
        with self.lock:
            self.counts[bucket] += 1
            self.sum += seconds

    def export(self):
        with self.lock:
            spans, self.spans = self.spans, []
            logs, self.logs = self.logs, []
            counts, total = list(self.counts), self.sum
        scope = {"name": "shop"}
        if spans:
            send("traces", {"resourceSpans": [{"resource": RESOURCE, "scopeSpans": [{"scope": scope, "spans": spans}]}]})
        if logs:
            send("logs", {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"scope": scope, "logRecords": logs}]}]})
        point = {
            "startTimeUnixNano": str(self.started_ns),
            "timeUnixNano": str(time.time_ns()),
            "count": str(sum(counts)),
            "sum": total,
            "bucketCounts": [str(count) for count in counts],
            "explicitBounds": BOUNDS_SECONDS,
            "attributes": attributes(
                {"http.request.method": "GET", "http.route": ROUTE, "http.response.status_code": 200}
            ),
        }
        histogram = {"aggregationTemporality": 2, "dataPoints": [point]}
        metric = {"name": "http.server.request.duration", "unit": "s", "histogram": histogram}
        send("metrics", {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"scope": scope, "metrics": [metric]}]}]})


def send(signal, body):
    """What cannot be sent is lost: a demo waits for nobody."""
    headers = {"content-type": "application/json"}
    sent = urllib.request.Request(f"{ENDPOINT}/v1/{signal}", json.dumps(body).encode(), headers)
    try:
        urllib.request.urlopen(sent, timeout=EXPORT_TIMEOUT_SECONDS).close()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        print(f"shop: {NAME}: {signal} were not sent: {error}", file=sys.stderr)


def export_for_ever(telemetry, parent):
    while True:
        time.sleep(EXPORT_SECONDS)
        telemetry.export()
        # The process that started us is gone.
        if os.getppid() != parent:
            os._exit(0)


app = Flask(NAME)
telemetry = Telemetry()


@app.before_request
def begin():
    found = TRACEPARENT.match(request.headers.get("traceparent", ""))
    g.trace, g.parent = found.groups() if found else (secrets.token_hex(16), "")
    g.span = secrets.token_hex(8)
    g.start_ns = time.time_ns()


@app.after_request
def end(response):
    route = re.sub(r"<(?:\w+:)?(\w+)>", r":\1", request.url_rule.rule) if request.url_rule else ""
    record = {"http.request.method": request.method, "http.route": route, "url.path": request.path}
    record["http.response.status_code"] = response.status_code
    telemetry.add_span(g.trace, g.span, g.parent, f"{request.method} {route or request.path}", SERVER, g.start_ns, record)
    telemetry.observe((time.time_ns() - g.start_ns) / 1e9)
    return response


@app.get("/health")
def health():
    return jsonify(status="ok")


@app.get("/recommendations/<int:product>")
def recommend(product):
    start_ns = time.time_ns()
    time.sleep(MODEL_SECONDS * (0.5 + random.random()))
    suggested = random.sample([one for one in range(PRODUCTS) if one != product], SUGGESTIONS)
    record = {"db.system.name": "redis", "db.operation.name": "GET", "db.query.text": "GET neighbours"}
    telemetry.add_span(g.trace, secrets.token_hex(8), g.span, "GET neighbours", CLIENT, start_ns, record)
    telemetry.add_log("products suggested", g.trace, g.span, {"product": product, "count": len(suggested)})
    return jsonify(products=suggested)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    threading.Thread(target=export_for_ever, args=(telemetry, os.getppid()), daemon=True).start()
    app.run("127.0.0.1", int(os.environ.get("PORT", "5006")), threaded=True)
