"""Checks what leaves the archive with the tools of those who read it: `check.py PATH-OF-DATELINE`.

ninjs with IPTC's schemas (where they are beside the checkout), NewsML-G2 with IPTC's reader, JSON-LD with the types of
schema.org (where npm is), feeds with feedparser and newsboat, exports with pandas, PyArrow and DuckDB. Every check is made
on the seeds and on generated documents. Nothing leaves this machine, but for the installation of one npm package.
"""

import csv
import hashlib
import hmac
import io
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import feedparser
import jsonschema
import NewsMLG2
import pandas
import pyarrow.parquet
from lxml import etree
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from serving import serve  # noqa: E402

# Published schemas, as test data: no part of the project.
SCHEMAS = ROOT.parent / "shared/schemas/ninjs"
NODE_TOOLS = ["schema-dts@2.1.0", "typescript@5.9.3"]
NEWSML = {"g2": "http://iptc.org/std/nar/2006-10-01/", "html": "http://www.w3.org/1999/xhtml"}
GENERATED = 60
# Articles of the archive whose export is killed.
LARGER = 1_200
SEED = 20
# What names, texts and URLs are made of: markup, control characters, other scripts, surrogate pairs, things that URLs
# must not contain.
PIECES = [
    "the harbour", "a ferry", "<b>bold</b>", "&amp;", "]]>", "\"quoted\"", "'single'", "100%", "a|b", "{x}", "日本語", "العربية", "عبر",
    "\U0001f6a2", "\u0007", "\u000b", "\ufffe", "naïve", "=SUM(A1)", "-5", "\u2028", "x" * 200, "a;b,c", "\\", "\u200f",
]


def fetch(url, body=None, media_type="application/json", method=None):
    request = urllib.request.Request(url, body.encode() if body is not None else None, {"content-type": media_type}, method=method)
    with urllib.request.urlopen(request) as response:
        return response.read(), response.headers


def document(number, rng):
    """A page whose every fact is unpleasant."""
    some = lambda count: " ".join(rng.choice(PIECES) for _ in range(count))
    escape = lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    day = f"20{rng.randint(10, 25)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    published = rng.choice([day, f"{day}T09:30:00+05:30", f"{day}T09:30:00Z", None])
    meta = {"author": some(2), "keywords": f"{some(1)}, {some(2)}", "description": some(5)}
    properties = {"article:section": some(2), "og:image": f"https://pictures.example/{some(1)}/{number}.jpg?a[]={some(1)}"}
    if published:
        properties["article:published_time"] = published
    names = "".join(f'<meta name="{name}" content="{escape(value)}">' for name, value in meta.items())
    names += "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items())
    sentence = f"LISBON: The ferry number {number} crossed the river on Monday with {rng.randint(2, 900)} people, the port authority said, and {escape(some(4))}."
    paragraphs = "".join(f"<p>{escape(some(8))} were seen at the quay by the people who waited there for the ferry.</p>" for _ in range(3))
    page = f"<html lang=en><head><title>{escape(some(3))} {number}</title>{names}</head><body><article><h1>{escape(some(3))} {number}</h1><p>{sentence}</p>{paragraphs}</article></body></html>"
    url = f"https://news{number % 7}.example/{some(1)}/{number}?q={some(1)}#{some(1)}"
    return {"content": page, "media_type": "text/html", "key": f"generated/{number}", "url": url}


def fill(url):
    rng = random.Random(SEED)
    lines = "".join(json.dumps(document(number, rng)) + "\n" for number in range(GENERATED))
    outcomes, _ = fetch(f"{url}/v1/articles", lines, "application/x-ndjson")
    outcomes = [json.loads(line) for line in outcomes.splitlines()]
    assert len(outcomes) == GENERATED and all(outcome["outcome"] == "created" for outcome in outcomes), outcomes


def walk(url):
    """All articles, by the pages of the API."""
    articles, page = [], "/v1/articles?limit=100"
    while page:
        listed = json.loads(fetch(url + page)[0])
        articles += [json.loads(fetch(f"{url}/v1/articles/{card['id']}")[0]) for card in listed["articles"]]
        page = listed["next"]
    return articles


