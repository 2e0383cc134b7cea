"""Monitoring: alarms, the dashboard, and the parameters of the nested stacks."""

import json
import re

from rules.registry import rule
from stack import one_line, target

# The dimensions under which a service publishes a metric. An alarm with others is accepted, but never fires.
PUBLISHED = {
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}, {"QueueName"}),
    "AWS/ApiGateway": ({"Count", "4xx", "5xx", "Latency", "IntegrationLatency"}, {"ApiId"}),
    "AWS/Lambda": ({"Errors", "Throttles", "Duration", "Invocations"}, {"FunctionName"}),
    "AWS/DynamoDB": (
        {"ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
        {"TableName"},
    ),
}
PUBLISHED_BY_OPERATION = {("AWS/DynamoDB", "SystemErrors"), ("AWS/DynamoDB", "ThrottledRequests")}

# Required alarms, as metric and the resource in template.yaml that it measures.
WATCHED = [
    ("ApproximateNumberOfMessagesVisible", "IngestDeadLetters"), ("ApproximateAgeOfOldestMessage", "IngestQueue"),
    ("5xx", "HttpApi"), ("Errors", "ApiFunction"), ("Errors", "IngestFunction"), ("Errors", "IndexFunction"), ("Errors", "PollFunction"),
    ("Errors", "NotifyFunction"), ("Errors", "AuthorizeFunction"),
    ("Throttles", "ApiFunction"),
    ("Throttles", "IngestFunction"), ("ReadThrottleEvents", "ArticlesTable"), ("WriteThrottleEvents", "ArticlesTable"),
    ("SystemErrors", "ArticlesTable"),
]  # fmt: skip

# The resource type that each dimension identifies.
NAMES = {
    "QueueName": "AWS::SQS::Queue", "ApiId": "AWS::ApiGatewayV2::Api", "FunctionName": "AWS::Lambda::Function",
    "TableName": "AWS::DynamoDB::Table",
}  # fmt: skip


def nested_stack(stack):
    return stack.properties("Monitoring")


# The nested stacks and their files.
NESTED = {
    "Monitoring": ("infra/monitoring.yaml", "monitoring"), "KeyedApi": ("infra/keyed-api.yaml", "keyed_api"),
    "DistributionStack": ("infra/distribution.yaml", "distribution"),
}


def metrics_of(alarm):
    """Yields the (namespace, metric, dimensions) that an alarm watches, directly or in an expression."""
    for metric in [alarm, *(q["MetricStat"]["Metric"] for q in alarm.get("Metrics", []) if "MetricStat" in q)]:
        if "MetricName" in metric:
            yield (
                metric.get("Namespace"),
                metric["MetricName"],
                {d["Name"]: d["Value"] for d in metric.get("Dimensions", [])},
            )


@rule
def nested_stacks_get_exactly_their_parameters(stack):
    for nested, (file, name) in NESTED.items():
        template = stack.source["Resources"][nested]["Properties"].get("TemplateURL")
        if template != file:
            yield f"{nested}: its template is {template}"
        given = stack.properties(nested).get("Parameters", {})
        declared = getattr(stack, name).get("Parameters", {})
        for parameter in given.keys() - declared.keys():
            yield f"{nested}: is given {parameter}, which it does not declare"
        for parameter in declared.keys() - given.keys():
            yield f"{nested}: declares {parameter}, which is not given"


@rule
def alarms_watch_metrics_that_exist(stack):
    given = nested_stack(stack).get("Parameters", {})
    for name, alarm in stack.alarms().items():
        for namespace, metric, dimensions in metrics_of(alarm):
            metrics, names = PUBLISHED.get(namespace, (set(), set()))
            if (namespace, metric) in PUBLISHED_BY_OPERATION:
                metrics, names = {metric}, names | {"Operation"}
            if metric not in metrics or set(dimensions) != names:
                yield f"{name}: {namespace} publishes no {metric} by {sorted(dimensions)}"
            for dimension, value in dimensions.items():
                kind = NAMES.get(dimension)
                about = target(given.get(target(value)))
                if kind and about not in stack.resources(kind):
                    yield f"{name}: {dimension} is {one_line(value)}, which names no {kind}"
        queries = alarm.get("Metrics", [])
        ids = {q["Id"] for q in queries if "MetricStat" in q}
        for query in queries:
            used = set(re.findall(r"\b[a-z]\w*\b", query.get("Expression", "")))
            if "Expression" in query and used != ids:
                yield f"{name}: the expression uses {sorted(used)} of {sorted(ids)}"
        if queries and sum(q.get("ReturnData", True) for q in queries) != 1:
            yield f"{name}: exactly one query may return data"


@rule
def what_can_fail_has_an_alarm(stack):
    given = nested_stack(stack).get("Parameters", {})
    watched = set()
    for name, alarm in stack.alarms().items():
        for _, metric, dimensions in metrics_of(alarm):
            watched |= {(metric, target(given.get(target(v)))) for v in dimensions.values() if isinstance(v, dict)}
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name}: fires when data is missing"
        if alarm.get("AlarmActions", {}) != {
            "Fn::If": ["SomeoneIsTold", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]
        }:
            yield f"{name}: notifies no topic"
        if not alarm.get("AlarmDescription"):
            yield f"{name}: does not say what to do"
    dead = {
        target(q["Properties"]["RedrivePolicy"]["deadLetterTargetArn"])
        for q in stack.resources("AWS::SQS::Queue").values()
        if q["Properties"].get("RedrivePolicy")
    }
    for metric, resource in sorted(set(WATCHED) | {("ApproximateNumberOfMessagesVisible", d) for d in dead}):
        if (metric, resource) not in watched:
            yield f"{resource}: no alarm on {metric}"


@rule
def the_dashboard_shows_metrics_that_exist(stack):
    for name, resource in stack.monitoring["Resources"].items():
        if resource["Type"] != "AWS::CloudWatch::Dashboard":
            continue
        body = resource["Properties"]["DashboardBody"]
        body = body.get("Fn::Sub", "") if isinstance(body, dict) else body
        try:
            widgets = json.loads(body)["widgets"]
        except (ValueError, KeyError) as error:
            yield f"{name}: not a dashboard in JSON: {error}"
            continue
        for widget in widgets:
            for row in widget["properties"]["metrics"]:
                if row[0] == "Dateline":
                    # tests/integration/lambda.rs compares the names with those that the functions publish.
                    functions = {name.removesuffix("Function").lower() for name in stack.functions()}
                    if row[2:5] != ["Stage", "${Stage}", "Function"] or row[5] not in functions:
                        yield f"{name}: {row[1]} is published by stage and function, not by {row[2:6]}"
                    continue
                namespace, metric, dimension, value = row[:4]
                metrics, names = PUBLISHED.get(namespace, (set(), set()))
                if metric not in metrics or {dimension} != names:
                    yield f"{name}: {namespace} publishes no {metric} by {dimension}"
                if value.strip("${}") not in stack.monitoring["Parameters"]:
                    yield f"{name}: {value} is not a parameter"
