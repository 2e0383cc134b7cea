"""The optional distribution: what it may cache, and for whom."""

from fnmatch import fnmatchcase

from rules.registry import rule
from stack import one_line, target

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# Requests whose responses are for one caller or for one moment.
NEVER_CACHED = [
    "/v1/sources", "/v1/sources/x", "/v1/sources.opml", "/v1/failures", "/v1/failures/x/raw", "/v1/webhooks",
    "/v1/webhooks/x", "/v1/websub/x", "/v1/changes", "/healthz",
]  # fmt: skip
# What chooses between representations of one path.
IN_KEY = {"accept", "accept-datetime", "origin"}


def settings(stack):
    return stack.distribution["Resources"]["Distribution"]["Properties"]["DistributionConfig"]


@rule
def only_public_reads_are_cached(stack):
    distribution = settings(stack)
    if distribution["DefaultCacheBehavior"].get("CachePolicyId") != DISABLED:
        yield "Distribution: what no path names is cached"
    for behavior in distribution.get("CacheBehaviors", []):
        pattern = behavior["PathPattern"]
        for path in NEVER_CACHED:
            if fnmatchcase(path, pattern):
                yield f"Distribution: {pattern} caches {path}"
        # The branch of a true condition is the policy; without caching, the disabled one.
        policy = behavior.get("CachePolicyId", {})
        if policy != {"Fn::If": ["Caches", {"Ref": "PublicReads"}, DISABLED]}:
            yield f"Distribution: {pattern} has the cache policy {one_line(policy)}"
        if set(behavior.get("CachedMethods", [])) - {"GET", "HEAD"}:
            yield f"Distribution: {pattern} caches {behavior['CachedMethods']}"
    given = stack.properties("DistributionStack").get("Parameters", {})
    if given.get("CacheSeconds") != {"Fn::If": ["ReadsAreKeyed", 0, {"Ref": "CacheSeconds"}]}:
        yield "DistributionStack: caches reads that need a key"


@rule
def a_cached_response_depends_on_the_whole_request_and_ends(stack):
    policy = stack.distribution["Resources"]["PublicReads"]["Properties"]["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    if key["QueryStringsConfig"].get("QueryStringBehavior") != "all":
        yield "PublicReads: two queries share a response"
    if IN_KEY - set(key["HeadersConfig"].get("Headers", [])):
        yield f"PublicReads: representations share a response: {sorted(key['HeadersConfig'].get('Headers', []))}"
    for name in ("MinTTL", "DefaultTTL", "MaxTTL"):
        if target(policy.get(name)) != "CacheSeconds":
            yield f"PublicReads: {name} is {policy.get(name)}, so a purged article may be served for longer"
    for error in settings(stack).get("CustomErrorResponses", []):
        if error.get("ErrorCachingMinTTL") != 0:
            yield f"Distribution: the error {error['ErrorCode']} is cached"


@rule
def every_hop_is_encrypted(stack):
    distribution = settings(stack)
    for behavior in [distribution["DefaultCacheBehavior"], *distribution.get("CacheBehaviors", [])]:
        if behavior.get("ViewerProtocolPolicy") not in ("redirect-to-https", "https-only"):
            yield f"Distribution: {behavior.get('PathPattern', 'the default')} is served without TLS"
    for origin in distribution["Origins"]:
        if origin["CustomOriginConfig"].get("OriginProtocolPolicy") != "https-only":
            yield f"Distribution: the origin {origin['Id']} is called without TLS"