def is_exact(article):
    return article["published"]["precision"] in ("second", "minute")


def check_ninjs(url, articles):
    for article in articles:
        item = json.loads(fetch(f"{url}/v1/articles/{article['id']}?format=ninjs")[0])
        older = json.loads(fetch(f"{url}/v1/articles/{article['id']}?format=ninjs-2.2")[0])
        value = lambda name, role: next((entry["value"] for entry in item.get(name, []) if entry["role"] == role), None)
        assert value("headlines", "main") == article["headline"] and value("headlines", "deck") == article["deck"], item
        assert value("bodies", "main") == ("\n\n".join(article["body"]) or None), item
        assert value("descriptions", "summary") == article["summary"], item
        assert ("contentCreated" in item) == is_exact(article), item
        named = lambda members: [(entry["name"], entry.get("literal")) for entry in members]
        of_type = lambda kind: [(entity["name"], entity["id"]) for entity in article["entities"] if entity["type"] == kind]
        assert named(item.get("people", [])) == of_type("person") and named(item.get("organisations", [])) == of_type("organisation"), item
        topics = [subject["literal"] for subject in item.get("subjects", []) if subject["rel"] == "about"]
        assert topics == [topic["code"] for topic in article["topics"]], item
        lower = lambda value: (
            {name.lower(): lower(member) for name, member in value.items()} if isinstance(value, dict)
            else [lower(element) for element in value] if isinstance(value, list) else value
        )
        assert lower({**item, "standard": None}) == {**older, "standard": None}, older
        yield item, older


