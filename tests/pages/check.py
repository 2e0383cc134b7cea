"""The pages in a real browser: `check.py PATH-OF-DATELINE`. With `--screenshots FOLDER` it makes the pictures of the
documentation instead.

Chromium is a package of the system; where it is missing, one line says so.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from serving import serve  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Compressed, as the pages are sent.
HTML_BYTES, ALL_BYTES = 60_000, 100_000
PHONE = {"width": 390, "height": 844}

URDU = "کراچی میں بارش\n\nکراچی: شہر میں پیر کو تیز بارش ہوئی اور کئی سڑکیں بند ہو گئیں۔ انتظامیہ نے شہریوں کو گھروں میں رہنے کا مشورہ دیا ہے۔\n"
HOSTILE = """<html><head><title>&lt;script&gt;window.hostile = 1&lt;/script&gt; opens a bridge</title>
<meta property="og:image" content="https://pictures.example/bridge.jpg"></head><body><article>
<h1>&lt;img src=x onerror="window.hostile = 2"&gt; opens a bridge</h1>
<p>LISBON: The bridge over the harbour opened on Monday, the port authority said, after four years of work on its piers.</p>
<p>"&gt;&lt;svg onload=window.hostile=3&gt; stood on a sign at the road, and nobody could say who had put it there.</p>
</article></body></html>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour Courier</title><link>{base}/</link>
<item><title>Ferry returns to the old quay</title><link>{base}/ferry</link><guid>ferry</guid>
<description>The ferry returned to the old quay on Tuesday after repairs that took a month, the harbour master said.</description>
</item></channel></rss>"""


class Feed(BaseHTTPRequestHandler):
    """A site with one feed."""

    def do_GET(self):
        found = self.path == "/feed.xml"
        body = FEED.format(base=f"http://{self.headers['host']}").encode() if found else b""
        self.send_response(200 if found else 404)
        self.send_header("content-type", "application/rss+xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def archive(binary, *options):
    """Serves the bundled seeds; yields the URL."""
    with tempfile.TemporaryDirectory() as folder, serve(binary, f"{folder}/archive", *options) as url:
        yield url


def call(url, body=None, media_type="application/json"):
    request = urllib.request.Request(url, body.encode() if body else None, {"content-type": media_type})
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read() or b"null")


def until(what, found):
    """Waits until something is found."""
    for _ in range(200):
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen")


class Pages:
    """A browser on the pages, which notes every request and every error of a page."""

    def __init__(self, browser, base, **settings):
        self.base = base
        self.context = browser.new_context(base_url=base, **settings)
        self.page = self.context.new_page()
        self.errors, self.responses = [], []
        self.page.on("request", lambda request: self.note(request.url.startswith(base + "/"), f"left: {request.url}"))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"a dialog: {dialog.message}"))
        self.page.on("console", lambda message: self.note(message.type != "error", message.text))
        self.page.on("response", lambda response: self.responses.append(response))

    def note(self, is_right, error):
        # The browser reports a page with an error status as an error of the console.
        if not is_right and "Failed to load resource: the server responded" not in error:
            self.errors.append(error)

    def open(self, path):
        response = self.page.goto(path)
        assert response is not None
        return response

    def text(self, selector="main"):
        return self.page.inner_text(selector)

    def close(self):
        self.context.close()
        assert not self.errors, self.errors


def ids(base):
    articles = call(f"{base}/v1/articles?limit=100")["articles"]
    named = {"danube": "Grain barge", "hostile": "opens a bridge", "urdu": "کراچی"}
    found = {
        name: next(article["id"] for article in articles if start in (article["headline"] or ""))
        for name, start in named.items()
    }
    found["revised"] = next(article["id"] for article in articles if article["revision"] > 1)
    return found


def all_paths(base, of):
    story = call(f"{base}/v1/stories")["stories"][0]["id"]
    return [
        "/", "/?q=water", "/?q=nothingmatchesthis", "/?topic=06000000&language=en", f"/articles/{of['danube']}",
        f"/articles/{of['hostile']}", f"/articles/{of['urdu']}", f"/articles/{of['danube']}/evidence",
        f"/articles/{of['danube']}/evidence?field=published", f"/articles/{of['revised']}/revisions", "/stories",
        f"/stories/{story}", "/entities/country/PK", "/entities/person/nobody", "/timeline", "/timeline?q=water&q=tunnel", "/changes",
        "/sources", "/failures", "/try", "/docs", "/key", "/nowhere", "/?unknown=1",
    ]  # fmt: skip


def search_filters_and_pages(pages, of):
    pages.open("/")
    pages.page.fill("#q", "water")
    pages.page.press("#q", "Enter")
    assert "q=water" in pages.page.url
    total = int(re.match(r"(\d+) articles", pages.text("h1")).group(1))
    assert total > 2 and pages.page.locator("article mark").count() > 0, pages.text()
    pages.page.click(".filters summary:has-text('Language')")
    pages.page.click(".filters details[open] li a")
    assert "language=en" in pages.page.url and "language: English" in pages.text(".chips")
    pages.page.click(".chips a")
    assert "language" not in pages.page.url and f"{total} articles" in pages.text("h1")
    # Every article is on one of the pages, once.
    pages.open("/?limit=10")
    seen = []
    while True:
        seen += [link.get_attribute("href") for link in pages.page.locator("article.card h3 a").all()]
        if not pages.page.locator("a[rel=next]").count():
            break
        pages.page.click("a[rel=next]")
    everything = [article["id"] for article in call(f"{pages.base}/v1/articles?limit=100")["articles"]]
    assert seen == [f"/articles/{id}" for id in everything], seen


def a_fact_leads_to_its_bytes(pages, of):
    pages.open(f"/articles/{of['danube']}")
    pages.page.click("dd:has-text('12 March 2025, 09:40 UTC') a.proof")
    assert pages.text("#lit") == "12 March 2025, 09:40 GMT"
    box = pages.page.locator("#lit").bounding_box()
    assert 0 <= box["y"] < pages.page.viewport_size["height"], box
    assert "date line" in pages.text(".proof-of")
    # The pieces that are shown are the document.
    shown = "".join(pages.page.locator(".raw pre").all_text_contents())
    with urllib.request.urlopen(f"{pages.base}/v1/articles/{of['danube']}/raw") as response:
        assert shown.split() == response.read().decode().split()
    # A number in the text leads to its bytes too.
    pages.open(f"/articles/{of['danube']}")
    pages.page.click(".text a.amount")
    assert pages.text("#lit") == "420,000 euros"


def revisions_are_compared(pages, of):
    pages.open(f"/articles/{of['revised']}/revisions")
    assert pages.page.locator("ins").count() and pages.page.locator("del").count()
    pages.page.select_option("#revision-to", "1")
    pages.page.click("form.compare button")
    assert "Choose two different revisions" in pages.text()
    pages.open(f"/articles/{of['revised']}/revisions")
    pages.page.click("tbody tr:last-child a")
    assert "Revision 1 of" in pages.text(".notice")


def a_source_is_added_and_polled(pages, of):
    feed = of["feed"]
    pages.open("/sources")
    pages.page.fill("#url", "https://127.0.0.1.example:x/")
    pages.page.evaluate("document.querySelector('form.add').noValidate = true")
    pages.page.click("form.add button")
    assert pages.page.locator("#url-error").is_visible() and pages.page.input_value("#url"), pages.text()
    pages.page.fill("#url", f"{feed}/feed.xml")
    pages.page.click("form.add button")
    assert pages.page.url.endswith("/sources") and f"{feed}/feed.xml" in pages.text()
    pages.page.click("button:has-text('Poll now')")

    def polled():
        pages.open("/sources")
        return "1 article seen, 1 stored" in pages.text()

    until("the poll", polled)
    pages.page.click("a:has-text('Its articles')")
    assert "Ferry returns to the old quay" in pages.text()
    pages.open("/sources")
    pages.page.click("button:has-text('Pause')")
    assert "Paused." in pages.text()
    pages.page.click("button:has-text('Remove')")
    assert "No feed or site is polled yet" in pages.text()


def a_document_is_tried(pages, of):
    before = len(call(f"{pages.base}/v1/articles?limit=100")["articles"])
    pages.open("/try")
    pages.page.select_option("#media_type", "text/plain")
    pages.page.fill("#document", "Lift opens\n\nBy Ana Moreno\n\nLISBON, March 1: The lift opened on Sunday. It cost 3 million euros.\n")
    pages.page.click("main form button")
    assert "Lift opens" in pages.text("article h2") and "Ana Moreno" in pages.text(".proofs"), pages.text()
    assert len(call(f"{pages.base}/v1/articles?limit=100")["articles"]) == before
    pages.page.fill("#document", " ")
    pages.page.click("main form button")
    assert "Paste a document first" in pages.text()


def a_keyboard_is_enough(pages, of):
    pages.open("/")
    pages.page.keyboard.press("Tab")
    assert pages.page.evaluate("document.activeElement.className") == "skip"
    pages.page.keyboard.press("/")
    assert pages.page.evaluate("document.activeElement.id") == "q"
    pages.page.keyboard.type("danube")
    pages.page.keyboard.press("Enter")
    pages.page.wait_for_url("**q=danube**")
    for _ in range(80):
        pages.page.keyboard.press("Tab")
        if "Grain barge" in (pages.page.evaluate("document.activeElement.textContent") or ""):
            break
    pages.page.keyboard.press("Enter")
    pages.page.wait_for_url("**/articles/*")
    assert "Grain barge" in pages.text("h1")


def suggestions_come_while_typing(pages, of):
    pages.open("/")
    pages.page.type("#q", "Kar")
    until("suggestions", lambda: pages.page.locator("#suggestions option").count())
    values = [option.get_attribute("value") for option in pages.page.locator("#suggestions option").all()]
    assert "Karachi" in values, values


def changes_are_live(pages, of):
    pages.open("/changes")
    pages.page.wait_for_timeout(500)
    call(f"{pages.base}/v1/articles", "Crane falls\n\nPORTO: A crane fell into the river on Monday, and nobody was hurt.\n", "text/plain")
    pages.page.wait_for_selector(".live:not([hidden])", timeout=30_000)
    pages.page.click(".live a")
    assert "Crane falls" in pages.text("tbody tr")


def texts_run_in_their_own_direction(pages, of):
    pages.open(f"/articles/{of['urdu']}")
    assert pages.page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"
    assert pages.page.evaluate("getComputedStyle(document.querySelector('.facts')).direction") == "ltr"
    assert pages.page.get_attribute("article.text", "lang") == "ur"


def a_hostile_article_runs_nothing(pages, of):
    for path in ["/?q=bridge", f"/articles/{of['hostile']}", f"/articles/{of['hostile']}/evidence", "/changes"]:
        response = pages.open(path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy, policy
        assert pages.page.evaluate("window.hostile") is None
    assert "img-src 'self';" in policy and not pages.page.locator("main img").count()


def a_key_is_kept_in_a_cookie(browser, binary):
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([binary, "keys", "create", "desk", "--scope", "admin", "--data", folder], capture_output=True, text=True, check=True)
        key = re.search(r"dl_[\w-]+", made.stdout + made.stderr).group()
        command = [binary, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--reads", "keyed"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            base = next(found.group() for line in server.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            threading.Thread(target=server.stdout.read, daemon=True).start()
            pages = Pages(browser, base)
            assert pages.open("/sources").status == 401
            pages.page.fill("#key", "dl_wrong")
            pages.page.click("button:has-text('Use this key')")
            assert "unknown or was revoked" in pages.text()
            pages.page.fill("#key", key)
            pages.page.click("button:has-text('Use this key')")
            assert pages.page.url.endswith("/sources") and "No feed or site" in pages.text(), pages.text()
            [cookie] = pages.context.cookies()
            assert cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie
            assert pages.open("/").status == 200
            pages.open("/key")
            pages.page.click("button:has-text('Forget')")
            assert pages.open("/").status == 401
            pages.close()
        finally:
            server.terminate()
            server.wait()


def pages_are_small_and_still(pages, of):
    """One document, one style sheet, one script; nothing moves while it loads."""
    pages.page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry => { window.shift += entry.value }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    for path in all_paths(pages.base, of):
        pages.responses.clear()
        pages.open(path)
        kinds, total = [], 0
        for response in pages.responses:
            size = response.request.sizes()["responseBodySize"]
            kinds.append(response.request.resource_type)
            total += size
            assert response.request.resource_type != "document" or size <= HTML_BYTES, (path, size)
        kinds = sorted(kind for kind in kinds if kind not in ("other", "fetch"))
        assert set(kinds) <= {"document", "stylesheet", "script"} and len(kinds) == len(set(kinds)), (path, kinds)
        assert total <= ALL_BYTES, (path, total)
        assert pages.page.evaluate("window.shift") == 0, path


def everyone_can_read_them(pages, of):
    """No violation of WCAG 2.2 AA that axe finds, and nothing wider than the screen."""
    axe = Axe()
    for path in all_paths(pages.base, of):
        pages.open(path)
        if path == "/docs":
            pages.page.evaluate("document.querySelectorAll('details').forEach((details, at) => { details.open = at < 3 })")
        found = axe.run(pages.page, options={"runOnly": WCAG}).response["violations"]
        violations = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
        assert not violations, (path, violations)
        wide, screen = pages.page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
        assert wide <= screen, (path, wide)


def screenshots(browser, base, of, folder):
    """The pictures of the documentation."""
    story = call(f"{base}/v1/stories")["stories"][0]["id"]
    shots = {
        "search": "/?q=water",
        "article": f"/articles/{of['danube']}",
        "evidence": f"/articles/{of['danube']}/evidence?field=published#lit",
        "revisions": f"/articles/{of['revised']}/revisions",
        "story": f"/stories/{story}",
    }
    folder.mkdir(parents=True, exist_ok=True)
    pages = Pages(browser, base, viewport={"width": 1200, "height": 800})
    for name, path in shots.items():
        pages.open(path)
        pages.page.screenshot(path=folder / f"{name}.png")
    pages.close()


def check(browser, base, of, feed, binary):
    desktop = [
        search_filters_and_pages, a_fact_leads_to_its_bytes, revisions_are_compared, a_document_is_tried, a_keyboard_is_enough,
        suggestions_come_while_typing, texts_run_in_their_own_direction, a_hostile_article_runs_nothing,
        pages_are_small_and_still, everyone_can_read_them,
    ]  # fmt: skip
    runs = [(test, {}) for test in desktop]
    without_script = {"java_script_enabled": False}
    runs += [(test, without_script) for test in (search_filters_and_pages, a_fact_leads_to_its_bytes, revisions_are_compared, a_document_is_tried)]
    runs += [(everyone_can_read_them, {"viewport": PHONE}), (everyone_can_read_them, {"color_scheme": "dark"})]
    runs += [(changes_are_live, {})]
    of["feed"] = feed
    runs += [(a_source_is_added_and_polled, {})]
    failed = 0
    for test, settings in runs:
        pages = Pages(browser, base, **settings)
        try:
            test(pages, of)
            pages.close()
            print("passed:", test.__name__.replace("_", " "), settings or "")
        except Exception:
            failed += 1
            print("failed:", test.__name__.replace("_", " "), settings or "", pages.page.url)
            traceback.print_exc()
    a_key_is_kept_in_a_cookie(browser, binary)
    print(f"{len(runs) + 1 - failed} checks of the pages passed, {failed} failed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dateline")
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    if not CHROMIUM:
        print("the pages were not checked: Chromium is missing")
        return
    site = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    with archive(options.dateline, "--allow-private", "--pace", "0") as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        call(f"{base}/v1/articles", URDU, "text/plain; charset=utf-8")
        call(f"{base}/v1/articles", HOSTILE, "text/html")
        # Stories are formed a moment after their articles.
        until("a story", lambda: call(f"{base}/v1/stories")["stories"])
        of = ids(base)
        if options.screenshots:
            screenshots(browser, base, of, options.screenshots)
        else:
            failed = check(browser, base, of, f"http://127.0.0.1:{site.server_port}", options.dateline)
            sys.exit(1 if failed else 0)
        browser.close()


if __name__ == "__main__":
    main()
