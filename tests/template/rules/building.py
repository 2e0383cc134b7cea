"""How the functions are built, bounded and configured."""

import json
import re

from rules.registry import rule
from stack import one_line, walk

VARIABLES = {
    "DATELINE_TABLE": "ArticlesTable",
    "DATELINE_OBJECTS": "RawBucket",
    "DATELINE_LOG": None,
    "DATELINE_METRICS": None,
}
# Additional variables of single functions.
ALSO = {"PollFunction": {"DATELINE_PUBLIC_URL"}, "ApiFunction": {"DATELINE_PUBLIC_URL"}}
OBJECTS = {"Fn::Sub": "s3://${RawBucket}"}


@rule
def functions_are_built_and_bounded(stack):
    for name, function in stack.functions().items():
        source = stack.source["Resources"][name]
        binary = source.get("Metadata", {}).get("BuildProperties", {}).get("Binary")
        if source.get("Metadata", {}).get("BuildMethod") != "rust-cargolambda" or binary not in stack.cargo["bins"]:
            yield f"{name}: built from {binary}, which is not a binary of Cargo.toml"
        extra = set(source.get("Metadata", {}).get("BuildProperties", {})) - {"Binary"}
        if extra:
            yield f"{name}: SAM ignores {sorted(extra)} for this build method"
        if function.get("Runtime") != "provided.al2023" or function.get("Handler") != "bootstrap":
            yield f"{name}: runtime {function.get('Runtime')}, handler {function.get('Handler')}"
        if function.get("Architectures") != [{"Ref": "Architecture"}]:
            yield f"{name}: does not follow the Architecture parameter"
        if not {"MemorySize", "Timeout"} <= set(function):
            yield f"{name}: memory and timeout are not stated"
        if "ReservedConcurrentExecutions" in function:
            yield f"{name}: reserves concurrency, which a new account cannot"
        calls = [e.get("Type") for e in source["Properties"].get("Events", {}).values()]
        if "HttpApi" in calls and function.get("Timeout", 3) >= 30:
            yield f"{name}: would keep running after API Gateway gives up at 30 s"


@rule
def the_build_leaves_out_the_local_command(stack):
    # SAM passes only the binary's name; cargo-lambda reads the rest from the manifest.
    expected = {
        "no_default_features": True,
        "features": ["lambda"],
        "config": ["infra/lambda.toml"],
        "disable_optimizations": True,
    }
    for key, value in expected.items():
        found = stack.cargo["build"].get(key)
        if found != value:
            yield f"Cargo.toml: [package.metadata.lambda.build] {key}: expected {json.dumps(value)}, found {json.dumps(found)}"
    profile = {"opt-level": 3, "lto": "fat", "codegen-units": 1, "strip": True}
    release = dict(stack.lambda_profile.get("profile", {}).get("release", {}))
    for package, settings in release.pop("package", {}).items():
        if settings != {"opt-level": "s"}:
            yield f"infra/lambda.toml: {package} is not compiled for size, but with {json.dumps(settings)}"
    if release != profile:
        yield f"infra/lambda.toml: [profile.release] is not {json.dumps(profile)}"


@rule
def functions_get_exactly_the_variables_they_read(stack):
    for name, function in stack.functions().items():
        variables = function.get("Environment", {}).get("Variables", {})
        for variable in sorted(variables.keys() ^ (VARIABLES.keys() | ALSO.get(name, set()))):
            yield f"{name}: {variable} is {'not read by any function' if variable in variables else 'missing'}"
        if variables.get("DATELINE_TABLE") != {"Ref": "ArticlesTable"}:
            yield f"{name}: DATELINE_TABLE is not the table's name"
        if variables.get("DATELINE_OBJECTS") != OBJECTS:
            yield f"{name}: DATELINE_OBJECTS is {one_line(variables.get('DATELINE_OBJECTS'))}"


@rule
def schedules_are_spelt_as_the_scheduler_reads_them(stack):
    rate = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)")
    for document in (stack.source, stack.monitoring):
        for path, key, value in walk(document.get("Resources", {})):
            if key not in ("Schedule", "ScheduleExpression") or not isinstance(value, str):
                continue
            cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", value)
            # Exactly one of day of month and day of week is a question mark.
            if not (rate.fullmatch(value) or cron and (cron.group(3) == "?") != (cron.group(5) == "?")):
                yield f"{path}: {value!r} is not a valid schedule"