def ninjs_validator(version):
    # GeoJSON's own schema is not published with these.
    geojson = Resource(contents={}, specification=DRAFT7)
    registry = Registry().with_resource("https://geojson.org/schema/GeoJSON.json", geojson)
    schema = json.loads((SCHEMAS / f"specification/ninjs-schema_{version}.json").read_text())
    return jsonschema.Draft202012Validator(schema, registry=registry, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def check_ninjs_schemas(items):
    if not SCHEMAS.exists():
        print(f"formats: {SCHEMAS} is missing: ninjs is not validated")
        return
    new, old = ninjs_validator("3.1"), ninjs_validator("2.2")
    for item, older in items:
        new.validate(item)
        old.validate(older)
    # The validators tell IPTC's valid examples from its invalid ones, except where GeoJSON is the fault.
    for validator, suite in ((new, "3.0"), (old, "2.1")):
        for expected, folder in ((True, "should_pass"), (False, "should_fail")):
            for example in sorted((SCHEMAS / "validation/test_suite" / suite / folder).glob("*.json")):
                if "bad_geojson" not in example.name:
                    assert validator.is_valid(json.loads(example.read_text())) == expected, example


def check_newsml(url, articles):
    for article in articles:
        xml, headers = fetch(f"{url}/v1/articles/{article['id']}?format=newsml-g2")
        assert headers["content-type"] == "application/vnd.iptc.g2.newsitem+xml; charset=utf-8"
        read = NewsMLG2.NewsMLG2Document(xml)
        item = read.get_item()
        assert (item.standard, item.standardversion, item.version) == ("NewsML-G2", "2.34", str(article["revision"]))
        tree = etree.fromstring(xml)
        # IPTC's reader knows every element: written again, none is missing.
        again = etree.fromstring(read.to_xml_string().encode())
        names = lambda root: sorted(element.tag for element in root.iter() if element.tag.startswith(f"{{{NEWSML['g2']}}}"))
        assert names(again) == names(tree), set(names(tree)) ^ set(names(again))
        texts = lambda path: ["".join(element.itertext()) for element in tree.iterfind(path, NEWSML)]
        # XML cannot contain every character.
        valid = lambda text: re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
        some = lambda text: [valid(text)] if text else []
        assert texts("g2:contentMeta/g2:headline") == some(article["headline"]), xml
        assert texts("g2:contentMeta/g2:creator/g2:name") == [valid(author["name"]) for author in article["authors"]], xml
        assert texts("g2:contentMeta/g2:keyword") == [valid(keyword) for keyword in article["keywords"]], xml
        assert texts("g2:contentSet/g2:inlineXML/html:html/html:body/html:p") == [valid(text) for text in article["body"]], xml
        assert texts("g2:contentMeta/g2:dateline") == some(article["dateline"] and article["dateline"]["text"]), xml
        assert texts("g2:contentMeta/g2:creditline") == some(article["agency"]), xml
        created = texts("g2:contentMeta/g2:contentCreated")
        assert len(created) == (article["published"]["at"] is not None), xml
        if created:
            assert ("T" in created[0]) == is_exact(article), xml
        order = [etree.QName(element).localname for element in tree.find("g2:contentMeta", NEWSML)]
        # The order that the schema prescribes, for the elements that are used.
        prescribed = ["icon", "contentCreated", "contentModified", "located", "infoSource", "creator", "language", "keyword", "subject", "headline", "dateline", "by", "creditline", "description"]
        assert order == sorted(order, key=prescribed.index), order


def check_json_ld(url, articles, folder):
    if not shutil.which("npm"):
        print("formats: npm is missing: JSON-LD is not checked")
        return
    node = ROOT / ".node/formats"
    if not (node / "tools").exists() or (node / "tools").read_text() != "\n".join(NODE_TOOLS):
        install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", str(node), *NODE_TOOLS]
        if subprocess.run(install, capture_output=True).returncode != 0:
            print("formats: npm cannot install its packages: JSON-LD is not checked")
            return
        (node / "tools").write_text("\n".join(NODE_TOOLS))
    items = [fetch(f"{url}/v1/articles/{article['id']}?format=json-ld") for article in articles]
    assert all(headers["content-type"] == "application/ld+json" for _, headers in items)
    for article, (item, _) in zip(articles, items):
        item = json.loads(item)
        assert item.get("headline") == article["headline"] and item.get("articleBody") == ("\n\n".join(article["body"]) or None)
        assert ("datePublished" in item) == (article["published"]["at"] is not None), item
        assert len(item.get("mentions", [])) == len(article["entities"]), item
    written = [f"const article{number}: WithContext<NewsArticle> = {item.decode()};" for number, (item, _) in enumerate(items)]
    source = folder / "articles.ts"
    types = node / "node_modules/schema-dts"
    source.write_text(f'import type {{ NewsArticle, WithContext }} from "{types}";\n' + "\n".join(written))
    compile_types = [node / "node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", source]
    done = subprocess.run([str(part) for part in compile_types], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[:3000]
    # The types refuse what schema.org does not have.
    source.write_text(f'import type {{ NewsArticle, WithContext }} from "{types}";\nconst a: WithContext<NewsArticle> = {{"@context": "https://schema.org", "@type": "NewsArticle", "headlines": "x"}};')
    assert subprocess.run([str(part) for part in compile_types], capture_output=True).returncode != 0


def feed_entries(url, path):
    """All entries of a feed, page after page."""
    entries, page = [], url + path
    while page:
        feed = feedparser.parse(fetch(page)[0], sanitize_html=False)
        assert not feed.bozo, feed.bozo_exception
        entries += feed.entries
        page = next((link.href for link in feed.feed.links if link.rel == "next"), None)
    return entries


def check_feeds(url, articles):
    urn = {article["id"]: json.loads(fetch(f"{url}/v1/articles/{article['id']}?format=ninjs")[0])["uri"] for article in articles}
    valid = lambda text: re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)
    for path in ("/v1/feed.atom?limit=30", "/v1/feed.rss?limit=30"):
        entries = feed_entries(url, path)
        assert [entry.id for entry in entries] == [urn[article["id"]] for article in articles], path
        for entry, article in zip(entries, articles):
            squeezed = lambda text: re.sub(r"\s+", " ", valid(text)).strip()
            assert squeezed(entry.title) == squeezed(article["headline"] or "(no headline)"), (entry.title, article["headline"])
            content = entry.content[0].value
            for text in article["body"][1:]:
                escaped = valid(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
                assert f"<p>{escaped}</p>" in content, (escaped, content)
            authors = [author["name"] for author in entry.get("authors", [])]
            if article["authors"]:
                assert authors == [valid(author["name"]) for author in article["authors"]], authors
            assert ("published" in entry) == (article["published"]["at"] is not None), entry
            assert ("media_content" in entry) == (article["image"] is not None), entry
            labels = [tag.get("label") or tag.term for tag in entry.get("tags", [])]
            assert [topic["label"] for topic in article["topics"]] == labels[: len(article["topics"])], labels
    feed = json.loads(fetch(f"{url}/v1/feed.json?limit=100")[0])
    assert feed["version"] == "https://jsonfeed.org/version/1.1" and feed["title"] == "Dateline", feed["title"]
    assert [item["id"] for item in feed["items"]] == [urn[article["id"]] for article in articles]
    assert all("content_html" in item for item in feed["items"])
    summaries = json.loads(fetch(f"{url}/v1/feed.json?content=summary&q=ferry&collapse=story")[0])
    assert summaries["items"] and all("content_text" in item for item in summaries["items"])
    first, headers = fetch(f"{url}/v1/feed.atom")
    try:
        urllib.request.urlopen(urllib.request.Request(f"{url}/v1/feed.atom", headers={"if-none-match": headers["etag"]}))
        raise AssertionError("expected 304")
    except urllib.error.HTTPError as error:
        assert error.code == 304


def check_newsboat(url, articles, folder):
    if not shutil.which("newsboat"):
        print("formats: newsboat is missing: no reader app subscribes")
        return
    for feed in ("atom", "rss"):
        urls, cache = folder / f"{feed}-urls", folder / f"{feed}.db"
        urls.write_text(f"{url}/v1/feed.{feed}?limit=100\n")
        config = folder / "config"
        config.write_text("max-items 0\n")
        arguments = ["newsboat", "--url-file", urls, "--cache-file", cache, "--config-file", config, "--execute", "reload"]
        done = subprocess.run([str(part) for part in arguments], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        rows = sqlite3.connect(cache).execute("select title, content from rss_item").fetchall()
        assert len(rows) == len(articles), (feed, len(rows))
        assert all("<p>" in content for _, content in rows if content), feed


def check_exports(binary, url, articles, archive, folder):
    by_id = {article["id"]: article for article in articles}
    lines, headers = fetch(f"{url}/v1/export.ndjson")
    exported = [json.loads(line) for line in lines.splitlines()]
    assert exported == articles
    half = exported[len(exported) // 2]
    rest = fetch(f"{url}/v1/export.ndjson?after={half['id']}:{half['revision']}")[0]
    assert lines.endswith(rest) and json.loads(rest.splitlines()[0]) == exported[len(exported) // 2 + 1]

    rows = list(csv.DictReader(io.StringIO(fetch(f"{url}/v1/export.csv")[0].decode(), newline="")))
    assert [row["id"] for row in rows] == list(by_id)
    for row in rows:
        article = by_id[row["id"]]
        assert row["headline"] == (article["headline"] or "") and row["body"] == "\n\n".join(article["body"])
        assert row["authors"] == "|".join(author["name"] for author in article["authors"])
    frame = pandas.read_csv(f"{url}/v1/export.csv")
    assert len(frame) == len(articles)

    parquet = folder / "archive.parquet"
    parquet.write_bytes(fetch(f"{url}/v1/export.parquet")[0])
    frame = pandas.read_parquet(parquet)
    assert list(frame["id"]) == list(by_id)
    counted = duckdb.sql(f"SELECT count(*), count(headline), sum(len(entities)) FROM '{parquet}'").fetchall()[0]
    assert counted == (len(articles), sum(article["headline"] is not None for article in articles), sum(len(article["entities"]) for article in articles)), counted
    people = duckdb.sql(f"SELECT id, e.name FROM '{parquet}', UNNEST(entities) AS t(e) WHERE e.type = 'person' ORDER BY ALL").fetchall()
    expected = sorted((article["id"], entity["name"]) for article in articles for entity in article["entities"] if entity["type"] == "person")
    assert people == expected
    table = pyarrow.parquet.read_table(parquet).to_pylist()
    for row in table:
        article = by_id[row["id"]]
        assert row["body"] == article["body"] and row["dateline"] == article["dateline"] and row["keywords"] == article["keywords"], row
        assert row["quantities"] == article["quantities"], (row["quantities"], article["quantities"])
    # One row group for each month of the list.
    groups = pyarrow.parquet.ParquetFile(parquet).metadata.num_row_groups
    assert groups > 10, groups

    # The command writes the same while the server runs.
    for format in ("ndjson", "csv", "parquet"):
        file = folder / f"by-command.{format}"
        subprocess.run([binary, "export", "--data", archive, str(file)], check=True, capture_output=True)
        assert file.read_bytes() == fetch(f"{url}/v1/export.{format}")[0], format

    # What changed since: a copy that follows is the archive.
    copy = {article["id"]: article for article in exported}
    since = headers["dateline-since"]
    rng = random.Random(SEED + 1)
    changed = document(3, rng) | {"content": document(3, rng)["content"].replace("crossed", "did not cross")}
    new = document(GENERATED + 1, rng)
    fetch(f"{url}/v1/articles", json.dumps(changed))
    fetch(f"{url}/v1/articles", json.dumps(new))
    deleted = next(iter(by_id))
    fetch(f"{url}/v1/articles/{deleted}", method="DELETE")
    lines = [json.loads(line) for line in fetch(f"{url}/v1/export.ndjson?since={since}")[0].splitlines()]
    end = lines.pop()
    assert set(end) == {"since", "more"} and not end["more"], end
    assert len(lines) == 3, lines
    for line in lines:
        if "removed" in line:
            assert line["removed"] == "deleted"
            del copy[line["id"]]
        else:
            copy[line["id"]] = line
    assert copy == {article["id"]: article for article in walk(url)}
    assert [json.loads(line) for line in fetch(f"{url}/v1/export.ndjson?since={end['since']}")[0].splitlines()] == [end]


def content(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def check_killed_export(binary, archive, folder):
    """An export that is killed again and again is in the end the same file."""
    pages = folder / "pages.ndjson"
    line = lambda number: {"key": f"page/{number}", "content": f"Ferry {number} sails\n\nLISBON: Ferry number {number} sailed on Monday, the port said.\n"}
    pages.write_text("".join(json.dumps(line(number)) + "\n" for number in range(LARGER)))
    subprocess.run([binary, "ingest", "--data", archive, str(pages)], check=True, capture_output=True)
    kills = 0
    for format in ("ndjson", "csv", "parquet"):
        killed, expected = folder / f"killed.{format}", folder / f"expected.{format}"
        subprocess.run([binary, "export", "--data", archive, str(expected)], check=True, capture_output=True)
        rng = random.Random(SEED)
        position = Path(f"{killed}.position")
        while not killed.exists():
            before = content(position)
            process = subprocess.Popen([binary, "export", "--data", archive, str(killed)], stderr=subprocess.DEVNULL)
            # At any moment after the position moved.
            while process.poll() is None and content(position) in (b"", before):
                time.sleep(0.0005)
            time.sleep(rng.uniform(0, 0.004))
            kills += process.poll() is None
            process.kill()
            process.wait()
        assert killed.read_bytes() == expected.read_bytes(), format
    assert kills > 3, kills


class Subscriber(BaseHTTPRequestHandler):
    """A reader that confirms what it requested, and keeps what it is sent."""

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlparse(self.path).query))
        self.server.asked.append(query)
        body = query["hub.challenge"].encode() if self.path.startswith("/confirms") else b"no"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.append((self.path, headers, self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(410 if self.path == "/confirms/gone" else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


def eventually(condition):
    for _ in range(200):
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen")


def check_hub(binary, folder):
    """Readers that subscribe are sent the feed when it changes, signed, and nothing else."""
    reader = ThreadingHTTPServer(("127.0.0.1", 0), Subscriber)
    reader.asked, reader.received = [], []
    threading.Thread(target=reader.serve_forever, daemon=True).start()
    callback = f"http://127.0.0.1:{reader.server_port}"
    with serve(binary, folder / "hub", "--allow-private", "127.0.0.1") as url:
        topics = [f"{url}/v1/feed.atom?q=ferry", f"{url}/v1/feed.json?country=JP", f"{url}/v1/feed.rss?content=summary"]
        hub = next(link.href for link in feedparser.parse(fetch(topics[0])[0]).feed.links if link.rel == "hub")
        assert hub == f"{url}/v1/hub"
        assert json.loads(fetch(topics[1])[0])["hubs"] == [{"type": "WebSub", "url": hub}]

        def ask(mode, path, topic, **more):
            form = {"hub.mode": mode, "hub.callback": callback + path, "hub.topic": topic, **more}
            return fetch(hub, urllib.parse.urlencode(form), "application/x-www-form-urlencoded")

        ask("subscribe", "/confirms/1", topics[0], **{"hub.secret": "a secret"})
        ask("subscribe", "/confirms/2", topics[1])
        ask("subscribe", "/confirms/gone", topics[2])
        ask("subscribe", "/refuses", topics[2])
        eventually(lambda: len(reader.asked) == 4)
        # The subscriptions are stored after they are confirmed.
        time.sleep(1)
        post = lambda number: fetch(f"{url}/v1/articles", f"Ferry {number} sails\n\nLISBON: The ferry sailed on Monday, the port said.\n", "text/plain")
        post(1)
        eventually(lambda: len(reader.received) >= 2)
        time.sleep(2)
        path, headers, body = next(sent for sent in reader.received if sent[0] == "/confirms/1")
        assert {sent[0] for sent in reader.received} == {"/confirms/1", "/confirms/gone"} and len(reader.received) == 2, reader.received
        assert headers["x-hub-signature"] == "sha256=" + hmac.new(b"a secret", body, hashlib.sha256).hexdigest(), headers
        assert f'<{hub}>; rel="hub"' in headers["link"] and f'<{topics[0]}>; rel="self"' in headers["link"], headers
        assert headers["content-type"].startswith("application/atom+xml")
        assert feedparser.parse(body).entries[0].title == "Ferry 1 sails" and body == fetch(topics[0])[0]
        ask("unsubscribe", "/confirms/1", topics[0])
        eventually(lambda: len(reader.asked) == 5)
        time.sleep(1)
        post(2)
        time.sleep(3)
        # The one that answered 410 is gone too.
        assert len(reader.received) == 2, reader.received
        for form in [{"hub.topic": "https://elsewhere.example/v1/feed.atom"}, {"hub.topic": f"{url}/v1/feed.atom?colour=red"}, {"hub.topic": f"{url}/v1/articles"}, {"hub.mode": "ring"}, {"hub.callback": "ftp://a.example/"}, {"hub.secret": "x" * 300}]:
            form = {"hub.mode": "subscribe", "hub.callback": callback, "hub.topic": topics[0], **form}
            try:
                fetch(hub, urllib.parse.urlencode(form), "application/x-www-form-urlencoded")
                raise AssertionError(form)
            except urllib.error.HTTPError as error:
                assert error.code == 400 and len(json.loads(error.read())["errors"]) == 1, form
    reader.shutdown()


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        archive = folder / "archive"
        with serve(binary, archive) as url:
            fill(url)
            articles = walk(url)
            assert len(articles) > GENERATED + 20, len(articles)
            check_ninjs_schemas(list(check_ninjs(url, articles)))
            check_newsml(url, articles)
            check_json_ld(url, articles, folder)
            check_feeds(url, articles)
            check_newsboat(url, articles, folder)
            check_exports(binary, url, articles, archive, folder)
        check_hub(binary, folder)
        check_killed_export(binary, archive, folder)
    print(f"formats: {len(articles)} articles in each format, read by others")


main(str(Path(sys.argv[1]).resolve()))
