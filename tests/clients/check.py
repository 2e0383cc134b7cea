"""Checks that clients can be generated from the OpenAPI document, and that they and a fuzzer agree with the server.

    python tests/clients/check.py <the dateline command>

Tools of Node are installed once, under .node; where npm is missing, a line says so. Everything else is on loopback.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPECIFICATION = ROOT / "src/http/openapi.json"
TOOLS = Path(sys.executable).parent
# Pinned, because a linter's new rule must not fail an old commit.
NODE_TOOLS = ["@redocly/cli@2.77.0", "openapi-typescript@7.13.0", "typescript@5.9.3"]
ARTICLE = "Pier closes\n\nLISBON: The old pier closed on Monday after a pause of two years, the port said.\n"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def check_document(folder):
    run(TOOLS / "openapi-spec-validator", SPECIFICATION)
    if not shutil.which("npm"):
        print("clients: npm is missing: redocly and openapi-typescript are not run")
        return
    node = ROOT / ".node"
    if not (node / "tools").exists() or (node / "tools").read_text() != "\n".join(NODE_TOOLS):
        install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(node), *NODE_TOOLS]
        if subprocess.run(install, capture_output=True).returncode != 0:
            print("clients: npm cannot install its packages: redocly and openapi-typescript are not run")
            return
        (node / "tools").write_text("\n".join(NODE_TOOLS))
    run(node / "node_modules/.bin/redocly", "lint", SPECIFICATION, cwd=ROOT, env=environment(REDOCLY_TELEMETRY="off", REDOCLY_SUPPRESS_UPDATE_NOTICE="true"))
    types = folder / "dateline.d.ts"
    run(node / "node_modules/.bin/openapi-typescript", SPECIFICATION, "-o", types)
    run(node / "node_modules/.bin/tsc", "--noEmit", types)


def environment(**variables):
    return {**os.environ, **variables}


def check_python_client(folder, url):
    generator = [TOOLS / "openapi-python-client", "generate", "--meta", "none"]
    config = folder / "config.yaml"
    # The generated files are not reformatted.
    config.write_text("post_hooks: []\n")
    output = folder / "dateline_client"
    run(*generator, "--path", SPECIFICATION, "--config", config, "--output-path", output)
    sys.path.insert(0, str(folder))
    api = lambda name: importlib.import_module(f"dateline_client.api.articles.{name}")
    models = importlib.import_module("dateline_client.models")
    client = importlib.import_module("dateline_client").Client(base_url=url)

    first = api("list_articles").sync(client=client, limit=5)
    seen = [article.id for article in first.articles]
    page = first
    while page.next_:
        cursor = re.search(r"cursor=([^&]+)", page.next_).group(1)
        page = api("list_articles").sync(client=client, limit=5, cursor=cursor)
        seen += [article.id for article in page.articles]
    assert len(seen) == len(set(seen)) > 20, seen
    article = api("get_article").sync(seen[0], client=client)
    assert article.id == seen[0] and article.body, article
    some = api("list_articles").sync(client=client, fields="id,headline", language="en")
    assert some.articles and not hasattr(some.articles[0], "body"), some
    receipt = api("ingest_articles").sync(client=client, body=models.Envelope(content=ARTICLE, key="pier.txt"))
    assert receipt.outcome == models.Outcome.CREATED, receipt
    problem = api("get_article").sync("aaaaaaaaaaaaaaaaaaaaaaaaaa", client=client)
    assert isinstance(problem, models.ProblemBody) and problem.code == "article_not_found", problem
    problem = api("list_articles").sync(client=client, q="headline:")
    assert isinstance(problem, models.ProblemBody) and problem.errors[0].parameter == "q", problem


def check_by_fuzzing(folder, url):
    document = json.loads(SPECIFICATION.read_text())
    # A text document may be any text: to the fuzzer, `null` is no string.
    for path in ("/v1/articles", "/v1/preview"):
        for media_type, content in document["paths"][path]["post"]["requestBody"]["content"].items():
            if media_type != "application/json":
                content["schema"] = {}
    # 413 is a refusal too.
    settings = folder / "schemathesis.toml"
    refusals = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422]
    settings.write_text(f"[checks.negative_data_rejection]\nexpected-statuses = {refusals}\n")
    specification = folder / "openapi.json"
    specification.write_text(json.dumps(document))
    run(
        *(TOOLS / "schemathesis", "--config-file", settings, "run", specification, "--url", url, "--seed", "1", "--max-examples", "12"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure"),
        # Longer than a request for the next change waits.
        *("--request-timeout", "25", "--max-response-time", "25"),
        # Parameters have grammars, such as dates and queries, that a schema does not state.
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
        cwd=folder,
    )


def main(command):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        check_document(folder)
        serve = [command, "serve", "--memory", "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment(DATELINE_LOG="error"))
        try:
            lines = iter(server.stdout.readline, "")
            url = next(match.group(0) for match in (re.search(r"http://[\d.]+:\d+", line) for line in lines) if match)
            check_python_client(folder, url)
            check_by_fuzzing(folder, url)
        finally:
            server.terminate()
            server.wait()
    print("clients: generated, used and fuzzed")


main(Path(sys.argv[1]).resolve())
