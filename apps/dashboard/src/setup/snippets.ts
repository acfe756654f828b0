/** Where a snippet sends data to. */
export interface SnippetTarget {
  /** `http://host:port` of this server. */
  readonly origin: string
}

export interface Snippet {
  readonly id: string
  readonly label: string
  /** What to install or where to put it, before the text. */
  readonly hint: string
  readonly language: 'bash' | 'js' | 'python' | 'go' | 'java' | 'csharp' | 'yaml'
  readonly text: string
}

/** One snippet per source, with the address of this server filled in. */
export function snippetsFor({ origin }: SnippetTarget): readonly Snippet[] {
  return [
    curlJson(origin),
    curlOtlp(origin),
    node(origin),
    python(origin),
    go(origin),
    java(origin),
    dotnet(origin),
    collector(origin),
    prometheus(origin),
  ]
}

function curlJson(origin: string): Snippet {
  return {
    id: 'curl',
    label: 'curl, JSON',
    hint: 'Sends one sample with the time of now. Run it every few seconds to see a line.',
    language: 'bash',
    text: `curl -i ${origin}/v1/metrics \\
  -H 'Content-Type: application/json' \\
  -d '{"metrics":[{"timestamp":'"$(date +%s)000"',"service_name":"shop",
       "metric_name":"shop_orders_total","value":'"$(date +%s)"',"tags":{"region":"eu"}}]}'`,
  }
}

function curlOtlp(origin: string): Snippet {
  return {
    id: 'curl-otlp',
    label: 'curl, OTLP/JSON',
    hint: 'The body that OpenTelemetry SDKs send, written by hand.',
    language: 'bash',
    text: `curl -i ${origin}/v1/metrics \\
  -H 'Content-Type: application/json' \\
  -d '{"resourceMetrics":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
    "scopeMetrics":[{"metrics":[{"name":"shop.queue.depth","unit":"1",
      "gauge":{"dataPoints":[{"asDouble":42,"timeUnixNano":"'"$(date +%s%N)"'"}]}}]}]}]}'`,
  }
}

function node(origin: string): Snippet {
  return {
    id: 'node',
    label: 'Node.js',
    hint: 'npm install @opentelemetry/sdk-metrics @opentelemetry/exporter-metrics-otlp-proto',
    language: 'js',
    text: `import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'

const exporter = new OTLPMetricExporter({ url: '${origin}/v1/metrics' })
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 5000 })
const meter = new MeterProvider({ readers: [reader] }).getMeter('shop')

const checkouts = meter.createCounter('shop.checkouts')
setInterval(() => checkouts.add(1, { region: 'eu' }), 250)`,
  }
}

function python(origin: string): Snippet {
  return {
    id: 'python',
    label: 'Python',
    hint: 'pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http',
    language: 'python',
    text: `import time
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

exporter = OTLPMetricExporter(endpoint="${origin}/v1/metrics")
reader = PeriodicExportingMetricReader(exporter, export_interval_millis=5000)
meter = MeterProvider(metric_readers=[reader]).get_meter("shop")

checkouts = meter.create_counter("shop.checkouts")
while True:
    checkouts.add(1, {"region": "eu"})
    time.sleep(0.25)`,
  }
}

function go(origin: string): Snippet {
  return {
    id: 'go',
    label: 'Go',
    hint: 'go get go.opentelemetry.io/otel/sdk/metric go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp',
    language: 'go',
    text: `package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"
)

func main() {
	ctx := context.Background()
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL("${origin}/v1/metrics"))
	if err != nil {
		panic(err)
	}
	reader := metric.NewPeriodicReader(exporter, metric.WithInterval(5*time.Second))
	meter := metric.NewMeterProvider(metric.WithReader(reader)).Meter("shop")
	checkouts, _ := meter.Int64Counter("shop.checkouts")
	for range time.Tick(250 * time.Millisecond) {
		checkouts.Add(ctx, 1)
	}
}`,
  }
}

function java(origin: string): Snippet {
  return {
    id: 'java',
    label: 'Java',
    hint: 'Download opentelemetry-javaagent.jar of the OpenTelemetry project; no change to the code is needed.',
    language: 'bash',
    text: `export OTEL_SERVICE_NAME=shop
export OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=${origin}/v1/metrics
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_METRIC_EXPORT_INTERVAL=5000
export OTEL_TRACES_EXPORTER=none OTEL_LOGS_EXPORTER=none
java -javaagent:opentelemetry-javaagent.jar -jar app.jar`,
  }
}

function dotnet(origin: string): Snippet {
  return {
    id: 'dotnet',
    label: '.NET',
    hint: 'dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol',
    language: 'csharp',
    text: `using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

var meter = new Meter("shop");
var checkouts = meter.CreateCounter<long>("shop.checkouts");
using var provider = Sdk.CreateMeterProviderBuilder()
    .AddMeter("shop")
    .AddOtlpExporter((exporter, reader) =>
    {
        exporter.Endpoint = new Uri("${origin}/v1/metrics");
        exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
        reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 5000;
    })
    .Build();

while (true) { checkouts.Add(1); Thread.Sleep(250); }`,
  }
}

function collector(origin: string): Snippet {
  return {
    id: 'collector',
    label: 'OTel Collector',
    hint: 'Add the exporter to the configuration of your OpenTelemetry Collector.',
    language: 'yaml',
    text: `receivers:
  hostmetrics:
    collection_interval: 5s
    scrapers: { cpu: {}, memory: {}, disk: {}, network: {} }

exporters:
  otlphttp/vantage:
    metrics_endpoint: ${origin}/v1/metrics

service:
  pipelines:
    metrics:
      receivers: [hostmetrics]
      exporters: [otlphttp/vantage]`,
  }
}

function prometheus(origin: string): Snippet {
  return {
    id: 'prometheus',
    label: 'Prometheus',
    hint: 'Add this to prometheus.yml and reload. Everything that Prometheus scrapes arrives here too.',
    language: 'yaml',
    text: `remote_write:
  - url: ${origin}/api/v1/write
    send_exemplars: true
    metadata_config:
      send: true`,
  }
}
