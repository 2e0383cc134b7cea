"""Faults that the rules must find: each breaks a copy of the stack in one place and names the rule that must report it.

A rule that never fails proves nothing. Add a fault here for every new rule.
"""

from rules import (
    building,
    calling,
    distributing,
    keeping,
    linting,
    permissions,
    queueing,
    samples,
    watching,
)
from stack import walk

FAULTS = []


def fault(name, caught_by):
    def add(spoil):
        FAULTS.append((name, caught_by, spoil))
        return spoil

    return add


def resource(stack, name):
    return stack.source["Resources"][name]


def props(stack, name):
    return resource(stack, name)["Properties"]


def event(stack, name):
    return props(stack, "ApiFunction")["Events"][name]["Properties"]


def add_route(stack, name, method, path, authorizer=None):
    new = {"ApiId": {"Ref": "HttpApi"}, "Method": method, "Path": path}
    if authorizer:
        new["Auth"] = {"Authorizer": authorizer}
    props(stack, "ApiFunction")["Events"][name] = {"Type": "HttpApi", "Properties": new}


def statement(stack, role, sid):
    return next(s for s in props(stack, role)["Policies"][0]["PolicyDocument"]["Statement"] if s["Sid"] == sid)


def setting(name, caught_by, where, key, value):
    """Adds a fault that sets one property, or removes it if the value is None."""

    def spoil(stack):
        holder = where(stack)
        if value is None:
            del holder[key]
        else:
            holder[key] = value

    FAULTS.append((name, caught_by, spoil))


def table(stack):
    return props(stack, "ArticlesTable")


def bucket(stack):
    return props(stack, "RawBucket")


def queue(stack):
    return props(stack, "IngestQueue")


def mapping(stack):
    return props(stack, "IngestFunction")["Events"]["Queue"]["Properties"]


def alarm(name):
    return lambda stack: stack.monitoring["Resources"][name]["Properties"]


LINTED = linting.the_linter_finds_nothing
setting("a misspelt property", LINTED, table, "BilingMode", "PAY_PER_REQUEST")
setting("a dangling reference", LINTED, queue, "KmsMasterKeyId", {"Ref": "NoSuchKey"})
setting(
    "an attribute that a resource does not have",
    LINTED,
    lambda s: queue(s)["RedrivePolicy"],
    "deadLetterTargetArn",
    {"Fn::GetAtt": ["IngestDeadLetters", "Url"]},
)
setting("a value out of range", LINTED, queue, "MessageRetentionPeriod", 99999999)
setting("a misspelt alarm operator", LINTED, alarm("ApiErrors"), "ComparisonOperator", "GreaterOrEqual")
setting("a function that SAM cannot translate", linting.sam_translates_the_template, mapping, "Queue", None)


@fault("a circular reference: the queue's policy refers to the bucket", LINTED)
def _(stack):
    condition = props(stack, "IngestQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"]
    condition["ArnEquals"]["aws:SourceArn"] = {"Fn::GetAtt": ["RawBucket", "Arn"]}


UNSIGNED = calling.no_route_writes_unsigned
setting("an anonymous POST", UNSIGNED, lambda s: event(s, "PostArticles"), "Auth", {"Authorizer": "NONE"})
setting(
    "an open $default",
    calling.requests_reach_the_function_as_intended,
    lambda s: event(s, "Otherwise"),
    "Auth",
    {"Authorizer": "NONE"},
)
setting(
    "routes that are open by default",
    UNSIGNED,
    lambda s: props(s, "HttpApi")["Auth"],
    "DefaultAuthorizer",
    None,
)
setting(
    "a read that needs a signature",
    calling.requests_reach_the_function_as_intended,
    lambda s: event(s, "Article"),
    "Auth",
    {"Authorizer": "AWS_IAM"},
)
fault("HEAD falls through to the signed route", calling.requests_reach_the_function_as_intended)(
    lambda s: props(s, "ApiFunction")["Events"].pop("OtherHead")
)
fault("an open ANY", UNSIGNED)(lambda s: add_route(s, "Open", "ANY", "/anything", "NONE"))
fault("an open greedy POST", calling.requests_reach_the_function_as_intended)(
    lambda s: add_route(s, "Open", "POST", "/{proxy+}", "NONE")
)


