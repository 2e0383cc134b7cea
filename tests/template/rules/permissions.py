"""Permissions: each function may do exactly what it needs, on this stack's own resources."""

import re

from rules.registry import rule
from stack import listed, one_line, target, walk

# The complete permissions of each function. A missing one fails in use; an extra one shows only here.
TABLE_ACTIONS = {
    f"dynamodb:{a}"
    for a in ("GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem")
}
# To ingest: no list is read.
INGEST_ACTIONS = TABLE_ACTIONS - {"dynamodb:BatchGetItem"}
MAY = {
    "ApiFunction": {
        ("ApiLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("ArticlesTable", ""): TABLE_ACTIONS,
        ("RawBucket", "/raw/*"): {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        ("RawBucket", "/failed/*"): {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        ("RawBucket", "/index/*"): {"s3:GetObject"},
        ("RawBucket", ""): {"s3:ListBucket"},
    },
    "IndexFunction": {
        ("IndexLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("ArticlesTable", ".StreamArn"): {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        # To form stories: their members are changed and checked in transactions.
        ("ArticlesTable", ""): TABLE_ACTIONS | {"dynamodb:ConditionCheckItem"},
        ("RawBucket", "/index/*"): {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        ("RawBucket", ""): {"s3:ListBucket"},
    },
    "PollFunction": {
        ("PollLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("ArticlesTable", ""): INGEST_ACTIONS,
        ("RawBucket", "/raw/*"): {"s3:GetObject", "s3:PutObject"},
        ("RawBucket", "/failed/*"): {"s3:PutObject"},
    },
    "NotifyFunction": {
        ("NotifyLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("ArticlesTable", ".StreamArn"): {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        ("ArticlesTable", ""): {"dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem"},
    },
    "AuthorizeFunction": {
        ("AuthorizeLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("ArticlesTable", ""): {"dynamodb:GetItem", "dynamodb:PutItem"},
    },
    "IngestFunction": {
        ("IngestLog", ""): {"logs:CreateLogStream", "logs:PutLogEvents"},
        ("IngestQueue", ""): {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        ("ArticlesTable", ""): INGEST_ACTIONS,
        ("RawBucket", "/inbox/*"): {"s3:GetObject"},
        ("RawBucket", "/raw/*"): {"s3:GetObject", "s3:PutObject"},
        ("RawBucket", "/failed/*"): {"s3:PutObject"},
    },
}


# What tracing needs, and no resource can limit.
TRACE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


def is_tracing(statement):
    return statement.get("Resource") == "*" and set(listed(statement.get("Action"))) == TRACE


def statements(stack, kind="AWS::IAM::Role"):
    for name, resource in stack.resources(kind).items():
        for policy in resource["Properties"].get("Policies", []):
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                yield name, statement


def resource_of(value):
    """Parses an ARN into (logical id, path under it); understands only attributes of this stack's own resources."""
    if isinstance(value, dict) and "Fn::GetAtt" in value:
        got = value["Fn::GetAtt"]
        attribute = (got if isinstance(got, list) else got.split(".", 1))[1]
        return (target(value), "" if attribute == "Arn" else f".{attribute}")
    if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
        named = re.fullmatch(r"\$\{([A-Za-z0-9]+)\.Arn\}(/.*)", value["Fn::Sub"])
        if named:
            return (named.group(1), named.group(2))
    return (one_line(value), "?")


@rule
def each_function_may_do_its_work_and_no_more(stack):
    roles = {}
    for name, function in stack.functions().items():
        role = target(function.get("Role"))
        if name not in MAY:
            yield f"{name}: no permissions listed; add them to MAY"
        if role in roles:
            yield f"{name}: shares the role {role} with {roles[role]}"
        roles[role] = name
    granted = {}
    for name, role in stack.resources("AWS::IAM::Role").items():
        if role["Properties"].get("ManagedPolicyArns"):
            yield f"{name}: has managed policies, which are broader than needed"
        if name not in roles:
            yield f"{name}: a role that no function uses"
    for name in (*stack.resources("AWS::IAM::ManagedPolicy"), *stack.resources("AWS::IAM::Policy")):
        yield f"{name}: permissions belong in the function's role, so that they can be read in one place"
    traced = set()
    for name, statement in statements(stack):
        if is_tracing(statement):
            traced.add(name)
            continue
        if statement.get("Effect") != "Allow" or {"NotAction", "NotResource"} & set(statement):
            yield f"{name}: expected plain Allow statements, found {one_line(statement)}"
            continue
        for resource in listed(statement.get("Resource")):
            where = resource_of(resource)
            if "*" in where[0] or where[1] == "?":
                yield f"{name}: a resource that is not one of this stack's: {one_line(resource)}"
            actions = set(listed(statement.get("Action")))
            if "s3:ListBucket" in actions and not statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix"):
                yield f"{name}: may list the whole bucket"
            granted.setdefault(roles.get(name), {}).setdefault(where, set()).update(actions)
    for role in roles.keys() - traced:
        yield f"{role}: may not send traces"
    for function, may in MAY.items():
        has = granted.get(function, {})
        for where in sorted(may.keys() | has.keys()):
            name = "".join(where)
            for action in sorted(has.get(where, set()) - may.get(where, set())):
                yield f"{function}: has {action} on {name} without needing it"
            for action in sorted(may.get(where, set()) - has.get(where, set())):
                yield f"{function}: lacks {action} on {name}, which it needs"


@rule
def no_wildcards_and_no_scan(stack):
    for kind in ("AWS::IAM::Role", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy"):
        for name, resource in stack.resources(kind).items():
            for _, key, document in walk(resource["Properties"]):
                if key not in ("PolicyDocument", "AssumeRolePolicyDocument"):
                    continue
                for statement in listed(document["Statement"]):
                    if statement.get("Effect") != "Allow" or is_tracing(statement):
                        continue
                    for action in listed(statement.get("Action")):
                        if "*" in action or action.lower().endswith((":scan", ":partiqlselect")):
                            yield f"{name}: allows {action}"
                    if "*" in [*listed(statement.get("Resource")), *listed(statement.get("Principal"))]:
                        yield f"{name}: allows every resource or every principal"
                    if "*" in str(statement.get("Principal", "")):
                        yield f"{name}: allows any principal"
