"""Who may call what: routes, the stage, CORS.

The function trusts the API to authenticate callers, so writes are guarded here.
"""

import json

from rules.registry import rule
from stack import one_line, target

READING_METHODS = {"GET", "HEAD", "OPTIONS"}
# Called by WebSub hubs, which are verified by their signatures.
HUBS = "/v1/websub/{source}"
# Called by agents, whose tools only read.
AGENTS = "/mcp"

# Requests without a signature, and whether they must reach the function. The writes are in every spelling that a router
# might normalise: the gateway must authorise first, however the function reads the path.
UNSIGNED_REQUESTS = [
    (True, "GET", "/"), (True, "HEAD", "/"), (True, "OPTIONS", "/"),
    (True, "GET", "/healthz"), (True, "GET", "/openapi.json"), (True, "GET", "/docs"),
    (True, "GET", "/llms.txt"), (True, "POST", "/mcp"), (False, "POST", "/mcp/"), (False, "DELETE", "/mcp"), (True, "GET", "/v1/feed.atom"),
    (True, "GET", "/v1/articles"), (True, "HEAD", "/v1/articles"), (True, "OPTIONS", "/v1/articles"),
    (True, "GET", "/v1/articles/x"), (True, "HEAD", "/v1/articles/x"), (True, "GET", "/v1/articles/x/evidence"),
    (True, "GET", "/v1/websub/x"), (True, "POST", "/v1/websub/x"), (False, "DELETE", "/v1/websubs/x"),
    (True, "GET", "/v1/articles/x/raw"), (True, "GET", "/v1/articles/x/revisions/1"), (True, "GET", "/no/such/path"), (True, "GET", "/v1/sourcesque"),
    (False, "GET", "/v1/sources"), (False, "HEAD", "/v1/sources"), (False, "GET", "/v1/sources.opml"),
    (False, "GET", "/v1/sources/x"), (False, "GET", "/v1/failures"), (False, "GET", "/v1/failures/x/raw"),
    (False, "GET", "/sources"), (False, "POST", "/sources"), (False, "POST", "/sources/x/remove"), (False, "GET", "/failures"),
    (False, "POST", "/failures/x/drop"), (True, "GET", "/assets/pages.css"), (True, "GET", "/articles/x"), (False, "POST", "/try"),
    (False, "GET", "/v1/webhooks"), (False, "GET", "/v1/webhooks/x"), (False, "DELETE", "/v1/sources/x"),
    (False, "PATCH", "/v1/sources/x"), (False, "POST", "/v1/sources/x/poll"),
    (False, "POST", "/v1/articles"), (False, "POST", "/v1/articles/"), (False, "POST", "//v1/articles"),
    (False, "POST", "/v1//articles"), (False, "POST", "/v1/%61rticles"), (False, "POST", "/V1/Articles"),
    (False, "POST", "/v1/articles/x"), (False, "POST", "/v1/articles/x/raw"), (False, "POST", "/"),
    (False, "PUT", "/v1/articles/x"), (False, "PATCH", "/v1/articles/x"), (False, "DELETE", "/v1/articles/x"),
    (False, "PUT", "/healthz"), (False, "DELETE", "/"), (False, "POST", "/v1/sources"), (False, "PROPFIND", "/v1/articles"),
]  # fmt: skip


def resolve(routes, method, path):
    """Returns the route that API Gateway takes: an exact path, then one with variables, then the longest greedy one;
    within each a named method before ANY; finally `$default`."""
    parts = path.split("/")[1:]

    def fit(pattern):
        wanted = pattern.split("/")[1:]
        greedy = wanted[-1].endswith("+}")
        if greedy and (len(parts) < len(wanted) or path == "/") or not greedy and len(parts) != len(wanted):
            return None
        fixed = 0
        for want, have in zip(wanted, parts, strict=False):
            if want.startswith("{"):
                continue
            if want != have:
                return None
            fixed += 1
        return (not greedy, "{" not in pattern, fixed)

    best = None
    for verb, pattern in routes:
        if pattern == "$default" or verb not in (method, "ANY"):
            continue
        score = fit(pattern)
        if score is not None:
            best = max(best or ((), None), (score + (verb != "ANY",), (verb, pattern)))
    if best:
        return best[1]
    return next((r for r in routes if r[1] == "$default"), None)


@rule
def no_route_writes_unsigned(stack):
    for (method, path), authorisers in stack.routes().items():
        if method not in READING_METHODS and authorisers != {"AWS_IAM"} and (method, path) not in {("POST", HUBS), ("POST", AGENTS)}:
            yield f"route {method} {path} can write and is open to {sorted(authorisers) or 'everyone'}"
    if (
        stack.source["Resources"].get("HttpApi", {}).get("Properties", {}).get("Auth", {}).get("DefaultAuthorizer")
        != "AWS_IAM"
    ):
        yield "HttpApi: the default authoriser is not AWS_IAM, so a new route would be open"
    for name, api in stack.resources("AWS::ApiGatewayV2::Api").items():
        scheme = api["Properties"].get("Body", {}).get("components", {}).get("securitySchemes", {}).get("AWS_IAM", {})
        if scheme.get("x-amazon-apigateway-authtype") != "awsSigv4":
            yield f"{name}: AWS_IAM does not mean a signature"