@fault("a function URL", calling.only_the_gateway_and_the_timer_call_functions)
def _(stack):
    props(stack, "ApiFunction")["FunctionUrlConfig"] = {"AuthType": "NONE"}


KEYED = calling.keys_are_asked_for_wherever_there_is_something_to_guard


def keyed_route(name):
    return lambda stack: stack.keyed_api["Resources"][name]["Properties"]


setting("a keyed route without authorisation", KEYED, keyed_route("PostArticles"), "AuthorizationType", "NONE")
setting("an open $default with keys", KEYED, keyed_route("Otherwise"), "AuthorizationType", "NONE")
fault("administration that an open GET matches", KEYED)(lambda s: s.keyed_api["Resources"].pop("Source"))
fault("reads that stay open", KEYED)(lambda s: s.keyed_api["Resources"]["OtherGet"].pop("Condition"))

STAGE = calling.the_stage_is_the_nameless_one_and_bounded
setting("a named stage", STAGE, lambda s: props(s, "HttpApi"), "StageName", "prod")
setting(
    "settings for a route that does not exist",
    STAGE,
    lambda s: props(s, "HttpApi")["RouteSettings"],
    "POST /v1/article",
    {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 1},
)
setting("no throttle", STAGE, lambda s: props(s, "HttpApi"), "DefaultRouteSettings", {})
setting(
    "an access log that is not JSON",
    STAGE,
    lambda s: props(s, "HttpApi")["AccessLogSettings"],
    "Format",
    '{"status": $context.status',
)
setting(
    "CORS for writes",
    calling.browsers_may_read_and_not_write,
    lambda s: props(s, "HttpApi")["CorsConfiguration"],
    "AllowMethods",
    ["*"],
)

NEEDED = permissions.each_function_may_do_its_work_and_no_more
setting(
    "every resource",
    permissions.no_wildcards_and_no_scan,
    lambda s: statement(s, "ApiRole", "ReadAndArchive"),
    "Resource",
    "*",
)
setting(
    "every action",
    permissions.no_wildcards_and_no_scan,
    lambda s: statement(s, "IngestRole", "KeepDocuments"),
    "Action",
    "s3:*",
)
fault("a Scan", permissions.no_wildcards_and_no_scan)(
    lambda s: statement(s, "ApiRole", "ReadAndArchive")["Action"].append("dynamodb:Scan")
)
setting(
    "the whole bucket",
    NEEDED,
    lambda s: statement(s, "ApiRole", "RawDocuments"),
    "Resource",
    {"Fn::Sub": "${RawBucket.Arn}/*"},
)
setting(
    "a managed policy",
    NEEDED,
    lambda s: props(s, "ApiRole"),
    "ManagedPolicyArns",
    [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}],
)
setting(
    "a list of the whole bucket", NEEDED, lambda s: statement(s, "ApiRole", "DetectMissingIndex"), "Condition", None
)
fault("a permission that is missing", NEEDED)(
    lambda s: statement(s, "IngestRole", "Archive")["Action"].remove("dynamodb:DeleteItem")
)
setting("a shared role", NEEDED, lambda s: props(s, "ApiFunction"), "Role", {"Fn::GetAtt": ["IngestRole", "Arn"]})

TABLE = keeping.the_table_is_as_the_store_expects_and_safe
setting("no point-in-time recovery", TABLE, table, "PointInTimeRecoverySpecification", None)
setting("another TTL attribute", TABLE, lambda s: table(s)["TimeToLiveSpecification"], "AttributeName", "ttl")
setting(
    "the table is deleted with the stack",
    keeping.nothing_that_holds_news_is_deleted_with_the_stack,
    lambda s: resource(s, "ArticlesTable"),
    "DeletionPolicy",
    "Delete",
)
setting(
    "the bucket is deleted on replacement",
    keeping.nothing_that_holds_news_is_deleted_with_the_stack,
    lambda s: resource(s, "RawBucket"),
    "UpdateReplacePolicy",
    None,
)
setting("logs kept forever", keeping.logs_do_not_live_for_ever, lambda s: props(s, "ApiLog"), "RetentionInDays", None)
setting(
    "a function that logs elsewhere",
    keeping.logs_do_not_live_for_ever,
    lambda s: props(s, "IngestFunction"),
    "LoggingConfig",
    {"LogFormat": "JSON"},
)

