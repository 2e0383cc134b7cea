"""Storage and retention: logs, table, bucket."""

from rules.permissions import resource_of
from rules.registry import rule
from stack import listed, one_line, target


@rule
def logs_do_not_live_for_ever(stack):
    groups = stack.resources("AWS::Logs::LogGroup")
    for name, group in groups.items():
        if not group["Properties"].get("RetentionInDays"):
            yield f"{name}: no retention"
    for name, function in stack.functions().items():
        logging = function.get("LoggingConfig", {})
        if target(logging.get("LogGroup")) not in groups:
            yield f"{name}: logs to a group that Lambda creates itself, without retention"
        if logging.get("LogFormat") != "JSON":
            yield f"{name}: does not log JSON"


@rule
def the_table_is_as_the_store_expects_and_safe(stack):
    tables = stack.resources("AWS::DynamoDB::Table")
    if len(tables) != 1:
        yield f"expected one table, found {sorted(tables)}"
    for name, resource in tables.items():
        table = resource["Properties"]
        expected = {
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "StreamSpecification": {"StreamViewType": "KEYS_ONLY"},
        }
        for key, value in expected.items():
            if table.get(key) != value:
                yield f"{name}: {key} is {one_line(table.get(key))}, expected {one_line(value)}"


@rule
def nothing_that_holds_news_is_deleted_with_the_stack(stack):
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket"):
        for name, resource in stack.resources(kind).items():
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                if resource.get(policy) != "Retain":
                    yield f"{name}: {policy} is {resource.get(policy)}, expected Retain"


@rule
def the_bucket_is_private_encrypted_and_versioned(stack):
    for name, resource in stack.resources("AWS::S3::Bucket").items():
        bucket = resource["Properties"]
        block = bucket.get("PublicAccessBlockConfiguration", {})
        for key in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
            if block.get(key) is not True:
                yield f"{name}: {key} is not set"
        if bucket.get("OwnershipControls", {}).get("Rules") != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
            yield f"{name}: access control lists are not disabled"
        if not bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration"):
            yield f"{name}: encryption is not stated"
        if bucket.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name}: not versioned"
        rules = [r for r in bucket.get("LifecycleConfiguration", {}).get("Rules", []) if r.get("Status") == "Enabled"]
        for key in ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"):
            if not any(key in r for r in rules):
                yield f"{name}: no lifecycle rule with {key}"
        if not any(r.get("Prefix") == "index/" and "NoncurrentVersionExpiration" in r for r in rules):
            yield f"{name}: old files of the search index never expire and are billed"
        if any(key in r for r in rules for key in ("ExpirationInDays", "ExpirationDate")):
            yield f"{name}: raw documents expire, though they are the evidence"
        denies = [
            s
            for policy in stack.resources("AWS::S3::BucketPolicy").values()
            if target(policy["Properties"]["Bucket"]) == name
            for s in policy["Properties"]["PolicyDocument"]["Statement"]
            if s["Effect"] == "Deny" and s.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport") == "false"
        ]
        if not any({resource_of(r) for r in listed(s["Resource"])} == {(name, ""), (name, "/*")} for s in denies):
            yield f"{name}: plain HTTP is not denied for the bucket and its objects"
