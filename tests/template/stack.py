"""The stack that the checks read: the files, the template as SAM translates it, and lookups in both.

The checks themselves are in rules/. Everything is in memory, so that faults.py can modify a copy.
"""

import copy
import json
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
# Translation and linting need a region; the template specifies none.
REGION = "eu-west-1"


@dataclass
class Stack:
    source: dict
    monitoring: dict
    keyed_api: dict
    distribution: dict
    samconfig: dict
    events: dict
    cargo: dict
    lambda_profile: dict
    # `source` as SAM translates it, or the errors if translation failed.
    translated: dict = field(default_factory=dict)
    translation_errors: list = field(default_factory=list)

    @classmethod
    def load(cls, root=ROOT):
        def toml(path):
            return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

        # cargo-lambda reads CargoLambda.toml next to the manifest, then the manifest, which takes precedence.
        cargo = toml(root / "Cargo.toml")
        build = toml(root / "CargoLambda.toml").get("build", {})
        build |= cargo.get("package", {}).get("metadata", {}).get("lambda", {}).get("build", {})
        return cls(
            source=yaml_parse((root / "template.yaml").read_text(encoding="utf-8")),
            monitoring=yaml_parse((root / "infra/monitoring.yaml").read_text(encoding="utf-8")),
            keyed_api=yaml_parse((root / "infra/keyed-api.yaml").read_text(encoding="utf-8")),
            distribution=yaml_parse((root / "infra/distribution.yaml").read_text(encoding="utf-8")),
            samconfig=toml(root / "infra/samconfig.toml"),
            events={p.name: p.read_text(encoding="utf-8") for p in sorted((root / "infra/events").glob("*.json"))},
            cargo={"bins": [b["name"] for b in cargo.get("bin", [])], "build": build},
            lambda_profile=toml(root / "infra/lambda.toml"),
        ).translate()

    def copy(self):
        return copy.deepcopy(self)

    def translate(self):
        """Runs SAM's own transform, offline: it looks up no managed policies, because the template must not use any."""
        source = copy.deepcopy(self.source)
        # The transform requires URLs in place of local files, which `sam package` substitutes before.
        source.setdefault("Globals", {}).setdefault("Function", {})["CodeUri"] = "s3://code/archive.zip"
        for resource in source["Resources"].values():
            if resource.get("Type") == "AWS::CloudFormation::Stack":
                resource["Properties"]["TemplateURL"] = "https://s3.amazonaws.com/code/nested.template"
        # A dummy publisher, because the default metrics warn if they are not published.
        metrics = Metrics("template", DummyMetricsPublisher())
        try:
            translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION), metrics=metrics)
            self.translated = translator.translate(source, {})
            self.translation_errors = []
        except InvalidDocumentException as error:
            self.translated = {"Resources": {}}
            self.translation_errors = [cause.message for cause in error.causes]
        finally:
            metrics.publish()
        return self

    def resources(self, kind):
        return {n: r for n, r in self.translated.get("Resources", {}).items() if r.get("Type") == kind}

    def properties(self, name):
        return self.translated.get("Resources", {}).get(name, {}).get("Properties", {})

    def functions(self):
        return {n: r["Properties"] for n, r in self.resources("AWS::Lambda::Function").items()}

    def alarms(self):
        return {
            n: r["Properties"] for n, r in self.monitoring["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"
        }

    def routes(self):
        """Maps each route (method, path) of the API to its authorisers; ANY and $default as API Gateway spells them."""
        found = {}
        for api in self.resources("AWS::ApiGatewayV2::Api").values():
            for path, methods in api["Properties"].get("Body", {}).get("paths", {}).items():
                for method, definition in methods.items():
                    if method == "parameters":
                        continue
                    method = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                    names = {n for entry in definition.get("security", []) for n in entry}
                    found[(method, path)] = names - {"NONE"}
        return found

    def keyed_routes(self, public_reads):
        """Maps each route (method, path) of the keyed API to its authorisers, with reads public or keyed."""
        found = {}
        for route in self.keyed_api["Resources"].values():
            if route["Type"] != "AWS::ApiGatewayV2::Route" or ("Condition" in route and not public_reads):
                continue
            key = route["Properties"]["RouteKey"]
            method, path = ("ANY", key) if key == "$default" else key.split(" ", 1)
            asks = route["Properties"].get("AuthorizationType") == "CUSTOM"
            found[(method, path)] = {"Authorizer"} if asks and target(route["Properties"].get("AuthorizerId")) == "Authorizer" else set()
        return found

    def table_definition(self):
        tables = list(self.resources("AWS::DynamoDB::Table").values())
        if len(tables) != 1:
            raise SystemExit(f"expected one table, found {len(tables)}")
        table = tables[0]["Properties"]
        names = ["KeySchema", "AttributeDefinitions", "BillingMode", "TimeToLiveSpecification", "StreamSpecification"]
        return {name: table.get(name) for name in names}


def target(value):
    """Returns the logical id that a value refers to, in any notation; None for a plain value. For Fn::If, takes the
    branch of a false condition: the template's defaults."""
    if isinstance(value, dict):
        if "Fn::If" in value:
            return target(value["Fn::If"][2])
        if "Ref" in value:
            return value["Ref"]
        if "Fn::GetAtt" in value:
            got = value["Fn::GetAtt"]
            return got[0] if isinstance(got, list) else got.split(".")[0]
        if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str):
            named = re.match(r"^\$\{([A-Za-z0-9]+)(\.[A-Za-z]+)?\}", value["Fn::Sub"])
            return named.group(1) if named else None
    return None


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def walk(value, path=""):
    """Yields every (path, key, value) of a nested document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield path, key, inner
        yield from walk(inner, f"{path}/{key}")


def one_line(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