BUCKET = keeping.the_bucket_is_private_encrypted_and_versioned
setting(
    "a bucket that may be public",
    BUCKET,
    lambda s: bucket(s)["PublicAccessBlockConfiguration"],
    "BlockPublicPolicy",
    False,
)
setting("no versions", BUCKET, bucket, "VersioningConfiguration", None)
setting(
    "plain HTTP allowed for the objects",
    BUCKET,
    lambda s: props(s, "RawBucketPolicy")["PolicyDocument"]["Statement"][0],
    "Resource",
    {"Fn::GetAtt": ["RawBucket", "Arn"]},
)
fault("old index files never expire", BUCKET)(
    lambda s: bucket(s)["LifecycleConfiguration"]["Rules"].__delitem__(2)
)
fault("raw documents expire", BUCKET)(
    lambda s: bucket(s)["LifecycleConfiguration"]["Rules"].append({"Status": "Enabled", "ExpirationInDays": 30})
)

QUEUE = queueing.the_queue_outlives_its_reader
setting("a visibility timeout that is too short", QUEUE, queue, "VisibilityTimeout", 60)
setting("a longer function timeout with the same queue", QUEUE, lambda s: props(s, "IngestFunction"), "Timeout", 120)
setting("whole batches fail together", QUEUE, mapping, "FunctionResponseTypes", None)
setting("no dead-letter queue", QUEUE, queue, "RedrivePolicy", None)
setting("dead letters that expire with the queue", QUEUE, queue, "MessageRetentionPeriod", 1209600)
DOORBELL = queueing.the_stream_only_triggers_functions
setting(
    "every item triggers",
    DOORBELL,
    lambda s: props(s, "IndexFunction")["Events"]["Doorbell"]["Properties"],
    "FilterCriteria",
    None,
)
fault("no timer in case a trigger is lost", DOORBELL)(lambda s: props(s, "IndexFunction")["Events"].pop("Timer"))
UPLOADS = queueing.uploads_reach_the_queue_and_nothing_else_does
fault("a notification loop", UPLOADS)(
    lambda s: bucket(s)["NotificationConfiguration"]["QueueConfigurations"][0].pop("Filter")
)
setting(
    "a policy for another bucket name",
    UPLOADS,
    bucket,
    "BucketName",
    {"Fn::Sub": "dateline-${Stage}-${AWS::AccountId}"},
)
setting("a bucket created before the queue's policy", UPLOADS, lambda s: resource(s, "RawBucket"), "DependsOn", None)

setting(
    "a timeout longer than API Gateway waits",
    building.functions_are_built_and_bounded,
    lambda s: props(s, "ApiFunction"),
    "Timeout",
    60,
)
setting(
    "a binary that does not exist",
    building.functions_are_built_and_bounded,
    lambda s: resource(s, "ApiFunction")["Metadata"]["BuildProperties"],
    "Binary",
    "apis",
)
setting(
    "the local command in the function",
    building.the_build_leaves_out_the_local_command,
    lambda s: s.cargo["build"],
    "no_default_features",
    False,
)
setting(
    "a variable that no function reads",
    building.functions_get_exactly_the_variables_they_read,
    lambda s: s.source["Globals"]["Function"]["Environment"]["Variables"],
    "TABLE_NAME",
    "x",
)
setting(
    "the table's ARN instead of its name",
    building.functions_get_exactly_the_variables_they_read,
    lambda s: s.source["Globals"]["Function"]["Environment"]["Variables"],
    "DATELINE_TABLE",
    {"Fn::GetAtt": ["ArticlesTable", "Arn"]},
)
setting(
    "a rate of '1 minutes'",
    building.schedules_are_spelt_as_the_scheduler_reads_them,
    lambda s: props(s, "IngestFunction")["Events"],
    "Poll",
    {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minutes)"}},
)

