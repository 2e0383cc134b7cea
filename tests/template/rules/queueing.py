"""How functions are triggered: the queue and its dead-letter queue, bucket notifications, the table stream."""

import json

from rules.registry import rule
from stack import listed, target


def mappings_of(stack):
    return [m["Properties"] for m in stack.resources("AWS::Lambda::EventSourceMapping").values()]


@rule
def the_stream_only_triggers_functions(stack):
    tables = stack.resources("AWS::DynamoDB::Table")
    mappings = [m for m in mappings_of(stack) if target(m.get("EventSourceArn")) in tables]
    if not mappings:
        yield "no function reads the stream"
    for mapping in mappings:
        name = target(mapping.get("FunctionName"))
        patterns = [json.loads(f["Pattern"]) for f in mapping.get("FilterCriteria", {}).get("Filters", [])]
        if patterns != [{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "C#"}]}}}}]:
            yield f"{name}: is triggered by more or less than the change log: {patterns}"
        if not 0 <= mapping.get("MaximumRetryAttempts", -1) <= 5:
            yield f"{name}: a failing record would block those behind it for a day"
        if mapping.get("MaximumBatchingWindowInSeconds", 0) < 10:
            yield f"{name}: is invoked for each article separately"
        timers = [
            timer["Properties"]["ScheduleExpression"]
            for timer in stack.resources("AWS::Events::Rule").values()
            if name in [target(t.get("Arn")) for t in timer["Properties"].get("Targets", [])]
        ]
        if not timers:
            yield f"{name}: no timer makes up for a lost trigger"


@rule
def the_queue_outlives_its_reader(stack):
    queues = stack.resources("AWS::SQS::Queue")
    mappings = [m for m in mappings_of(stack) if target(m.get("EventSourceArn")) in queues]
    if not mappings:
        yield "no function reads the queue"
    for mapping in mappings:
        name = target(mapping.get("EventSourceArn"))
        queue = queues.get(name, {}).get("Properties", {})
        function = stack.functions().get(target(mapping.get("FunctionName")), {})
        needed = 6 * function.get("Timeout", 3) + mapping.get("MaximumBatchingWindowInSeconds", 0)
        if queue.get("VisibilityTimeout", 30) < needed:
            yield f"{name}: visible again after {queue.get('VisibilityTimeout', 30)} s, expected at least {needed}"
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: one bad message fails its whole batch"
        if not 1 <= mapping.get("BatchSize", 10) <= 10:
            yield f"{name}: a batch of {mapping.get('BatchSize')} is larger than the timeout allows for"
        if not mapping.get("ScalingConfig", {}).get("MaximumConcurrency"):
            yield f"{name}: the number of concurrent readers is not bounded"
        if not queue.get("RedrivePolicy"):
            yield f"{name}: no dead-letter queue, so a bad message is retried until it expires"
    for name, resource in queues.items():
        queue = resource["Properties"]
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name}: encryption is not stated"
        redrive = queue.get("RedrivePolicy")
        if not redrive:
            continue
        if redrive.get("maxReceiveCount", 0) < 5:
            yield f"{name}: {redrive.get('maxReceiveCount')} receives are too few to survive throttled calls"
        dead = queues.get(target(redrive.get("deadLetterTargetArn")), {}).get("Properties", {})
        if dead.get("MessageRetentionPeriod", 345600) <= queue.get("MessageRetentionPeriod", 345600):
            yield f"{name}: its dead letters keep their age and expire with it"


@rule
def uploads_reach_the_queue_and_nothing_else_does(stack):
    for name, resource in stack.resources("AWS::S3::Bucket").items():
        bucket = resource["Properties"]
        notified = bucket.get("NotificationConfiguration", {}).get("QueueConfigurations", [])
        if not notified:
            yield f"{name}: uploads are not announced"
        for entry in notified:
            queue = target(entry.get("Queue"))
            if entry.get("Event") != "s3:ObjectCreated:*":
                yield f"{name}: announces {entry.get('Event')}"
            if entry.get("Filter", {}).get("S3Key", {}).get("Rules") != [{"Name": "prefix", "Value": "inbox/"}]:
                yield f"{name}: announces more than inbox/, including the function's own writes"
            arn = {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + bucket.get("BucketName", {}).get("Fn::Sub", "?")}
            policies = {
                policy: s
                for policy, r in stack.resources("AWS::SQS::QueuePolicy").items()
                if queue in [target(q) for q in r["Properties"]["Queues"]]
                for s in r["Properties"]["PolicyDocument"]["Statement"]
                if s["Effect"] == "Allow"
            }
            if not policies:
                yield f"{name}: may not send to {queue}"
            for policy, statement in policies.items():
                condition = statement.get("Condition", {})
                if condition.get("ArnEquals", {}).get("aws:SourceArn") != arn:
                    yield f"{policy}: lets other resources than {name} send"
                if condition.get("StringEquals", {}).get("aws:SourceAccount") != {"Ref": "AWS::AccountId"}:
                    yield f"{policy}: lets another account's bucket of this name send"
                if policy not in listed(resource.get("DependsOn")):
                    yield f"{name}: must be created after {policy}, or S3 rejects the notification"
