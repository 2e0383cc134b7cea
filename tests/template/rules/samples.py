"""Per-stage settings and sample events."""

import json
import re
from datetime import datetime
from urllib.parse import unquote_plus

from rules.registry import rule


@rule
def each_stage_sets_parameters_that_exist(stack):
    declared = stack.source.get("Parameters", {})
    for stage in ("prod", "dev"):
        deploy = stack.samconfig.get(stage, {}).get("deploy", {}).get("parameters", {})
        settings = dict(pair.split("=", 1) for pair in deploy.get("parameter_overrides", "").split())
        if settings.get("Stage") != stage:
            yield f"samconfig: {stage} deploys the stage {settings.get('Stage')}"
        for name, value in settings.items():
            parameter = declared.get(name)
            if parameter is None:
                yield f"samconfig: {stage} sets {name}, which is not a parameter"
                continue
            allowed = [str(v) for v in parameter.get("AllowedValues", [])]
            if allowed and value not in allowed or not re.search(parameter.get("AllowedPattern", ""), value):
                yield f"samconfig: {stage} sets {name} to {value}, which the template refuses"
        if "CAPABILITY_AUTO_EXPAND" not in deploy.get("capabilities", "") or not deploy.get("resolve_s3"):
            yield f"samconfig: {stage} cannot deploy a SAM template with a nested stack"


RAW_DOCUMENT = {"key", "url", "source", "media_type", "retrieved_at", "content"}


def document_faults(text):
    document = json.loads(text)
    if set(document) != RAW_DOCUMENT:
        yield f"members {sorted(set(document) ^ RAW_DOCUMENT)} differ from a raw document's"
    else:
        datetime.fromisoformat(document["retrieved_at"].replace("Z", "+00:00"))


@rule
def the_sample_events_are_what_lambda_sends(stack):
    def posted(event):
        if event["requestContext"]["authorizer"]["iam"]["userArn"] and not event["isBase64Encoded"]:
            yield from document_faults(event["body"])

    def called(event):
        context = event["requestContext"]
        route = (context["http"]["method"], event["routeKey"].split(" ")[-1])
        if event["version"] != "2.0" or context["stage"] != "$default" or context["http"]["path"] != event["rawPath"]:
            yield "not an HTTP API request in format 2.0"
        if route not in stack.routes() or event["routeKey"] != context["routeKey"]:
            yield f"{' '.join(route)} is not a route"
        elif stack.routes()[route] and not context.get("authorizer"):
            yield "an unsigned request to a signed route"

    def uploaded(event):
        for record in event["Records"]:
            key = record["s3"]["object"]["key"]
            plain = unquote_plus(key)
            if not (plain.startswith("inbox/") and " " in plain and not plain.isascii() and key.isascii()):
                yield f"{key}: not an encoded key under inbox/ with a space and a non-ASCII letter"

    def batch(event):
        if len(event["Records"]) != 2 or len({r["messageId"] for r in event["Records"]}) != 2:
            yield "expected two messages"
        yield from document_faults(event["Records"][0]["body"])
        try:
            json.loads(event["Records"][1]["body"])
            yield "the second message is valid JSON, expected an invalid one"
        except ValueError:
            pass

    def streamed(event):
        for record in event["Records"]:
            keys = record["dynamodb"]["Keys"]
            if record["eventSource"] != "aws:dynamodb" or not keys["pk"]["S"].startswith("C#"):
                yield "not a change log record; only those pass the filter"

    checks = {
        "api-get-articles.json": [called],
        "api-post-article.json": [called, posted],
        "dynamodb-stream.json": [streamed],
        "s3-object-created.json": [uploaded],
        "seeds.json": [lambda e: [] if e == {"seeds": True} else ["expected a request to ingest the seeds"]],
        "sqs-batch.json": [batch],
        "sqs-s3-notification.json": [lambda e: uploaded(json.loads(e["Records"][0]["body"]))],
    }
    for name in sorted(checks.keys() ^ stack.events.keys()):
        yield f"{name}: {'is missing' if name in checks else 'is not checked'}"
    for name in sorted(checks.keys() & stack.events.keys()):
        try:
            event = json.loads(stack.events[name])
            for check in checks[name]:
                yield from (f"{name}: {fault}" for fault in check(event))
        except (ValueError, KeyError, TypeError) as error:
            yield f"{name}: {type(error).__name__} {error}"
