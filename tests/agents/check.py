"""Drives the tools of agents with the client of the protocol's own authors: `check.py PATH-OF-DATELINE`.

Over HTTP and over standard input and output, in the current revision of the protocol and the two before. Every result is
validated against the tool's output schema, and every span that a tool returns is resolved in the raw document.
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema
from mcp import Client, StdioServerParameters

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from serving import serve  # noqa: E402

TOOLS = ["search_articles", "get_article", "get_evidence", "get_story", "whats_changed", "timeline", "suggest"]
# By the count of four characters a token.
TOKENS, CHARACTERS_PER_TOKEN = 2_000, 4
REVISIONS = ["2025-06-18", "2025-11-25"]
COPY = "Harbour tram returns\n\nLISBON: The tram along the harbour ran again on Monday after a pause of two years, the port authority said.\n\nIts {number} cars were repaired in a yard upstream, and the first of them was full by noon, said Ana Costa of the authority.\n"


def fetch(url, body=None, headers=None):
    data = body.encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, {"content-type": "application/json", **(headers or {})})) as response:
        return response.read(), response.headers


class Tools:
    """Calls tools, and validates what they return."""

    def __init__(self, client, tools):
        self.client, self.tools = client, {tool.name: tool for tool in tools}

    async def call(self, name, **arguments):
        result = await self.client.call_tool(name, arguments)
        assert not result.is_error, result
        jsonschema.validate(result.structured_content, self.tools[name].output_schema)
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content

    async def refusal(self, name, **arguments):
        result = await self.client.call_tool(name, arguments)
        assert result.is_error, result
        return result.content[0].text


async def use(client, url):
    """Does what an agent does: find, read, prove, compare, follow."""
    listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == TOOLS
    tools = Tools(client, listed)
    found = await tools.call("search_articles", query="harbour tram", limit=2)
    assert len(found["articles"]) == 2 and found["next"], found
    more = await tools.call("search_articles", query="harbour tram", limit=2, cursor=found["next"])
    assert not {article["id"] for article in found["articles"]} & {article["id"] for article in more["articles"]}
    first = found["articles"][0]
    text = {}
    page = article = await tools.call("get_article", id=first["id"])
    while True:
        for part in page["text"]:
            text[part["paragraph"]] = text.get(part["paragraph"], "") + part["text"]
        if "next" not in page:
            break
        page = await tools.call("get_article", id=first["id"], **{"from": page["next"]})
    # A passage is where its offsets say.
    assert first["passages"], first
    for passage in first["passages"]:
        whole = article["headline"] if passage["field"] == "headline" else text[passage["paragraph"]]
        assert whole.encode()[passage["start"] : passage["end"]].decode() == passage["text"], passage
    # A proof is where its offsets say, in the raw document.
    proof = await tools.call("get_evidence", id=first["id"])
    raw = fetch(url + proof["raw"])[0]
    spans = [span for fact in proof["facts"] for span in fact["spans"]]
    assert spans
    for span in spans:
        assert raw[span["start"] : span["end"]].decode().startswith(span["text"]), span
    dateline = await tools.call("get_evidence", id=first["id"], field="dateline")
    assert {fact["field"] for fact in dateline["facts"]} == {"dateline", "dateline.place"}, dateline
    story = await tools.call("get_story", id=first["id"])
    assert len(story["members"]) >= 2 and first["id"] in [member["id"] for member in story["members"]], story
    assert await tools.call("get_story", id=story["id"]) == story
    alone = (await tools.call("search_articles", query="danube barge"))["articles"][0]
    assert [member["id"] for member in (await tools.call("get_story", id=alone["id"]))["members"]] == [alone["id"]]
    seen, since = [], None
    while True:
        changes = await tools.call("whats_changed", limit=50, **({"since": since} if since else {}))
        seen += changes["changes"]
        since = changes["since"]
        if not changes["more"]:
            break
    assert len(seen) > 30 and any(change["changed"] for change in seen if change["kind"] == "revised"), seen
    timeline = await tools.call("timeline", query="harbour", interval="year")
    assert timeline["total"] >= 3 and all(bucket["count"] for bucket in timeline["buckets"])
    suggested = await tools.call("suggest", prefix="ana c", type="person")
    assert [value["id"] for value in suggested["values"]] == ["ana-costa"], suggested
    by_name = await tools.call("search_articles", person="ana-costa")
    assert by_name["articles"]
    # Errors say what to try.
    assert "search_articles" in await tools.refusal("get_article", id="a" * 26)
    assert "suggest" in await tools.refusal("search_articles", country="Portugal")
    assert "limit" in await tools.refusal("search_articles", limit=1000)
    assert "published_from" in await tools.refusal("search_articles", published_from="2025-01-01")
    assert "colour" in await tools.refusal("get_article", id=first["id"], colour="red")
    assert "without field" in await tools.refusal("get_evidence", id=first["id"], field="weather")
    assert "tools/list" in await tools.refusal("delete_article", id=first["id"])


def check_older_revisions(url):
    for revision in REVISIONS:
        headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": revision}
        message = lambda method, number, **params: json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "check", "version": "1"}}
        body, received = fetch(f"{url}/mcp", message("initialize", 1, **hello), headers)
        assert received["content-type"].startswith("application/json"), received
        result = json.loads(body)["result"]
        assert result["protocolVersion"] == revision and "tools" in result["capabilities"], result
        assert "mcp-session-id" not in received
        # Without a session, any instance answers.
        listed = json.loads(fetch(f"{url}/mcp", message("tools/list", 2), headers)[0])["result"]
        assert [tool["name"] for tool in listed["tools"]] == TOOLS
        characters = len(json.dumps(listed, separators=(",", ":"), ensure_ascii=False))
        assert characters < TOKENS * CHARACTERS_PER_TOKEN, characters
        called = json.loads(fetch(f"{url}/mcp", message("tools/call", 3, name="suggest", arguments={"prefix": "gal"}), headers)[0])
        assert called["result"]["structuredContent"]["values"], called


def refused(url, headers, body="{}"):
    try:
        fetch(url, body, headers)
    except urllib.error.HTTPError as error:
        return error.code
    raise AssertionError("expected a refusal")


def check_refusals(binary, url, archive):
    assert refused(f"{url}/mcp", {"origin": "https://elsewhere.example"}) == 403
    assert refused(f"{url}/mcp", {"host": "elsewhere.example"}) == 421
    assert refused(f"{url}/mcp", {}, "x" * 70_000) == 413
    assert b"/mcp" in fetch(f"{url}/llms.txt")[0]


def check_keys(binary, archive):
    created = subprocess.run([binary, "keys", "create", "agent", "--scope", "read", "--data", archive], capture_output=True, text=True, check=True)
    key = re.search(r"dl_\S+", created.stdout).group()
    with serve(binary, archive, "--no-seeds", "--reads", "keyed") as url:
        listing = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
        headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": REVISIONS[-1]}
        assert refused(f"{url}/mcp", headers, listing) == 401
        listed = json.loads(fetch(f"{url}/mcp", listing, {**headers, "authorization": f"Bearer {key}"})[0])
        assert len(listed["result"]["tools"]) == len(TOOLS)


async def over_http(url):
    async with Client(f"{url}/mcp") as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version
        assert "get_evidence" in client.instructions
        await use(client, url)
    async with Client(f"{url}/mcp", mode="legacy") as client:
        assert client.protocol_version == "2025-11-25", client.protocol_version
        await use(client, url)


async def over_stdio(binary, archive, url):
    async with Client(StdioServerParameters(command=binary, args=["mcp", "--data", str(archive)])) as client:
        await use(client, url)


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        archive = f"{folder}/archive"
        with serve(binary, archive) as url:
            for number in range(4):
                long = "\n\n".join(f"Paragraph {count} says more about the harbour, whose ferries sailed on as before." for count in range(120))
                content = COPY.format(number=7) + long if number == 0 else COPY.format(number=7)
                fetch(f"{url}/v1/articles", json.dumps({"key": f"tram/{number}", "content": content}))
            fetch(f"{url}/v1/articles", json.dumps({"key": "tram/3", "content": COPY.format(number=8)}))
            # Stories are formed seconds after their articles are stored.
            for _ in range(60):
                if any(story["members"] > 2 for story in json.loads(fetch(f"{url}/v1/stories")[0])["stories"]):
                    break
                threading.Event().wait(0.5)
            asyncio.run(over_http(url))
            check_older_revisions(url)
            check_refusals(binary, url, archive)
            # While the server runs.
            asyncio.run(over_stdio(binary, archive, url))
        check_keys(binary, archive)
    print("agents: seven tools used over HTTP and standard input and output, in three revisions of the protocol")


main(str(Path(sys.argv[1]).resolve()))