METRICS = watching.alarms_watch_metrics_that_exist
setting("a misspelt metric", METRICS, alarm("ApiAnswers5xx"), "MetricName", "5XXError")
setting("a misspelt dimension", METRICS, lambda s: alarm("DeadLettersNotEmpty")(s)["Dimensions"][0], "Name", "Queue")
setting(
    "a dimension that names another resource",
    METRICS,
    lambda s: alarm("ApiErrors")(s)["Dimensions"][0],
    "Value",
    {"Ref": "TableName"},
)
fault("an expression over a removed query", METRICS)(lambda s: alarm("TableErrors")(s)["Metrics"].pop())


@fault("system errors without their operation", METRICS)
def _(stack):
    for _, key, dimensions in walk(alarm("TableErrors")(stack)):
        if key == "Dimensions":
            dimensions[:] = [d for d in dimensions if d["Name"] != "Operation"]


WATCHED = watching.what_can_fail_has_an_alarm
fault("a dead-letter queue without an alarm", WATCHED)(lambda s: s.monitoring["Resources"].pop("DeadLettersNotEmpty"))
setting(
    "the wrong queue watched",
    WATCHED,
    lambda s: props(s, "Monitoring")["Parameters"],
    "DeadLettersName",
    {"Fn::GetAtt": ["IngestQueue", "QueueName"]},
)
setting("an alarm without an action", WATCHED, alarm("IngestErrors"), "AlarmActions", None)
setting(
    "a parameter that is not passed to the nested stack",
    watching.nested_stacks_get_exactly_their_parameters,
    lambda s: props(s, "Monitoring")["Parameters"],
    "QueueName",
    None,
)


@fault("a dashboard with an extra comma", watching.the_dashboard_shows_metrics_that_exist)
def _(stack):
    body = stack.monitoring["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = body["Fn::Sub"].replace("]}}\n  ]", "]}},\n  ]")


@fault("a stage that sets an unknown parameter", samples.each_stage_sets_parameters_that_exist)
def _(stack):
    stack.samconfig["dev"]["deploy"]["parameters"]["parameter_overrides"] += " LogLevel=debug"


@fault("a sample event that does not parse", samples.the_sample_events_are_what_lambda_sends)
def _(stack):
    stack.events["seeds.json"] = '{"seeds": true'


@fault("a sample document with a misspelt member", samples.the_sample_events_are_what_lambda_sends)
def _(stack):
    stack.events["api-post-article.json"] = stack.events["api-post-article.json"].replace("media_type", "mediaType")


def distribution(stack):
    return stack.distribution["Resources"]["Distribution"]["Properties"]["DistributionConfig"]


def cache_policy(stack):
    return stack.distribution["Resources"]["PublicReads"]["Properties"]["CachePolicyConfig"]


setting(
    "a cache for administration",
    distributing.only_public_reads_are_cached,
    lambda s: distribution(s)["CacheBehaviors"][0],
    "PathPattern",
    "/v1/*",
)
setting(
    "a cache for reads that need a key",
    distributing.only_public_reads_are_cached,
    lambda s: props(s, "DistributionStack")["Parameters"],
    "CacheSeconds",
    {"Ref": "CacheSeconds"},
)
setting(
    "a cache that ignores the query",
    distributing.a_cached_response_depends_on_the_whole_request_and_ends,
    lambda s: cache_policy(s)["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"],
    "QueryStringBehavior",
    "none",
)
setting(
    "a cache that outlives a purge",
    distributing.a_cached_response_depends_on_the_whole_request_and_ends,
    cache_policy,
    "MaxTTL",
    31536000,
)
setting(
    "a distribution without TLS",
    distributing.every_hop_is_encrypted,
    lambda s: distribution(s)["DefaultCacheBehavior"],
    "ViewerProtocolPolicy",
    "allow-all",
)


@fault("a metric of a function that does not exist", watching.the_dashboard_shows_metrics_that_exist)
def _(stack):
    body = stack.monitoring["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = body["Fn::Sub"].replace('"Function", "poll"', '"Function", "pool"', 1)


@fault("a function that may not send traces", permissions.each_function_may_do_its_work_and_no_more)
def _(stack):
    statements = props(stack, "PollRole")["Policies"][0]["PolicyDocument"]["Statement"]
    statements.remove(statement(stack, "PollRole", "Trace"))