@rule
def requests_reach_the_function_as_intended(stack):
    routes = stack.routes()
    for is_open, method, path in UNSIGNED_REQUESTS:
        route = resolve(routes, method, path)
        if route is None:
            yield f"{method} {path}: no route, so the gateway answers 404 in its own format"
        elif is_open and routes[route]:
            yield f"{method} {path}: a read that needs a signature (route {' '.join(route)})"
        elif not is_open and not routes[route]:
            yield f"{method} {path}: unsigned, yet reaches the function (route {' '.join(route)})"


@rule
def keys_are_asked_for_wherever_there_is_something_to_guard(stack):
    for public_reads in (True, False):
        routes = stack.keyed_routes(public_reads)
        always = {"/healthz", "/openapi.json", "/docs", "/llms.txt", "/assets/pages.css", "/v1/websub/x"}
        for is_open, method, path in UNSIGNED_REQUESTS:
            route = resolve(routes, method, path)
            if method == "OPTIONS":
                continue
            if route is None:
                yield f"{method} {path}: no route of the keyed API"
            elif not is_open and not routes[route]:
                yield f"{method} {path}: reaches the function without a key (route {' '.join(route)})"
            elif is_open and routes[route] and method == "GET" and (public_reads or path in always):
                yield f"{method} {path}: a read that needs a key (route {' '.join(route)})"
            elif not routes[route] and not public_reads and path not in always:
                yield f"{method} {path}: reads are keyed, and this one is open (route {' '.join(route)})"
    authorizer = stack.keyed_api["Resources"]["Authorizer"]["Properties"]
    if authorizer.get("AuthorizerResultTtlInSeconds") != 0:
        yield "Authorizer: answers are cached and applied to other routes and revoked keys"


@rule
def only_the_gateway_and_the_timer_call_functions(stack):
    for name, resource in stack.resources("AWS::Lambda::Permission").items():
        allowed = resource["Properties"]
        timer = stack.resources("AWS::Events::Rule").get(target(allowed.get("SourceArn")), {}).get("Properties", {})
        calls = {one_line(entry.get("Arn")) for entry in timer.get("Targets", [])}
        if allowed.get("Principal") == "events.amazonaws.com" and calls == {
            one_line({"Fn::GetAtt": [target(allowed.get("FunctionName")), "Arn"]})
        }:
            continue
        if allowed.get("Principal") != "apigateway.amazonaws.com" or "HttpApi" not in one_line(
            allowed.get("SourceArn")
        ):
            yield f"{name}: an invoke permission that is not limited to the API"
    for name in stack.resources("AWS::Lambda::Url"):
        yield f"{name}: a function URL bypasses the API's authorisation"


@rule
def the_stage_is_the_nameless_one_and_bounded(stack):
    routes = {f"{method} {path}" if path != "$default" else path for method, path in stack.routes()}
    stages = stack.resources("AWS::ApiGatewayV2::Stage")
    if len(stages) != 1:
        yield f"expected one stage, found {sorted(stages)}"
    for name, resource in stages.items():
        stage = resource["Properties"]
        if stage.get("StageName") != "$default":
            yield f"{name}: a named stage becomes a prefix of every path"
        for key, limits in {"default": stage.get("DefaultRouteSettings", {}), **stage.get("RouteSettings", {})}.items():
            if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(limits):
                yield f"{name}: {key} has no complete throttle"
        for key in stage.get("RouteSettings", {}):
            if key not in routes:
                yield f"{name}: settings for {key}, which is not a route"
        access = stage.get("AccessLogSettings", {})
        if target(access.get("DestinationArn")) not in stack.resources("AWS::Logs::LogGroup"):
            yield f"{name}: no access log in a group of this stack"
        try:
            record = json.loads(access.get("Format", ""))
        except ValueError as error:
            yield f"{name}: the access log's format is not JSON: {error}"
            continue
        if "\n" in access["Format"]:
            yield f"{name}: the access log's format is not one line"
        missing = {"$context.requestId", "$context.routeKey", "$context.status", "$context.integration.error"} - set(
            record.values()
        )
        if missing:
            yield f"{name}: the access log lacks {sorted(missing)}"


@rule
def browsers_may_read_and_not_write(stack):
    for name, api in stack.resources("AWS::ApiGatewayV2::Api").items():
        cors = api["Properties"].get("Body", {}).get("x-amazon-apigateway-cors", {})
        if cors.get("allowOrigins") != ["*"] or set(cors.get("allowMethods", [])) != READING_METHODS:
            yield f"{name}: CORS is open for {cors.get('allowMethods')} from {cors.get('allowOrigins')}"
        if cors.get("allowCredentials"):
            yield f"{name}: CORS sends credentials to any origin"
        for header in ("etag", "link", "retry-after", "x-request-id"):
            if header not in cors.get("exposeHeaders", []):
                yield f"{name}: CORS hides {header}"
